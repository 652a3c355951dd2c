/** What the keys of one service come to, and what is told of those that say nothing. */
import {describe, expect, test} from 'vitest';
import {NO_HOOKS} from '../../../src/core/defaults.ts';
import type {Exec, Health, Limits, Ready, Service} from '../../../src/core/service.ts';
import type {Config} from '../../../src/core/config.ts';
import {plan} from '../../../src/config/plan.ts';
import {formatProblem} from '../../../src/config/problems.ts';
import {around} from './around.ts';

const AROUND = around({PORT: '80', EMPTY: ''}, {
	'etc/.env': 'A=file\nB=file\nC=$PORT\n', '/abs.env': 'B=abs', 'etc/bad.env': 'oh no',
});

const planOf = (keys: string) =>
	plan([{file: 'etc/a.yaml', text: `services:\n  a:\n    command: x\n    ${keys.replaceAll('\n', '\n    ')}\n`}], null, AROUND);

/** The only service with these keys. */
function made(keys: string): Service {
	const result = planOf(keys);
	const [service] = result.ok ? result.value.services : expect.fail(result.error.map(formatProblem).join('\n'));
	return service ?? expect.fail('no service');
}

/** What is wrong with them, without the name of the file and the line. */
function told(keys: string): readonly string[] {
	const result = planOf(keys);
	return result.ok ? [] : result.error.map(problem => formatProblem({...problem, file: '', line: 0}));
}

const noted = (keys: string): readonly string[] => {
	const result = planOf(keys);
	return result.ok ? result.value.notes.map(problem => formatProblem({...problem, line: 0})) : expect.fail('problems');
};

describe('only_if', () => {
	const none = {pathExists: [], pathMissing: [], envSet: [], command: null, otherwise: 'satisfied'};
	test.each<[string, Service['onlyIf']]>([
		['{path_exists: /etc/x}', {...none, pathExists: ['/etc/x'], otherwise: 'satisfied'}],
		['{path_exists: [/a, /b], path_missing: /c}', {...none, pathExists: ['/a', '/b'], pathMissing: ['/c'], otherwise: 'satisfied'}],
		['{env_set: [A, MODE=production, E=]}', {...none, otherwise: 'satisfied', envSet: [
			{name: 'A', value: null}, {name: 'MODE', value: 'production'}, {name: 'E', value: ''},
		]}],
		['{command: test -w /srv, otherwise: unmet}', {...none, command: ['test', '-w', '/srv'], otherwise: 'unmet'}],
		['', null],
	])('%s', (text, onlyIf) => {
		expect(made(`only_if: ${text}`).onlyIf).toEqual(onlyIf);
	});

	test.each<[string, string[]]>([
		['/etc/x', ['services.a.only_if must be a map with path_exists, path_missing, env_set, command, not text']],
		['{}', ['services.a.only_if does not say what must hold; write one of path_exists, path_missing, env_set, command']],
		['{otherwise: unmet}', ['services.a.only_if does not say what must hold; write one of path_exists, path_missing, env_set, command']],
		['{path_exists: x}', ['services.a.only_if.path_exists: "x" is not an absolute path; begin it with /']],
		['{env_set: "a b"}', ['services.a.only_if.env_set: "a b" is neither a variable\'s name nor NAME=value']],
		['{command: ""}', ['services.a.only_if.command is an empty command']],
		['{path_exist: /x}', ['unknown key "path_exist" in services.a.only_if; did you mean "path_exists"?']],
		['{command: x, otherwise: fail}', ['services.a.only_if.otherwise: "fail" is not one of satisfied, unmet']],
	])('%s is told', (text, problems) => {
		expect(told(`only_if: ${text}`).map(each => each.replace(/^:\d+:\d+: /, ''))).toEqual(problems);
	});
});

describe('test', () => {
	const usual = {interval: null, timeout: 10_000};
	test.each<[string, Service['test']]>([
		['test -f "/etc/a b"', {command: ['test', '-f', '/etc/a b'], ...usual}],
		['[sh, -c, "exit 1"]', {command: ['sh', '-c', 'exit 1'], ...usual}],
		['{exe: /bin/test, args: [-f, /flag]}', {command: ['/bin/test', '-f', '/flag'], ...usual}],
		['{exe: /bin/my test}', {command: ['/bin/my test'], ...usual}],
		['{command: "true", interval: 1m, timeout: 500ms}', {command: ['true'], interval: 60_000, timeout: 500}],
		['', null],
	])('%s', (text, asked) => {
		expect(made(`test: ${text}`).test).toEqual(asked);
	});

	test.each<[string, string[]]>([
		['{}', ['services.a.test has no command']],
		['{interval: 1s}', ['services.a.test has no command']],
		['{args: [x]}', ['services.a.test has no command']],
		['[]', ['services.a.test is an empty command']],
		['{command: ""}', ['services.a.test.command is an empty command']],
		['{command: a, exe: b}', ['services.a.test has both command and exe; keep command, or exe and args']],
		['{command: a, args: [b]}', ['services.a.test has both command and args; keep command, or exe and args']],
		['{command: a, interval: 1ms}', ['services.a.test.interval: "1ms" is too short; write at least 10ms']],
		['{cmd: a}', ['unknown key "cmd" in services.a.test; archon calls it command']],
	])('%s is told', (text, problems) => {
		expect(told(`test: ${text}`).map(each => each.replace(/^:\d+:\d+: /, ''))).toEqual(problems);
	});
});

