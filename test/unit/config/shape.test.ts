/** Maps read by a table: every key known, told of, or passed over. */
import {describe, expect, test} from 'vitest';
import {parse} from '../../../src/config/yaml/parse.ts';
import {readYaml} from '../../../src/config/yaml/full.ts';
import {collector, formatProblem} from '../../../src/config/problems.ts';
import {readBy} from '../../../src/config/readers.ts';
import {whole} from '../../../src/config/scalars.ts';
import {readShape, shape, within, type Key} from '../../../src/config/shape.ts';

const count = (initial: number): Key<number> =>
	({form: 'number', fallback: String(initial), help: '', initial, read: readBy(whole(0, 9))});

const SHELF = shape({apples: count(1), pears: count(2)}, {foreign: new Set(['ladder', 'door']), unsupported: new Set(['plums'])});

function read(text: string, path: string) {
	const source = {file: 'f', text};
	const problems = collector([source]);
	const notes = collector([source]);
	const map = parse(source, readYaml, problems.report);
	if (map?.kind !== 'map') return expect.fail('not a map');
	const settings = readShape(SHELF, map, {path, report: problems.report, note: notes.gather, environment: null});
	return {settings, problems: problems.problems().map(formatProblem), notes: notes.problems().map(formatProblem)};
}

describe('readShape', () => {
	test.each([
		['{}', {apples: 1, pears: 2}],
		['{pears: 5}', {apples: 1, pears: 5}],
		['{x-pears: 5, x-: [], apples: 0}', {apples: 0, pears: 2}],
	])('reads %s', (text, settings) => {
		expect(read(text, 'shelf')).toEqual({settings, problems: [], notes: []});
	});

	test.each([
		['{apples: 10, pears: x}', [
			'f:1:10: shelf.apples: "10" is not a whole number from 0 to 9', 'f:1:21: shelf.pears: "x" is not a whole number from 0 to 9',
		]],
		['{apples: , pears: [1]}', ['f:1:19: shelf.pears must be a single value, not a list']],
		['{aples: 1, stones: 2}', ['f:1:2: unknown key "aples" in shelf; did you mean "apples"?', 'f:1:12: unknown key "stones" in shelf']],
		['{toString: 1, __proto__: 2}', ['f:1:2: unknown key "toString" in shelf', 'f:1:15: unknown key "__proto__" in shelf']],
		['{plums: 1}', ['f:1:2: shelf.plums is not supported; remove it, or call it x-plums']],
	])('tells what is wrong with %s, and goes by the defaults', (text, problems) => {
		expect(read(text, 'shelf')).toEqual({settings: {apples: 1, pears: 2}, problems, notes: []});
	});

	test('passes over what is foreign with one note', () => {
		expect(read('{door: 1, apples: 3, ladder: [x]}', 'shelf')).toEqual({
			settings: {apples: 3, pears: 2}, problems: [],
			notes: ['f:1:2: ignored, as they concern the container and not what runs in it: door, ladder'],
		});
	});

	test('does not name the top of the file', () => {
		expect(read('{aples: 1, plums: 2}', '').problems).toEqual([
			'f:1:2: unknown key "aples"; did you mean "apples"?', 'f:1:12: plums is not supported; remove it, or call it x-plums',
		]);
	});
});

test.each([
	['', 'services', 'services'],
	['services', 'web-1', 'services.web-1'],
	['services', 'a b', 'services."a b"'],
	['command', 2, 'command[2]'],
])('within %j, %j is %s', (path, step, expected) => {
	expect(within({path, report: () => {}, note: () => {}, environment: null}, step).path).toBe(expected);
});
