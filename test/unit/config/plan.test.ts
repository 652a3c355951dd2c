/** From texts to services, or to everything that is wrong with them. */
import {NO_BIND} from '../../../src/features/bind/core/rules.ts';
import {PORT_RULES} from '../../../src/features/ports/core/spec.ts';
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {exec, LOGGING, NEED, NO_HOOKS, RESTART, service, START_RATE} from '../../../src/core/defaults.ts';
import type {RestartPolicy, Service} from '../../../src/core/service.ts';
import {plan, type Plan} from '../../../src/config/plan.ts';
import {formatProblem} from '../../../src/config/problems.ts';
import {AROUND} from './around.ts';

const sources = (...texts: readonly string[]) =>
	texts.map((text, index) => ({file: index === 0 ? 'archon.yaml' : `${index}.yaml`, text}));

function planned(texts: string | readonly string[], command: readonly string[] | null = null): Plan {
	const result = plan(sources(...[texts].flat()), command, AROUND);
	return result.ok ? result.value : expect.fail(result.error.map(formatProblem).join('\n'));
}

function told(texts: string | readonly string[], command: readonly string[] | null = null): readonly string[] {
	const result = plan(sources(...[texts].flat()), command, AROUND);
	return result.ok ? [] : result.error.map(formatProblem);
}

/** The only service of a config in which only its keys matter. */
function one(keys: string): Service {
	const [service] = planned(`services:\n  a: {command: x, ${keys}}`).services;
	return service ?? expect.fail('no service');
}

const names = ({services}: Plan): readonly string[] => services.map(({name}) => name);

