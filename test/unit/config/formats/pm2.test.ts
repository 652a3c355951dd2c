/** pm2's ecosystem files, the JavaScript among them that is plain data, and Procfiles: what is refused, and what of them is known. */
import {describe, expect, test} from 'vitest';
import {readLiterals} from '../../../../src/config/formats/literals.ts';
import {judgeConfig} from '../../../../src/config/plan.ts';
import {collector, formatProblem} from '../../../../src/config/problems.ts';
import {around} from '../around.ts';
import {bare} from '../bare.ts';

const judge = (file: string, text: string, files: Readonly<Record<string, string>> = {}) => judgeConfig([{file, text}], null, around({}, files));

describe('a JavaScript file', () => {
	const read = (text: string) => {
		const source = {file: 'x.config.js', text};
		const {report, problems} = collector([source]);
		const value = readLiterals(source, report);
		return value ? bare(value) : problems().map(formatProblem);
	};

	test.each<[string, unknown]>([
		['module.exports = {a: 1, "b": \'x\', c: [true, null, 0x10,], /* d */ e: `two\nlines`, // f\n};', {a: '1', b: 'x', c: ['true', 'null', '16'], e: 'two\nlines'}],
		['"use strict";\n// a\nexport default {"a\\u0041\\n": -1.5e3}', {'aA\n': '-1500'}],
	])('%s is data', (text, expected) => {
		expect(read(text)).toEqual(expected);
	});

	test.each([
		['const x = 1;\nmodule.exports = {}', '1:1'], ['module.exports = {a: process.env.A}', '1:22'], ['module.exports = {a: `${b}`}', '1:22'],
		['module.exports = {...a}', '1:19'], ['module.exports = {a: 1 + 2}', '1:24'], ['module.exports = require("x")', '1:18'],
		['module.exports = {a() {}}', '1:20'], [`module.exports = ${'['.repeat(100)}`, '1:68'], ['module.exports = {a: "b', '1:22'],
	])('%s does more, and is told where', (text, place) => {
		expect(read(text)).toEqual([
			`x.config.js:${place}: from here on it is a program and no plain data; `
			+ 'write it as JSON: node -p \'JSON.stringify(require("./ecosystem.config.js"))\' > ecosystem.json',
		]);
	});
});

test.each([
	['{"apps": [{"name": "a"}]}', 'app a has no script; pm2 wants it in every app'],
	['{"apps": [{"name": "a", "script": "a"}, {"name": "a", "script": "b"}]}', 'there are two apps a; rename one of them'],
	['{"apps": ["x"]}', 'an app must be a map'],
])('an ecosystem file: %s', (text, problem) => {
	expect(judge('ecosystem.json', text).problems.map(formatProblem)[0]).toMatch(new RegExp(`${problem}$`));
});

describe('a Procfile', () => {
	test('is known by its name, and each line runs in a shell with a port of its own', () => {
		const {plan, problems} = judge('Procfile.dev', 'web: echo $PORT {name}\r\njobs: run\n', {'.env': 'A=b\n'});
		expect(problems).toEqual([]);
		expect(plan?.services).toMatchObject([
			{name: 'web', essential: true, stopTo: 'group', exec: {argv: ['/bin/sh', '-c', expect.stringContaining('echo $PORT {name}')], environment: {PORT: '5000'}}},
			{name: 'jobs', exec: {environment: {PORT: '5100'}}},
		]);
	});

	test('with a name twice, or nothing in it, is refused', () => {
		expect(judge('Procfile', 'web: a\nweb: b\n').problems.map(formatProblem)).toEqual(['Procfile:2:1: there are two processes web; rename one of them']);
		expect(judge('Procfile', '# nothing\n').problems).toHaveLength(1);
	});
});
