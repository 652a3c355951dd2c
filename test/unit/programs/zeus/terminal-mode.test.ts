/** Keys that mean a signal, in a mode as a new terminal of Linux has it, and without parts of that. */
import {expect, test} from 'vitest';
import {close, openTerminal} from '../../../../src/os/descriptors.ts';
import {sys} from '../../../../src/os/sys.ts';
import {endOfFile, keyOf, type Mode, withoutEcho, withoutOutputProcessing} from '../../../../src/programs/zeus/terminal-mode.ts';

function usual(isRaw = false): Mode {
	const ends = openTerminal();
	if (typeof ends === 'number') throw new Error(`errno ${-ends}`);
	const mode = sys.terminalMode(ends[1]);
	if (typeof mode === 'number') throw new Error(`errno ${-mode}`);
	if (isRaw) sys.setTerminalMode(ends[1], mode, true, '', true);
	const now = sys.terminalMode(ends[0]);
	if (isRaw) sys.setTerminalMode(ends[1], mode, false, '');
	ends.forEach(close);
	return typeof now === 'number' ? mode : now;
}

test('keys of a new terminal', () => {
	const mode = usual();
	expect([3, 28, 26, 4, 97, 0].map(code => keyOf(mode, code))).toEqual(['interrupt', 'quit', 'suspend', null, null, null]);
	expect(endOfFile(mode)).toBe(4);
});

test('a program that reads all keys itself is sent no signals for them, and its input has no end', () => {
	const mode = usual(true);
	expect([3, 28, 26].map(code => keyOf(mode, code))).toEqual([null, null, null]);
	expect(endOfFile(mode)).toBe(null);
});

test('nothing but one flag is changed', () => {
	const mode = usual();
	const changes = (other: Mode): readonly number[] => [...mode.keys()].filter(at => mode[at] !== other[at]);
	expect(changes(withoutEcho(mode))).toEqual([12]);
	expect(changes(withoutOutputProcessing(mode))).toEqual([4]);
});
