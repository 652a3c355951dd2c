/** Commands and environments in all their forms. */
import {describe, expect, test} from 'vitest';
import {parse} from '../../../src/config/yaml/parse.ts';
import {readYaml} from '../../../src/config/yaml/full.ts';
import {collector, formatProblem} from '../../../src/config/problems.ts';
import {readEnvironment, readWords} from '../../../src/config/readers.ts';
import type {Reader} from '../../../src/config/shape.ts';
import type {Environment} from '../../../src/core/variables.ts';

function read<T>(reader: Reader<T>, text: string, environment: Environment | null = null) {
	const source = {file: 'f', text};
	const problems = collector([source]);
	const notes = collector([source]);
	const value = parse(source, readYaml, problems.report) ?? expect.fail('not YAML');
	const result = reader(value, {path: 'key', report: problems.report, note: notes.gather, environment});
	return {result, problems: problems.problems().map(formatProblem), notes: notes.problems().map(formatProblem)};
}

describe('readWords', () => {
	test.each([
		['nginx -g "daemon off;"', ['nginx', '-g', 'daemon off;']],
		['[nginx, -g, "daemon off;"]', ['nginx', '-g', 'daemon off;']],
		['[sleep, 10, 022, true, "", "a b"]', ['sleep', '10', '022', 'true', '', 'a b']],
		['|\n  one \\\n    two\n  three\n', ['one', 'two', 'three']],
		['[]', []],
		['""', []],
		['5', ['5']],
	])('reads %j', (text, result) => {
		expect(read(readWords, text)).toEqual({result, problems: [], notes: []});
	});

	test.each([
		['a "b', ['f:1:1: key cannot be split into words: a double quote is not closed']],
		['"a\\0b"', ['f:1:1: key holds a NUL character']],
		['["a\\0b"]', ['f:1:2: key[0] holds a NUL character']],
		['{a: b}', ['f:1:1: key must be words or a list of words, not a map']],
		['~', ['f:1:1: key needs a value']],
		['[a, {b: c}, [d], ~]', [
			'f:1:5: key[1] must be a single value, not a map', 'f:1:13: key[2] must be a single value, not a list',
			'f:1:18: key[3] needs a value',
		]],
	])('refuses %j', (text, problems) => {
		expect(read(readWords, text)).toEqual({result: undefined, problems, notes: []});
	});
});

describe('readEnvironment', () => {
	test.each([
		['{A: x, B: 022, C: true, D: "", "E F": y}', {A: 'x', B: '022', C: 'true', D: '', 'E F': 'y'}],
		['[A=x, "B=", C=d=e, "D=f g"]', {A: 'x', B: '', C: 'd=e', D: 'f g'}],
		['{A: ~, B: x}', {B: 'x'}],
		['[A=1, B, A]', {}],
		['[A=1, A=2]', {A: '2'}],
		['', {}], ['{}', {}], ['[]', {}],
		['{x-a: b}', {'x-a': 'b'}],
	])('reads %j', (text, result) => {
		expect(read(readEnvironment, text)).toEqual({result, problems: [], notes: []});
	});

	test('a variable may have any name', () => {
		const {result} = read(readEnvironment, '[__proto__=x, constructor=y]');
		expect(Object.entries(result ?? {})).toEqual([['__proto__', 'x'], ['constructor', 'y']]);
	});

	test.each([
		['{A: [x], B: {c: d}}', ['f:1:5: key.A must be a single value, not a list', 'f:1:13: key.B must be a single value, not a map']],
		['{"": x, "a=b": y}', ['f:1:2: key: "" cannot be a variable\'s name', 'f:1:9: key: "a=b" cannot be a variable\'s name']],
		['[=x, {A: b}, "A=\\0"]', [
			'f:1:2: key: "" cannot be a variable\'s name', 'f:1:6: key[1] must be a single value, not a map',
			'f:1:14: key[2] holds a NUL character',
		]],
		['text', ['f:1:1: key must be a map or a list of NAME=value, not text']],
	])('tells what is wrong with %j', (text, problems) => {
		expect(read(readEnvironment, text).problems).toEqual(problems);
	});

	test.each([
		['{A: "${X:-1}/$Y", B: $$Y}', {A: '1/y', B: '$Y'}],
		['["A=$Y$Y", Y, Z]', {A: 'yy', Y: 'y'}],
		['{Y: , Z: }', {Y: 'y'}],
	])('with variables, reads %j', (text, result) => {
		expect(read(readEnvironment, text, {Y: 'y'})).toEqual({result, problems: [], notes: []});
	});

	test('notes what is not set, once for all', () => {
		expect(read(readEnvironment, '{A: "$X${Z}", B: a$X}', {})).toEqual({
			result: {A: '', B: 'a'}, problems: [],
			notes: ['f:1:5: not set, and replaced by nothing (write $$ for a literal $): X, Z'],
		});
	});

	test('tells which variable must be set', () => {
		expect(read(readEnvironment, '{A: "${X:?a port}", B: "${Y?}", C: "${"}', {})).toEqual({
			result: {}, notes: [],
			problems: [
				'f:1:5: key.A: "${X:?a port}" needs X, which is not set: a port',
				'f:1:24: key.B: "${Y?}" needs Y, which is not set',
				'f:1:36: key.C: "${" has a "${" that does not begin a ${NAME}; write $$ for a literal $',
			],
		});
	});
});
