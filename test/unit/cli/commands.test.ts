/** `archonctl` from its arguments to its exit status, over the real server and core. */
import {describe, expect, it} from 'vitest';
import {runCli} from '../../../src/cli/archonctl.ts';
import type {Io} from '../../../src/cli/command.ts';
import type {Channel, Connect} from '../../../src/control/transport.ts';
import {Bench, need, service, Visitor} from '../control/bench.ts';

interface Outcome {
	readonly status: number;
	readonly out: string;
	readonly err: string;
}

/** The descriptors that came with requests. */
const passed: (readonly number[])[] = [];

/** A connection to the bench that gives what it has in small pieces, and then the end. */
function channelTo(bench: Bench): Channel {
	const visitor = new Visitor(bench);
	let bytes = new Uint8Array();
	return {
		send(data, fds = []) {
			passed.push(fds);
			visitor.fds.push(...fds);
			const lines = visitor.say(data);
			bytes = Uint8Array.of(...bytes, ...new TextEncoder().encode(lines.map(line => `${line}\n`).join('')));
		},
		receive() {
			const piece = bytes.subarray(0, 7);
			bytes = bytes.slice(7);
			return piece.length > 0 ? piece : null;
		},
		close: () => visitor.leave(),
	};
}

async function archonctl(argv: readonly string[], bench = new Bench(), more: Partial<Io> = {}): Promise<Outcome> {
	let [out, err] = ['', ''];
	const status = await runCli(argv, {
		connect: () => ({ok: true, value: channelTo(bench)}),
		rest() {},
		stdout: text => void (out += text),
		stderr: text => void (err += text),
		stdin: () => '', env: {}, isTty: false, uid: 1000, version: '1.2.3', ...more,
	});
	return {status, out, err};
}

const ok = {status: 0, out: '', err: ''};

const NAMES = [
	'status', 'health', 'history', 'tree', 'logs', 'events', 'wait', 'why', 'blame', 'graph', 'doctor', 'needs-restart', 'state', 'metrics', 'top',
	'start', 'stop', 'auto', 'restart', 'run-now', 'reload', 'trigger', 'test', 'plan', 'config', 'reconcile', 'want', 'unwant', 'whiz',
	'monitor', 'deps', 'signal', 'is-active', 'is-failed', 'pid', 'run', 'attach', 'daemon', 'reopen', 'sync', 'fds', 'ports', 'rules', 'pool', 'alerts', 'upgrade', 'reboot', 'version',
	'shutdown', 'stdio', 'raw', 'shell', 'completion', 'help',
];