describe('ready', () => {
	const probe = {kind: 'probe', interval: 500, timeout: 5000} as const;
	test.each<[string, Ready]>([
		['notify', {kind: 'notify'}],
		['{notify: true}', {kind: 'notify'}],
		['{fd: 4}', {kind: 'fd', fd: 4, variable: null}],
		['{fd: {variable: READY_FD}}', {kind: 'fd', fd: 3, variable: 'READY_FD'}],
		['{log: "listening on .*$"}', {kind: 'log', pattern: 'listening on .*$'}],
		['{tcp: 5432}', {...probe, probe: {kind: 'tcp', host: '127.0.0.1', port: 5432}}],
		['{tcp: "db:$PORT", interval: 1s, timeout: 2s}', {
			...probe, probe: {kind: 'tcp', host: 'db', port: 80}, interval: 1000, timeout: 2000,
		}],
		['{http: http://localhost/x}', {...probe, probe: {kind: 'http', url: 'http://localhost/x', statuses: [], headers: {}, body: null}}],
		['{http: {url: http://localhost/x, status: 204, headers: {Host: a.b}, body: ok|fine}}', {
			...probe, probe: {kind: 'http', url: 'http://localhost/x', statuses: [204], headers: {Host: 'a.b'}, body: 'ok|fine'},
		}],
		['{http: {url: http://localhost/x, status: [200, 204]}}', {
			...probe, probe: {kind: 'http', url: 'http://localhost/x', statuses: [200, 204], headers: {}, body: null},
		}],
		['{exec: pg_isready -q}', {...probe, probe: {kind: 'exec', command: ['pg_isready', '-q']}}],
		['{file: /run/a.sock}', {...probe, probe: {kind: 'file', path: '/run/a.sock'}}],
	])('%s', (text, ready) => {
		expect(made(`ready: ${text}`)).toMatchObject({ready, startTimeout: 60_000});
	});

	const ways = 'fd, notify, log, tcp, http, exec, file';
	test.each<[string, string[]]>([
		['yes', [`services.a.ready must be a map with one of ${ways}, not text`]],
		['[tcp]', [`services.a.ready must be a map with one of ${ways}, not a list`]],
		['{}', [`services.a.ready does not say how; write one of ${ways}`]],
		['{interval: 1s}', [`services.a.ready does not say how; write one of ${ways}`]],
		['{notify: false}', [`services.a.ready does not say how; write one of ${ways}`]],
		['{tcp: 80, file: /x}', ['services.a.ready has both tcp and file; keep one']],
		['{log: x, interval: 1s}', ['services.a.ready has an interval, which log does not use; it goes with tcp, http, exec, file']],
		['{fd: 2}', ['services.a.ready.fd: "2" is not a whole number from 3 to 63']],
		['{fd: {}}', ['services.a.ready.fd has no variable; write {variable: NAME}, or a number']],
		['{log: "("}', ['services.a.ready.log: "(" is not a pattern: the group is not closed, at character 1']],
		['{tcp: http}', ['services.a.ready.tcp: "http" is not a port; write 5432, db:5432 or [::1]:5432']],
		['{http: {status: 200}}', ['services.a.ready.http has no url']],
		['{http: {url: http://x, headers: {"a b": c}}}', ['services.a.ready.http.headers."a b" cannot be a header\'s name']],
		['{http: {url: http://x, headers: {a: "c\\nd"}}}', ['services.a.ready.http.headers.a holds what a header cannot']],
		['{exec: ""}', ['services.a.ready.exec is an empty command']],
		['{file: x}', ['services.a.ready.file: "x" is not an absolute path; begin it with /']],
		['{tcp: 80, interval: 0}', ['services.a.ready.interval: "0" is too short; write at least 10ms']],
		['{port: 80}', ['unknown key "port" in services.a.ready; archon calls it tcp']],
	])('%s is told', (text, problems) => {
		expect(new Set(told(`ready: ${text}`))).toEqual(new Set(problems));
	});
});

describe('healthcheck', () => {
	const health: Health = {
		probe: {kind: 'exec', command: ['x']}, interval: 30_000, timeout: 30_000, retries: 3, successes: 1, startPeriod: 0,
		startInterval: 5000, onUnhealthy: 'none',
	};
	const exec = (...command: [string, ...string[]]) => ({...health, probe: {kind: 'exec', command} as const});
	test.each<[string, Health | null]>([
		['{test: curl -f localhost || exit 1}', exec('/bin/sh', '-c', 'curl -f localhost || exit 1')],
		['{test: [CMD-SHELL, curl "$$HOST:$PORT"]}', exec('/bin/sh', '-c', 'curl "$HOST:80"')],
		['{test: [CMD, pg_isready, -q]}', exec('pg_isready', '-q')],
		['{test: [NONE]}', null], ['{disable: true}', null], ['{test: x, disable: true}', null],
		['{tcp: 80}', {...health, probe: {kind: 'tcp', host: '127.0.0.1', port: 80}}],
		['{test: [CMD, x], interval: 1s, timeout: 2s, retries: 4, success_threshold: 5, start_period: 6s, start_interval: 7s, on_unhealthy: restart}', {
			...exec('x'), interval: 1000, timeout: 2000, retries: 4, successes: 5, startPeriod: 6000, startInterval: 7000, onUnhealthy: 'restart',
		}],
	])('%s', (text, expected) => {
		expect(made(`healthcheck: ${text}`).health).toEqual(expected);
	});

	test.each<[string, string[]]>([
		['x', ['services.a.healthcheck must be a map, not text']],
		['{test: x, tcp: 80}', ['services.a.healthcheck has both test and tcp; keep one']],
		['{test: [curl, x]}', ['services.a.healthcheck.test must be [CMD, program, …], [CMD-SHELL, text] or [NONE]']],
		['{test: [CMD]}', ['services.a.healthcheck.test must be [CMD, program, …], [CMD-SHELL, text] or [NONE]']],
		['{test: ""}', ['services.a.healthcheck.test: "" is empty']],
		['{test: {a: b}}', ['services.a.healthcheck.test must be text for a shell or a list, not a map']],
		['{test: x, on_unhealthy: panic}', ['services.a.healthcheck.on_unhealthy: "panic" is not one of none, restart, shutdown']],
		['{test: x, retrys: 3}', ['unknown key "retrys" in services.a.healthcheck; did you mean "retries"?']],
	])('%s is told', (text, problems) => {
		expect(told(`healthcheck: ${text}`)).toEqual(problems);
	});
});

