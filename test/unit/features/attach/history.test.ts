/** What is kept of a terminal, and how it is told: bounded, exact, and the same in the next instance. */
import {describe, expect, test} from 'vitest';
import {createTracker, isAlternate} from '../../../../src/features/attach/core/modes.ts';
import {createHistory} from '../../../../src/features/attach/os/history.ts';
import {bytesOfLatin1, newBytes} from '../../../../src/os/bytes.ts';
import {HANDOFF_SIZE, type Handoff, oblivion, openHandoff} from '../../../../src/os/reexec/handoff.ts';

const bytes = bytesOfLatin1;

describe('history', () => {
	test('gives what was written from any place on, and says what is not kept', () => {
		const history = createHistory(oblivion(), 'x');
		expect(history.from(0, 10)).toEqual({text: '', end: 0, missing: 0});
		history.put(bytes('hello '));
		history.put(bytes('world'));
		expect(history.from(0, 5)).toEqual({text: 'hello', end: 5, missing: 0});
		expect(history.from(6, 100)).toEqual({text: 'world', end: 11, missing: 0});
		expect(history.from(11, 100)).toEqual({text: '', end: 11, missing: 0});
		for (let i = 0; i < 2000; i++) history.put(bytes(`${'x'.repeat(98)}\n`));
		const {text, end, missing} = history.from(11, 1 << 20);
		expect(end).toBe(11 + 2000 * 99);
		expect(text.length).toBeGreaterThan(30_000);
		expect(missing).toBe(end - text.length - 11);
		// It begins with a line.
		expect(text.startsWith(`${'x'.repeat(98)}\n`)).toBe(true);
	});

	test('keeps the modes of what it forgets, and says whether the screen is whole', () => {
		const history = createHistory(oblivion(), 'x');
		history.put(bytes('\x1b[?1049h\x1b[?2004h\x1b[2J'));
		expect(history.picture(true)).toMatchObject({isWhole: true});
		for (let i = 0; i < 3000; i++) history.put(bytes(`\x1b[5;5H${'y'.repeat(40)}`));
		const {text, isWhole} = history.picture(true);
		expect(isWhole).toBe(false);
		const tracker = createTracker();
		tracker.take(text);
		expect([...tracker.modes().private]).toEqual([[1049, true], [2004, true]]);
		expect(text.slice(0, 30)).toMatch(/^\x1b\[\?1049h\x1b\[\?2004h\x1b\[2J\x1b\[H\x1b\[5;5H/);
		history.put(bytes('\x1b[2J'));
		expect(history.picture(true).isWhole).toBe(true);
	});

	test('a new terminal begins with nothing, and its places go on', () => {
		const history = createHistory(oblivion(), 'x');
		history.put(bytes('\x1b[?1049hold'));
		history.restart();
		history.put(bytes('new'));
		expect(history.picture(true)).toEqual({text: 'new', end: 14, isWhole: true});
		expect(history.from(3, 100)).toEqual({text: 'new', end: 14, missing: 8});
	});

	test('without what came before, only a screen that a program has to itself is drawn', () => {
		const history = createHistory(oblivion(), 'x');
		history.put(bytes('lines\n\x1b[?2004h'));
		expect(history.picture(false).text).toBe('\x1b[?2004h');
		history.put(bytes('\x1b[?1049hpicture'));
		expect(isAlternate((t => (t.take(history.picture(false).text), t.modes()))(createTracker()))).toBe(true);
		expect(history.picture(false).text).toContain('picture');
	});

	test('margins that are gone do not go again with each further size, so that what is kept is looked at once', () => {
		const history = createHistory(oblivion(), 'x');
		history.put(bytes('\x1b[2;5rtext'));
		expect([history.resized(), history.resized()]).toEqual([true, false]);
		history.put(bytes('\x1b[3;'));
		expect(history.resized()).toBe(false);
		history.put(bytes('6r'));
		expect([history.resized(), history.resized()]).toEqual([true, false]);
		history.put(bytes(`\x1b[3;7r${'x'.repeat(200_000)}`));
		expect([history.resized(), history.resized()]).toEqual([true, false]);
	});

	test('margins that were set go with the size', () => {
		const history = createHistory(oblivion(), 'x');
		history.put(bytes('text \x1b[31m'));
		expect(history.resized()).toBe(false);
		history.put(bytes('\x1b[1;24r'));
		expect(history.resized()).toBe(true);
		expect(history.picture(true).text).toMatch(/\x1b7\x1b\[r\x1b8$/);
	});

	test('is the same in the next instance, to the byte', () => {
		const whole = newBytes(HANDOFF_SIZE);
		const memory = {view: (at: number, length: number) => whole.subarray(at, at + length)};
		const open = (isFirst: boolean): Handoff => openHandoff(memory, 0, isFirst, (at, length) => whole.fill(0, at, at + length));
		const before = createHistory(open(true), 'screen 1');
		for (let i = 0; i < 2000; i++) before.put(bytes(`\x1b[?1049h${'z'.repeat(60)}${i}\n`));
		const after = createHistory(open(false), 'screen 1');
		expect(after.picture(true)).toEqual(before.picture(true));
		const {end} = after.picture(true);
		after.put(bytes('more'));
		expect(after.from(end, 100)).toEqual({text: 'more', end: end + 4, missing: 0});
	});
});