describe('reload, plan and config', () => {
	it('a plan is short for people and whole for programs', async () => {
		const bench = new Bench();
		expect((await archonctl(['plan'], bench)).out).toBe('nothing would change\n');
		bench.plan = {ok: true, value: [
			{kind: 'undone', name: 'web', why: 'web: exit status 3'}, {kind: 'added', name: 'new:0'}, {kind: 'added', name: 'new:1'},
			{kind: 'removed', name: 'old'}, {kind: 'restarted', name: 'api'}, {kind: 'key', name: 'api', key: 'command', before: '', after: 'b'},
			{kind: 'key', name: 'api', key: 'environment', before: '', after: '~TOKEN'}, {kind: 'updated', name: 'db'},
			{kind: 'key', name: 'db', key: 'healthcheck', before: '', after: ''}, {kind: 'kept', name: 'a'}, {kind: 'kept', name: 'b'},
			{kind: 'setting', key: 'shutdown.grace_period', before: '9s', after: '20s'}, {kind: 'stop', name: 'api'}, {kind: 'start', name: 'api'},
		]};
		expect((await archonctl(['plan'], bench)).out).toBe(`! the last reload was undone: web: exit status 3
+ new (2 instances)  added
- old  removed
~ api  command … → b, environment ~TOKEN: restarted
~ db  healthcheck: kept (its process stays)
= 2 kept
~ archon  shutdown.grace_period 9s → 20s: applied at once
stops:  api
starts: api
`);
		expect(JSON.parse((await archonctl(['plan', '--json'], bench)).out)).toEqual({
			added: ['new:0', 'new:1'], removed: ['old'], kept: ['a', 'b'], stop: ['api'], start: ['api'],
			changed: [
				{name: 'api', restarts: true, keys: [{key: 'command', before: '', after: 'b'}, {key: 'environment', before: '', after: '~TOKEN'}]},
				{name: 'db', restarts: false, keys: [{key: 'healthcheck', before: '', after: ''}]},
			],
			settings: [{key: 'shutdown.grace_period', before: '9s', after: '20s'}], undone: {name: 'web', why: 'web: exit status 3'},
		});
		bench.plan = {ok: false, error: 'archon.yaml:1:1: bad'};
		expect(await archonctl(['plan'], bench)).toEqual({status: 1, out: '', err: 'archonctl: cannot reload the config: archon.yaml:1:1: bad\n'});
	});

	it('a reload that is tried tells the last lines of what did not become ready', async () => {
		const bench = new Bench();
		expect(await archonctl(['reload', '--rollback'], bench)).toEqual({...ok, out: 'config reloaded: 1 unchanged\n'});
		const told = 'web: exit status 3\nits last lines:\n  one\n  two\n';
		bench.failure = {why: 'web: exit status 3', lines: ['one', 'two']};
		expect(await archonctl(['reload', '--rollback', '--timeout', '5'], bench)).toEqual({
			status: 1, out: '', err: `archonctl: cannot reload the config: ${told}`,
		});
		bench.failure = {...bench.failure, isInForce: true};
		expect(await archonctl(['reload', '--wait', '--timeout', '5'], bench)).toEqual({
			status: 1, out: '', err: `archonctl: the config is in force, but a service is not up: ${told}`,
		});
		expect((await archonctl(['reload', '--wait', 'web'], bench)).status).toBe(100);
		expect((await archonctl(['reload', '--timeout', '5'], bench)).status).toBe(100);
		expect((await archonctl(['reload', '--wait', '--timeout', 'x'], bench)).status).toBe(100);
	});

	it('the config is shown to all who may ask, and secrets to root and archon\'s own user', async () => {
		expect(await archonctl(['config'])).toEqual({...ok, out: 'services: {}\n'});
		expect(await archonctl(['config', '--show-secrets', 'web'])).toEqual({...ok, out: 'services: {}\n'});
	});
});

describe('status', () => {
	const bench = (): Bench =>
		new Bench([service('web'), service('job', {type: 'oneshot', run: '/bin/true'}), service('bad', {run: 'exit 3'})]);

	it.each([
		[[], 0], [['web'], 0], [['web', 'job'], 0], [['all'], 3], [['bad'], 3], [['b*'], 3],
	])('%j: its exit status tells scripts whether all is well', async (names, status) => {
		expect(await archonctl(['status', ...names], bench())).toMatchObject({status, err: ''});
	});

	it('says of a name that there is no such service', async () => {
		expect(await archonctl(['status', 'wbe'], bench())).toEqual({
			status: 1, out: '', err: 'archonctl: no service matches wbe; did you mean web?\n',
		});
	});

	it('is a table for people', async () => {
		const {out} = await archonctl(['status'], bench());
		expect(out).toMatch(/^NAME +STATUS +PID +UPTIME +RESTARTS +NOTE$/m);
		expect(out).toMatch(/^web +running +1001 +\d+d\d+h +0$/m);
		expect(out).not.toContain('\x1b');
	});

	it('is one array for programs', async () => {
		const ASKED = {wanted: true, by: 'config', ruled: null, next: null};
		expect(JSON.parse((await archonctl(['status', '--json', 'web', 'bad'], bench())).out)).toEqual([
			{name: 'web', status: 'running', pid: 1001, since: 1_700_000_000_000, restarts: 0, exit: null, type: 'daemon', note: '', groups: [], ...ASKED},
			{name: 'bad', status: 'failed', pid: null, since: 1_700_000_000_000, restarts: 0, exit: 3, type: 'daemon', note: 'exit status 3', groups: [], ...ASKED},
		]);
		expect((await archonctl(['status', '--json'])).out).toBe('[]\n');
	});

	it('has supervisord\'s statuses when asked to', async () => {
		expect((await archonctl(['status', '--compat=supervisor', 'web', 'bad'], bench())).out)
			.toMatch(/^web {30}RUNNING {3}pid 1001, uptime \d+ days, [\d:]+\nbad {30}EXITED {4}Nov \d\d \d\d:\d\d [AP]M\n$/);
		expect(JSON.parse((await archonctl(['status', '--json', '--compat', 'supervisor', 'bad'], bench())).out))
			.toMatchObject([{name: 'bad', status: 'EXITED', exit: 3}]);
		expect(await archonctl(['status', '--compat=runit'], bench())).toEqual({
			status: 100, out: '', err: 'archonctl: --compat runit: only supervisor is known\n',
		});
	});

	it.each<[string, Partial<Io>, boolean]>([
		['on a terminal', {isTty: true}, true],
		['with NO_COLOR', {isTty: true, env: {NO_COLOR: '1'}}, false],
		['with an empty NO_COLOR', {isTty: true, env: {NO_COLOR: ''}}, true],
		['on a dumb terminal', {isTty: true, env: {TERM: 'dumb'}}, false],
	])('%s is coloured or not', async (_, io, isColoured) => {
		expect((await archonctl(['status'], bench(), io)).out.includes('\x1b[32m')).toBe(isColoured);
	});
});