describe('a plan', () => {
	test('of the least config has a daemon with all defaults', () => {
		const argv = ['nginx', '-g', 'daemon off;'] as const;
		expect(planned('services:\n  web:\n    command: nginx -g "daemon off;"\n')).toEqual({
			services: [{...service('web', argv), exec: {...exec(argv), output: {kind: 'inherit', canWait: true}}}],
			shutdownGrace: 9000,
			startRate: START_RATE,
			whenIdle: 'failed',
			logging: LOGGING, events: LOGGING, level: 'info', signals: [], watchConfig: null, access: [], remote: [], stateDir: null, manifest: null, monitor: [], sync: null,
			rules: null, alerts: null, web: null, boot: null, ports: PORT_RULES, bind: NO_BIND,
			notes: [],
		});
	});

	test('of every key has what it says', () => {
		const {services, shutdownGrace, startRate} = planned(`
shutdown: {grace_period: 1m}
start_rate: {per_second: 2.5, burst: 10}
services:
  db: {command: redis-server}
  migrate:
    type: oneshot
    entrypoint: sh -c
    command: ['echo "$$HOME"']
    environment: [A=1, B]
    environment_base: [LANG, TZ]
    secrets_from_files: true
    working_dir: /srv
    user: app:staff
    umask: 022
    clean: [/run/x.pid, cache/*]
    depends_on: [db]
    start_timeout: 5m
    restart: on-failure:3
    restart_on: [75, HUP]
    stop_signal: SIGINT
    stop_grace_period: 1.5s
    essential: true
  web:
    command: [web, --port, 80]
    autostart: false
    depends_on:
      db: {condition: service_healthy, required: false, restart: true, timeout: 10s}
      migrate: {condition: service_completed_successfully}
    ready: {tcp: 80}
    healthcheck: {http: 'http://localhost/'}
    watchdog: 30s
    post_start: [warm up]
    pre_stop: [{command: [drain, now]}]
    reload: HUP
    restart:
      policy: unless-stopped
      growth: linear
      delay: 1s
      factor: 1.5
      max_delay: 5s
      jitter: 0
      attempts: unlimited
      window: 1h
      reset_after: 5m
    success_codes: [0, 143, TERM]
    fatal_codes: []
    on_failed: shutdown
    tty: true
    labels: [anything]
`);
		expect(shutdownGrace).toBe(60_000);
		expect(startRate).toEqual({perSecond: 2.5, burst: 10});
		expect(services.slice(1)).toEqual([{
			...service('migrate', ['x']), type: 'oneshot', essential: true, startTimeout: 300_000,
			needs: [{...NEED, name: 'db'}],
			restart: {...RESTART, policy: 'on-failure', attempts: 3, force: {codes: [75], signals: [1]}},
			stop: {signal: 2, grace: 1500},
			exec: {
				...exec(['sh', '-c', 'echo "$HOME"']), environment: {A: '1'}, base: ['LANG', 'TZ'], secretsFromFiles: true,
				cwd: '/srv', user: {user: 'app', group: 'staff'}, umask: 18, clean: ['/run/x.pid', 'cache/*'],
			},
		}, {
			...service('web', ['x']), autostart: false,
			needs: [
				{name: 'db', condition: 'service_healthy', strength: 'soft', restart: true, timeout: 10_000},
				{...NEED, name: 'migrate', condition: 'service_completed_successfully'},
			],
			ready: {kind: 'probe', probe: {kind: 'tcp', host: '127.0.0.1', port: 80}, interval: 500, timeout: 5000},
			startTimeout: 60_000,
			health: {
				probe: {kind: 'http', url: 'http://localhost/', statuses: [], headers: {}, body: null},
				interval: 30_000, timeout: 30_000, retries: 3, successes: 1, startPeriod: 0, startInterval: 5000, onUnhealthy: 'none',
			},
			watchdog: 30_000,
			hooks: {...NO_HOOKS, postStart: [['warm', 'up']], preStop: [['drain', 'now']]},
			reload: {signal: 1},
			restart: {
				...RESTART, policy: 'unless-stopped', growth: 'linear', delay: 1000, factor: 1.5, maxDelay: 5000, jitter: 0,
				attempts: Infinity, window: 3_600_000, resetAfter: 300_000,
				success: {codes: [0, 143], signals: [15]}, fatal: {codes: [], signals: []},
			},
			onFailed: 'shutdown',
			exec: {...exec(['web', '--port', '80']), tty: true},
		}]);
	});

	test.each([
		['type: daemon', 'always'],
		['type: oneshot', 'no'],
		['essential: true', 'no'],
		['essential: true, restart: always', 'always'],
		['type: oneshot, restart: on-failure', 'on-failure'],
		['restart: no', 'no'],
		['restart: false', 'no'],
		['restart: "no"', 'no'],
		['restart: {delay: 1s}', 'always'],
		['type: oneshot, restart: {delay: 1s}', 'no'],
		['restart: {policy: no}', 'no'],
	])('with %s restarts %s', (keys, policy) => {
		expect(one(keys).restart.policy).toBe(policy);
	});

	test.each(['022', '"022"', '0o22', '\'022\'', '!!str 022'])('reads the umask %s as octal', umask => {
		expect(one(`umask: ${umask}`).exec.umask).toBe(18);
	});

	test('waits longer than the usual longest pause if the first is longer still', () => {
		expect(one('restart: {delay: 1m}').restart).toMatchObject({delay: 60_000, maxDelay: 60_000});
	});

	test.each<[string, Partial<RestartPolicy>]>([
		['{delay: 5s}', {growth: 'constant', delay: 5000, jitter: 0}],
		['{policy: always, delay: 5s, attempts: unlimited}', {growth: 'constant', delay: 5000, jitter: 0, attempts: Infinity}],
		['{delay: 5s, jitter: 0.2}', {growth: 'constant', delay: 5000, jitter: 0.2}],
		['{delay: 1s, factor: 2}', {growth: 'exponential', delay: 1000, jitter: 0.1}],
		['{delay: 1s, max_delay: 1m}', {growth: 'exponential', delay: 1000, maxDelay: 60_000, jitter: 0.1}],
		['{delay: 1s, growth: exponential}', {growth: 'exponential', jitter: 0.1}],
		['{growth: constant}', {growth: 'constant', delay: 100, jitter: 0.1}],
		['{attempts: 3}', {growth: 'exponential', delay: 100, jitter: 0.1}],
		['{counts: starts, attempts: 3, growth: linear, delay: 1s}', {counts: 'starts', attempts: 3, growth: 'linear'}],
	])('takes a delay that is written alone for the pause before each restart: %s', (written, policy) => {
		expect(one(`restart: ${written}`).restart).toMatchObject(policy);
	});

	test('says whom signals reach, what ends with a service, and where its main process is named', () => {
		expect(one('stop_to: group, kill_mode: main, pid_file: /run/a.pid')).toMatchObject({stopTo: 'group', killMode: 'main', pidFile: '/run/a.pid'});
		expect(told('services: {a: {command: x, stop_to: all, kill_mode: process, pid_file: a.pid}}')).toEqual([
			'archon.yaml:1:37: services.a.stop_to: "all" is not one of main, group',
			'archon.yaml:1:53: services.a.kill_mode: "process" is not one of tree, group, main',
			'archon.yaml:1:72: services.a.pid_file: "a.pid" is not an absolute path; begin it with /',
		]);
		expect(told('services: {a: {command: x, type: oneshot, pid_file: /a}}')).toHaveLength(1);
		expect(told('services: {a: {command: x, scale: 2, pid_file: /a.pid}}')).toEqual([
			'archon.yaml:1:48: services.a.pid_file is the same for all 2 instances; write {instance} into it',
		]);
		expect(told('services: {a: {command: x, scale: 2, pid_file: "/a-{instance}.pid"}}')).toEqual([]);
	});

	test('keeps the order of the text as far as needs allow', () => {
		expect(names(planned('services: {c: {command: x}, a: {command: x, depends_on: [d]}, b: {command: x}, d: {command: x}}')))
			.toEqual(['c', 'd', 'a', 'b']);
	});
});