describe('shell', () => {
	const planned = (keys: string) => plan([{file: 'a', text: `services: {a: {${keys}}}`}], null, AROUND);
	const argvOf = (keys: string) => {
		const result = planned(keys);
		return result.ok ? result.value.services.map(({exec: {argv}, stopTo}) => [argv, stopTo]) : expect.fail(result.error.map(formatProblem).join('\n'));
	};
	test.each<[string, readonly string[], string]>([
		['command: "a | b \'c  d\'", shell: true', ['/bin/sh', '-c', 'a | b \'c  d\''], 'group'],
		['command: "echo $$HOME $PORT", shell: /bin/bash', ['/bin/bash', '-c', 'echo $HOME 80'], 'group'],
		['command: "a; b", shell: yes, stop_to: main', ['/bin/sh', '-c', 'a; b'], 'main'],
		['command: "a; b", shell: true, stop_signal: INT', ['/bin/sh', '-c', 'a; b'], 'group'],
		['command: 7, shell: true', ['/bin/sh', '-c', '7'], 'group'],
		['command: a b, shell: false', ['a', 'b'], 'main'],
		['command: a b, shell:', ['a', 'b'], 'main'],
		['command: "echo {name}", shell: true', ['/bin/sh', '-c', 'echo a'], 'group'],
	])('%s', (keys, argv, stopTo) => {
		expect(argvOf(keys)).toEqual([[argv, stopTo]]);
	});
	test.each<[string, string[]]>([
		['command: [a, b], shell: true', ['services.a.shell takes a command that is text, not a list; write it as one text, or remove shell']],
		['command: a, entrypoint: b, shell: true', ['services.a.shell does not go with entrypoint; write all of it as command']],
		['command: a, shell: bash', ['services.a.shell: "bash" is neither true nor false']],
		['command: a, shell: [bash]', ['services.a.shell must be a single value, not a list']],
		['shell: true', ['services.a has no command; write what it runs']],
		['command: "", shell: true', ['services.a has an empty command']],
	])('%s is told', (keys, problems) => {
		const result = planned(keys);
		expect(result.ok ? [] : result.error.map(problem => formatProblem({...problem, file: '', line: 0}))).toEqual(problems);
	});
	test('a line for a shell has no advice on what only a shell understands', () => {
		const result = planned('command: "cd /x && a | b", shell: true, stop_signal: INT');
		expect(result.ok && result.value.notes).toEqual([]);
	});
});

describe('directories', () => {
	const all = (text: string) => `runtime_directory: ${text}`;
	const one = {kind: 'runtime', mode: null, user: null} as const;
	test.each<[string, Exec['directories']]>([
		['a', [{...one, path: '/run/a'}]],
		['a/b//c/', [{...one, path: '/run/a/b/c'}]],
		['[a, /srv/b]', [{...one, path: '/run/a'}, {...one, path: '/srv/b'}]],
		['{path: a, mode: 0700, user: "1:2"}', [{...one, path: '/run/a', mode: 0o700, user: {user: '1', group: '2'}}]],
		['[{path: a, mode: "0750"}]\nstate_directory: s\ncache_directory: [c]\nlogs_directory: {path: /srv/l}', [
			{...one, path: '/run/a', mode: 0o750}, {...one, kind: 'state', path: '/var/lib/s'}, {...one, kind: 'cache', path: '/var/cache/c'},
			{...one, kind: 'logs', path: '/srv/l'},
		]],
		['{path: "{name}"}', [{...one, path: '/run/a'}]],
	])('%s', (text, directories) => {
		expect(made(all(text)).exec).toMatchObject({directories, keepsRuntime: false});
	});
	test('runtime_directory_preserve', () => {
		expect(made('runtime_directory: a\nruntime_directory_preserve: true').exec).toMatchObject({keepsRuntime: true});
	});
	test.each<[string, string[]]>([
		[all('../a'), ['services.a.runtime_directory: "../a" leads upwards; write it without ..']],
		[all('./'), ['services.a.runtime_directory: "./" is not the name of a directory']],
		[all('/run'), ['services.a.runtime_directory is not one service\'s, and would be removed when it stops; name a directory below it']],
		[all('{mode: 0700}'), ['services.a.runtime_directory has no path']],
		[all('{path: a, mode: 9}'), ['services.a.runtime_directory.mode: "9" is not an octal mode from 0 to 777; write it as 0640']],
		[all('{path: a, owner: b}'), ['unknown key "owner" in services.a.runtime_directory; archon calls it user']],
		[all('[[a]]'), ['services.a.runtime_directory[0] must be a name, a path or a map, not a list']],
		['runtime_directory_preserve: true', ['services.a.runtime_directory_preserve is of no use without runtime_directory']],
		['scale: 2\nruntime_directory: a', [
			'services.a.runtime_directory is the same for all 2 instances, and goes when one stops; write {instance} into it, or runtime_directory_preserve: true',
		]],
		['scale: 2\nruntime_directory: "a-{instance}"', []],
		['scale: 2\nruntime_directory: a\nruntime_directory_preserve: true', []],
	])('%s is told', (keys, problems) => {
		expect(told(keys)).toEqual(problems);
	});
	test('one that goes with another service is told', () => {
		const text = (more: string) => `services: {a: {command: x, runtime_directory: w${more}}, b: {command: x, state_directory: /run/w/b}, c: {command: x, cache_directory: /run/wc}}`;
		const found = plan([{file: 'f', text: text('')}], null, AROUND);
		expect(found.ok ? [] : found.error.map(formatProblem)).toEqual([
			'f:1:84: services.b.state_directory goes when a stops: it is, or lies in, its runtime_directory; name another one, or give a runtime_directory_preserve: true',
		]);
		expect(plan([{file: 'f', text: text(', runtime_directory_preserve: true')}], null, AROUND).ok).toBe(true);
	});
});

