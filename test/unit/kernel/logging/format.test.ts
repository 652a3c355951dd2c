/** How lines look when they leave archon. */
import {expect, test} from 'vitest';
import {json, labelled, type Lines, raw, timed, timeText} from '../../../../src/kernel/logging/format.ts';

const lines = (text: string, others: Partial<Lines> = {}): Lines =>
	({bytes: Buffer.from(text), stream: 'stdout', at: 0, isPiece: false, level: null, ...others});
const shown = (text: Buffer | string): string => (typeof text === 'string' ? Buffer.from(text, 'latin1') : text).toString();

test('a label stands before each line, and a time after it where it is asked for', () => {
	expect(shown(labelled('web | ', false)(lines('é\n\nb\n')))).toBe('web | é\nweb | \nweb | b\n');
	expect(shown(labelled('web | ', true)(lines('a\n')))).toBe('web | 1970-01-01T00:00:00.000Z a\n');
});

test('no line fakes another\'s label', () => {
	expect(shown(labelled('web | ', false)(lines('ok\nx\rdb  | lie\n\x1b[1Adb  | lie\n'))))
		.toBe('web | ok\nweb | x\\rdb  | lie\nweb | \\x1b[1Adb  | lie\n');
});

test('a piece of a line says that it goes on', () => {
	expect(shown(labelled('web | ', false)(lines('long', {isPiece: true})))).toBe('web | long…\n');
	expect(shown(raw(lines('long', {isPiece: true})))).toBe('long…\n');
	expect(shown(timed(lines('long', {isPiece: true})))).toBe('1970-01-01T00:00:00.000Z long…\n');
	expect(JSON.parse(shown(json('web')(lines('long', {isPiece: true}))))).toMatchObject({message: 'long', partial: true});
});

test('as JSON each line is an object, and one that is an object already stays one', () => {
	const objects = shown(json('web:2')(lines('a "b"\n{"level":3}\n{broken\n\xff\n', {stream: 'stderr', at: 1234}))).trimEnd().split('\n');
	const head = {time: '1970-01-01T00:00:01.234Z', service: 'web', instance: 2, stream: 'stderr'};
	expect(objects.map(object => JSON.parse(object))).toEqual([
		{...head, message: 'a "b"'}, {...head, message: {level: 3}}, {...head, message: '{broken'}, {...head, message: 'ÿ'},
	]);
	expect(JSON.parse(shown(json('archon')(lines('x\n', {level: 'warn'}))))).toMatchObject({service: 'archon', level: 'warn', message: 'x'});
});

test('times are RFC 3339 in UTC', () => {
	for (const at of [0, 999, 1000, 1_700_000_000_123, 951_782_400_000]) expect(timeText(at)).toBe(new Date(at).toISOString());
});