describe('a command on the command line', () => {
	const config = 'services: {db: {command: x}, once: {command: y, type: oneshot}}';

	test('is the service main and comes after all others', () => {
		const {services} = planned(config, ['sh', '-l']);
		expect(services.map(({exec}) => exec.output.kind)).toEqual(['lines', 'lines', 'inherit']);
		expect(services[2]).toMatchObject({
			name: 'main', origin: 'command', essential: true,
			needs: [{name: 'db', condition: 'service_healthy'}, {name: 'once', condition: 'service_completed_successfully'}],
			exec: {argv: ['sh', '-l'], interactive: true},
		});
	});

	test('takes the streams from a service that was alone', () => {
		expect(planned('services: {db: {command: x}}', ['sh']).services.map(({exec}) => exec.output.kind)).toEqual(['lines', 'inherit']);
	});

	test('leaves no room for a service of the name main', () => {
		const text = 'services:\n  main: {command: x}';
		expect(names(planned(text))).toEqual(['main']);
		expect(told(text, ['sh'])).toEqual([
			'archon.yaml:2:3: the name main is taken by the command line\'s command; rename it, or give no command on the command line',
		]);
	});
});

describe('several files', () => {
	test('lie over each other service by service and key by key', () => {
		const {services} = planned([
			'services:\n  web: {command: a, environment: {A: 1, B: 2}, depends_on: [db, x]}\n  db: {command: b}\n  x: {command: c}',
			'services:\n  web: {environment: {B: 3, C: 4}, depends_on: !override [db]}\n  extra: {command: d}',
			'services:\n  web: {user: app}\n',
		]);
		expect(services.map(({name}) => name)).toEqual(['db', 'web', 'x', 'extra']);
		expect(services[1]).toMatchObject({
			needs: [{name: 'db'}], exec: {argv: ['a'], environment: {A: '1', B: '3', C: '4'}, user: {user: 'app'}},
		});
	});

	test('may be empty', () => {
		expect(names(planned(['services: {a: {command: x}}', '', 'services:\n']))).toEqual(['a']);
	});

	test('have their problems told with their own places, file by file', () => {
		expect(told(['services:\n  a: {comand: x}\n  b: {command: y, umask: 9}', 'services:\n  a: {depends_on: [c]}\n  b: {umask: 8}'])).toEqual([
			'archon.yaml:2:7: unknown key "comand" in services.a; did you mean "command"?',
			'1.yaml:2:20: services.a depends on "c", which is not a service',
			'1.yaml:3:14: services.b.umask: "8" is not an octal mode from 0 to 777; write it as 022',
		]);
	});

	test('are all judged for their syntax, and no further if one has mistakes in it', () => {
		expect(told(['services: {a: {comand: x}}', 'a: [', 'b: "'])).toEqual([
			'1.yaml:1:4: [ opens here, and no ] closes it; close it with ]',
			'2.yaml:1:4: " opens here, and no " closes it; close it',
		]);
	});
});

