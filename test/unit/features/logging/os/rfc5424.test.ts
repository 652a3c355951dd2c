/** Lines as messages of the syslog protocol. */
import {describe, expect, test} from 'vitest';
import type {Syslog} from '../../../../../src/features/logging/core.ts';
import {cut, delimiting, framing as framingOf, type Frame} from '../../../../../src/features/logging/os/rfc5424.ts';

const AT = Date.UTC(2026, 10, 21, 12, 0, 0, 123);
const latin1 = (text: string): string => Buffer.from(text).toString('latin1');
const UDP = {kind: 'udp', host: 'logs', port: 514} as const;
const UNIX = {kind: 'unix', path: '/dev/log'} as const;
const framing = (target: Pick<Syslog, 'facility' | 'tag'>, host: string): Frame => framingOf({...target, format: 'rfc5424', address: UDP}, host);
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

test('on a stream a frame begins with its length in bytes, and ends as older receivers know it where they are meant', () => {
	expect(delimiting({format: 'rfc5424', address: UDP})(latin1('<30>1 ż'))).toBe(latin1('8 <30>1 ż'));
	expect(delimiting({format: 'rfc3164', address: UDP})('<30>x')).toBe('<30>x\n');
	expect(delimiting({format: 'rfc3164', address: UNIX})('<30>x')).toBe('<30>x\0');
});

describe('a frame of RFC 3164', () => {
	const old = (tag: string, address: Syslog['address']): Frame => framingOf({facility: 3, tag, format: 'rfc3164', address}, 'box');
	/** The tests' own time zone is anything. */
	const local = (month: number, day: number, ...time: readonly number[]): number => new Date(2026, month, day, ...time).getTime();

	test('is what syslog(3) sends to a daemon of the same machine, with the host for others', () => {
		expect(old('web', UNIX)('hello', 'stdout', local(10, 21, 12, 0, 59) + 999)).toBe('<30>Nov 21 12:00:59 web: hello');
		expect(old('web', UDP)('oh no', 'stderr', local(10, 21, 12, 0, 59))).toBe('<27>Nov 21 12:00:59 box web: oh no');
	});

	test('has days of one figure after a space, in every month', () => {
		const months = Array.from({length: 12}, (_, month) => old('a', UNIX)('', 'stdout', local(month, 3, 4, 5, 6)).slice(4, 19));
		expect(months).toEqual('Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ').map(name => `${name}  3 04:05:06`));
	});

	test.each([['a:b', 'a_b'], ['a[1]', 'a_1]'], ['my tag', 'my_tag']])('has a tag that ends where its reader thinks so: %j', (tag, field) => {
		expect(old(tag, UNIX)('x: y', 'stdout', AT)).toMatch(new RegExp(` ${field.replace(']', '\\]')}: x: y$`));
	});
});

test('microseconds are six figures', () => {
	expect(framingOf({facility: 3, tag: 'a', format: 'rfc5424micro', address: UDP}, 'box')('x', 'stdout', AT)).toBe('<30>1 2026-11-21T12:00:00.123000Z box a - - - x');
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
