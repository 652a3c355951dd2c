/** Time zones: offsets by rules and by files, and what is refused. */
import {existsSync, readFileSync} from 'node:fs';
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {readZone} from '../../../../src/features/schedule/core/tzif.ts';
import {dateOf, daysTo, ruleOf, segmentAt, weekdayOf, type Zone} from '../../../../src/features/schedule/core/zone.ts';
import {BERLIN, LORD_HOWE, zone} from './zones.ts';

const at = (text: string): number => Date.parse(text) / 1000;

test('the calendar agrees with that of the engine', () => {
	fc.assert(fc.property(fc.integer({min: -200_000, max: 800_000}), days => {
		const date = new Date(days * 86_400_000);
		const {year, month, day} = dateOf(days);
		expect([year, month, day]).toEqual([date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]);
		expect(daysTo(year, month, day)).toBe(days);
		expect(weekdayOf(days)).toBe(date.getUTCDay());
	}));
});

describe('rules', () => {
	test('a segment has the offset before it, and its ends', () => {
		expect(segmentAt(BERLIN, at('2026-07-01T00:00Z'))).toEqual({
			from: at('2026-03-29T01:00Z'), to: at('2026-10-25T01:00Z'), offset: 7200, before: 3600,
		});
		expect(segmentAt(BERLIN, at('2026-03-29T01:00Z'))).toMatchObject({offset: 7200});
		expect(segmentAt(BERLIN, at('2026-03-29T00:59:59Z'))).toMatchObject({offset: 3600, before: 7200});
		expect(segmentAt(LORD_HOWE, at('2026-12-31T23:00Z'))).toMatchObject({offset: 39_600, from: at('2026-10-03T15:30Z'), to: at('2027-04-03T15:00Z')});
	});

	test.each([
		['UTC0', '2026-07-01T00:00Z', 0], ['<-03>3', '2026-07-01T00:00Z', -10_800], ['<+0545>-5:45', '2026-07-01T00:00Z', 20_700],
		// In winter Dublin is on its summer time of minus one hour.
		['IST-1GMT0,M10.5.0,M3.5.0/1', '2026-07-01T00:00Z', 3600], ['IST-1GMT0,M10.5.0,M3.5.0/1', '2026-01-01T00:00Z', 0],
		['EST5EDT', '2026-07-01T00:00Z', -14_400], ['EET-2EEST,M3.4.4/50,M10.4.4/50', '2026-03-28T00:00Z', 10_800],
		['<-02>2<-01>,M3.5.0/-1,M10.5.0/0', '2026-03-29T00:59Z', -7200], ['<-02>2<-01>,M3.5.0/-1,M10.5.0/0', '2026-03-29T01:00Z', -3600],
		['AAA3BBB,J60/0,J300', '2028-03-01T02:59Z', -10_800], ['AAA3BBB,J60/0,J300', '2028-03-01T03:00Z', -7200],
		['AAA3BBB,59/0,300', '2028-02-29T03:00Z', -7200], ['XXX3EDT4,0/0,J365/23', '2026-06-01T00:00Z', -14_400],
	])('%s at %s', (rule, instant, offset) => {
		expect(segmentAt(zone('zone', rule), at(instant)).offset).toBe(offset);
	});

	test.each([
		'', 'CET', 'CET-1CEST,M3.5.0', 'CET-1CEST,M13.5.0,M10.5.0', 'CET-1CEST,M3.5.0,M10.5.0/200', 'CET-1CEST,J0,J5', 'X1', 'CET-1CEST,M3.5.0,M10.5.0x',
		'CET-25', 'Europe/Berlin',
	])('%s has no meaning', text => {
		expect(ruleOf(text)).toBe(null);
	});
});

/** A file as version 2 has it, with all in its second part. */
function file(transitions: readonly (readonly [at: number, type: number])[], offsets: readonly number[], rule: string, leaps = 0): Uint8Array {
	const header = (times: number, types: number): number[] => [
		...Buffer.from('TZif2'), ...new Array<number>(15).fill(0), ...[0, 0, times === 0 ? 0 : leaps, times, types, 1].flatMap(word),
	];
	const word = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
	const long = (value: number): number[] => [...word(Math.floor(value / 2 ** 32)), ...word(value >>> 0)];
	return Uint8Array.from([
		...header(0, 1), ...word(0), 0, 0, 0,
		...header(transitions.length, offsets.length), ...transitions.flatMap(([when]) => long(when)), ...transitions.map(([, type]) => type),
		...offsets.flatMap(offset => [...word(offset), 0, 0]), 0, ...new Array<number>(leaps * 12).fill(0),
		...Buffer.from(`\n${rule}\n`),
	]);
}

