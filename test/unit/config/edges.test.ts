/** Who comes before whom: needs of every strength, several instances, and services that do not run. */
import {describe, expect, test} from 'vitest';
import {plan, type Plan} from '../../../src/config/plan.ts';
import {formatProblem} from '../../../src/config/problems.ts';
import {around} from './around.ts';

const run = (services: string, environment: Record<string, string> = {}) =>
	plan([{file: 'f', text: `services:\n  ${services.replaceAll('\n', '\n  ')}\n`}], null, around(environment));

function planned(services: string, environment: Record<string, string> = {}): Plan {
	const result = run(services, environment);
	return result.ok ? result.value : expect.fail(result.error.map(formatProblem).join('\n'));
}

const told = (services: string, environment: Record<string, string> = {}): readonly string[] => {
	const result = run(services, environment);
	return result.ok ? [] : result.error.map(formatProblem);
};

const SHORT = {service_started: 'started', service_healthy: 'healthy', service_completed_successfully: 'completed'};

/** Each service with its needs: `web: hard db started`. */
const edges = (services: string, environment: Record<string, string> = {}): readonly string[] =>
	planned(services, environment).services.map(({name, needs}) =>
		[`${name}:`, ...needs.map(need => `${need.strength} ${need.name} ${SHORT[need.condition]}`)].join(' '));

const others = '\ndb: {command: x}\nonce: {command: x, type: oneshot}';

describe('a need', () => {
	test.each<[string, string[]]>([
		['depends_on: [db, once]', ['db:', 'once:', 'a: hard db started hard once started']],
		['depends_on: {db: {condition: service_healthy}, once: }', ['db:', 'once:', 'a: hard db healthy hard once started']],
		['depends_on: {db: {required: false}}', ['db:', 'a: soft db started', 'once:']],
		['depends_on: {none: {required: false}}', ['a:', 'db:', 'once:']],
		['wants: [db, once]', ['db:', 'once:', 'a: soft db healthy soft once completed']],
		['after: [once]', ['once:', 'a: order once completed', 'db:']],
		['before: [db, once]', ['a:', 'db: order a healthy', 'once: order a healthy']],
		['depends_on: [db], wants: [db], after: [db, once]', ['db:', 'once:', 'a: hard db started order once completed']],
	])('%s', (keys, expected) => {
		expect(edges(`a: {command: x, ${keys}}${others}`)).toEqual(expected);
	});

	test('restarts and times out as it says', () => {
		const {services} = planned(`a: {command: x, depends_on: {db: {restart: true, timeout: 5s}}, after: [once]}${others}`);
		expect(services.at(-1)?.needs).toEqual([
			{name: 'db', condition: 'service_started', strength: 'hard', restart: true, timeout: 5000},
			{name: 'once', condition: 'service_completed_successfully', strength: 'order', restart: false, timeout: Infinity},
		]);
	});

	test.each<[string, string[]]>([
		['after: [dbb]', ['f:2:27: services.a.after names "dbb", which is not a service; did you mean "db"?']],
		['before: [a]', ['f:2:28: services.a cannot name itself in before; take it away']],
		['wants: [db, db]', ['f:2:31: services.a.wants names "db" twice']],
		['after: {db: }', ['f:2:26: services.a.after must be a list of services, not a map']],
		['depends_on: {once: {condition: service_healthy}}', [
			'f:2:32: services.a waits for once to be healthy, which a oneshot never is; wait for service_completed_successfully',
		]],
	])('%s is told', (keys, problems) => {
		expect(told(`a: {command: x, ${keys}}${others}`)).toEqual(problems);
	});

	test.each<[string, string[]]>([
		['a: {command: x, after: [b]}\nb: {command: x, depends_on: [a]}', ['f:2:27: services depend on each other in a circle: a → b → a; a → b is at line 2, b → a is at line 3: take one of them away']],
		['a: {command: x, before: [b]}\nb: {command: x, before: [a]}', ['f:3:28: services depend on each other in a circle: a → b → a; a → b is at line 3, b → a is at line 2: take one of them away']],
		['a: {command: x, wants: [c]}\nb: {command: x, after: [a]}\nc: {command: x, depends_on: {b: {required: false}}}', [
			'f:2:27: services depend on each other in a circle: a → c → b → a; a → c is at line 2, c → b is at line 4, b → a is at line 3: take one of them away',
		]],
	])('circles of all strengths: %j', (services, problems) => {
		expect(told(services)).toEqual(problems);
	});
});

