/** Configs that are far too big: what is told of them is bounded, and so is the work. */
import {expect, test} from 'vitest';
import {plan} from '../../../src/config/plan.ts';
import {formatProblem} from '../../../src/config/problems.ts';
import {findConfig} from '../../../src/config/read.ts';
import {err, ok} from '../../../src/core/result.ts';
import {AROUND, around} from './around.ts';

const told = (text: string, lookups = AROUND): readonly string[] => {
	const result = plan([{file: 'f', text}], null, lookups);
	return result.ok ? [] : result.error.map(formatProblem);
};
const services = (count: number, line: (index: number) => string): string =>
	`services:\n${Array.from({length: count}, (_, index) => `  s${index}: {command: x${line(index)}}\n`).join('')}`;

test('of many problems a hundred are told, and how many there are more; of those, twenty with what may have been meant', () => {
	const problems = told(services(3000, index => `, depends_on: [s${index}x]`));
	expect(problems).toHaveLength(101);
	expect(problems.at(-1)).toBe('and 2900 more');
	expect(problems.filter(problem => problem.includes('did you mean'))).toHaveLength(20);
});

test('a problem is told in a line of bounded length', () => {
	const [problem = ''] = told(`services: {a: {command: x, ${'b'.repeat(90)}: {}, env_file: ["${'c'.repeat(100_000)}"]}}`);
	expect(problem.length).toBeLessThan(2100);
});

test('a circle of many services is told in one short line', () => {
	const problems = told(services(9000, index => `, depends_on: [s${(index + 1) % 9000}]`));
	expect(problems).toEqual([expect.stringMatching(
		/^f:2:\d+: services depend on each other in a circle: s0 → s1 → s2 → s3 → s4 → … 8992 more … → s8997 → s8998 → s8999 → s0; take one of these dependencies away$/,
	)]);
	expect(problems[0]?.length).toBeLessThan(300);
});

test.each([
	['services that are written', services(10_001, () => ''), 'f:2:3: services has more than 10000 services'],
	['instances', services(20, () => ', scale: 1000'), 'f:12:28: services.s10 brings the number of services above 10000'],
	['programs', services(10_001, () => '').replaceAll('command', 'cmd').replace('services', 'programs'), 'f:2:3: programs has more than 10000 programs'],
	[
		'processes', services(11, () => ', numprocs: 1000').replaceAll('command', 'cmd').replace('services', 'programs'),
		'f:12:27: services.s10 brings the number of services above 10000',
	],
	['drivers', `services: {a: {command: x, logging: [${'json, '.repeat(21)}]}}`, 'f:1:37: services.a.logging has more than 20 drivers'],
])('too many %s are refused', (_what, text, problem) => {
	expect(told(text)).toEqual([problem]);
});

test('ten thousand services are not too many', () => {
	expect(told(services(10_000, () => ''))).toEqual([]);
	expect(told(services(10, () => ', scale: 1000'))).toEqual([]);
});

test('instances that wait for instances are not too many either', () => {
	const chain = (scale: number): string => services(4, index => `, scale: ${scale}${index > 0 ? `, after: [s${index - 1}]` : ''}`);
	expect(told(chain(250))).toEqual([]);
	expect(told(chain(300))).toEqual([
		'f:5:3: services.s3 brings the number of dependencies between instances above 200000',
	]);
});

test('a long text that takes all of YAML is refused where it is no longer plain', () => {
	const problems = told(`${services(7000, () => '')}x: !!str y\n`);
	expect(problems).toEqual(['f:7002:4: a config of more than 128 KiB must be plain YAML, and this is not; simplify it here, or make it shorter']);
});

test('files of variables are bounded together, and one that does not answer is the last', () => {
	const names = Array.from({length: 10}, (_, index) => `${index}.env`);
	const large = around({}, {'large.env': '#'.repeat(200_000), ...Object.fromEntries(names.map(name => [name, '#'.repeat(120_000)]))});
	expect(told(services(1, () => `, env_file: [${names.join()}]`), large)).toEqual([
		expect.stringContaining('services.s0.env_file: all files of variables together are larger than 1 MiB'),
	]);
	expect(told(services(1, () => ', env_file: large.env'), large)).toEqual(['large.env:1:1: a file of variables may have 128 KiB']);
	let count = 0;
	const hanging = {
		...AROUND,
		readFile(file: string) {
			count += 1;
			return err({problem: {file, line: 0, column: 0, message: `${file} does not answer within 2 s`, hint: null}, missing: false, hangs: true});
		},
	};
	expect(told(services(5, index => `, env_file: ${index}.env`), hanging)).toEqual([expect.stringContaining('0.env does not answer within 2 s')]);
	expect(count).toBe(1);
});

test('files of a config are bounded together', () => {
	const names = Array.from({length: 3}, (_, index) => `${index}.yaml`);
	const bytes = new Uint8Array(400_000).fill(35);
	const files = {read: () => ok(bytes), readShared: () => ok({bytes, isOfOthers: false}), list: () => ok(names)};
	expect(findConfig({named: [], env: {}, files}, '/c').problems.map(formatProblem)).toEqual([
		'cannot read /c/archon.yaml and /c/conf.d: together larger than 1 MiB',
	]);
	const many = {...files, list: () => ok(Array.from({length: 1001}, (_, index) => `${index}.yaml`))};
	expect(findConfig({named: [], env: {}, files: many}, '/c').problems.map(formatProblem)).toEqual(['cannot read /c/conf.d: more than 1000 files']);
});