describe('problems', () => {
	test.each<[string, string[]]>([
		['', ['1:1: services are missing; write them under "services:"']],
		['version: "3"', ['1:1: services are missing; write them under "services:"']],
		['- a', ['1:1: a config must be a map, not a list; write "services:", and each service under its name']],
		['text', ['1:1: a config must be a map, not text; begin it with "services:"']],
		['services:', ['1:10: services is empty; write at least one service']],
		['manifest:', ['1:1: services are missing; write them under "services:"']],
		['manifest: {file: w}', ['1:18: manifest.file: "w" is not an absolute path; begin it with /']],
		['manifest: {file: /w}', []],
		['manifest: {file: /w}\nservices:', []],
		['manifest: {file: /w}\nservices: {}', []],
		['services: {}', ['1:11: services is empty; write at least one service']],
		['services: [a]', ['1:11: services must be a map, not a list']],
		['servces: {}', ['1:1: unknown key "servces"; did you mean "services"?']],
		['include: x\nservices: {a: {command: x}}', ['1:10: include: cannot read x: no such file or directory']],
		['services: {a: {command: x}}\nshutdown: 5s', ['2:11: shutdown must be a map, not text']],
		['services: {a: {command: x}}\nshutdown: {grace: 5s}', ['2:12: unknown key "grace" in shutdown; did you mean "grace_period"?']],
	])('of the whole: %j', (text, problems) => {
		expect(told(text)).toEqual(problems.map(problem => `archon.yaml:${problem}`));
	});

	test.each<[string, string[]]>([
		['all: {command: x}', ['2:3: "all" cannot be a service\'s name: it stands for every service']],
		['archon: {command: x}', ['2:3: "archon" cannot be a service\'s name: it stands for archon itself']],
		['a b: {command: x}', ['2:3: "a b" cannot be a service\'s name; a name has letters, digits, ".", "_" and "-", and begins with a letter or digit']],
		['-a: {comand: x}', [
			'2:3: "-a" cannot be a service\'s name; a name has letters, digits, ".", "_" and "-", and begins with a letter or digit',
			'2:8: unknown key "comand" in services.-a; did you mean "command"?',
		]],
		['a: text', ['2:6: services.a must be a map, not text; write what it runs as "command: …" under its name']],
		['a: [x]', ['2:6: services.a must be a map, not a list; write what it runs as "command: …" under its name']],
		['a:', ['2:3: services.a has no command; write what it runs']],
		['a: {image: nginx}', [
			'2:3: archon starts programs, not images: services.a has no command; write what the image would run (docker inspect IMAGE shows Entrypoint and Cmd)',
		]],
		['a: {command: ""}', ['2:16: services.a has an empty command']],
		['a: {command: [], entrypoint: []}', ['2:16: services.a has an empty command']],
		['a: {entrypoint: "\'\' x"}', ['2:19: services.a has an empty command']],
		['a: {command: "x \'"}', ['2:16: services.a.command cannot be split into words: a single quote is not closed']],
		['a: {command: x, command: y}', ['2:19: duplicate key "command"; the first one is in line 2; keep one']],
	])('of a service: %j', (service, problems) => {
		expect(told(`services:\n  ${service}`)).toEqual(problems.map(problem => `archon.yaml:${problem}`));
	});

	test.each<[string, string[]]>([
		['type: demon', ['3:11: services.a.type: "demon" is not one of daemon, oneshot, forking; did you mean "daemon"?']],
		['environment: text', ['3:18: services.a.environment must be a map or a list of NAME=value, not text']],
		['working_dir: srv', ['3:18: services.a.working_dir: "srv" is not an absolute path; begin it with /']],
		['user: "a:"', ['3:11: services.a.user: "a:" is not a user; write name, uid, name:group or uid:gid']],
		['umask: 0888', ['3:12: services.a.umask: "0888" is not an octal mode from 0 to 777; write it as 022']],
		['stop_signal: SIGFOO', ['3:18: services.a.stop_signal: "SIGFOO" is not a signal; write a name such as TERM, SIGINT or RTMIN+3, or a number']],
		['stop_grace_period: 5 s', ['3:24: services.a.stop_grace_period: "5 s" is not a duration; write 10s, 1m30s or 500ms; a bare number is seconds']],
		['stop_grace_period: 999h', ['3:24: services.a.stop_grace_period: "999h" is too long; a duration is at most 168h']],
		['essential: maybe', ['3:16: services.a.essential: "maybe" is neither true nor false']],
		['restart: sometimes', ['3:14: services.a.restart: "sometimes" is not one of no, always, on-failure, unless-stopped']],
		['restart: on-failure:0', ['3:14: services.a.restart: "on-failure:0" needs a whole number from 1 to 1000 after the colon']],
		['restart: [no]', ['3:14: services.a.restart must be a single value, not a list']],
		['restart: {attempts: x, jitter: 2, factor: 0.5, delai: 1s}', [
			'3:25: services.a.restart.attempts: "x" is not a whole number from 0 to 1000; or write unlimited',
			'3:36: services.a.restart.jitter: "2" is not a number from 0 to 1',
			'3:47: services.a.restart.factor: "0.5" is not a number from 1 to 100',
			'3:52: unknown key "delai" in services.a.restart; did you mean "delay"?',
		]],
		['restart: {delay: 2s, max_delay: 1s}', ['3:37: services.a.restart has a max_delay that is shorter than its delay']],
		['provider: {type: x}', ['3:5: services.a.provider is not supported; remove it, or call it x-provider']],
		['comands: x', ['3:5: unknown key "comands" in services.a; did you mean "command"?']],
		['numprocs: 2', ['3:5: unknown key "numprocs" in services.a; archon calls it scale']],
	])('of a key: %s', (key, problems) => {
		expect(told(`services:\n  a:\n    ${key}\n    command: x`)).toEqual(problems.map(problem => `archon.yaml:${problem}`));
	});

	test.each<[string, string[]]>([
		['[dbb]', ['2:32: services.a depends on "dbb", which is not a service; did you mean "db"?']],
		['[a]', ['2:32: services.a cannot depend on itself; take it away']],
		['[db, db]', ['2:36: services.a.depends_on names "db" twice']],
		['[{db: x}]', ['2:32: services.a.depends_on[0] must be a single value, not a map']],
		['db', ['2:31: services.a.depends_on must be a list of services or a map, not text']],
		['{db: service_started}', ['2:36: services.a.depends_on.db must be a map with a condition, not text']],
		['{db: {condition: started}}', [
			'2:48: services.a.depends_on.db.condition: "started" is not one of service_started, service_healthy, service_completed_successfully; '
				+ 'did you mean "service_started"?',
		]],
		['{db: {required: maybe, timeout: 0}}', [
			'2:47: services.a.depends_on.db.required: "maybe" is neither true nor false',
			'2:63: services.a.depends_on.db.timeout: "0" is too short; write at least 10ms',
		]],
		['{db: {conditions: service_started}}', ['2:37: unknown key "conditions" in services.a.depends_on.db; did you mean "condition"?']],
	])('of a dependency: %s', (needs, problems) => {
		const text = `services:\n  a: {command: x, depends_on: ${needs}}\n  db: {command: y}`;
		expect(told(text)).toEqual(problems.map(problem => `archon.yaml:${problem}`));
	});

	test.each<[Record<string, string>, string[]]>([
		[{a: 'b', b: 'a'}, ['2:32: services depend on each other in a circle: a → b → a; a → b is at line 2, b → a is at line 3: take one of them away']],
		[{x: 'a', c: 'a', a: 'b', b: 'c'}, ['3:32: services depend on each other in a circle: c → a → b → c; c → a is at line 3, a → b is at line 4, b → c is at line 5: take one of them away']],
		[{a: 'b', b: 'a', c: 'd', d: 'c'}, [
			'2:32: services depend on each other in a circle: a → b → a; a → b is at line 2, b → a is at line 3: take one of them away',
			'4:32: services depend on each other in a circle: c → d → c; c → d is at line 4, d → c is at line 5: take one of them away',
		]],
		[{a: 'b, c', b: 'a', c: 'a'}, [
			'2:32: services depend on each other in a circle: a → b → a; a → b is at line 2, b → a is at line 3: take one of them away',
			'2:35: services depend on each other in a circle: a → c → a; a → c is at line 2, c → a is at line 4: take one of them away',
		]],
	])('of circles: %j', (graph, problems) => {
		const lines = Object.entries(graph).map(([name, needs]) => `  ${name}: {command: x, depends_on: [${needs}]}`);
		expect(told(['services:', ...lines].join('\n'))).toEqual(problems.map(problem => `archon.yaml:${problem}`));
	});

	test('of a service that cannot be read are not also those of its dependents', () => {
		expect(told('services:\n  a: 5\n  b: {command: x, depends_on: [a]}')).toEqual(['archon.yaml:2:6: services.a must be a map, not a number; write what it runs as "command: …" under its name']);
	});

	test('of no source at all', () => {
		expect(plan([], ['sh'], AROUND)).toEqual({ok: false, error: [{file: '', line: 0, column: 0, message: 'there is no config', hint: null}]});
	});
});

