/** What only `archon check` finds, and above all what it does not take for a mistake. */
import {describe, expect, test} from 'vitest';
import {inspect} from '../../../src/config/inspect/inspect.ts';
import type {Machine} from '../../../src/config/inspect/machine.ts';
import {judgeConfig} from '../../../src/config/plan.ts';
import {formatProblem} from '../../../src/config/problems.ts';
import {err, ok} from '../../../src/core/result.ts';
import {around} from './around.ts';

/** It has the program `there`, the directory /srv and the user app. */
const machine: Machine = {
	paths: {own: '/own', default: '/default'},
	isThere: path => path === '/srv',
	findUser: ({user}) => (user === 'app' || user === '0' ? ok(null) : err(`user ${user} is not there`)),
	bindFault: (program, _as, library) => (program === 'static' ? {why: `static is linked statically, not with ${library}`, hint: null} : null),
	programFault: (program, {path, cwd, user}) =>
		(program === 'there' || program === 'sh' ? null : {why: `no ${program} in ${path} ${cwd ?? '-'} ${user?.user ?? '-'}`, hint: null}),
	watchDoubt: path => (path === '/srv' ? null : `doubt about ${path}`),
	folderFault: path => (path === '/srv' ? null : {why: `no ${path}`, hint: null}),
	fileFault: path => (path.startsWith('/srv/') ? null : {why: `no place ${path}`, hint: null}),
};

function told(text: string, on: Machine | null = null, files: Readonly<Record<string, string>> = {}): readonly string[] {
	const lookups = {...around({}, files), inspect: (...what: [Parameters<typeof inspect>[0], Parameters<typeof inspect>[1]]) => inspect(...what, on)};
	const {problems, notes} = judgeConfig([{file: 'f', text}], null, lookups);
	return [...problems, ...notes].map(each => formatProblem(each).replace(/^f:/, '').replace('services.', ''));
}

const onMachine = (services: string): readonly string[] => told(`services: {${services}}`, machine);

describe('a program is looked for', () => {
	test.each<readonly [services: string, problem: string]>([
		['a: {command: gone}', 'a.command: no gone in /own - -'],
		['a: {entrypoint: gone, command: x}', 'a.entrypoint: no gone in /own - -'],
		['a: {command: gone, user: app, working_dir: /srv, environment: {PATH: /its}}', 'a.command: no gone in /its /srv app'],
		['a: {command: gone, environment_base: []}', 'a.command: no gone in /default - -'],
		['a: {command: gone, environment_base: [PATH]}', 'a.command: no gone in /own - -'],
		['a: {command: there, pre_stop: [gone]}', 'a.pre_stop: no gone in /own - -'],
		['a: {command: there, post_stop: [{command: gone, user: app, working_dir: /srv}]}', 'a.post_stop: no gone in /own /srv app'],
		['a: {command: there, ready: {exec: gone}}', 'a.ready: no gone in /own - -'],
		['a: {command: there, healthcheck: {test: [CMD, gone]}}', 'a.healthcheck: no gone in /own - -'],
		['a: {command: there, reload: {command: gone}}', 'a.reload: no gone in /own - -'],
		['a: {command: there, test: gone}', 'a.test: no gone in /own - -'],
		['a: {command: there, test: {exe: gone}}', 'a.test: no gone in /own - -'],
		['a: {command: there, only_if: {command: gone}}', 'a.only_if: no gone in /own - -'],
		['a: {command: there, env_from: {command: gone}}', 'a.env_from: no gone in /own - -'],
		['a: {command: there, on: {failed: {run: gone}}}', 'a.on.failed: no gone in /own - -'],
		['a: {command: there, watch: {path: /srv, action: [restart, run: gone]}}', 'a.watch: no gone in /own - -'],
		['a: {command: there, watch: [/srv, {path: /srv, action: {run: gone, user: app}}]}', 'a.watch: no gone in /own - app'],
		['a: {command: there, watch: /other}', 'a.watch: doubt about /other'],
		['a: {command: there, pre_start: [gone]}', 'a.pre_start: no gone in /own - -'],
		...['sh -c "gone x"', 'sh -c "exec gone"', '[sh, -ec, "gone \'a | b\' && there"]', 'sh -c gone', 'sh -c "gone -f x || exit 1"', 'sh -c "gone x > /dev/null 2>&1 || false"'].map(command =>
			[`a: {command: ${command}}`, 'a.command: no gone in /own - -, and sh is to run it'] as const),
	])('%s', (services, problem) => {
		expect(onMachine(services).map(each => each.replace(/^\d+:\d+: /, ''))).toEqual([problem]);
	});
});