describe('hooks and reload', () => {
	test.each<[string, Partial<Service>]>([
		['pre_start: [{command: prep it, user: "7:8", working_dir: /srv, environment: {A: 1}}]\npost_stop: x', {hooks: {
			...NO_HOOKS, postStop: [['x']],
			preStart: [{command: ['prep', 'it'], user: {user: '7', group: '8'}, cwd: '/srv', environment: {A: '1'}}],
		}}],
		['type: oneshot\ndown: [umount /x]', {hooks: {...NO_HOOKS, down: [['umount', '/x']]}}],
		['post_start: "warm up"', {hooks: {...NO_HOOKS, postStart: [['warm', 'up']], preStop: []}}],
		['pre_stop: [a b, [c, "d e"], {command: f g}, {command: [h]}]', {
			hooks: {...NO_HOOKS, postStart: [], preStop: [['a', 'b'], ['c', 'd e'], ['f', 'g'], ['h']]},
		}],
		['reload: SIGUSR1', {reload: {signal: 10}}],
		['reload: {signal: HUP}', {reload: {signal: 1}}],
		['reload: {command: nginx -s reload}', {reload: {command: ['nginx', '-s', 'reload']}}],
	])('%s', (keys, expected) => {
		expect(made(keys)).toMatchObject(expected);
	});

	test.each<[string, string[]]>([
		['pre_stop: [""]', ['services.a.pre_stop[0] is an empty command']],
		['pre_stop: [{}]', ['services.a.pre_stop[0] has no command']],
		['pre_stop: [{cmd: x, cwd: /y}]', [
			'unknown key "cmd" in services.a.pre_stop[0]; archon calls it command',
			'unknown key "cwd" in services.a.pre_stop[0]; archon calls it working_dir',
		]],
		['pre_stop: [{command: x, privileged: true}]', ['services.a.pre_stop[0].privileged is not supported; remove it, or call it x-privileged']],
		['down: [x]', ['services.a.down is only for oneshots, which it undoes; write pre_stop or post_stop']],
		['type: oneshot\npre_stop: [x]\ndown: [y]', []],
		['reload: FOO', ['services.a.reload: "FOO" is not a signal; write a name such as TERM, SIGINT or RTMIN+3, or a number']],
		['reload: {}', ['services.a.reload does not say how; write a signal or a command']],
		['reload: {signal: HUP, command: x}', ['services.a.reload has both a signal and a command; keep one']],
		['reload: [HUP]', ['services.a.reload must be a signal or a map, not a list']],
	])('%s is told', (keys, problems) => {
		expect(told(keys)).toEqual(problems);
	});
});

