/** A problem with its line: the mark stands under the place, whatever is in the line. */
import {describe, expect, test} from 'vitest';
import {cellsOf, lineReader, showProblem, tokenEnd} from '../../../src/config/excerpt.ts';
import type {Problem} from '../../../src/config/problems.ts';

const PLAIN = {isColoured: false, width: 80};
const at = (line: number, column: number, hint: string | null = null): Problem => ({file: 'f', line, column, message: 'm', hint});

/** The line and the mark below it, as far as the terminal's cells go. */
function shown(line: string, column: number, width = 80): readonly [line: string, marked: string] {
	const [, text = '', mark = ''] = showProblem('problem', at(1, column), line, {...PLAIN, width}).split('\n').map(each => each.slice('  1 | '.length));
	const [before, length] = [mark.indexOf('^'), mark.trim().length];
	let cells = 0;
	let marked = '';
	for (const each of text) {
		if (cells >= before && cells < before + length) marked += each;
		cells += cellsOf(each);
	}
	return [text, marked];
}

describe('the mark is under', () => {
	test.each([
		['a: {usr: root}', 5, 'usr'], ['\tusr: root', 2, 'usr'], ['a:\t"b c": d', 4, '"b c"'], ['日本: usr', 5, 'usr'], ['"🚀": usr', 7, 'usr'],
		['e\u0301e\u0301: usr', 7, 'usr'], ['a: ${B:-c d} e', 4, '${B:-c d}'], ['a: http://b:80/c, d', 4, 'http://b:80/c'], ['a: \'it\'\'s\' b', 4, '\'it\'\'s\''],
		['a: [b]', 4, '['], ['a: # b', 4, '#'], ['a\u202eb: usr', 6, 'usr'], ['a\x1b[31m: usr', 9, 'usr'],
	])('%j at %i: %s', (line, column, token) => {
		expect(shown(line, column)[1]).toBe(token);
	});

	test('the place behind a line', () => {
		expect(showProblem('problem', at(1, 3), 'a:', PLAIN)).toBe('f:1:3: m\n  1 | a:\n    |   ^\n');
	});
});

describe('a long line', () => {
	const line = `${'x'.repeat(300)} word ${'y'.repeat(300)}`;

	test.each([40, 60, 80])('is cut to %i cells, with the place in it', width => {
		const [text, marked] = shown(line, 302, width);
		expect(marked).toBe('word');
		expect(cellsOf(text)).toBeLessThanOrEqual(width - '  1 | '.length);
		expect(text).toMatch(/^…x+ word y+…$/);
	});

	test('of wide characters, and of a megabyte, is cut as well', () => {
		expect(cellsOf(shown(`${'日'.repeat(100)} word ${'本'.repeat(100)}`, 102)[0])).toBeLessThanOrEqual(74);
		expect(shown(`${'x'.repeat(500_000)}word${'y'.repeat(500_000)}`, 500_001)[0].length).toBeLessThan(80);
	});
});

test('what a terminal would obey is not written to it', () => {
	const said = showProblem('problem', at(1, 1), 'a\x1b]0;t\x07\x9b\u202eb\r', PLAIN);
	expect(said).not.toMatch(/[\x1b\x07\x9b\u202e\r]/);
});

test('colours are those of a severity, and only where they are wanted', () => {
	const coloured = {...PLAIN, isColoured: true};
	expect(showProblem('problem', at(1, 1, 'h'), 'a: b', coloured)).toMatchInlineSnapshot(`
		"[1mf:1:1: [0m[1mm[0m
		  [2m1[0m [2m|[0m a: b
		    [2m|[0m [31m^[0m
		    [2m=[0m [36mh[0m
		"
	`);
	expect(showProblem('note', at(1, 1), 'a: b', coloured)).toContain('\x1b[33mnote: ');
	expect(showProblem('note', at(1, 1, 'h'), null, PLAIN)).toBe('f:1:1: note: m\n  = h\n');
});

test('lines are those of the file that is meant', () => {
	const lineOf = lineReader(new Map([['f', 'a\r\nb\r\n'], ['g', '']]));
	expect([lineOf(at(1, 1)), lineOf(at(2, 1)), lineOf(at(3, 1)), lineOf({...at(1, 1), file: 'g'}), lineOf({...at(1, 1), file: 'h'})])
		.toEqual(['a', 'b', '', '', null]);
	expect(lineOf(at(0, 0))).toBeNull();
});

test('a word that never ends is not sought forever', () => {
	expect(tokenEnd(`"${'\\'.repeat(100_000)}`, 0)).toBeLessThan(300);
});