test('so are the programs of the whole', () => {
	const services = 'services: {a: {command: there}}';
	expect(told(`boot: {rc: /etc/rc}\n${services}`, machine)).toEqual(['1:12: boot.rc: no /etc/rc in /own - -']);
	expect(told(`${services}\nmonitor:\n- {name: agent, match: {exe: /agent}, on: {exited: [restart: a, run: gone]}}`, machine))
		.toEqual([expect.stringContaining('monitor.on.exited of agent: no gone in /own - -')]);
});

test('what rules of bind do not reach is told', () => {
	const config = 'bind: {rules: [{service: a, port: 80}], library: /lib.so}\nservices: {a: {command: static}, b: {command: static, autostart: false}}';
	expect(told(config, machine).filter(each => each.includes('static is'))).toEqual([expect.stringContaining('a.command: static is linked statically, not with /lib.so')]);
});

test.each<readonly [files: Readonly<Record<string, string>>, note: string | null]>([
	[{}, '/t'], [{'/t': 'a-token-that-is-long-enough\n'}, null], [{'/t': 'short\n'}, '/t line 1 is no token: 16 to 256'],
])('the token file of remote is looked at: %j', (files, note) => {
	const config = 'services: {a: {command: there}}\nremote: {listen: "127.0.0.1:7070", token_file: /t}';
	const said = told(config, machine, files);
	if (note === null) return expect(said).toEqual([]);
	expect(said).toEqual([expect.stringContaining(note)]);
	expect(said[0]).toMatch(/remote\.token_file: .*: no client is let in by it$/);
});

describe('nothing is said of', () => {
	test.each([
		'a: {command: gone, pre_start: [there]}', 'a: {command: there, type: oneshot}, b: {command: gone, working_dir: /gone, depends_on: [a]}',
		'a: {command: there, type: oneshot}, b: {command: there, depends_on: [a]}, c: {command: gone, depends_on: [b]}',
		'a: {command: gone, only_if: {path_exists: /usr/bin/gone}}', 'a: {command: there, working_dir: /run/a, runtime_directory: a}',
		'a: {command: /run/a/gone, runtime_directory: a}',
		...['gone || there', 'gone || exit 0', 'gone | there', '$$GONE', 'gone() { true; }; gone', 'cd /x && gone', 'A=1 gone', '[ -x gone ] && gone', 'for i in 1; do gone; done',
			'test -e x', 'exec "$0"', '{ gone; }', '. gone', 'if gone; then x; fi'].map(script => `a: {command: [sh, -c, ${JSON.stringify(script)}]}`),
	])('%s', services => {
		expect(onMachine(services)).toEqual([]);
	});

	test('what could not be read, and what that would lead to', () => {
		expect(onMachine('a: {command: gone, user: [1]}, b: {command: gone, depends_on: [a]}')).toEqual([
			'1:37: a.user must be a single value, not a list', '1:56: b.command: no gone in /own - -',
		]);
	});
});

test('one cause is told once', () => {
	expect(onMachine('a: {command: gone}, b: {command: gone}, c: {command: there, working_dir: /no}, d: {command: ./x, working_dir: /no}')).toEqual([
		'1:25: a.command: no gone in /own - -', '1:85: c.working_dir: no /no',
	]);
});

test('log files need a place, and an owner', () => {
	const file = (options: string): string => `a: {command: there, logging: {driver: file, options: {path: ${options}}}}`;
	expect(onMachine(file('/srv/x.log, user: app'))).toEqual([]);
	expect(onMachine(file('/etc/x.log'))).toEqual(['1:72: a.logging: no place /etc/x.log']);
	expect(onMachine(file('/srv/x.log, user: ghost'))).toEqual(['1:90: a.logging: user ghost is not there']);
});

