/** Files of variables, as docker compose reads them. */
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {readEnvFile, readRawEnvFile} from '../../../src/core/env-file.ts';
import {lookupIn, UNSET} from '../../../src/core/variables.ts';
import {collector, formatProblem} from '../../../src/config/problems.ts';

function read(text: string) {
	const source = {file: '.env', text};
	const problems = collector([source]);
	const notes = collector([source]);
	const variables = Object.fromEntries(readEnvFile(text, lookupIn({HOME: '/root', A: 'own'}), {
		report: (offset, message, hint) => problems.report({source, offset}, message, hint),
		unset: (offset, name) => notes.gather({source, offset}, UNSET, name),
	}));
	return {variables, problems: problems.problems().map(formatProblem), notes: notes.problems().map(formatProblem)};
}

test.each<[string, Record<string, string>]>([
	['', {}], ['\n\n', {}], ['# comment\n  # another\n', {}],
	['B=1', {B: '1'}], ['B=1\nC=2\n', {B: '1', C: '2'}], ['B=1\r\nC=2\r\n', {B: '1', C: '2'}],
	['B=', {B: ''}], ['B=\nC=x', {B: '', C: 'x'}], ['B=""', {B: ''}],
	['  export B = 1 ', {B: '1'}], ['exported=1', {exported: '1'}], ['B.c-d=1', {'B.c-d': '1'}],
	['B=a b # comment', {B: 'a b'}], ['B=a#b', {B: 'a#b'}], ['B=#c', {B: ''}], ['B="a # b" # c', {B: 'a # b'}],
	['B=a=b', {B: 'a=b'}], ['B={"x": 1}', {B: '{"x": 1}'}], ['B=it\'s', {B: 'it\'s'}],
	['B=\'a $A "b" \\n\'', {B: 'a $A "b" \\n'}],
	['B="a \\"b\\" \\n\\t\\\\ \\x \\$A"', {B: 'a "b" \n\t\\ \\x $A'}],
	['B="two\nlines"\nC=\'x\ny\'\nD=1', {B: 'two\nlines', C: 'x\ny', D: '1'}],
	['B=$A\nC="${HOME}/x"\nD=${NO:-d}', {B: 'own', C: '/root/x', D: 'd'}],
	['B=1\nC=$B$B', {B: '1', C: '11'}], ['A=1\nC=$A', {A: '1', C: 'own'}],
	['HOME\nNO\nB=1', {HOME: '/root', B: '1'}],
	['B: 1\nC:\nD: "x" # y', {B: '1', C: '', D: 'x'}], ['B=\'Let\\\'s go\'\nC=1', {B: 'Let\'s go', C: '1'}], ['B=\'C:\\dir\\\'', {B: 'C:\\dir\\'}],
	['B=8080 # the port\r\nC="x y" # who\r\n# more\r\nD=\'z\' # d\r\n', {B: '8080', C: 'x y', D: 'z'}],
	['B=1\nB=2', {B: '2'}], ['B=$$x', {B: '$x'}],
])('reads %j', (text, variables) => {
	expect(read(text)).toEqual({variables, problems: [], notes: []});
});

test.each<[string, string[]]>([
	['B=1\n?=2\nC=3', ['.env:2:1: this is not NAME=value']],
	['  B C=1', ['.env:1:3: this is not NAME=value']],
	['B="x\nC=1', ['.env:1:3: a double quote is not closed']],
	['B=\'x', ['.env:1:3: a single quote is not closed']],
	['B:1', ['.env:1:1: this is not NAME=value']],
	['B="x" y', ['.env:1:6: there is text after a closing quote']],
	['A=1\nB=${NO:?why}', ['.env:2:1: B needs NO, which is not set: why']],
])('tells what is wrong with %j', (text, problems) => {
	expect(read(text).problems).toEqual(problems);
});

test('a few lines do not make more than a megabyte', () => {
	const lines = Array.from({length: 20}, (_, index) => `V${index}=$B`);
	const {problems, variables} = read(`Z='${'x'.repeat(100_000)}'\nB=$Z$Z$Z$Z\n${lines.join('\n')}`);
	expect(problems).toEqual([expect.stringMatching(/^\.env:\d:1: the values of all variables so far are longer than 1 MiB$/)]);
	expect(Object.keys(variables).length).toBeLessThan(5);
});

test.each<[string, Record<string, string>]>([
	['B=$A $$x ${', {B: '$A $$x ${'}], ['B="\\$A \\n $x"', {B: '$A \n $x'}], ['HOME\nB=1', {B: '1'}], ['B=\'$A\' # c', {B: '$A'}],
])('reads %j with a dollar that means nothing', (text, variables) => {
	const problems: string[] = [];
	expect(Object.fromEntries(readEnvFile(text, null, {report: (_, message) => void problems.push(message), unset() {}}))).toEqual(variables);
	expect(problems).toEqual([]);
});

test('notes what is not set', () => {
	expect(read('B=$X\nC=${Y}').notes).toEqual([
		'.env:1:1: not set, and replaced by nothing (write $$ for a literal $): X, Y',
	]);
});

test('whatever the text, it ends', () => {
	const piece = fc.constantFrom('A', '=', '"', '\'', '#', '$', '{', '}', ' ', '\n', '\r', '\\', 'export ', '\t', '\u2028');
	fc.assert(fc.property(fc.array(piece, {maxLength: 30}), pieces => void read(pieces.join(''))));
});

test.each<[string, Record<string, string>, readonly number[]]>([
	['', {}, []], ['# comment\n\n  # another\n', {}, []], ['B=1\n  C=2', {B: '1', C: '2'}, []], ['B=1\r\nC=2\r\n', {B: '1', C: '2'}, []],
	['B="a $A" # c \nC=\'x\'', {B: '"a $A" # c ', C: '\'x\''}, []], ['B=a=b', {B: 'a=b'}, []], ['B=', {B: ''}, []],
	['A\nNO\n', {A: 'own'}, []], ['B="two\nlines"', {B: '"two'}, []], ['a b=1\n =2\nC=3', {C: '3'}, [0, 7]],
	['export B=1', {}, [0]],
])('raw %j: %j', (text, variables, wrong) => {
	const at: number[] = [];
	expect(Object.fromEntries(readRawEnvFile(text, lookupIn({A: 'own'}), {report: offset => void at.push(offset)}))).toEqual(variables);
	expect(at).toEqual(text.startsWith('B="two') ? [] : wrong);
});