describe('resources and privileges', () => {
	test.each<[string, Partial<Limits>]>([
		['ulimits: {nofile: 1024, core: {soft: 0, hard: -1}, memlock: unlimited, nproc: {soft: 512, hard: 512}}', {
			rlimits: [
				{resource: 7, soft: 1024, hard: 1024}, {resource: 4, soft: 0, hard: Infinity},
				{resource: 8, soft: Infinity, hard: Infinity}, {resource: 6, soft: 512, hard: 512},
			],
		}],
		['nice: -5', {nice: -5}], ['nice: 19', {nice: 19}],
		['ionice: best-effort:0', {ionice: {class: 2, level: 0}}],
		['ionice: {class: realtime, level: 7}', {ionice: {class: 1, level: 7}}],
		['ionice: {class: idle}', {ionice: {class: 3, level: 0}}],
		['oom_score_adj: -1000', {oomScoreAdj: -1000}],
		['group_add: [audio, 27]', {groups: ['audio', '27']}],
		['cap_add: [NET_ADMIN, CAP_SYS_TIME]', {capAdd: [12, 25]}],
		['cap_add: [ALL]', {capAdd: Array.from({length: 41}, (_, number) => number)}],
		['cap_drop: [all]\ncap_add: [chown]', {capDrop: 'all', capAdd: [0]}],
		['cap_drop: [NET_RAW]', {capDrop: [13]}],
		['no_new_privileges: true', {noNewPrivileges: true}],
		['security_opt: [no-new-privileges:true]', {noNewPrivileges: true}],
		['security_opt: ["no-new-privileges=false"]', {noNewPrivileges: false}],
		['cgroup: workers/a', {cgroup: 'workers/a'}],
	])('%s', (keys, limits) => {
		expect(made(keys).exec.limits).toMatchObject(limits);
	});

	test.each<[string, string[]]>([
		['ulimits: 5', ['services.a.ulimits must be a map, not a number']],
		['ulimits: {nofiles: 5}', ['unknown limit "nofiles" in services.a.ulimits; did you mean "nofile"?']],
		['ulimits: {nofile: {soft: 5}}', ['services.a.ulimits.nofile has no hard; write {soft: N, hard: N}, or one number for both']],
		['ulimits: {nofile: {soft: 5, hard: 4}}', ['services.a.ulimits.nofile has a soft limit above the hard one']],
		['ulimits: {nofile: many}', ['services.a.ulimits.nofile: "many" is not a limit; write a number or unlimited']],
		['nice: 20', ['services.a.nice: "20" is not a whole number from -20 to 19']],
		['ionice: {level: 3}', ['services.a.ionice has no class']],
		['oom_score_adj: 1001', ['services.a.oom_score_adj: "1001" is not a whole number from -1000 to 1000']],
		['cap_add: [NET_ADMINN]', ['services.a.cap_add[0]: "NET_ADMINN" is not a capability; did you mean "NET_ADMIN"?']],
		['cgroup: /workers', ['services.a.cgroup: "/workers" is not a relative path without . and ..; write it as workers or workers/web']],
		['user: ghost', ['services.a.user: user ghost is not in /etc/passwd; make the user in the image, or write a number']],
		['user: app:ghosts', ['services.a.user: group ghosts is not in /etc/group; make the group in the image, or write a number']],
		['group_add: [ghosts]', ['services.a.group_add: group ghosts is not in /etc/group; make the group in the image, or write a number']],
	])('%s is told', (keys, problems) => {
		expect(told(keys)).toEqual(problems);
	});

	test.each([
		['security_opt: [seccomp:unconfined, no-new-privileges:true]', 'security_opt'], ['cgroup: host', 'cgroup'], ['cgroup: private', 'cgroup'],
	])('%s concerns the container', (keys, word) => {
		expect(noted(keys)).toEqual([`ignored, as they concern the container and not what runs in it: ${word}`]);
		expect(made(keys).exec.limits.cgroup).toBe(null);
	});
});

describe('resources', () => {
	const nothing = {memory: null, reservation: null, memoryAndSwap: null, cpus: null, cpuShares: null, pids: null};
	test.each<[string, Partial<Exec>]>([
		['cpuset: 0-2,5', {affinity: [0, 1, 2, 5], resources: null}],
		['cpuset: 7', {affinity: [7]}],
		['mem_limit: 64m', {affinity: null, resources: {...nothing, memory: 64 * 2 ** 20}}],
		['mem_limit: 1gb\nmemswap_limit: -1\nmem_reservation: 512M\ncpus: 1.5\ncpu_shares: 512\npids_limit: 100', {resources: {
			memory: 2 ** 30, reservation: 2 ** 29, memoryAndSwap: Infinity, cpus: 1.5, cpuShares: 512, pids: 100,
		}}],
		['mem_limit: 0\nmemswap_limit: 0\npids_limit: -1\ncpus: 0\ncpu_shares: 0', {resources: null}],
		['deploy: {resources: {limits: {cpus: "0.5", memory: 50M, pids: 1}, reservations: {memory: 20M}}}', {
			resources: {...nothing, cpus: 0.5, memory: 50 * 2 ** 20, pids: 1, reservation: 20 * 2 ** 20},
		}],
		['mem_limit: 60m\ndeploy: {resources: {limits: {memory: 50M}}}', {resources: {...nothing, memory: 60 * 2 ** 20}}],
	])('%s', (keys, exec) => {
		expect(made(keys).exec).toMatchObject(exec);
		expect(noted(keys)).toEqual([]);
	});
	test('what of deploy.resources concerns the container is passed over with its note', () => {
		const keys = 'deploy: {resources: {limits: {cpus: 1}, reservations: {devices: []}}}';
		expect(made(keys).exec.resources).toMatchObject({cpus: 1});
		expect(noted(keys)).toEqual([expect.stringMatching(/ignored, as they concern the container and not what runs in it: deploy\.resources$/)]);
	});
	test.each<[string, string[]]>([
		['cpuset: 3-1', ['services.a.cpuset: "3-1" is not a list of processors; write 0-3, or 0,2']],
		['cpuset: "0,"', ['services.a.cpuset: "0," is not a list of processors; write 0-3, or 0,2']],
		['cpuset: 0-4000', ['services.a.cpuset: "0-4000" names a processor that no machine has; they are numbered from 0 to 1023']],
		['cpus: many', ['services.a.cpus: "many" is not a number from 0.01 to 1024']],
		['mem_limit: 1k', ['services.a.mem_limit: "1k" is too small; write at least 6m']],
		['memswap_limit: 1g', ['services.a.memswap_limit is of no use without mem_limit']],
		['mem_limit: 1g\nmemswap_limit: 512m', ['services.a.memswap_limit is smaller than its mem_limit; it is memory and swap together']],
		['mem_limit: 1g\nmem_reservation: 2g', ['services.a.mem_reservation is larger than its mem_limit']],
		['pids_limit: -2', ['services.a.pids_limit: "-2" is not a whole number from 1 to 4194304']],
	])('%s is told', (keys, problems) => {
		expect(told(keys)).toEqual(problems);
	});
});

