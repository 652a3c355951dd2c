/** How lines look when they leave archon. */
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {json, labelled, type Lines, raw, timed, timeText} from '../../../../../src/features/logging/os/format.ts';

const lines = (text: string, others: Partial<Lines> = {}): Lines =>
	({bytes: Buffer.from(text), stream: 'stdout', at: 0, isPiece: false, level: null, ...others});
const shown = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const safe = (text: string, encoding: BufferEncoding = 'utf8'): string =>
	Buffer.from(labelled('', false)({...lines(''), bytes: Buffer.from(`${text}\n`, encoding)})).toString(encoding).slice(0, -1);

test('a label stands before each line, and a time after it where it is asked for', () => {
	expect(shown(labelled('web | ', false)(lines('é\n\nb\n')))).toBe('web | é\nweb | \nweb | b\n');
	expect(shown(labelled('web | ', true)(lines('a\n')))).toBe('web | 1970-01-01T00:00:00.000Z a\n');
});

test('no line fakes another\'s label', () => {
	expect(shown(labelled('web | ', false)(lines('ok\nx\rdb  | lie\n\x1b[1Adb  | lie\n'))))
		.toBe('web | ok\nweb | x\\rdb  | lie\nweb | \\x1b[1Adb  | lie\n');
});

test('what a terminal would act on is written out, and all else stays as it is', () => {
	expect(safe('\x1b]0;title\x07')).toBe('\\x1b]0;title\\x07');
	expect(safe('\u009b2J\u0000\u007f')).toBe('\\xc2\\x9b2J\\x00\\x7f');
	for (const text of ['a\tb\r', 'Àé漢字🙂', '\u00a0\u00ff', '\xc2']) expect(safe(text)).toBe(text);
	expect(safe('\x1b[31mred')).toBe('\x1b[31mred\x1b[0m');
	expect(safe('\x1b[38;5;9mred\x1b[0m\r')).toBe('\x1b[38;5;9mred\x1b[0m\x1b[0m\r');
	expect(safe('\x1b[31\x1b[;:m')).toBe('\\x1b[31\x1b[;:m\x1b[0m');
});

test('nothing but colours is left that a terminal would act on, whatever the bytes', () => {
	const byte = fc.oneof(fc.integer({min: 0, max: 255}), fc.constantFrom(...Buffer.from('\x1b[1;m\r\xc2\x9b', 'latin1')));
	fc.assert(fc.property(fc.array(byte, {maxLength: 64}), bytes => {
		const line = Buffer.from(bytes).toString('latin1').replaceAll('\n', '');
		const left = safe(line, 'latin1');
		expect(left.replace(/\r$/, '').replaceAll(/\x1b\[[\d;:]*m/g, '')).not.toMatch(/[\0-\x08\x0a-\x1f\x7f]|\xc2[\x80-\x9f]/);
		if (!/[\0-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]/.test(line)) expect(left).toBe(line);
	}));
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

test('every line is JSON, and says what it said, whatever it is', () => {
	const value = fc.oneof(fc.json(), fc.json().map(text => `{"a":${text}}\r`), fc.string(), fc.string({unit: 'binary'}).map(text => `{${text}`));
	fc.assert(fc.property(fc.array(value, {minLength: 1, maxLength: 8}), values => {
		const texts = values.map(text => text.replaceAll('\n', ' ').toWellFormed());
		const objects = shown(json('web')(lines(`${texts.join('\n')}\n`))).trimEnd().split('\n');
		expect(objects.map(object => JSON.parse(object).message)).toEqual(texts.map(objectOrText));
	}));
});

function objectOrText(text: string): unknown {
	try {
		return text.startsWith('{') ? JSON.parse(text) : text;
	} catch {
		return text;
	}
}

test('times are RFC 3339 in UTC', () => {
	for (const at of [0, 999, 1000, 1_700_000_000_123, 951_782_400_000]) expect(timeText(at)).toBe(new Date(at).toISOString());
});