describe('tree', () => {
	it('draws services over their processes', async () => {
		const bench = new Bench([service('web'), service('db', {run: 'exit 0'})]);
		bench.tree = [{service: 'web', pid: 1001, parent: 1, zombie: false, command: 'nginx', kind: 'main', started: 0, cpu: 0, memory: 0}];
		expect((await archonctl(['tree'], bench)).out).toMatch(/^.*\n +archon\n +├─ web {2}running\n.* 0ms +0B {2}│ {2}└─ 1001 nginx\n +└─ db {2}exited\n$/);
		expect(JSON.parse((await archonctl(['tree', '--json'], bench)).out)).toEqual(bench.tree);
	});
});

describe('a command about services', () => {
	it('is silent when all went well', async () => {
		const bench = new Bench([service('web')]);
		for (const argv of [['stop', 'web'], ['start', 'all'], ['restart', 'w*'], ['signal', 'HUP', 'web']]) {
			expect(await archonctl(argv, bench)).toEqual(ok);
		}
		expect(bench.process('web').signals).toEqual([1]);
		expect(await archonctl(['shutdown'], bench)).toEqual(ok);
		expect(bench.state.stage.kind).not.toBe('running');
	});

	it('says why it has failed', async () => {
		const bench = new Bench([service('web', {run: '/no/such'})]);
		expect(await archonctl(['start', 'web'], bench)).toEqual({
			status: 1, out: '', err: 'archonctl: cannot start web: executing /no/such: no such file or directory\n',
		});
	});
});

describe('run', () => {
	it.each([
		[['exit', '42'], 42], [['die', '9'], 137], [['--', '/bin/true'], 0], [['/etc'], 126],
	])('%j exits as the command does', async (argv, status) => {
		expect(await archonctl(['run', ...argv])).toMatchObject({status, out: ''});
	});

	it('says why a command cannot be executed', async () => {
		expect(await archonctl(['run', '/no/such'])).toEqual({
			status: 127, out: '', err: 'archonctl: cannot run /no/such: executing /no/such: no such file or directory\n',
		});
	});

	it('gives the command what it was given', async () => {
		const bench = new Bench();
		const argv = ['-e', 'A=1', '--env=B=x,y', '-eC', '--cwd', '/srv/', '--user', 'www:1', '--name', 'job', 'exit', '0', '-e', '--help'];
		passed.length = 0;
		expect(await archonctl(['run', ...argv], bench, {env: {C: '3'}})).toEqual(ok);
		expect(bench.processes[0]?.service).toMatchObject({
			name: 'job',
			exec: {
				argv: ['exit', '0', '-e', '--help'], environment: {A: '1', B: 'x,y', C: '3'}, cwd: '/srv',
				user: {user: 'www', group: '1'}, output: {kind: 'passed', fds: [0, 1, 2]},
			},
		});
		expect(passed).toEqual([[0, 1, 2]]);
	});

	it('ends the command when it ends itself', async () => {
		const bench = new Bench();
		expect(await archonctl(['run', 'sleep'], bench)).toEqual({
			status: 111, out: '', err: 'archonctl: archon closed the connection without a reply\n',
		});
		expect(bench.processes).toHaveLength(1);
		expect(bench.processes[0]?.signals[0]).toBe(15);
	});

	it.each([
		[['-e', 'A', 'x'], '--env A: it is not set here'],
		[['-e', '1=2', 'x'], '--env 1=2: not a valid name'],
		[['-e', 'archon.user=root', 'x'], '--env archon.user=root: not a valid name'],
	])('%j is refused before archon is asked', async (argv, message) => {
		expect(await archonctl(['run', ...argv])).toEqual({status: 100, out: '', err: `archonctl: ${message}\n`});
	});

	it('cannot send what the protocol does not allow', async () => {
		expect(await archonctl(['run', '\x1b'])).toEqual({
			status: 100, out: '', err: 'archonctl: cannot send the request: it has control characters: "\\u001b"\n',
		});
	});
});