describe('variables', () => {
	test.each<[string, Partial<Exec>]>([
		['environment: {A: key}\nenv_file: .env', {environment: {A: 'key'}, sources: [{kind: 'file', path: 'etc/.env', required: true}]}],
		['env_file: [.env, /abs.env]', {sources: [
			{kind: 'file', path: 'etc/.env', required: true}, {kind: 'file', path: '/abs.env', required: true},
		]}],
		['env_file: [{path: none.env, required: false}, {path: ./.env}]', {sources: [
			{kind: 'file', path: 'etc/none.env', required: false}, {kind: 'file', path: 'etc/.env', required: true},
		]}],
		['env_dir: /run/env\nenv_file: .env\nenv_from: {command: vault env}', {sources: [
			{kind: 'file', path: 'etc/.env', required: true}, {kind: 'folder', path: '/run/env', required: true},
			{kind: 'command', command: ['vault', 'env']},
		]}],
		['env_from: [{command: [a, b]}, {command: c}]', {sources: [
			{kind: 'command', command: ['a', 'b']}, {kind: 'command', command: ['c']},
		]}],
		['environment: [PORT, "X=$PORT"]', {environment: {PORT: '80', X: '80'}}],
		['environment_base: clean', {base: 'clean'}],
		['environment_base: []', {base: []}],
		['secrets_from_files: on', {secretsFromFiles: true}],
		['working_dir: /srv/${PORT}', {cwd: '/srv/80'}],
	])('%s', (keys, exec) => {
		expect(made(keys).exec).toMatchObject(exec);
	});

	test.each<[string, string[]]>([
		['env_file: /secret', ['services.a.env_file: cannot read /secret: permission denied']],
		['env_dir: /secret', ['services.a.env_dir: cannot read /secret: permission denied']],
		['env_from: {command: }', ['services.a.env_from.command needs a value']],
		['env_from: vault env', ['services.a.env_from must be a map with a command; write {command: …}']],
		['env_from: [{}]', ['services.a.env_from[0] has no command']],
		['env_dir: {path: /x, format: raw}', ['unknown key "format" in services.a.env_dir']],
		['env_file: [bad.env]', ['this is not NAME=value']],
		['env_file: [{required: false}]', ['services.a.env_file[0] has no path']],
		['env_file: [{path: .env, format: dotenv}]', ['services.a.env_file[0].format: "dotenv" is not one of raw']],
		['environment_base: none', ['services.a.environment_base: "none" is not one of inherit, clean']],
		['environment_base: [A=B]', ['services.a.environment_base[0]: "A=B" cannot be a variable\'s name']],
		['working_dir: ${DIR:?where}', ['services.a.working_dir: "${DIR:?where}" needs DIR, which is not set: where']],
		['umask: $EMPTY', ['services.a.umask: "$EMPTY" is not an octal mode from 0 to 777; write it as 022']],
	])('%s is told', (keys, problems) => {
		expect(told(keys)).toEqual(problems);
	});

	test.each<[string, readonly string[]]>([
		['command: web --port ${PORT2:-80}\nenvironment: {PORT2: 8080}', ['etc/a.yaml:3:14: services.a.command: ${PORT2} is a variable of archon itself, '
			+ 'which is not set, and not that of services.a.environment; write the value here as well, or let a shell expand $$PORT2']],
		['command: [web, $B]\nenv_file: /abs.env', [expect.stringMatching(/not set, and replaced by nothing/), expect.stringMatching(/^etc\/a\.yaml:3:20: .* \$\{B\} .*env_file/)]],
		['command: web $PORT\nenvironment: {PORT: 8080}', []],
		['command: sh -c "web $$X"\nenvironment: {X: 8080}', []],
		['command: web\nenvironment: {X: "${X:-8080}", Y: "a$${Y}"}', []],
		['command: web\nenvironment: ["X=${X:-8080}"]', []],
		['command: web\nenvironment: {X: 1, Y: "${X:-2}"}', [expect.stringContaining('services.a.environment: ${X} is')]],
		['command: web\nready: {http: "http://localhost:${X:-1}/"}\nenvironment: {X: 1}', [expect.stringContaining('services.a.ready: ${X} is')]],
	])('%s is noted where archon reads what only the service has', (keys, notes) => {
		const result = plan([{file: 'etc/a.yaml', text: `services:\n  a:\n    ${keys.replaceAll('\n', '\n    ')}\n`}], null, AROUND);
		expect(result.ok ? result.value.notes.map(formatProblem).sort() : result.error).toEqual([...notes].sort());
	});

	test('a file of variables that is not there may be there when its service starts', () => {
		expect(noted('env_file: [none.env, {path: other.env, required: false}]\nenv_dir: /run/env')).toEqual([
			'not there yet, and read before each start (write {path: …, required: false} if a service can start without it): none.env, /run/env',
		]);
	});

	test('a stamp tells files of variables apart, and is empty while one of them is missing', () => {
		const stamp = (keys: string): string => made(keys).exec.sourced.stamp;
		expect(stamp('env_file: .env')).toBe(stamp('env_file: ./.env'));
		expect(stamp('env_file: .env')).not.toBe(stamp('env_file: /abs.env'));
		expect(stamp('env_file: [.env, {path: no, required: false}]')).not.toBe('');
		expect(stamp('env_file: [.env, no]')).toBe('');
		expect(stamp('env_from: {command: x}')).toBe(stamp('env_from: {command: x}'));
	});

	test('what all services have is under what is their own', () => {
		const result = plan([{file: 'etc/f', text: 'environment: {A: 1, B: $PORT}\nservices: {a: {command: x, environment: {A: 2}}, b: {command: x}}'}], null, AROUND);
		const [a, b] = result.ok ? result.value.services : [];
		expect(a?.exec).toMatchObject({common: {A: '1', B: '80'}, environment: {A: '2'}});
		expect(b?.exec.common).toBe(a?.exec.common);
	});

	test('a problem in a file of variables has its place there', () => {
		const result = planOf('env_file: bad.env');
		expect(result.ok ? [] : result.error.map(formatProblem)).toEqual(['etc/bad.env:1:1: this is not NAME=value']);
	});
});

