/** What a config comes to, as a person reads it in 80 columns, and for programs. */
import {describe, expect, test} from 'vitest';
import {explain, type Explanation, secretsIn} from '../../../src/config/explain/explain.ts';
import {explanationText} from '../../../src/config/explain/text.ts';
import {judgeConfig} from '../../../src/config/plan.ts';
import {formatProblem} from '../../../src/config/problems.ts';
import {err, ok} from '../../../src/core/result.ts';
import {around} from './around.ts';

function explained(text: string, environment: Readonly<Record<string, string>> = {}): Explanation {
	const {plan, problems} = judgeConfig([{file: 'f', text}], null, around(environment, {'/app.env': 'FROM_FILE=1\n'}));
	if (!plan) return expect.fail(problems.map(formatProblem).join('\n'));
	return explain(plan, ({user}) => (user === 'app'
		? ok({uid: 1000, gid: 1000, groups: [1000, 29], environment: {HOME: '/home/app', USER: 'app'}}) : err('not here')), secretsIn(environment));
}

const ALL = `
environment: {TZ: UTC}
services:
  migrate: {type: oneshot, command: migrate up}
  db:
    command: postgres -D /srv/db
    user: nobody
    ready: {log: ready to accept}
    stop_signal: INT
    stop_grace_period: 3s
    logging: {driver: file, options: {path: "/var/log/{name}.log"}}
  web:
    command: web --title 'it''s a "b"' --password \${PW} --a-long-option=of-a-program --and-another-one --and-more
    user: app
    group_add: [audio]
    working_dir: /srv
    env_file: /app.env
    environment: {PORT: 80, PW: x}
    depends_on: {db: {condition: service_healthy}, migrate: {condition: service_completed_successfully}}
    wants: [cache]
    ready: {http: "http://u:p@127.0.0.1:8080/up"}
    healthcheck: {test: curl -f x, interval: 10s}
    restart: on-failure:5
    stop_to: group
    pre_stop: [[drain, "a b"]]
    essential: true
  cache: {command: memcached, autostart: false, restart: "no"}
  worker: {command: worker, scale: 3, restart: {policy: always, delay: 5s}, depends_on: [web]}
  gated: {command: gated, autostart: false, test: {command: [test, -f, /etc/on], interval: 1m}}
  tool: {command: tool, autostart: false, runtime_directory: tool, conflicts: cache, only_if: {path_exists: /etc/tool}, on_failure: cache, control: {role: operate, services: [cache]}}
`;