describe('a compose file', () => {
	test('can be used as it is, with one note on what it says of containers', () => {
		const {services, notes} = planned(`
name: shop
version: "3.9"
x-logging: &logging
  anything: [goes]
x-app: &app
  image: shop:latest
  build: .
  environment: &env
    REDIS_URL: redis://localhost:6379
  restart: unless-stopped
volumes:
  data:
networks:
  back: {driver: bridge}
services:
  redis:
    image: redis:7
    command: redis-server --save 60 1 --loglevel warning
    volumes: [data:/data]
    networks: [back]
    restart: always
  migrate:
    <<: *app
    type: oneshot
    command: ["node", "migrate.js"]
    depends_on: [redis]
    restart: "no"
  web:
    <<: *app
    container_name: web
    hostname: web
    command: node server.js
    environment:
      <<: *env
      PORT: 3000
      TOKEN:
    ports:
      - "3000:3000"
    deploy:
      resources: {limits: {cpus: '0.5'}}
    depends_on:
      redis:
        condition: service_started
      migrate:
        condition: service_completed_successfully
    stop_grace_period: 1m30s
    x-extra: 1
`);
		expect(services.map(({name, restart, needs, exec}) =>
			[name, restart.policy, needs.map(need => need.name), exec.argv.join(' '), exec.environment])).toEqual([
			['redis', 'always', [], 'redis-server --save 60 1 --loglevel warning', {}],
			['migrate', 'no', ['redis'], 'node migrate.js', {REDIS_URL: 'redis://localhost:6379'}],
			['web', 'unless-stopped', ['redis', 'migrate'], 'node server.js', {PORT: '3000', REDIS_URL: 'redis://localhost:6379'}],
		]);
		expect(notes.map(formatProblem)).toEqual([
			'archon.yaml:12:1: ignored, as they concern the container and not what runs in it: '
				+ 'volumes, networks, image, build, container_name, hostname, ports',
			'archon.yaml:47:24: stop_grace_period is longer than shutdown.grace_period, and a shutdown cuts it: web',
		]);
	});
});

