/** Bytes cut into lines. */
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {cutLines, firstLine, linesThatFit} from '../../../../../src/features/logging/os/lines.ts';
import {sys} from '../../../../../src/os/sys.ts';

function cut(text: Buffer, maxLine: number): {blocks: string[]; pieces: string[]; all: Buffer; rest: Buffer} {
	const [blocks, pieces, parts]: [string[], string[], Buffer[]] = [[], [], []];
	const end = cutLines(text, text.length, maxLine, (from, to, isPiece) => {
		(isPiece ? pieces : blocks).push(text.toString('utf8', from, to));
		parts.push(text.subarray(from, to));
	});
	return {blocks, pieces, all: Buffer.concat(parts), rest: text.subarray(end)};
}

test('whole lines come as one block, and what has no end yet is left', () => {
	expect(cut(Buffer.from('a\nb\n\nrest'), 100)).toMatchObject({blocks: ['a\nb\n\n'], pieces: [], rest: Buffer.from('rest')});
	expect(cut(Buffer.from('rest'), 100)).toMatchObject({blocks: [], rest: Buffer.from('rest')});
});

test('a line that is too long comes in pieces, among others that are not', () => {
	const {blocks, pieces} = cut(Buffer.from(`ab\n${'x'.repeat(25)}\ncd\n`), 10);
	expect(pieces).toEqual(['x'.repeat(10), 'x'.repeat(10)]);
	expect(blocks).toEqual(['ab\n', `${'x'.repeat(5)}\ncd\n`]);
});

test('no piece ends within a character', () => {
	const {pieces} = cut(Buffer.from(`${'漢'.repeat(10)}\n`), 10);
	expect(pieces).toEqual(['漢漢漢', '漢漢漢', '漢漢漢']);
});

test('no byte is lost or doubled, no line is longer than it may be, and no rest holds a newline', () => {
	const chunk = fc.array(fc.constantFrom('\n', 'x', 'yy', 'é', '漢', '🙂', '\xff'), {maxLength: 120}).map(parts => Buffer.from(parts.join('')));
	fc.assert(fc.property(chunk, fc.integer({min: 4, max: 40}), (text, maxLine) => {
		const {blocks, pieces, all, rest} = cut(text, maxLine);
		expect(Buffer.concat([all, rest])).toEqual(text);
		for (const block of blocks) for (const line of block.split('\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(maxLine);
		for (const block of blocks) expect(block.endsWith('\n')).toBe(true);
		for (const piece of pieces) expect(piece).not.toContain('\n');
		expect(rest.includes('\n')).toBe(false);
		expect(rest.length).toBeLessThanOrEqual(maxLine);
	}));
});

test('lines are counted by their ends, and end where they are counted to', () => {
	expect(sys.countLines(Buffer.from('a\n\nb\n'))).toBe(3);
	expect(sys.countLines(Buffer.from('a'))).toBe(0);
	expect([0, 1, 2, 3, 4].map(count => sys.endOfLines(Buffer.from('a\n\nb\nc'), count))).toEqual([0, 2, 3, 5, 5]);
});

test('of a return and a newline the newline is left', () => {
	const bytes = Buffer.from('a\r\n\r\r\n\rb\n\r');
	expect(bytes.toString('latin1', 0, sys.dropReturns(bytes, bytes.length))).toBe('a\n\r\n\rb\n\r');
	expect(sys.dropReturns(Buffer.from('\r\n'), 1)).toBe(1);
});

/** Text in pieces of these lengths, the last of all that is left. */
function inPieces(text: string, lengths: readonly number[]): Buffer[] {
	const pieces: Buffer[] = [];
	let at = 0;
	for (const length of [...lengths, text.length]) {
		if (at >= text.length) break;
		pieces.push(Buffer.from(text.slice(at, at + length)));
		at += length;
	}
	return pieces;
}

test('what fits of lines in pieces are whole lines, wherever the pieces are cut', () => {
	fc.assert(fc.property(fc.array(fc.nat(12)), fc.array(fc.integer({min: 1, max: 9})), fc.nat(60), (lines, lengths, most) => {
		const text = lines.map(length => `${'x'.repeat(length)}\n`).join('');
		const fits = text.slice(0, text.slice(0, most).lastIndexOf('\n') + 1);
		const found = linesThatFit(inPieces(text, lengths), most);
		expect(found === null ? '' : Buffer.concat(found).toString()).toBe(fits);
		expect(Buffer.concat(firstLine(inPieces(text, lengths))).toString()).toBe(text.slice(0, text.indexOf('\n') + 1));
	}));
});
