/** Every text that archonctl shows: its help, and what it says when a request is refused. To be read aloud when they change. */
import {expect, it} from 'vitest';
import {runCli} from '../../../src/cli/archonctl.ts';
import type {Io} from '../../../src/cli/command.ts';
import type {Channel} from '../../../src/control/transport.ts';
import {Bench, need, service, Visitor} from '../control/bench.ts';

/** A connection on which the server answers at once; `deaf`: it ends without an answer. */
function channelTo(bench: Bench, uid = 0): Channel {
	const visitor = new Visitor(bench, uid);
	let lines: readonly string[] = [];
	return {
		send(data, fds = []) {
			visitor.fds.push(...fds);
			lines = visitor.say(data);
		},
		receive() {
			const bytes = new TextEncoder().encode(lines.map(line => `${line}\n`).join(''));
			lines = [];
			return bytes.length > 0 ? bytes : null;
		},
		close: () => visitor.leave(),
	};
}

/** What is seen on both streams. */
async function shown(argv: readonly string[], bench: Bench, more: Partial<Io> = {}): Promise<string> {
	let text = '';
	const status = await runCli(argv, {
		connect: () => ({ok: true, value: channelTo(bench)}), rest() {},
		stdout: more => void (text += more), stderr: more => void (text += more),
		stdin: () => '', env: {}, isTty: false, uid: 0, version: '1.2.3', ...more,
	});
	const words = argv.map(word => /[^\w,.:=@/-]|^$/.test(word) ? JSON.stringify(word) : word);
	return `$ ${['archonctl', ...words].join(' ').slice(0, 120)}\n${text}[${status}]\n`;
}

const NAMES = [
	'status', 'history', 'tree', 'logs', 'doctor', 'state', 'start', 'stop', 'auto', 'restart', 'reload', 'plan', 'config',
	'signal', 'is-active', 'is-failed', 'pid', 'run', 'daemon', 'reopen', 'upgrade', 'version',
	'shutdown', 'raw', 'completion', 'help',
];

it('the help of all commands', async () => {
	const texts: string[] = [];
	for (const argv of [['help'], ...NAMES.map(name => ['help', name])]) texts.push(await shown(argv, new Bench()));
	await expect(texts.join('\n')).toMatchFileSnapshot('texts/help.txt');
});

const deaf: Channel = {send() {}, receive: () => null, close() {}};
const saying = (text: string): Channel => {
	let bytes: Uint8Array | null = new TextEncoder().encode(text);
	return {...deaf, receive() {
		const now = bytes;
		bytes = null;
		return now;
	}};
};
const unreachable = (error: string): Partial<Io> => ({connect: () => ({ok: false, error})});

/** Connections one after the other; after the last there is no archon. */
function over(...channels: readonly Channel[]): Partial<Io> {
	const left = [...channels];
	return {connect() {
		const value = left.shift();
		return value ? {ok: true, value} : {ok: false, error: 'no such file or directory'};
	}};
}

/** A world in which nearly everything can go wrong. */
const world = (): Bench => new Bench([
	service('web'), service('db', {run: '/no/such'}), service('bad', {run: 'exit 3'}), service('job', {type: 'oneshot', run: '/bin/true'}),
	service('app', {needs: [need('db')]}), service('flaky', {run: 'exit 1', restart: {...service('x').restart, policy: 'always'}}),
]);

it('what is said when something is wrong', async () => {
	const texts: string[] = [];
	const say = async (argv: readonly string[], bench: Bench = world(), more: Partial<Io> = {}): Promise<void> => {
		texts.push(await shown(argv, bench, more));
	};
	// Usage.
	for (const argv of [
		['statsu'], ['x'], ['help', 'strat'], ['--sokcet', 'x'], ['--socket'], ['status', '--jsno'], ['status', '--json=x'], ['status', '-x'],
		['start'], ['tree', 'web'], ['run', '-e', 'A', 'x'], ['run', '-e', '1=2', 'x'], ['daemon', '-e', 'archon.user=x', 'x'],
		['status', '--compat=runit'], ['logs', '-n', 'x'], ['logs', '--stream', 'stdrr'], ['logs', '--stream', 'x'], ['logs', '--since', 'x'],
		['raw', 'Run,"x'], ['run', '\x1b'], ['run', '\ud800'], ['run', 'x'.repeat(70_000)],
	]) await say(argv);
	// The connection.
	for (const error of ['no such file or directory', 'connection refused', 'permission denied']) await say(['status'], world(), unreachable(error));
	await say(['--socket', '/run/a.sock', 'status'], world(), unreachable('no such file or directory'));
	await say(['status'], world(), over(deaf));
	await say(['status'], world(), over(saying('Hello\n')));
	await say(['status'], world(), over(saying('a"b\n')));
	await say(['raw', 'Status'], world(), over(saying('a"b\n')));
	await say(['restart', 'web'], world(), over(deaf, channelTo(world())));
	await say(['upgrade'], world(), over(deaf, channelTo(world())));
	await say(['upgrade'], world(), over(deaf, channelTo(new Bench([service('web')], null, 'upgrade'))));
	await say(['status'], world(), over(channelTo(world(), 4711)));
	// Services.
	for (const argv of [
		['status', 'wbe'], ['status', 'z*'], ['signal', 'HUP', '17'], ['status', ...Array.from({length: 17}, () => 'w*')],
		['start', 'db'], ['start', 'bad'], ['start', 'app'], ['start', 'flaky'], ['restart', 'db', 'bad'], ['signal', 'HUP', 'bad'], ['signal', 'HUP', 'b*'],
		['signal', 'X', 'web'], ['reload', 'web'], ['reload', 'w*'], ['upgrade', '/no/such'], ['run', '/no/such'], ['run', '/etc'],
		['run', '--name', 'web', 'x'], ['run', '--name', '1', 'x'], ['daemon', '/no/such'], ['daemon', '--restart', 'x', 'y'], ['logs', 'wbe'],
	]) await say(argv);
	const reloading = world();
	await say(['reload', 'bad'], new Bench([service('bad', {run: 'exit 3', reload: {signal: 1}})]));
	const client = new Visitor(reloading);
	client.say('Run,sleep\n');
	await say(['restart', 'run-1'], reloading);
	const ending = world();
	ending.isSlow = true;
	ending.dispatch({kind: 'shutdown', why: 'test'});
	for (const argv of [['start', 'web'], ['run', 'x'], ['upgrade']]) await say(argv, ending);
	// The protocol.
	for (const record of [
		'frobnicate', 'Run', 'Run,', 'Run,echo \'a', 'Run,x,NOEQ', 'Run,x,1A=1', 'RunV', 'RunV,x', 'RunV,3,a', 'Run,x,archon.umask=9', 'Run,x,archon.nmae=y',
		'Run,x,archon.restart=no', 'Run,x,archon.stdio=passed', 'Start', 'Stop,web,', `Stop${',a'.repeat(1001)}`, 'Signal,web', 'Tree,web', 'Upgrade,x',
		'Upgrade,/a,/b', 'StopDaemon', 'StopDaemon,z,TERM,soon', 'StopDaemon,z,TERM,1,2', 'StopDaemon,w*', 'Attach,x', 'Logs,archon.lines=x', 'ab"c', ',',
		'"a"b', '@a b,Status', 'Status,\x01',
	]) await say(['raw', record]);
	await expect(texts.join('\n')).toMatchFileSnapshot('texts/messages.txt');
});