describe('a config', () => {
	test('with all kinds of services reads well', () => {
		expect(explanationText(explained(ALL, {PW: 'hunter2', SHORT_KEY: 'a'}), null)).toMatchSnapshot();
	});

	test('says where archon listens for a service, what it is told of, and what starts it', () => {
		const text = `services:
  web:
    command: web
    sockets: [8080, {listen: 5353, name: dns, type: dgram}, "unix:/run/web.sock", {listen: auto, name: debug}]
    ports: [{name: admin}, {name: peers, port: 7000, protocol: udp}]
    accept: lazy
    idle_timeout: 10m
`;
		expect(explanationText(explained(text), 'web')).toMatchInlineSnapshot(`
			"web
			  type        daemon; started by its first connection, archonctl, or when
			              another one needs it
			  sockets     :8080, :5353 (dns, dgram), unix:/run/web.sock, :auto (debug)
			  lazy        its first connection starts it; it stops when none has been open
			              for 10m
			  ports       PORT_ADMIN: one that archon chooses
			              PORT_PEERS: 7000 (udp)
			  command     web
			  user        archon's own
			  directory   archon's own
			  variables   all of archon's own
			              set by archon: ARCHON_SERVICE, ARCHON_RUN, LISTEN_FDS,
			              LISTEN_FDNAMES, LISTEN_PID, PORT_ADMIN, PORT_PEERS, PORT_DEBUG
			  restart     after each end: at once, then after 100ms, 200ms and so on, up to
			              10s; gives up after 8 within 1m
			  stop        SIGTERM, and after 5s SIGKILL to all that it started
			  output      archon's own streams, untouched
			"
		`);
	});

	test('with one service is short', () => {
		expect(explanationText(explained('services: {web: {command: nginx}}'), null)).toMatchInlineSnapshot(`
			"1 service
			  start       1.  web
			  stop        all at once
			              within 5s: web 5s

			web
			  type        daemon
			  command     nginx
			  user        archon's own
			  directory   archon's own
			  variables   all of archon's own
			              set by archon: ARCHON_SERVICE, ARCHON_RUN
			  restart     after each end: at once, then after 100ms, 200ms and so on, up to
			              10s; gives up after 8 within 1m
			  stop        SIGTERM, and after 5s SIGKILL to all that it started
			  output      archon's own streams, untouched
			"
		`);
	});

	test('has of a pool the command of its root, or the file that says it', () => {
		const pools = 'pools: {app: {dir: /, command: python3 worker.py, plan: {boot: {c: }}}, other: {dir: /, config: zeus.json}}';
		const files = {'/zeus.json': '{"command": "ruby w", "plan": {"boot": {}}}'};
		const {plan} = judgeConfig([{file: 'f', text: pools}], null, around({}, files));
		expect(plan && explain(plan, null, new Map()).services.map(({command}) => command)).toEqual([['python3', 'worker.py'], ['archon.pool', 'zeus.json']]);
	});

	test('with thirty services keeps to 80 columns', () => {
		const services = Array.from({length: 30}, (_, index) => `  service-${index}: {command: run ${index}, depends_on: [${index > 5 ? `service-${index - 6}` : ''}]}`);
		const text = explanationText(explained(`services:\n${services.join('\n')}`), null);
		expect(text.split('\n').filter(line => line.length > 80)).toEqual([]);
		expect(text.slice(0, text.indexOf('\n\n'))).toMatchSnapshot();
	});
});

test('a schedule is told with its zone', () => {
	const text = explanationText(explained(`services:
  job: {type: oneshot, command: job, schedule: {cron: "0 8 * * mon-fri", timezone: UTC, jitter: 5m}}
  cache: {command: cache, schedule: {every: 15m, action: restart}}
`), null);
	expect(text).toContain('  type        oneshot; started by its schedule, archonctl, or when another one\n              needs it\n');
	expect(text).toContain('  schedule    0 8 * * mon-fri (UTC), later by up to 5m\n');
	expect(text).toContain('  type        daemon\n  schedule    restarted every 15m\n');
});

test('values of variables are not shown', () => {
	const explanation = explained(ALL, {PW: 'hunter2'});
	expect(JSON.stringify(explanation) + explanationText(explanation, null)).not.toMatch(/hunter2|u:p@/);
	expect(explanation.services.find(({name}) => name === 'web')?.command).toContain('${PW}');
});

test('the order of starts is in waves, each after all that it needs', () => {
	const {start, on_demand: idle} = explained(ALL);
	expect(start).toEqual([['migrate', 'db', 'cache'], ['web'], ['worker']]);
	expect(idle).toEqual(['gated', 'tool']);
});

test.each([
	['services: {a: {command: a}, b: {command: b}}', 5000, ['a']],
	['services: {a: {command: a, depends_on: [b]}, b: {command: b, stop_grace_period: 1s}}', 6000, ['a', 'b']],
	['services: {a: {command: a, depends_on: [b]}, b: {command: b}}', 10_000, ['a', 'b']],
	['services: {a: {command: a, depends_on: [b]}, b: {command: b, type: oneshot}}', 5000, ['a']],
	['services: {a: {command: a, depends_on: [b]}, b: {command: b, type: oneshot, down: [c]}}', 10_000, ['a', 'b']],
	['services: {a: {command: a, post_stop: [c]}}', 10_000, ['a']],
])('a stop takes as long as the slowest chain: %s', (text, longest, path) => {
	const {stop} = explained(text);
	expect(stop).toMatchObject({longest, at_most: Math.min(longest, 9000), grace_period: 9000});
	expect(stop.path.map(({name}) => name)).toEqual(path);
});

test('what has no limit is null for programs', () => {
	const {stop, services: [service]} = explained('services: {a: {command: a, stop_grace_period: unlimited}}');
	expect([stop.longest, stop.at_most, service?.stop.grace]).toEqual([null, 9000, null]);
});