describe('keys that are of no use together', () => {
	test.each<[string, string[]]>([
		['type: oneshot\nready: notify', ['services.a.ready is only for daemons, and this is a oneshot, which is done when it exits']],
		['type: oneshot\nhealthcheck: {test: x}\nwatchdog: 1s\nstart_period: 1s', [
			'services.a.healthcheck is only for daemons, and this is a oneshot, which is done when it exits',
			'services.a.watchdog is only for daemons, and this is a oneshot, which is done when it exits',
			'services.a.start_period is only for daemons, and this is a oneshot, which is done when it exits',
		]],
		['ready: notify\nstart_period: 1s', ['services.a.start_period is only for a service without ready']],
		['restart_on: [1, 126, HUP]\nfatal_codes: [HUP, 126]', ['services.a has exit 126, SIGHUP both in restart_on and in fatal_codes']],
		['stdin_open: true\nscale: 2', ['services.a.stdin_open: archon has one stdin, and a has several instances']],
		['success_codes: [300, X]', [
			'services.a.success_codes[0]: "300" is not a whole number from 0 to 255',
			'services.a.success_codes[1]: "X" is neither an exit status nor a signal; write a number from 0 to 255, or a name such as TERM',
		]],
	])('%s', (keys, problems) => {
		expect(told(keys)).toEqual(problems);
	});

	test.each([
		['start_timeout: 5s', ['start_timeout has no effect without ready: a']],
		['start_timeout: 5s\npost_start: [x]', []],
		['start_timeout: 5s\npre_start: [x]', []],
		['type: oneshot\npre_stop: [x]', ['pre_stop of a oneshot runs only while it is running; "down" undoes it once it has completed: a']],
		['start_timeout: 5s\nready: notify', []],
		['start_timeout: 5s\ntype: forking', []],
		['tty: true\nstdin_open: true', ['stdin_open has no effect with tty, which brings a stdin of its own: a']],
	])('%s', (keys, notes) => {
		expect(noted(keys)).toEqual(notes);
	});
});

test.each<[string, Partial<Service>]>([
	['stdin_open: true', {exec: expect.objectContaining({interactive: true})}],
	['start_period: 2s', {startPeriod: 2000, startTimeout: Infinity}],
	['ready: notify\nstart_timeout: unlimited', {startTimeout: Infinity}],
	['type: oneshot\nstart_timeout: 1m', {startTimeout: 60_000}],
	['type: forking\npid_file: /run/a.pid', {type: 'daemon', forks: true, pidFile: '/run/a.pid', startTimeout: 60_000}],
	['type: forking\nstart_timeout: 5s\nready: notify', {forks: true, startTimeout: 5000, ready: {kind: 'notify'}}],
	['restart_on: [126]', {restart: expect.objectContaining({force: {codes: [126], signals: []}, fatal: {codes: [127], signals: []}})}],
	['fatal_codes:\nsuccess_codes: 3', {restart: expect.objectContaining({success: {codes: [3], signals: []}, fatal: {codes: [126, 127], signals: []}})}],
])('%s', (keys, expected) => {
	expect(made(keys)).toMatchObject(expected);
});

/** What a file of only this, with one service, comes to; or what is wrong with it. */
function whole(text: string): {readonly config: Config | null; readonly problems: readonly string[]} {
	const result = plan([{file: 'etc/a.yaml', text: `${text}\nservices: {a: {command: x}}\n`}], null, AROUND);
	if (result.ok) return {config: result.value, problems: []};
	return {config: null, problems: result.error.map(problem => formatProblem({...problem, file: '', line: 0}))};
}

describe('rules', () => {
	const usual = {files: ['/r/a.lua'], deadline: 250, memory: 16 << 20, runAs: null};
	test.each<[string, Config['rules']]>([
		['{lua: /r/a.lua}', usual], ['', null],
		['{lua: [/r/*.lua, b.lua]}', {...usual, files: ['/r/*.lua', 'etc/b.lua']}],
		['{lua: /r/a.lua, deadline: 1s, memory: 2m}', {...usual, deadline: 1000, memory: 2 << 20}],
		['{lua: /r/a.lua, run_as: root}', {...usual, runAs: {user: 'root', group: null}}],
		['{lua: /r/a.lua, run_as: "1000:1001"}', {...usual, runAs: {user: '1000', group: '1001'}}],
	])('%s', (text, rules) => {
		expect(whole(`rules: ${text}`)).toMatchObject({config: {rules}, problems: []});
	});
	test.each<[string, string[]]>([
		['/r/a.lua', ['rules must be a map with lua, not text']],
		...['{}', '{lua: }', '{lua: []}'].map((text): [string, string[]] => [text, ['rules does not say which files; write lua: /etc/archon/rules/*.lua']]),
		['{lua: "/r*/a.lua"}', ['rules.lua: "/r*/a.lua" is not the path of a file, with at most one * in its name; write /etc/archon/rules/*.lua']],
		['{lua: /r/a.lua, deadline: 1ms}', ['rules.deadline: "1ms" is not between 10ms and 10s']],
		['{lua: /r/a.lua, memory: 1k}', ['rules.memory: "1k" is too small; write at least 1m']],
		['{lua: /r/a.lua, run_as: "a:b:c"}', ['rules.run_as: "a:b:c" is not a user; write name, uid, name:group or uid:gid']],
		['{lua: /r/a.lua, user: app}', ['unknown key "user" in rules; archon calls it run_as']],
		[`{lua: [${Array.from({length: 65}, (_, i) => `/${i}`).join(', ')}]}`, ['rules.lua names more than 64 files']],
	])('%s is told', (text, problems) => {
		expect(whole(`rules: ${text}`).problems).toEqual(problems);
	});
});

