/** Lines made safe to stand beside others. */
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {isPlain, plainBytes, plainText} from '../../../src/core/plain.ts';

const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');

test('what would move the cursor or return to the beginning of the line is written out', () => {
	expect(plainText('a\rarchon | ready')).toBe('a\\rarchon | ready');
	expect(plainText('\x1b[1A\x1b[2Kdb | lie')).toBe('\\x1b[1A\\x1b[2Kdb | lie');
	expect(plainText('\x1b]0;title\x07')).toBe('\\x1b]0;title\\x07');
	expect(plainText('\u009b2J\u0000\u007f')).toBe('\\x9b2J\\x00\\x7f');
	expect(plainBytes(bytesOf('\u009b2J'))).toBe('\\xc2\\x9b2J');
});

test('tabs, a return at the end and everything beyond ASCII stay as they are', () => {
	expect(plainText('a\tb\r')).toBe('a\tb\r');
	for (const text of ['Àé漢字🙂', '\u00a0\u00ff']) {
		expect(plainText(text)).toBe(text);
		expect(plainBytes(bytesOf(text))).toBe(bytesOf(text));
		expect(isPlain(bytesOf(text))).toBe(true);
	}
});

test('a colour is let through, and ends with its line', () => {
	expect(plainText('\x1b[31mred')).toBe('\x1b[31mred\x1b[0m');
	expect(plainText('\x1b[38;5;9mred\x1b[0m\r')).toBe('\x1b[38;5;9mred\x1b[0m\x1b[0m\r');
});

test('nothing but colours is left that a terminal would act on, whatever the bytes', () => {
	fc.assert(fc.property(fc.uint8Array({maxLength: 64}), bytes => {
		const line = Buffer.from(bytes).toString('latin1').replaceAll('\n', '');
		const shown = plainBytes(line).replace(/\r$/, '').replaceAll(/\x1b\[[\d;:]*m/g, '');
		expect(shown).not.toMatch(/[\0-\x08\x0a-\x1f\x7f]|\xc2[\x80-\x9f]/);
		if (isPlain(line)) expect(plainBytes(line)).toBe(line);
	}));
});
