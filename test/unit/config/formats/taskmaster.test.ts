/** The dialect of `programs:`. */
import {describe, expect, test} from 'vitest';
import {exec, NO_ENDS, RESTART, service} from '../../../../src/core/defaults.ts';
import type {RestartPolicy, Service} from '../../../../src/core/service.ts';
import {plan, type Plan} from '../../../../src/config/plan.ts';
import {formatProblem} from '../../../../src/config/problems.ts';
import {AROUND} from '../around.ts';
import {EXAMPLE} from '../../../characters/programs.ts';

const run = (text: string, command: readonly string[] | null = null) => plan([{file: 'f', text}], command, AROUND);

function planned(text: string, command: readonly string[] | null = null): Plan {
	const result = run(text, command);
	return result.ok ? result.value : expect.fail(result.error.map(formatProblem).join('\n'));
}

const told = (text: string, command: readonly string[] | null = null): readonly string[] => {
	const result = run(text, command);
	return result.ok ? [] : result.error.map(formatProblem);
};

/** The only program with these keys. */
const made = (keys: string): Service =>
	planned(`programs: {a: {cmd: x, ${keys}}}`).services[0] ?? expect.fail('no service');

const SUPERVISOR: RestartPolicy = {
	...RESTART, policy: 'on-failure', growth: 'linear', delay: 1000, maxDelay: Infinity, attempts: 3, counts: 'starts', window: Infinity,
	success: {codes: [0], signals: []}, fatal: NO_ENDS,
};

test('the example of the subject is read as it is', () => {
	const {services, notes, shutdownGrace} = planned(EXAMPLE);
	expect(services.map(({name}) => name)).toEqual(['nginx', ...Array.from({length: 8}, (_, index) => `vogsphere:${index}`)]);
	expect(services[0]).toEqual({
		...service('nginx', ['x']),
		startPeriod: 5000,
		restart: {...SUPERVISOR, success: {codes: [0, 2], signals: []}},
		stop: {signal: 15, grace: 10_000},
		exec: {
			...exec(['/usr/local/bin/nginx', '-c', '/etc/nginx/test.conf']), umask: 0o22, cwd: '/tmp',
			environment: {STARTED_BY: 'taskmaster', ANSWER: '42', ARCHON_INSTANCE: '0'},
			output: {kind: 'files', stdout: '/tmp/nginx.stdout', stderr: '/tmp/nginx.stderr'},
		},
	});
	expect(services[8]).toMatchObject({
		name: 'vogsphere:7', stop: {signal: 10}, restart: {success: {codes: [0]}},
		exec: {umask: 0o77, environment: {ARCHON_INSTANCE: '7'}, output: {stdout: '/tmp/vgsworker.stdout'}},
	});
	expect(shutdownGrace).toBe(9000);
	expect(notes.map(formatProblem)).toEqual(['f:15:15: stop_grace_period is longer than shutdown.grace_period, and a shutdown cuts it: nginx, vogsphere']);
});

test('a program that says nothing more is as supervisord has it', () => {
	expect(planned('programs: {a: {cmd: sh -c "echo $$ $HOME"}}').services).toEqual([{
		...service('a', ['x']),
		startPeriod: 1000, restart: SUPERVISOR, stop: {signal: 15, grace: 10_000},
		exec: {...exec(['sh', '-c', 'echo $$ $HOME']), output: {kind: 'inherit', canWait: true}},
	}]);
});