describe('files', () => {
	const RULE = 'CET-1CEST,M3.5.0,M10.5.0/3';
	const [spring, autumn] = [at('2026-03-29T01:00Z'), at('2026-10-25T01:00Z')];

	test('what the rule says as well is left to it', () => {
		const all = [2020, 2021, 2022].flatMap(year => [
			[segmentAt(BERLIN, at(`${year}-06-01T00:00Z`)).from, 1], [segmentAt(BERLIN, at(`${year}-06-01T00:00Z`)).to, 0],
		] as const);
		expect(readZone('Europe/Berlin', file(all, [3600, 7200], RULE))).toEqual({ok: true, value: {...BERLIN, initial: 3600}});
	});

	test('what it does not say is kept, and the rule holds after it', () => {
		const read = readZone('odd', file([[spring, 1], [autumn + 3600, 0]], [3600, 7200], RULE));
		const odd = read.ok ? read.value : null;
		expect(odd).toMatchObject({initial: 3600, transitions: [[spring, 7200], [autumn + 3600, 3600]]});
		expect(segmentAt(odd as Zone, autumn)).toEqual({from: spring, to: autumn + 3600, offset: 7200, before: 3600});
		expect(segmentAt(odd as Zone, autumn + 3600)).toEqual({from: autumn + 3600, to: at('2027-03-28T01:00Z'), offset: 3600, before: 7200});
		expect(segmentAt(odd as Zone, at('2027-06-01T00:00Z')).offset).toBe(7200);
		expect(segmentAt(odd as Zone, at('2021-06-01T00:00Z'))).toMatchObject({from: -Infinity, to: spring, offset: 3600});
	});

	test('other files are refused', () => {
		const good = file([[spring, 1], [autumn, 0]], [3600, 7200], RULE);
		const why = (bytes: Uint8Array): unknown => {
			const read = readZone('zone', bytes);
			return read.ok ? 'good' : read.error;
		};
		expect(why(good)).toBe('good');
		expect(why(new Uint8Array())).toBe('is not a time zone file');
		expect(why(Buffer.from('#!/bin/sh\n'.repeat(20)))).toBe('is not a time zone file');
		expect(why(file([[autumn, 1], [spring, 0]], [3600, 7200], RULE))).toBe('is damaged');
		expect(why(file([[spring, 2]], [3600, 7200], RULE))).toBe('is damaged');
		expect(why(file([[spring, 1]], [3600, 500_000], RULE))).toBe('is damaged');
		expect(why(file([[spring, 1]], [3600, 7200], 'nonsense'))).toBe('is damaged');
		expect(why(file([[spring, 1]], [3600, 7200], RULE, 1))).toBe('counts leap seconds, which no clock here does');
		for (let length = 0; length < good.length; length++) expect(why(good.subarray(0, length))).not.toBe('good');
	});

	test('any bytes are read or refused', () => {
		const good = file([[spring, 1], [autumn, 0]], [3600, 7200], RULE);
		fc.assert(fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), {maxLength: 6}), changes => {
			const bytes = good.slice();
			for (const [index, value] of changes) bytes[index] = value;
			const read = readZone('zone', bytes);
			if (read.ok) segmentAt(read.value, spring);
		}));
	});

	const FOLDER = '/usr/share/zoneinfo';
	test.runIf(existsSync(`${FOLDER}/Europe/Berlin`))('those of the system agree with the engine\'s zones', () => {
		const names = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Pacific/Apia', 'America/St_Johns', 'UTC'];
		for (const name of names) {
			const read = readZone(name, readFileSync(`${FOLDER}/${name}`));
			if (!read.ok) throw new Error(`${name} ${read.error}`);
			const format = new Intl.DateTimeFormat('en', {timeZone: name, timeZoneName: 'longOffset'});
			for (let month = 0; month < 180; month++) {
				const when = Date.UTC(2022, month, 15);
				const [, sign = '+', hours = '0', minutes = '0'] = /GMT(?:([+-])(\d+):(\d+))?$/.exec(format.format(when)) ?? [];
				expect([name, when, segmentAt(read.value, when / 1000).offset])
					.toEqual([name, when, (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60)]);
			}
		}
	});
});