describe('daemon', () => {
	it('starts a service of its own and leaves it', async () => {
		const bench = new Bench();
		expect(await archonctl(['daemon', '--restart', 'on-failure:3', '--name', 'z', '--', 'sleep', '100'], bench)).toEqual(ok);
		expect(bench.phase('z')).toBe('up');
		expect(bench.process('z').service).toMatchObject({
			exec: {argv: ['sleep', '100'], output: {kind: 'lines'}}, restart: {policy: 'on-failure', attempts: 3},
		});
		expect(await archonctl(['daemon', '/no/such'], bench)).toEqual({
			status: 1, out: '', err: 'archonctl: cannot start such: executing /no/such: no such file or directory\n',
		});
	});
});

describe('raw', () => {
	it('sends records as they are and prints what comes back', async () => {
		expect(await archonctl(['raw', 'Run,exit 3', 'frobnicate', '@7,Status'])).toEqual({
			status: 1, out: 'ExitStatus,3\nError,unknown request: frobnicate\n@7,Ok\n', err: '',
		});
		expect(await archonctl(['raw', 'Run,"exit\n3"'])).toEqual({status: 0, out: 'ExitStatus,3\n', err: ''});
	});

	it('takes them from standard input', async () => {
		const stdin = (): string => '\nRun,exit 1\r\n@7,Run,exit 2\n\nRun,"exit\n3"\nStatus';
		expect(await archonctl(['raw'], new Bench(), {stdin})).toEqual({
			status: 0, out: 'ExitStatus,1\n@7,ExitStatus,2\nExitStatus,3\nOk\n', err: '',
		});
		expect(await archonctl(['raw'])).toEqual(ok);
	});

	it('does not wait for the reply to half a record', async () => {
		expect(await archonctl(['raw', 'Run,"exit 3'])).toEqual({
			status: 100, out: '', err: 'archonctl: the last record is not complete: a quoted field is not closed\n',
		});
	});

	it('takes any number of tagged records', async () => {
		const stdin = (): string => Array.from({length: 500}, (_, index) => `@${index},Status\n`).join('');
		expect((await archonctl(['raw'], new Bench(), {stdin})).out.split('\n')).toHaveLength(501);
	});
});

