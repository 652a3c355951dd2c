/** YAML as archon understands it: places, aliases, merge keys, and what is wrong with a text. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {YAML_FORMATS} from '../../../../src/config/formats.ts';
import {needsOf, parse} from '../../../../src/config/yaml/parse.ts';
import {collector, formatProblem} from '../../../../src/config/problems.ts';
import type {Mapping, Value} from '../../../../src/config/values.ts';
import {readYaml} from '../../../../src/config/yaml/full.ts';
import {bare} from '../bare.ts';

function reading(text: string, read = readYaml): {readonly value: Value | null; readonly told: readonly string[]} {
	const source = {file: 'f', text};
	const {report, problems} = collector([source]);
	const value = read(source, report);
	return {value, told: problems().map(formatProblem)};
}

function wellRead(text: string): Value {
	const {value, told} = reading(text);
	expect(told).toEqual([]);
	return value ?? expect.fail('not YAML');
}

describe('parse', () => {
	test.each([
		['', ''],
		['# nothing\n', ''],
		['---\na: 1\n...\n', {a: '1'}],
		['a: 022\nb: "022"\nc: 0o22\nd: 0x1F\ne: 1_000\nf: 1.50\ng: yes\nh: 12:30\n', {
			a: '022', b: '022', c: '0o22', d: '0x1F', e: '1_000', f: '1.50', g: 'yes', h: '12:30',
		}],
		['a: "x\\ty\\u00e9"\nb: \'it\'\'s\'\nc: |\n  one\n  two\nd: >-\n  one\n  two\n', {
			a: 'x\tyé', b: 'it\'s', c: 'one\ntwo\n', d: 'one two',
		}],
		['a: one\n  two\n', {a: 'one two'}],
		['a: !!str 1\nb: !!int 2\n', {a: '1', b: '2'}],
		['"k 1": a\n? k2\n: b\n3: c\n', {'k 1': 'a', k2: 'b', 3: 'c'}],
		['a: |\r\n  x\r\nb: c\r\n', {a: 'x\n', b: 'c'}],
	])('reads %j', (text, expected) => {
		expect(bare(wellRead(text))).toEqual(expected);
	});

	test.each([
		['{a: &x [1], b: *x}', {a: ['1'], b: ['1']}],
		['{a: &x 1, b: &x 2, c: *x}', {a: '1', b: '2', c: '2'}],
		['{&k a: 1, b: *k }', {a: '1', b: 'a'}],
		['{a: &x {p: 1, q: 2}, b: {<<: *x, q: 3, r: 4}}', {a: {p: '1', q: '2'}, b: {q: '3', r: '4', p: '1'}}],
		['{a: &x {p: 1}, b: &y {p: 2, q: 2}, c: {<<: [*x, *y]}}', {
			a: {p: '1'}, b: {p: '2', q: '2'}, c: {p: '1', q: '2'},
		}],
		['{a: {<<: {p: 1}}}', {a: {p: '1'}}],
		['{a: {"<<": 1}}', {a: {'<<': '1'}}],
	])('resolves %j', (text, expected) => {
		expect(bare(wellRead(text))).toEqual(expected);
	});

	test('knows the place of every key and value', () => {
		const text = '# c\nkey: &a "v"\nlist:\n  - x\nmap: {k: *a}\nnone:\n';
		const {entries, offset} = wellRead(text) as Mapping;
		const places = [...entries].map(([name, {key, value}]) => [name, text.slice(key.offset), text.slice(value.offset)]);
		expect(offset).toBe(4);
		expect(places.map(([name, key, value]) => [name, key?.slice(0, 4), value?.slice(0, 3)])).toEqual([
			['key', 'key:', '"v"'], ['list', 'list', '- x'], ['map', 'map:', '{k:'], ['none', 'none', '\n'],
		]);
	});

	test.each([
		['a: b: c', ['f:1:4: ": " is not allowed inside text; quote it: "b: c", or begin a new line with b']],
		['a:\n\tb: 1', ['f:2:1: a tab indents this line; indent with spaces']],
		['a: [1, 2', ['f:1:4: [ opens here, and no ] closes it; close it with ]']],
		['a: "x', ['f:1:4: " opens here, and no " closes it; close it: "x"']],
		['a: @x', ['f:1:4: text cannot begin with @; quote it: "@x"']],
		['a:\n  b: 1\n c: 2', ['f:3:2: this line is indented by 1, and those above it by 2 or 0; indent it like the lines that it belongs to']],
		['a: "\\q"', ['f:1:5: \\q means nothing in double quotes; write \\\\q, or use single quotes']],
		['a: 1\n---\nb: 2', ['f:2:1: a second document begins; a config is one document']],
		['a: [\nb: "\nc: }', [
			'f:1:4: [ opens here, and no ] closes it; close it with ]',
			'f:2:4: " opens here, and no " closes it; close it',
			'f:3:4: text cannot begin with }; quote it: "}"',
		]],
	])('tells what is not YAML in %j', (text, told) => {
		expect(reading(text)).toEqual({value: null, told});
	});

	test.each([
		['{a: 1, b: {c: 1, c: 2}, a: 3}', {a: '1', b: {c: '1'}}, ['f:1:18: duplicate key "c"; the first one is in line 1; keep one', 'f:1:25: duplicate key "a"; the first one is in line 1; keep one']],
		['{a: *b, b: &b 1}', {a: '', b: '1'}, ['f:1:5: *b repeats a value, and none is named &b; write &b before the value that it names, or quote it: "*b"']],
		['{a: &a [*a]}', {a: ['']}, ['f:1:9: the alias *a stands within what it names']],
		['{a: {<<: 1}, b: {<<: [{c: d}, e]}}', {a: {}, b: {c: 'd'}}, [
			'f:1:10: "<<" needs a map or a list of maps, and this is a number',
			'f:1:31: "<<" needs a map or a list of maps, and this is text',
		]],
		['? [a]\n: 1\nb: 2', {b: '2'}, ['f:1:3: a key must be text']],
		['{a: !reset [], b: !!binary aGk=, c: !override [d]}', {a: '', b: 'aGk=', c: ['d']}, ['f:1:28: the tag "tag:yaml.org,2002:binary" is not supported']],
		['{a: !vault x}', {a: 'x'}, ['f:1:12: the tag "!vault" is not supported; quote text that begins with !']],
	])('reads %j in spite of its problems', (text, expected, told) => {
		const result = reading(text);
		expect(result.told).toEqual(told);
		expect(result.value && bare(result.value)).toEqual(expected);
	});

	test.each([
		['flow lists', '['.repeat(1_000_000)],
		['flow maps', '{a: '.repeat(250_000)],
		['lists', '- '.repeat(500_000)],
		['explicit keys', '? '.repeat(500_000)],
		['maps', Array.from({length: 1000}, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
	])('stops at too many %s within each other', (_what, text) => {
		const {value, told} = reading(text);
		expect(value).toBeNull();
		expect(told).toEqual([expect.stringMatching(/^f:\d+:\d+: nested more than 100 levels deep$/)]);
	});

	test('stops when aliases make a large config of a small text', () => {
		const levels = Array.from({length: 30}, (_, level) =>
			`l${level + 1}: &l${level + 1} [${Array(10).fill(`*l${level}`).join(', ')}]`);
		const {value, told} = reading(['l0: &l0 [x]', ...levels].join('\n'));
		expect(value).toBeNull();
		expect(told).toEqual([expect.stringMatching(/^f:7:\d+: more than 250000 values, with all that aliases repeat$/)]);
	});

	test('takes any number of maps to merge', () => {
		expect(bare(wellRead(`{a: &a {p: 1}, b: {<<: [${'*a,'.repeat(50_000)}{q: 2}]}}`)))
			.toEqual({a: {p: '1'}, b: {p: '1', q: '2'}});
	});

	test('never throws, whatever the text', () => {
		const piece = fc.oneof(
			fc.string({unit: 'binary'}),
			fc.constantFrom('a', ': ', ':\n', '\n  ', '- ', '? ', '[', ']', '{', '}', ', ', '"', '\'', '|', '>', '&a ', '*a', '!t ', '<<', '#', '%', '---\n', '\t', '\r'),
		);
		fc.assert(fc.property(fc.array(piece).map(pieces => pieces.join('')), text => {
			const {value, told} = reading(text, (source, report) => parse(source, readYaml, report));
			expect(value === null).toBe(value === null && told.length > 0);
		}), {numRuns: 1000});
	}, 30_000);
});

test.each([
	['services: {a: {command: x}}', {}],
	['archon: {log_level: warn}', {}],
	['programs: {a: {cmd: x}}', {formats: ['taskmaster']}],
	['jobs: []', {formats: ['overseer']}],
	['services: {a: {command: "\\x41"}}', {yaml: true, formats: YAML_FORMATS}],
	['include: x', {yaml: true, expansion: true}],
	['services: {a: {command: include}, b: {extends: a}}', {yaml: true, expansion: true}],
	['services: {a: {command: include extends}}', {}],
	['include: "\\x41"', {yaml: true, formats: YAML_FORMATS, expansion: true}],
])('%j needs %j', (text, needs) => {
	expect(needsOf([{file: 'f', text}])).toEqual({yaml: false, formats: [], expansion: false, ...needs});
});
