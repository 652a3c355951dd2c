/** The quick reader against the whole language: the same, or nothing. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {readFast} from '../../../../src/config/yaml/fast.ts';
import type {Value} from '../../../../src/config/values.ts';
import {readYaml} from '../../../../src/config/yaml/full.ts';
import {bare} from '../bare.ts';

/** All of a value but its source. */
const dissect = (value: Value): unknown => {
	const {kind, offset} = value;
	if (value.kind === 'scalar') return {kind, offset, text: value.text, plain: value.plain};
	if (value.kind === 'list') return {kind, offset, items: value.items.map(dissect)};
	return {kind, offset, entries: [...value.entries].map(([name, entry]) => [name, entry.key.offset, dissect(entry.value)])};
};

/** Whether the text was read; if so, as by the full reader. */
function agrees(text: string): boolean {
	const source = {file: 'x', text};
	const quick = readFast(source);
	if (quick === null) return false;
	const full = readYaml(source, (_place, message) => expect.fail(`${JSON.stringify(text)}: ${message}`));
	expect(dissect(quick), JSON.stringify(text)).toEqual(full && dissect(full));
	return true;
}

describe('readFast', () => {
	test.each([
		['a: 1', {a: '1'}],
		['---\n# c\n\na: 1 # d\nb: 2#e\n', {a: '1', b: '2#e'}],
		['a:\n  b:\n    c: d\n  e: f\ng: h', {a: {b: {c: 'd'}, e: 'f'}, g: 'h'}],
		['a:\nb: # c\nc:', {a: '', b: '', c: ''}],
		['a:\n- x\n- y\nb:\n  - z', {a: ['x', 'y'], b: ['z']}],
		['- a: 1\n  b:\n  - 2\n-   c: 3\n    d: 4\n- e', [{a: '1', b: ['2']}, {c: '3', d: '4'}, 'e']],
		['a: "x # y: z"\nb: \'it\'\'s\' # c\nc: ""', {a: 'x # y: z', b: 'it\'s', c: ''}],
		['a: [b, -c, "d, e", [f g], {h: i}]\nb: { c: d , e: \'f\' }\nc: []\nd: {}', {
			a: ['b', '-c', 'd, e', ['f g'], {h: 'i'}], b: {c: 'd', e: 'f'}, c: [], d: {},
		}],
		['a: http://x:80/y\nb: -1\nc: $X ~ (*) = \\n\nd: a:b :c\ne: 1000:1000', {
			a: 'http://x:80/y', b: '-1', c: '$X ~ (*) = \\n', d: 'a:b :c', e: '1000:1000',
		}],
		['x-y.z/_: é 🙂', {'x-y.z/_': 'é 🙂'}],
		['"a": b\n\'c d\': {"e": f}\n"": g\n\'h\'\'i: j\': k', {a: 'b', 'c d': {e: 'f'}, '': 'g', 'h\'i: j': 'k'}],
		['a: "b\\n\\"c\\" \\\\ \\t"', {a: 'b\n"c" \\ \t'}],
		['a: [b,\n  c, # d\n\n  {e: f,\n   g: h}, ]\ni: {\n  j: k,\n  }\nl: m', {a: ['b', 'c', {e: 'f', g: 'h'}], i: {j: 'k'}, l: 'm'}],
		['a: b\n  c\n   d --e\nf:\n  g h\n  i\nj: k', {a: 'b c d --e', f: 'g h i', j: 'k'}],
		['a: |\n  b\n    c: d # e\n\n  f\n\ng: |-\n   h\n   i\nj: |\n  k', {a: 'b\n  c: d # e\n\nf\n', g: 'h\ni', j: 'k\n'}],
		['- a: |\n    b\n  c: >\n    d\n    e\n\n    f\n- |\n  g\n- >-\n  h\n  i', [{a: 'b\n', c: 'd e\nf\n'}, 'g\n', 'h i']],
		['a: &x\n  b: c\nd: *x\ne:\n  <<: *x\n  f: &y g\nh: [*x, *y]\ni:\n- *y', {
			a: {b: 'c'}, d: {b: 'c'}, e: {b: 'c', f: 'g'}, h: [{b: 'c'}, 'g'], i: ['g'],
		}],
		['a: &a {b: 1, c: 2}\nd: &d {c: 3}\ne: {<<: [*d, *a], f: g}\nh:\n  b: 0\n  <<: *a', {
			a: {b: '1', c: '2'}, d: {c: '3'}, e: {f: 'g', c: '3', b: '1'}, h: {b: '0', c: '2'},
		}],
	])('reads %j', (text, expected) => {
		expect(agrees(text)).toBe(true);
		expect(bare(readFast({file: 'x', text}) ?? expect.fail())).toEqual(expected);
	});

	test.each([
		'', '# c', 'text', '"text"', '[a]', 'a: *x', 'a: &x *x', 'a: &x\n  b: *x', 'a: !t b', '<<: a', '"<<": {a: b}', 'a: |2\n  b', 'a: |\nb: c',
		'a: |+\n  b\n\n', 'a: |\n     \n  b', 'a: >\n  b\n   c', 'a: >\n\n  b', 'a: | # c\n  b', 'a: "\\x41"', 'a: "b\n  c"', 'a: b # c\n  d',
		'a: b\n\n  c', 'a: b\n  c: d', 'a: b\n  - c', 'a: [b,\nc]', 'a: {b: }', 'a: {b}', 'a: [b: c]', 'a: [b\n  c]', '- &a b: c', '&a b: c',
		'? a', '%YAML 1.2\n---\na: b',
		'a: b\n---\nc: d', 'a: b\n...', 'a: 1\na: 2', 'a: {b: 1, b: 2}', 'a: b: c', 'a: b:', 'a:\tb', 'a: b\r\nc: d', 'a: @b', 'a: "b" c',
		'a: "b"#c', 'a:b', 'a:\n  - b\n  c: d', 'a:\n    b: 1\n  c: 2', '  a: 1\nb: 2', '- - a', '-\n  a: b', '- a\nb: c', 'a: - b',
		'\ufeffa: b', 'a: \u0085', 'a: \u2028', `${Array.from({length: 30}, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')} b`,
		`a: ${'['.repeat(30)}${']'.repeat(30)}`,
	])('leaves %j to the full reader', text => {
		expect(readFast({file: 'x', text})).toBeNull();
	});

	const scalar = fc.constantFrom(
		'a', 'b c', '"d"', '\'e\'', '1.5', '-f', 'g#h', 'i:j', '~', '$k', '[]', '{}', '[l, "m"]', '{n: o, p: [q]}', '/r/s', 'é', '\'t\'\'u\'',
		'"v\\n"', '&A w', '*A', '{<<: {x: y}}', '[z, ]',
	);
	/** Values of several lines, which are further in than their key. */
	const several = fc.constantFrom<string[][]>(
		['|', '  b', '', '  c # d', '   e: f'], ['|-', '    g'], ['>', '  h', '  i', '', '  j'], ['>-', '  k', ''], ['l', '  m', '   n'],
		['[o,', '  p, # q', '', '  "r",', '  ]'], ['{s: t,', '  u: v}'], ['&A', '  w: x'], ['&B [y]'], ['', '  z', '  a'], ['# b', '  c'],
	);
	const node = fc.letrec<{block: string[]}>(tie => ({
		block: fc.oneof({maxDepth: 4},
			scalar.map(text => [text]),
			several,
			fc.uniqueArray(fc.constantFrom('a', 'b', 'c-d', 'e_f', '"g h"', '\'i\'', '<<'), {minLength: 1, maxLength: 3}).chain(keys =>
				fc.tuple(...keys.map(() => tie('block'))).map(blocks => keys.flatMap((key, index) => under(`${key}:`, blocks[index] ?? [])))),
			fc.array(fc.oneof(scalar.map(text => [text]), scalar.map(text => [`k: ${text}`]), several), {minLength: 1, maxLength: 3})
				.map(items => items.flatMap(([first = '', ...rest]) => [`- ${first}`, ...rest])),
		),
	})).block;
	const noise = fc.constantFrom(
		'', ' ', '  ', '\n', '\n\n', ':', ': ', ' #', '#', '-', '- ', '"', '\'', '[', ']', '{', '}', ',', '&a ', '*a', '|', '>', '?', '!', '%', '\t',
		'\\', '---\n', '...\n', 'x', 'x: y\n', '<<: ', '@', '`', '*A', '&A', '\n  ', '\n ', '|\n', '>\n  ', '  #', ' ]', ',\n', '\\n',
	);

	test('reads every plain config as the full reader does', () => {
		let [read, all] = [0, 0];
		fc.assert(fc.property(node.filter(lines => lines.length > 1), lines => {
			all += 1;
			if (agrees(lines.join('\n'))) read += 1;
		}), {numRuns: 2000});
		expect(read).toBeGreaterThan(all / 3);
	});

	test('reads a text with anything put into it as the full reader does, or not at all', () => {
		const edits = fc.array(fc.tuple(fc.nat(), fc.nat(2), noise), {minLength: 1, maxLength: 3});
		fc.assert(fc.property(node, edits, (lines, changes) => {
			agrees(changes.reduce((text, [where, length, put]) => {
				const at = where % (text.length + 1);
				return text.slice(0, at) + put + text.slice(at + length);
			}, lines.join('\n')));
		}), {numRuns: 5000});
	});
});

/** A key and below it, or behind it, what it holds. */
function under(key: string, lines: readonly string[]): string[] {
	const [first = ''] = lines;
	const isBehind = /^(&\w+( |$)|[|>[{]|l$|$|#)/.test(first) && !/^[^ ].*\n/.test(lines.slice(1).join('\n'));
	if (lines.length > 1 && isBehind && lines.slice(1).every(line => line === '' || line.startsWith(' '))) {
		return [`${key} ${first}`, ...lines.slice(1)];
	}
	const isBlock = lines.length > 1 || /^(- |["'\w<-]+.*:( |$))/.test(first);
	return isBlock ? [key, ...lines.map(line => `  ${line}`)] : [`${key} ${first}`];
}
