/** The modes of a terminal, found in what was written to it. A terminal emulator is the witness. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {createTracker, enter, isAlternate, leave, type Modes, PLAIN, withoutQuestions} from '../../../../src/features/attach/core/modes.ts';

function modesOf(...pieces: string[]): Modes {
	const tracker = createTracker();
	for (const piece of pieces) tracker.take(piece);
	return tracker.modes();
}

const plain = (text: string): boolean => JSON.stringify(shown(modesOf(text))) === JSON.stringify(shown(PLAIN));
const shown = (modes: Modes): unknown => ({...modes, private: [...modes.private]});

/** As programs begin and end. */
const VIM = '\x1b[?1049h\x1b[22;0;0t\x1b[>4;2m\x1b[?1h\x1b=\x1b[?2004h\x1b[?1004h\x1b[1;24r\x1b[?12h\x1b[?12l\x1b[22;2t\x1b[?25l\x1b[2 q';

test('what vim does to a terminal is known', () => {
	expect(shown(modesOf(VIM))).toEqual({
		private: [[1049, true], [1, true], [2004, true], [1004, true], [25, false]], hasKeypad: true, isInserting: false,
		isNewline: false, isLocked: false, margins: '1;24', cursor: '2', otherKeys: '2', keyboards: 0, isDrawing: false,
	});
	expect(isAlternate(modesOf(VIM))).toBe(true);
});

test.each([
	['\x1b[?1049h\x1b[?1049l'], ['\x1b[?25l\x1b[?25h'], ['\x1b[?7l\x1b[?7h'], ['\x1b[?1;2004h\x1b[?2004;1l'], ['\x1b=\x1b>'],
	['\x1b[4h\x1b[4l'], ['\x1b[2;5r\x1b[r'], ['\x1b[3 q\x1b[0 q'], ['\x1b[>4;2m\x1b[>4;m'], ['\x1b[>1u\x1b[>5u\x1b[<u\x1b[<1u'],
	['\x1b(0\x1b(B'], [`${VIM}\x1bc`], ['\x1b[?3h\x1b[?1048h'], ['\x1b]0;a title\x07plain \x1b[31mred\x1b[m'],
])('%j leaves a terminal as it was', text => {
	expect(plain(text)).toBe(true);
});

test('sequences that are cut anywhere are as good as whole ones', () => {
	fc.assert(fc.property(fc.nat(VIM.length), fc.nat(VIM.length), (one, other) => {
		const [first, last] = [Math.min(one, other), Math.max(one, other)];
		expect(shown(modesOf(VIM.slice(0, first), VIM.slice(first, last), VIM.slice(last)))).toEqual(shown(modesOf(VIM)));
	}));
});

const sequence = fc.oneof(
	fc.constantFrom(...VIM.split(/(?=\x1b)/), '\x1b[?1049l', '\x1b[?47h', '\x1b[!p', '\x1b(0', '\x1b[>1u', '\x1b[4h'),
	fc.string({maxLength: 8}),
);

test('to enter the modes of any output and to leave them again is nothing', () => {
	fc.assert(fc.property(fc.array(sequence, {maxLength: 30}), pieces => {
		const modes = modesOf(...pieces);
		expect(shown(modesOf(enter(modes)))).toEqual(shown(modes));
		expect(plain(`${enter(modes)}${leave(modes)}`)).toBe(true);
	}));
});

test.each([
	['a parameter with many zeros', `\x1b[?${'0'.repeat(100)}1003h`, '\x1b[?1003l'], ['controls between', '\x1b\n[?10\x0803\x07h', '\x1b[?1003l'],
	['CSI as one character', '\xc2\x9b?1049h', '\x1b[?1049l'], ['locked keys', '\x1b[2h', '\x1b[2l'], ['lines that return', '\x1b[4;20h', '\x1b[20l'],
])('however a program hides what it does, it is undone: %s', (_, text, undone) => {
	expect(leave(modesOf(text))).toContain(undone);
	for (let at = 0; at <= text.length; at++) expect(shown(modesOf(text.slice(0, at), text.slice(at)))).toEqual(shown(modesOf(text)));
});

test('a soft reset keeps the screen, and nothing else', () => {
	expect(shown(modesOf(`${VIM}\x1b[!p`))).toEqual({...shown(PLAIN) as object, private: [[1049, true]]});
});

test.each([
	['\x1b[2J', true], ['\x1b[3J', true], ['\x1b[J', false], ['\x1bc', true], ['\x1b[?1049h', true], ['\x1b[?1049l', false], ['text', false],
])('%j clears the screen: %s', (text, isCleared) => {
	const tracker = createTracker();
	tracker.take(text);
	expect(tracker.wasCleared()).toBe(isCleared);
});

describe('what is shown a second time', () => {
	test.each([
		['\x1b[c'], ['\x1b[>c'], ['\x1b[0c'], ['\x1b[6n'], ['\x1b[?6n'], ['\x1b[5n'], ['\x1b[?2026$p'], ['\x1b[14t'], ['\x1b[18t'], ['\x1b[21t'],
		['\x1b[?u'], ['\x1b[?4m'], ['\x1b[>q'], ['\x1b[>0q'], ['\x1bP+q544e\x1b\\'], ['\x1bP$qm\x1b\\'], ['\x1b]11;?\x07'], ['\x1b]10;?\x1b\\'], ['\x05'], ['\x07'],
	])('asks nothing and does not ring: %j', text => {
		expect(withoutQuestions(`a${text}b`)).toBe('ab');
	});

	test.each([[VIM], ['\x1b]0;a title\x07'], ['\x1b]2;why? because\x1b\\'], ['\x1b[31mred\x1b[m'], ['\x1b[2J\x1b[H']])('%j stays', text => {
		expect(withoutQuestions(`a${text}b`)).toBe(`a${text}b`);
	});

	test('is done soon, also where the text was made to be slow', () => {
		for (const text of ['\x1b]'.repeat(30_000), '\x1bP$q'.repeat(15_000), '\x1b[1;'.repeat(15_000), `\x1b[${'1'.repeat(60_000)}`]) {
			withoutQuestions(text);
			modesOf(text);
		}
	});
});