describe('scale', () => {
	const instance = (text: string): readonly unknown[] =>
		planned(text).services.map(({name, exec}) => [name, exec.environment['ARCHON_INSTANCE'], exec.output.kind]);

	test('makes that many instances, each with its number', () => {
		expect(instance('web: {command: x, scale: 3}')).toEqual([
			['web:0', '0', 'lines'], ['web:1', '1', 'lines'], ['web:2', '2', 'lines'],
		]);
		expect(instance('web: {command: x, scale: 1}')).toEqual([['web', '0', 'inherit']]);
		expect(instance('web: {command: x}')).toEqual([['web', undefined, 'inherit']]);
	});

	test('makes needs on all of them, and each has the needs of all', () => {
		expect(edges('lb: {command: x, depends_on: [web]}\nweb: {command: x, scale: 2, depends_on: [db]}\ndb: {command: x}')).toEqual([
			'db:', 'web:0: hard db started', 'web:1: hard db started', 'lb: hard web:0 started hard web:1 started',
		]);
	});

	test('0 makes no instance', () => {
		expect(edges('web: {command: x, scale: 0}\ndb: {command: x, after: [web]}')).toEqual(['db:']);
		expect(told('web: {command: x, scale: 0}\ndb: {command: x, depends_on: [web]}')).toEqual([
			'f:3:33: services.db depends on web, which has scale 0',
		]);
	});

	test('is bounded', () => {
		expect(told('web: {command: x, scale: 1001}')).toEqual(['f:2:28: services.web.scale: "1001" is not a whole number from 0 to 1000']);
	});
});

describe('profiles', () => {
	const services = 'a: {command: x}\nb: {command: x, profiles: [debug, test]}\nc: {command: x, profiles: test}';
	test.each<[Record<string, string>, string[]]>([
		[{}, ['a:']],
		[{ARCHON_PROFILES: 'debug'}, ['a:', 'b:']],
		[{COMPOSE_PROFILES: 'other, test'}, ['a:', 'b:', 'c:']],
		[{ARCHON_PROFILES: '', COMPOSE_PROFILES: 'test'}, ['a:']],
		[{ARCHON_PROFILES: '*'}, ['a:', 'b:', 'c:']],
	])('%j', (environment, expected) => {
		expect(edges(services, environment)).toEqual(expected);
	});

	test('a need on one that does not run is told, unless it may be missing', () => {
		const hint = 'turn it on by --profile or $ARCHON_PROFILES, or write "required: false" for the dependency';
		expect(told('a: {command: x, depends_on: [b]}\nb: {command: x, profiles: [p]}')).toEqual([
			`f:2:32: services.a depends on b, which is only in profile p; ${hint}`,
		]);
		expect(edges('a: {command: x, depends_on: {b: {required: false}}, wants: [c]}\nb: {command: x, profiles: [p, q]}\nc: {command: x, profiles: [p]}'))
			.toEqual(['a:']);
	});

	test('what a service that does not run says is judged all the same, but for whom it needs', () => {
		expect(told('a: {command: x}\nb: {comand: x, profiles: [p], depends_on: [none]}')).toEqual([
			'f:3:7: unknown key "comand" in services.b; did you mean "command"?',
			'f:3:46: services.b depends on "none", which is not a service',
		]);
	});
});

describe('users', () => {
	test.each<[string, string[]]>([
		['a: {command: x, user: ghost}', ['f:2:25: services.a.user: user ghost is not in /etc/passwd; make the user in the image, or write a number']],
		['a: {command: x, post_stop: [x, {command: y, user: ghost}], pre_stop: {command: z, user: "app:ghosts"}}', [
			'f:2:53: services.a.post_stop.user: user ghost is not in /etc/passwd; make the user in the image, or write a number',
			'f:2:91: services.a.pre_stop.user: group ghosts is not in /etc/group; make the group in the image, or write a number',
		]],
		['a: {command: x, pre_start: {command: y, user: app}}', []],
		['a: {command: x, type: oneshot, user: ghost}', ['f:2:40: services.a.user: user ghost is not in /etc/passwd; make the user in the image, or write a number']],
		['a: {command: x, user: ghost, depends_on: [once]}', []],
		['a: {command: x, user: ghost, depends_on: [b]}\nb: {command: x, after: [once]}', []],
		['a: {command: x, user: ghost, depends_on: [db]}', ['f:2:25: services.a.user: user ghost is not in /etc/passwd; make the user in the image, or write a number']],
		['a: {command: x, user: ghost, profiles: [p]}', []],
	])('%j', (services, problems) => {
		expect(told(`${services}${others}`)).toEqual(problems);
	});
});

test('one service may have stdin, and none beside a command', () => {
	const text = 'a: {command: x, stdin_open: true}\nb: {command: x, stdin_open: true, tty: true}\nc: {command: x, stdin_open: true}';
	expect(told(text)).toEqual(['f:4:19: services.c.stdin_open: archon has one stdin, and a has it']);
	const result = plan([{file: 'f', text: 'services: {a: {command: x, stdin_open: true}}'}], ['sh'], around());
	expect(result.ok ? [] : result.error.map(formatProblem)).toEqual([
		'f:1:28: services.a.stdin_open: archon has one stdin, and the command line\'s command has it',
	]);
});