describe('ports', () => {
	test.each([
		['a: {command: x, ready: {tcp: 80}}, b: {command: y, ready: {http: "http://127.0.0.1/"}}', true],
		['a: {command: x, ready: {tcp: 80}}, b: {command: y, healthcheck: {tcp: 80}}', true],
		['a: {command: x --port 80}, b: {command: y --port=80}', true],
		['a: {command: x, ready: {tcp: 80}}, b: {command: y, ready: {tcp: 81}}', false],
		['a: {command: x, ready: {tcp: 80}}, b: {command: y, ready: {tcp: "db:80"}}', false],
		['a: {command: x, ready: {tcp: 80}}, b: {command: y, depends_on: [a], healthcheck: {tcp: 80}}', false],
		['a: {command: x, healthcheck: {tcp: 80}}, b: {command: y, healthcheck: {tcp: 80}}', false],
		['a: {command: x --port 80}, b: {command: y --port 80, depends_on: [a]}', false],
		['a: {command: x, ready: {tcp: 80}}, b: {command: y, ready: {tcp: 80}, conflicts: a}', false],
		['a: {command: x, ready: {tcp: 80}, on_failure: b}, b: {command: y, ready: {tcp: 80}, autostart: false}', false],
		['a: {command: x, scale: 2, ready: {tcp: 80}}', true], ['a: {command: x, scale: 2, ready: {tcp: "808{index}"}}', false],
	])('%s: %s', (services, isNoted) => {
		expect(told(`services: {${services}}`).filter(each => each.includes('same port'))).toHaveLength(isNoted ? 1 : 0);
	});
});

describe('times', () => {
	const grace = (seconds: number, more = ''): string => `{command: x, stop_grace_period: ${seconds}s${more}}`;

	test.each([
		[`a: ${grace(5)}, b: ${grace(5, ', depends_on: [a]')}`, /stop one after the other, which may take 10s: b 5s, then a 5s/],
		[`a: ${grace(5)}, m: {command: x, depends_on: [a]}, b: ${grace(5, ', depends_on: [m]')}`, /may take 10s: b 5s, then a 5s/],
		[`a: ${grace(5)}, b: ${grace(5)}`, null], [`a: ${grace(4)}, b: ${grace(5, ', depends_on: [a]')}`, null],
		['a: {command: x}, b: {command: x, depends_on: [a]}, c: {command: x, depends_on: [b]}', null],
		['a: {command: x, healthcheck: {test: y, interval: 5s, timeout: 6s}}', /longer than the 5s/],
		['a: {command: x, healthcheck: {test: y, interval: 5s}}', null], ['a: {command: x, healthcheck: {test: y, interval: 5s, timeout: 5s}}', null],
		['a: {command: x, ready: {tcp: 1, interval: 5s}, start_timeout: 4s}', /before the second look/],
		['a: {command: x, ready: {tcp: 1}, start_timeout: 4s}', null], ['a: {command: x, ready: {tcp: 1, interval: 2m}}', null],
		['a: {command: x, restart: {delay: 20s, attempts: 4}}', /never gives up/], ['a: {command: x, restart: {delay: 20s, attempts: 3}}', null],
		['a: {command: x, restart: {delay: 1m}}', null], ['a: {command: x, restart: {delay: 20s, attempts: 4, window: 10m}}', null],
	])('%s: %s', (services, note) => {
		expect(told(`services: {${services}}`)).toEqual(note ? [expect.stringMatching(note)] : []);
	});
});

test('two daemons of one pid file are a problem, unless they never run together', () => {
	const two = (more = ''): string => `services: {a: {command: x, pid_file: /p}, b: {command: y, pid_file: /p${more}}}`;
	expect(told(two())).toEqual([expect.stringMatching(/^1:69: b\.pid_file is \/p, as it is for a:/)]);
	expect(told(two(', autostart: false'))).toEqual([]);
});