describe('the socket', () => {
	const nowhere = (errors: Readonly<Record<string, string>>, tried: string[]): Connect => path => {
		tried.push(path);
		return {ok: false, error: errors[path] ?? 'no such file or directory'};
	};

	it.each<[readonly string[], Io['env'], readonly string[]]>([
		[[], {}, ['/run/archon/archon.sock', '/tmp/archon-1000/archon.sock', '/dev/shm/archon-1000/archon.sock']],
		[[], {XDG_RUNTIME_DIR: '/x'}, ['/run/archon/archon.sock', '/x/archon/archon.sock', '/tmp/archon-1000/archon.sock', '/dev/shm/archon-1000/archon.sock']],
		[[], {ARCHON_SOCKET: '/s', XDG_RUNTIME_DIR: '/x'}, ['/s']],
		[['--socket', '/t'], {ARCHON_SOCKET: '/s'}, ['/t']],
		[['--socket=/t'], {}, ['/t']],
	])('with %j and %j is looked for where it belongs', async (argv, env, paths) => {
		for (const line of [[...argv, 'status'], ['status', ...argv]]) {
			const tried: string[] = [];
			expect((await archonctl(line, new Bench(), {connect: nowhere({}, tried), env})).status).toBe(111);
			expect(tried).toEqual(paths);
		}
	});

	it('is the first that answers', async () => {
		const bench = new Bench([service('web')]);
		const connect: Connect = path => path.startsWith('/run') ? {ok: false, error: 'x'} : {ok: true, value: channelTo(bench)};
		expect((await archonctl(['status', 'web'], bench, {connect})).status).toBe(0);
	});

	it.each<[Readonly<Record<string, string>>, string]>([
		[{}, '/run/archon/archon.sock: no such file or directory; is archon running? --socket or $ARCHON_SOCKET names its socket'],
		[{'/tmp/archon-1000/archon.sock': 'connection refused'},
			'/tmp/archon-1000/archon.sock: connection refused; is archon running? --socket or $ARCHON_SOCKET names its socket'],
		[{'/run/archon/archon.sock': 'permission denied'},
			'/run/archon/archon.sock: permission denied; only root, archon\'s own user and those whom access in its config names may connect'],
	])('that cannot be reached is told with the reason', async (errors, message) => {
		expect(await archonctl(['start', 'web'], new Bench(), {connect: nowhere(errors, [])})).toEqual({
			status: 111, out: '', err: `archonctl: cannot reach archon at ${message}\n`,
		});
	});

	it('that closes the connection or sends an invalid answer is told as well', async () => {
		const say = (text: string): Connect => {
			let bytes: Uint8Array | null = text === '' ? null : new TextEncoder().encode(text);
			const receive = (): Uint8Array | null => {
				const [now] = [bytes];
				bytes = null;
				return now;
			};
			return () => ({ok: true, value: {send: () => {}, close: () => {}, receive}});
		};
		const err = (text: string): Promise<Outcome> => archonctl(['stop', 'web'], new Bench(), {connect: say(text)});
		expect(await err('')).toMatchObject({status: 111, err: 'archonctl: archon closed the connection without a reply\n'});
		expect(await err('Hello\n')).toMatchObject({status: 111, err: 'archonctl: archon\'s answer is invalid: Hello\n'});
		expect(await err('a"b\n')).toMatchObject({status: 111});
		expect(await archonctl(['raw', 'Status'], new Bench(), {connect: say('Row,a\n')})).toEqual({
			status: 111, out: 'Row,a\n', err: 'archonctl: archon closed the connection without a reply\n',
		});
	});
});

describe('archon that is re-executed before it answers', () => {
	/** The first connections end without an answer: heard, if the bench is told of what was sent, or not. */
	async function over(argv: readonly string[], lives: readonly (Bench | (() => Bench) | 'deaf' | 'gone')[], heard: Bench | null = null): Promise<Outcome> {
		let left = [...lives];
		const connect: Connect = () => {
			const [life, ...later] = left;
			if (later.length > 0 || life === 'gone') left = later;
			if (life instanceof Bench) return {ok: true, value: channelTo(life)};
			if (typeof life === 'function') return {ok: true, value: channelTo(life())};
			if (life !== 'deaf') return {ok: false, error: life === 'gone' ? 'connection refused' : 'no such file or directory'};
			const visitor = heard ? new Visitor(heard) : null;
			return {ok: true, value: {
				send(data, fds = []) {
					visitor?.fds.push(...fds);
					visitor?.say(data);
				},
				receive: () => null,
				close() {},
			}};
		};
		return archonctl(argv, new Bench(), {connect});
	}

	it.each([[['status', 'web']], [['stop', 'web']], [['start', 'web']], [['reload']], [['history', 'web']], [['tree']]])('%j is asked again', async argv => {
		expect(await over(argv, ['deaf', 'gone', 'deaf', new Bench([service('web')])])).toMatchObject({status: 0, err: ''});
	});

	it.each([[['restart', 'web']], [['signal', 'HUP', 'web']], [['shutdown']], [['daemon', 'sleep', '9']]])('%j is not, for it may have been done', async argv => {
		const after = new Bench([service('web')]);
		expect(await over(argv, ['deaf', after])).toEqual({
			status: 111, out: '', err: 'archonctl: archon was re-executed before it answered; whether the request was carried out is not known: see archonctl status\n',
		});
		expect([after.processes.length, after.process('web').signals, after.state.stage.kind]).toEqual([1, [], 'running']);
	});

	it.each<[string, readonly ('deaf' | 'gone')[]]>([
		['it has ended', ['deaf']], ['it does not come back for long', ['deaf', ...Array.from({length: 1000}, () => 'gone' as const)]],
		['the request may be what it crashes of', ['deaf', 'deaf', 'deaf', 'deaf', 'deaf', 'deaf']],
	])('is given up where %s', async (_, lives) => {
		expect(await over(['status'], lives)).toEqual({status: 111, out: '', err: 'archonctl: archon closed the connection without a reply\n'});
	});

	it('still has the command of run, and gives its exit status', async () => {
		const before = new Bench();
		const after = (): Bench => {
			const bench = new Bench([], before.state);
			const {id, run} = before.process(before.processes[0]?.service.name ?? '');
			bench.dispatch({kind: 'news', id, run, news: {kind: 'exited', outcome: {kind: 'code', code: 7}, survivors: false}});
			return bench;
		};
		expect(await over(['run', 'sleep'], ['deaf', 'gone', after], before)).toEqual({status: 7, out: '', err: ''});
		expect(before.processes).toHaveLength(1);
	});

	it('sends a Run again that was never begun, but not one whose command may have ended', async () => {
		expect(await over(['run', 'exit', '7'], ['deaf', new Bench([], new Bench().state)])).toEqual({status: 7, out: '', err: ''});
		const old = new Bench();
		expect((await over(['run', 'exit', '7'], ['deaf', old])).status).toBe(111);
		expect(old.processes).toHaveLength(0);
	});

	it('says after an upgrade which version runs', async () => {
		expect(await archonctl(['upgrade', '/no/such'])).toEqual({
			status: 1, out: '', err: 'archonctl: cannot upgrade: executing /no/such: no such file or directory; nothing has changed\n',
		});
		const after = new Bench([service('web'), service('db', {run: 'exit 0'})]);
		expect(await over(['upgrade'], ['deaf', after])).toEqual({
			status: 1, out: '', err: 'archonctl: cannot upgrade: archon crashed before it was done, and was re-executed from its own file\n',
		});
		const upgraded = new Bench([service('web'), service('db', {run: 'exit 0'})], null, 'upgrade');
		expect(await over(['upgrade'], ['deaf', upgraded])).toEqual({status: 0, out: 'upgraded to archon 1.2.3: 1 service keeps running\n', err: ''});
	});

	it('says how often it was re-executed', async () => {
		expect((await archonctl(['version'])).out).toBe('archon 1.2.3\narchonctl 1.2.3\n');
		const reexecuted = new Bench([], new Bench([service('web')]).state);
		expect((await archonctl(['version'], reexecuted)).out).toBe('archon 1.2.3, re-executed once\narchonctl 1.2.3\n');
		expect(JSON.parse((await archonctl(['version', '--json'], reexecuted)).out)).toEqual({archon: '1.2.3', archonctl: '1.2.3', lives: 1, cause: 'fault'});
	});
});

