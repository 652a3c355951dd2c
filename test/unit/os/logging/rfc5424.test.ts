/** Lines as messages of the syslog protocol. */
import {describe, expect, test} from 'vitest';
import {counted, cut, framing} from '../../../../src/os/logging/rfc5424.ts';

const AT = Date.UTC(2026, 10, 21, 12, 0, 0, 123);
const latin1 = (text: string): string => Buffer.from(text).toString('latin1');
const frame = framing({facility: 3, tag: 'web'}, 'box');

describe('a frame', () => {
	test('has its priority, time, host and tag before the line', () => {
		expect(frame('hello', 'stdout', AT)).toBe('<30>1 2026-11-21T12:00:00.123Z box web - - - hello');
		expect(frame('oh no', 'stderr', AT)).toBe('<27>1 2026-11-21T12:00:00.123Z box web - - - oh no');
		expect(framing({facility: 0, tag: 'web'}, 'box')('', 'stdout', AT)).toBe('<6>1 2026-11-21T12:00:00.123Z box web - - - ');
		expect(framing({facility: 23, tag: 'web'}, 'box')('', 'stderr', AT)).toMatch(/^<187>1 /);
	});

	test.each([
		['my tag', 'my_tag'], ['', '-'], ['żółw', '___w'], ['x'.repeat(60), 'x'.repeat(48)], ['a\nb', 'a_b'],
	])('no field can be taken for two: %j', (text, field) => {
		expect(framing({facility: 1, tag: text}, 'box')('', 'stdout', AT).split(' ')[3]).toBe(field);
		expect(framing({facility: 1, tag: 'web'}, text)('', 'stdout', AT).split(' ')[2]).toBe(text.length > 48 ? text : field);
	});

	test.each([
		['tab\tstays', 'tab\tstays'],
		['\x1b[31mred\x07\0\x7f', '\\x1b[31mred\\x07\\x00\\x7f'],
		['two\nlines', 'two\\x0alines'],
		['from afar\r', 'from afar'],
		['over\rwritten', 'over\\x0dwritten'],
		['żółw 🐢', 'żółw 🐢'],
		['\u0085\u009b31m', '\\x85\\x9b31m'],
	])('control characters are written out: %j', (line, message) => {
		expect(frame(latin1(line), 'stdout', AT)).toBe(`<30>1 2026-11-21T12:00:00.123Z box web - - - ${latin1(message)}`);
	});

	test('what is not UTF-8 is replaced, and all else of the line stays', () => {
		expect(frame('caf\xe9 \xff ok', 'stdout', AT)).toMatch(new RegExp(` - - - caf${latin1('\ufffd')} ${latin1('\ufffd')} ok$`));
	});
});

test('a counted frame begins with its length in bytes', () => {
	expect(counted(latin1('<30>1 ż'))).toBe(latin1('8 <30>1 ż'));
});

test.each([
	['short', 5, 'short'],
	['longer', 5, 'lo…'],
	['żółw', 6, 'ż…'],
	['a🐢b', 6, 'a🐢b'],
	['a🐢bc', 6, 'a…'],
	['🐢🐢🐢', 11, '🐢🐢…'],
])('%j cut to %i bytes is %j', (text, most, expected) => {
	expect(cut(latin1(text), most)).toBe(latin1(expected));
});