describe('the keys', () => {
	const files = (stdout: string | null, stderr: string | null) => ({exec: {output: {kind: 'files', stdout, stderr}}});
	test.each<[string, object]>([
		['autostart: false', {autostart: false}],
		['autorestart: always', {restart: {policy: 'always'}}],
		['autorestart: never', {restart: {policy: 'no'}}],
		['autorestart: true', {restart: {policy: 'always'}}],
		['autorestart: false', {restart: {policy: 'no'}}],
		['exitcodes: "0, 2"', {restart: {success: {codes: [0, 2], signals: []}}}],
		['exitcodes: 3', {restart: {success: {codes: [3], signals: []}}}],
		['startretries: 0', {restart: {attempts: 0}}],
		['starttime: 0', {startPeriod: 0}],
		['stopsignal: SIGINT, stoptime: 2', {stop: {signal: 2, grace: 2000}}],
		['stdout: /o', files('/o', '/dev/stderr')],
		['stderr: /e', files('/dev/stdout', '/e')],
		['stdout: , stderr: null', files(null, null)],
		['stdout: none, stderr: discard', files(null, null)],
		['stdout: /o, stderr: /o', files('/o', '/o')],
		['env: {A: 1.50, B: true, C: "x y"}', {exec: {environment: {A: '1.50', B: 'true', C: 'x y'}}}],
		['umask: 0o27', {exec: {umask: 0o27}}],
		['user: app:staff', {exec: {user: {user: 'app', group: 'staff'}}}],
		['workingdir: /srv', {exec: {cwd: '/srv'}}],
	])('%s', (keys, expected) => {
		expect(made(keys)).toMatchObject(expected);
	});

	test('a list of words is a command, too', () => {
		expect(planned('programs: {a: {cmd: [sh, -c, "a b"]}}').services[0]?.exec.argv).toEqual(['sh', '-c', 'a b']);
	});

	test.each<[string, string[]]>([
		['', ['f:1:11: programs is empty; write at least one program']],
		['{}', ['f:1:11: programs is empty; write at least one program']],
		['[a]', ['f:1:11: programs must be a map, not a list']],
		['{a: x}', ['f:1:15: programs.a must be a map, not text']],
		['{a: }', ['f:1:12: programs.a has no cmd; write what it runs']],
		['{a: {cmd: ""}}', ['f:1:21: programs.a.cmd is an empty command']],
		['{all: {cmd: x}}', ['f:1:12: "all" cannot be a program\'s name: it stands for every service']],
		['{a: {cmd: x, numprocs: 0}}', ['f:1:34: programs.a.numprocs: "0" is not a whole number from 1 to 1000']],
		['{a: {cmd: x, autorestart: sometimes}}', ['f:1:37: programs.a.autorestart: "sometimes" is not one of always, never, unexpected']],
		['{a: {cmd: x, exitcodes: [0, 256]}}', ['f:1:39: programs.a.exitcodes[1]: "256" is not a whole number from 0 to 255']],
		['{a: {cmd: x, command: y}}', ['f:1:24: unknown key "command" in programs.a; archon calls it cmd']],
		['{a: {cmd: x, stopsignl: y}}', ['f:1:24: unknown key "stopsignl" in programs.a; did you mean "stopsignal"?']],
		['{a: {cmd: x, user: ghost}}', ['f:1:30: services.a.user: user ghost is not in /etc/passwd; make the user in the image, or write a number']],
	])('programs: %s', (programs, problems) => {
		expect(told(`programs: ${programs}`)).toEqual(problems);
	});
});

test('shutdown and start_rate are said as in any config, and nothing else is', () => {
	expect(planned('programs: {a: {cmd: x}}\nshutdown: {grace_period: 20s}\nstart_rate: 5')).toMatchObject({
		shutdownGrace: 20_000, startRate: {perSecond: 5, burst: 100}, whenIdle: 'never',
	});
	expect(told('programs: {a: {cmd: x}}\nvolumes: {}')).toEqual(['f:2:1: unknown key "volumes"']);
	expect(told('programs: {a: {cmd: x}}\nservices: {b: {command: x}}')).toEqual(['f:1:1: unknown key "programs"; archon calls it services']);
});

test('a command on the command line comes after programs that start by themselves', () => {
	const {services} = planned('programs: {a: {cmd: x}, b: {cmd: x, autostart: false}}', ['sh']);
	expect(services.map(({name, needs}) => [name, needs.map(need => need.name)])).toEqual([['a', []], ['b', []], ['main', ['a']]]);
	expect(told('programs: {main: {cmd: x}}', ['sh'])).toHaveLength(1);
});