describe('help', () => {
	it('lists every command, and explains each', async () => {
		const {status, out} = await archonctl(['help']);
		expect(status).toBe(0);
		const names = [...out.matchAll(/^ {2}([a-z][a-z-]*) {2,}/gm)].map(([, name]) => name ?? '');
		expect(names).toEqual(NAMES);
		for (const name of names) {
			const explained = await archonctl(['help', name]);
			expect(explained.out).toMatch(new RegExp(`^Usage: archonctl ${name}\\b`));
			expect(explained.out).toContain('Examples:');
			expect(await archonctl([name, '--help'])).toEqual(explained);
		}
		expect((await archonctl(['--help'])).out).toBe(out);
		expect(await archonctl([])).toEqual({status: 100, out: '', err: out});
	});

	it('explains words of other supervisors', async () => {
		expect(await archonctl(['help', 'tail'])).toEqual({
			...ok, out: 'tail, a word of supervisorctl: does archonctl logs -n 10, with -f if that is given; a number of bytes is refused\n',
		});
		expect((await archonctl(['help', 'kill'])).out).toMatch(/^kill, a word of systemctl: archonctl signal KILL NAME sends one signal;/);
	});

	it('fits a terminal', async () => {
		for (const argv of [['help'], ...NAMES.map(name => ['help', name])]) {
			for (const line of (await archonctl(argv)).out.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
		}
	});

	it('knows the version', async () => {
		expect((await archonctl(['--version'])).out).toBe('archonctl 1.2.3\n');
		expect((await archonctl(['status', '--version'])).out).toBe('archonctl 1.2.3\n');
	});
});

describe('wrong usage', () => {
	it.each([
		[['statsu'], 'unknown command statsu; did you mean status?'],
		[['x'], 'unknown command x; archonctl help lists them all'],
		[['help', 'strat'], 'unknown command strat; did you mean start?'],
		[['--sokcet', 'x'], 'unknown option --sokcet; did you mean --socket?'],
		[['--socket'], '--socket needs a value: PATH'],
		[['status', '--jsno'], 'unknown option --jsno; did you mean --json?'],
		[['status', '--json=x'], '--json takes no value'],
		[['status', '-x'], 'unknown option -x'],
		[['start'], 'start needs more arguments'],
		[['signal', 'HUP'], 'signal needs more arguments'],
		[['tree', 'web'], 'tree: unexpected argument web'],
		[['run'], 'run needs more arguments'],
		[['run', '--restart', 'always', 'x'], 'unknown option --restart'],
		[['help', 'a', 'b'], 'help: unexpected argument b'],
	])('%j is told, with exit status 100', async (argv, message) => {
		const {status, out, err} = await archonctl(argv);
		expect({status, out}).toEqual({status: 100, out: ''});
		expect(err.split('\n')[0]).toBe(`archonctl: ${message}`);
	});
});

describe('why, blame and graph', () => {
	const bench = (): Bench => {
		const stack = new Bench([
			service('db', {ready: {kind: 'notify'}}), service('cache'), service('app', {needs: [need('db', 'service_healthy'), {...need('cache'), strength: 'soft'}]}),
			service('web', {needs: [need('app'), need('db', 'service_healthy')]}), service('blue', {conflicts: ['cache'], autostart: false, onFailure: ['web']}),
		]);
		return stack;
	};

	it('a graph is a tree for people, a drawing for others, and data for programs', async () => {
		expect((await archonctl(['graph'], bench())).out).toMatchInlineSnapshot(`
			"web  waiting
			├─ app  waiting  [started: not met]
			│  ├─ db  starting  [ready: not met]
			│  └─ cache  running  [started, soft: met]
			└─ db  starting  [ready: not met]
			blue  stopped
			blue conflicts with cache
			web starts when blue has failed
			"
		`);
		expect((await archonctl(['graph', 'app'], bench())).out).toMatchInlineSnapshot(`
			"app  waiting
			├─ db  starting  [ready: not met]
			└─ cache  running  [started, soft: met]
			"
		`);
		expect((await archonctl(['graph', '--dot', 'app'], bench())).out).toMatchInlineSnapshot(`
			"digraph archon {
				rankdir=LR; node [shape=box, fontname="sans-serif"]; edge [fontname="sans-serif", fontsize=10];
				"db" [label="db\\nstarting", color=gray40];
				"cache" [label="cache\\nrunning", color=darkgreen];
				"app" [label="app\\nwaiting", color=gray40];
				"app" -> "db" [label="ready", style=solid, color=red];
				"app" -> "cache" [label="started, soft", style=dashed];
			}
			"
		`);
		expect((await archonctl(['graph', '--mermaid', 'app'], bench())).out).toMatchInlineSnapshot(`
			"flowchart LR
				s0["db<br>starting"]
				s1["cache<br>running"]
				s2["app<br>waiting"]
				s2 -->|"ready (not met)"| s0
				s2 -.->|"started, soft"| s1
			"
		`);
		expect(JSON.parse((await archonctl(['graph', '--json'], bench())).out)).toMatchObject({
			needs: expect.arrayContaining([{service: 'app', needs: 'cache', condition: 'service_started', strength: 'soft', met: true, restart: false}]) as object,
			conflicts: [{service: 'blue', other: 'cache'}], on_failure: [{service: 'blue', other: 'web'}],
		});
		const more = bench();
		expect((await archonctl(['deps', 'add', 'web -> path:/etc/web on=change do=restart'], more)).status).toBe(0);
		expect((await archonctl(['graph'], more)).out).toMatch(/\n1 dependency was made while archon runs: archonctl deps show\n$/);
		expect((await archonctl(['graph', '--dot'], more)).out).toMatch(/\}\n$/);
		expect(await archonctl(['graph', 'nginx'], bench())).toEqual({status: 1, out: '', err: 'archonctl: no service matches nginx\n'});
		expect((await archonctl(['graph', 'ap?'], bench())).out).toBe((await archonctl(['graph', 'app'], bench())).out);
		expect((await archonctl(['graph', '--dot', '--json'], bench())).status).toBe(100);
	});

	it('blame has the slowest first, and the chain that was waited for', async () => {
		const stack = bench();
		stack.now = 1500;
		stack.dispatch({kind: 'news', id: stack.process('db').id, run: stack.process('db').run, news: {kind: 'ready'}});
		expect((await archonctl(['blame'], stack)).out).toMatchInlineSnapshot(`
			"     TOOK    WAITED  NAME
			     1.5s       0ms  db
			      0ms       0ms  cache
			      0ms      1.5s  app
			      0ms      1.5s  web

			critical chain of web:
			  web  ready at 1.5s, after 0ms
			    app  ready at 1.5s, after 0ms
			      db  ready at 1.5s, after 1.5s
			"
		`);
		expect(JSON.parse((await archonctl(['blame', '--json', 'app'], stack)).out)).toMatchObject({
			services: expect.arrayContaining([expect.objectContaining({name: 'app', waited: 1500, took: 0, after: 'db'})]) as object,
			chains: [{name: 'app', links: [{name: 'app', begun: 1500, ready: 1500}, {name: 'db', begun: 0, ready: 1500}]}],
		});
		expect(await archonctl(['blame', 'blue'], stack)).toMatchObject({status: 1, err: 'archonctl: blue was not started\n'});
		expect((await archonctl(['blame', 'app', 'b*'], stack)).out).toContain('critical chain of app:');
		expect(await archonctl(['blame', 'nginx'], stack)).toMatchObject({status: 1, err: 'archonctl: no service matches nginx\n'});
	});

	it('health is quiet, and says in one line why not', async () => {
		expect(await archonctl(['health', 'cache'], bench())).toEqual(ok);
		expect(await archonctl(['health'], bench())).toEqual({status: 1, out: 'db is starting: not ready yet; and 2 more\n', err: ''});
		expect(await archonctl(['health', '--live', '--json'], bench())).toEqual({status: 0, out: '{"ok":true,"reason":null}\n', err: ''});
		expect((await archonctl(['health', '--live', '--ready'], bench())).status).toBe(100);
	});

	it.each([
		[['wait', '--for', 'redy', 'web'], 'archonctl: --for redy: did you mean ready?'],
		[['wait', '--timeout', 'soon', 'web'], 'archonctl: --timeout soon: not a duration like 30s or 1m30s'],
		[['events', '--kinds', 'exitd'], 'archonctl: --kinds exitd: did you mean exited?'],
		[['events', '--after', 'x'], 'archonctl: --after x: not the number of an event'],
		[['events', '-n', 'x'], 'archonctl: --lines x: not a number'],
	])('%j is wrong usage', async (argv, message) => {
		const {status, err} = await archonctl(argv, bench());
		expect(status).toBe(100);
		expect(err.split('\n')[0]).toBe(message);
	});
});