describe('whatever the text', () => {
	const word = fc.constantFrom(
		'services', 'web', 'db', 'command', 'entrypoint', 'environment', 'depends_on', 'restart', 'umask', 'user', 'type', 'oneshot',
		'ready', 'healthcheck', 'test', 'tcp', 'scale', 'profiles', 'after', 'env_file', 'ulimits', 'nofile', '$X', '${X:-', '}', 'programs', 'cmd',
		'stop_signal', 'condition', 'service_started', 'on-failure:3', '022', '5s', 'shutdown', 'grace_period', 'image', '<<', '&a ', '*a',
		': ', ':\n', '\n  ', '\n    ', '\n      ', '- ', '[', ']', '{', '}', ', ', '"', '\'', '#', '|\n',
	);
	const text = fc.oneof(fc.string({unit: 'binary'}), fc.array(word).map(words => words.join('')), fc.json());

	test('nothing is thrown, and there is a plan or a problem at a place in it', () => {
		fc.assert(fc.property(fc.array(text, {maxLength: 2}), fc.option(fc.constant(['sh'])), (texts, command) => {
			const result = plan(sources(...texts), command, AROUND);
			if (result.ok) return;
			expect(result.error).not.toEqual([]);
			for (const {line, column, file} of result.error) {
				const lines = texts[file === 'archon.yaml' ? 0 : 1]?.split('\n') ?? [];
				if (file !== '') expect(column).toBeLessThanOrEqual((lines[line - 1] ?? expect.fail('no such line')).length + 1);
			}
		}), {numRuns: 1000});
	});

	const size = 10;
	const graph = fc.array(
		fc.record({oneshot: fc.boolean(), needs: fc.uniqueArray(fc.nat(size - 1), {maxLength: 3})}), {minLength: 1, maxLength: size},
	);
	test('a plan has each service once and after all that it needs', () => {
		fc.assert(fc.property(graph, fc.boolean(), (nodes, hasCommand) => {
			// Needs only of later ones, so that there is no circle.
			const lines = nodes.map(({oneshot, needs}, index) => {
				const later = needs.filter(need => need > index && need < nodes.length).map(need => `s${need}`);
				return `  s${index}: {command: x, type: ${oneshot ? 'oneshot' : 'daemon'}, depends_on: [${later.join(', ')}]}`;
			});
			const {services} = planned(['services:', ...lines].join('\n'), hasCommand ? ['sh'] : null);
			expect(services.length).toBe(nodes.length + (hasCommand ? 1 : 0));
			const started = new Set<string>();
			for (const {name, needs} of services) {
				for (const need of needs) expect(started).toContain(need.name);
				started.add(name);
			}
			expect(started.size).toBe(services.length);
		}));
	});

	test('a chain of 2,000 services is planned', () => {
		const lines = Array.from({length: 2000}, (_, index) => `  s${index}: {command: x, depends_on: [${index < 1999 ? `s${index + 1}` : ''}]}`);
		const {services} = planned(['services:', ...lines].join('\n'));
		expect([services.length, services[0]?.name, services.at(-1)?.name]).toEqual([2000, 's1999', 's0']);
	});
});

describe('a file of another init', () => {
	const judged = (text: string): readonly string[] => {
		const result = plan([{file: 'f', text}], null, AROUND);
		return result.ok ? [] : result.error.map(formatProblem);
	};

	test.each(['[a, b]', '[services]\nx: 1', '"[program:x]"', '- [program]'])('%j is not taken for another format', text => {
		expect(judged(text)).toEqual([expect.not.stringContaining('this is a')]);
	});
});
