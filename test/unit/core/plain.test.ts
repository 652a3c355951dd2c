/** Lines made safe to stand beside others. */
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {plainText} from '../../../src/core/plain.ts';

test('what would move the cursor or return to the beginning of the line is written out', () => {
	expect(plainText('a\rarchon | ready')).toBe('a\\rarchon | ready');
	expect(plainText('\x1b[1A\x1b[2Kdb | lie')).toBe('\\x1b[1A\\x1b[2Kdb | lie');
	expect(plainText('\x1b]0;title\x07')).toBe('\\x1b]0;title\\x07');
	expect(plainText('\u009b2J\u0000\u007f')).toBe('\\x9b2J\\x00\\x7f');
});

test('tabs, a return at the end and everything beyond ASCII stay as they are', () => {
	expect(plainText('a\tb\r')).toBe('a\tb\r');
	for (const text of ['Àé漢字🙂', '\u00a0\u00ff']) expect(plainText(text)).toBe(text);
});

test('a colour is let through, and ends with its line', () => {
	expect(plainText('\x1b[31mred')).toBe('\x1b[31mred\x1b[0m');
	expect(plainText('\x1b[38;5;9mred\x1b[0m\r')).toBe('\x1b[38;5;9mred\x1b[0m\x1b[0m\r');
});

test('nothing but colours is left that a terminal would act on, whatever the text', () => {
	const characters = fc.constantFrom('\x1b', '[', '3', ';', 'm', '\r', '\t', '\0', '\x7f', '\x9b', 'é', 'x');
	fc.assert(fc.property(fc.array(characters, {maxLength: 64}), parts => {
		const shown = plainText(parts.join('')).replace(/\r$/, '').replaceAll(/\x1b\[[\d;:]*m/g, '');
		expect(shown).not.toMatch(/[\0-\x08\x0a-\x1f\x7f-\x9f]/);
	}));
});