/** Not archon, but a program that answers this. */
function impostor(text: string): Partial<Io> {
	let bytes: Uint8Array | null = new TextEncoder().encode(text);
	const channel: Channel = {
		send() {},
		receive() {
			const all = bytes;
			bytes = null;
			return all;
		},
		close() {},
	};
	return {connect: () => ({ok: true, value: channel})};
}

describe('another program in place of archon', () => {
	const evil = '\x9b2J\x9d0;title\x9c';

	it('moves no cursor of who asks it', async () => {
		const rows = `Row,${evil},failed,0,0,0,${evil}\nOk\n`;
		expect((await archonctl(['status'], undefined, impostor(rows))).out).toContain(String.raw`\x9b2J\x9d0;title\x9c`);
		const json = (await archonctl(['status', '--json'], undefined, impostor(rows))).out;
		expect(json).not.toContain('\x9b');
		expect(json).toContain('\\u009b2J');
		expect((await archonctl(['start', 'web'], undefined, impostor(`Error,${evil}\n`))).err).toBe(String.raw`archonctl: \x9b2J\x9d0;title\x9c` + '\n');
	});

	it('gives a shell that completes nothing to execute', async () => {
		const rows = ['web:0', '$(touch /tmp/x)', '`id`', '-x', 'a b', 'a;b'].map(name => `Row,${name},running,1,0,0,,daemon,,back $(id)\n`).join('');
		expect((await archonctl(['completion', 'names'], undefined, impostor(`${rows}Ok\n`))).out).toBe('web:0\nback\n');
	});

	it('nor if it refuses the connection', async () => {
		const {err} = await archonctl(['status'], undefined, {connect: () => ({ok: false, error: {kind: 'refused', reason: '\x1b]0;title\x07'} as never})});
		expect(err).not.toContain('\x1b');
	});
});
