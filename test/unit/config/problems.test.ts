/** Where problems are, in which order they are told, and how. */
import {describe, expect, test} from 'vitest';
import {collector, didYouMean, fileProblem, formatProblem, nameAs, quote, type Source} from '../../../src/config/problems.ts';

const first: Source = {file: 'a.yaml', text: 'one\ntwo\r\n\nfour'};
const second: Source = {file: 'b.yaml', text: 'é'};

describe('collector', () => {
	test.each([
		[0, 1, 1], [2, 1, 3], [3, 1, 4], [4, 2, 1], [8, 2, 5], [9, 3, 1], [10, 4, 1], [14, 4, 5],
	])('offset %i is line %i, column %i', (offset, line, column) => {
		const {report, problems} = collector([first]);
		report({source: first, offset}, 'x');
		expect(problems()).toEqual([{file: 'a.yaml', line, column, message: 'x', hint: null}]);
	});

	test('tells source by source, each in the order of its text, and everything once', () => {
		const {report, problems} = collector([first, second]);
		report({source: second, offset: 0}, 'd');
		report({source: first, offset: 10}, 'c');
		report({source: first, offset: 0}, 'a');
		report({source: first, offset: 0}, 'b', 'do');
		report({source: first, offset: 10}, 'c');
		expect(problems().map(formatProblem)).toEqual([
			'a.yaml:1:1: a', 'a.yaml:1:1: b; do', 'a.yaml:4:1: c', 'b.yaml:1:1: d',
		]);
	});

	test('gathers words into one problem at the place of the first', () => {
		const {gather, problems} = collector([first]);
		gather({source: first, offset: 4}, 'ignored', 'two');
		gather({source: first, offset: 0}, 'ignored', 'one');
		gather({source: first, offset: 10}, 'ignored', 'two');
		gather({source: first, offset: 10}, 'kept', 'four');
		expect(problems().map(formatProblem)).toEqual(['a.yaml:2:1: ignored: two, one', 'a.yaml:4:1: kept: four']);
	});
});

test('a problem with a whole file has no place in it', () => {
	expect(formatProblem(fileProblem('/x', 'cannot read /x: no'))).toBe('cannot read /x: no');
	expect(formatProblem(fileProblem('/x', 'cannot read /x: no', 'do'))).toBe('cannot read /x: no; do');
});

test.each([
	['web', '"web"'],
	['a"b\n\x1b', '"a\\"b\\n\\u001b"'],
	['x'.repeat(70), `"${'x'.repeat(60)}…"`],
])('quotes %j on one line', (text, quoted) => {
	expect(quote(text)).toBe(quoted);
});

test('a word that is nearly known is guessed', () => {
	expect(didYouMean('comand', ['type', 'command'])).toBe('did you mean "command"?');
	expect(didYouMean('nonsense', ['type', 'command'])).toBeNull();
});

test.each([
	[null, 'no', 'cannot read no: no such file', 'cannot read no: no such file'],
	['${X:-no}', 'no', 'cannot read no: no such file', 'cannot read ${X:-no}: no such file'],
	['${X}', '/a', '/a is a directory', '${X} is a directory'],
	['${X}', '/a', 'something of /a', '${X} cannot be read'],
])('%s instead of %s in %j', (written, file, message, expected) => {
	expect(nameAs(written, file, message)).toBe(expected);
});