describe('alerts', () => {
	const told = {on: ['failed', 'unhealthy', 'reload-failed'], services: [], timeout: 10_000};
	const one = (receiver: object) => ({groupWait: 30_000, repeat: 4 * 3_600_000, receivers: [receiver]});
	const http = {kind: 'http', url: 'https://h/x', headers: {}, template: null, contentType: 'application/json', secretFile: null, tokenFile: null};
	const mail = {kind: 'mail', to: ['a@b.c'], from: null, user: null, passwordFile: null};
	test.each<[string, unknown]>([
		['', null],
		['{receivers: {command: [page, ops]}}', one({...told, name: 'command', target: {kind: 'command', argv: ['page', 'ops']}})],
		['{receivers: {http: "https://h/x", name: ops, on: backoff, services: "w*", timeout: 2s}}', one({
			name: 'ops', on: ['backoff'], services: ['w*'], timeout: 2000, target: http,
		})],
		['{receivers: {http: "https://h/x", headers: {X-A: b}, template: "{{title}}", content_type: text/plain, secret_file: /s, token_file: /t}}', one({
			...told, name: 'http', target: {...http, headers: {'X-A': 'b'}, template: '{{title}}', contentType: 'text/plain', secretFile: '/s', tokenFile: '/t'},
		})],
		['{receivers: {mail: a@b.c}}', one({...told, name: 'mail', target: {...mail, server: {host: '127.0.0.1', port: 25, security: 'none'}}})],
		['{receivers: {mail: a@b.c, from: d@e.f, server: "smtp://m:587", user: u, password_file: /p}}', one({...told, name: 'mail', target: {
			...mail, from: 'd@e.f', server: {host: 'm', port: 587, security: 'starttls'}, user: 'u', passwordFile: '/p',
		}})],
		['{receivers: {mail: a@b.c, server: "smtp://m", tls: none}}', one({...told, name: 'mail', target: {
			...mail, server: {host: 'm', port: 25, security: 'none'},
		}})],
		['{receivers: {syslog: "unix:///dev/log", facility: local1}}', one({...told, name: 'syslog', target: {
			kind: 'syslog', address: {kind: 'unix', path: '/dev/log'}, facility: 17,
		}})],
		['{receivers: [{command: a}, {command: b}], on: started, group_wait: 5s, repeat: 10m}', {groupWait: 5000, repeat: 600_000, receivers: [
			{...told, on: ['started'], name: 'command', target: {kind: 'command', argv: ['a']}},
			{...told, on: ['started'], name: 'command-2', target: {kind: 'command', argv: ['b']}},
		]}],
	])('%s', (text, alerts) => {
		expect(whole(`alerts: ${text}`)).toEqual({config: expect.objectContaining({alerts}), problems: []});
	});
	test.each<[string, string[]]>([
		['ops@example.com', ['alerts must be a map with receivers, not text']],
		['{}', ['alerts does not say who is told; write receivers: {mail: ops@example.com}']],
		['{receivers: {name: a}}', ['alerts.receivers does not say how it is told; write http: URL, mail: address, syslog: unix:///dev/log or command: words']],
		['{receivers: {command: a, mail: a@b.c}}', ['alerts.receivers has both mail and command; make two receivers of it']],
		['{receivers: {command: a, facility: user}}', ['alerts.receivers.facility does not go with command']],
		['{receivers: {command: a}, repeat: 1m, group_wait: 2m}', ['alerts.repeat is shorter than group_wait']],
		['{receivers: {command: a}, group_wait: 0s}', ['alerts.group_wait: "0s" is not between 1s and 1h']],
		['{receivers: [{command: a, name: x}, {command: b, name: x}]}', ['alerts.receivers has two of the name x; give each a name of its own']],
		['{receivers: {http: "ftp://h"}}', ['alerts.receivers.http: "ftp://h" is not a URL of http or https']],
		['{receivers: {http: "http://u:p@h"}}', [
			'alerts.receivers.http: "http://u:p@h" has a password, which everyone who reads the config would see; name a token_file',
		]],
		['{receivers: {http: "http://h", headers: {Host: x}}}', ['alerts.receivers.headers: "Host" cannot be set']],
		['{receivers: {http: "http://h", template: "{{titel}}"}}', [expect.stringMatching(/template: .* has {{titel}}, which means nothing; it may have title, /)]],
		['{receivers: {mail: ops}}', ['alerts.receivers.mail: "ops" is not an address of mail; write ops@example.com']],
		['{receivers: {mail: a@b.c, server: "smtps://m", tls: none}}', ['alerts.receivers.tls does not go with smtps://, which is TLS from the first byte on']],
		['{receivers: {mail: a@b.c, user: u, password_file: /p}}', [
			'alerts.receivers.user needs TLS: the password could be read on the way; write tls: starttls or server: smtps://host',
		]],
		['{receivers: {mail: a@b.c, server: "smtps://m", user: u}}', ['alerts.receivers needs both user and password_file, or none of them']],
		['{receivers: {command: a, services: "-x"}}', ['alerts.receivers.services: "-x" is neither a service nor a pattern; write web or "worker-*"']],
	])('%s is told', (text, problems) => {
		expect(whole(`alerts: ${text}`).problems).toEqual(problems);
	});
});
