/** overseer's daemon and client as processes: both machines by their traces, each error provoked, and jobs that come and go. */
import {chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {createServer, type Server, type Socket} from 'node:net';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterEach, describe, expect, test} from 'vitest';
import {ARCHON, boot} from './archon.ts';
import {random} from '../sim/random.ts';
import {homes, isAlive, visit, visitAs} from './overseer.ts';

const PATIENCE = {timeout: 30_000};
const [SLEEP, NOBODY, OTHER] = [['sleep', '1000000'] as const, 65_534, 65_533];
const OVERSEERD = join(ARCHON, '../overseerd');
const OVERSEER = join(ARCHON, '../overseer');

/** Daemons whose homes are in a folder. */
const daemonsIn = (folder: string): number[] => readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(pid => {
	try {
		const isOne = readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('overseerd\0') && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(folder);
		return isOne ? [Number(pid)] : [];
	} catch {
		return [];
	}
});

/** The states of a trace, in order, without the numbers of connections. */
const way = (trace: string): string => [...trace.matchAll(/^overseerd?: .*-> (\S+)$/gm)].map(([, state]) => state).join(' ');

describe('homes', () => {
	test('the config is below ~/.config and all else below ~/.local/share, for their owner alone', async () => {
		await using own = homes();
		own.jobs({web: SLEEP});
		await own.client();
		expect(Object.keys(await own.status())).toEqual(['web']);
		expect(own.data).toBe(join(own.folder, 'home/.local/share/overseer'));
		for (const [name, mode] of [['.', 0o700], ['overseer.sock', 0o600], ['control.sock', 0o600], ['port', 0o600], ['lock', 0o600]] as const) {
			expect(statSync(join(own.data, name)).mode & 0o777, name).toBe(mode);
		}
	});

	test('$XDG_CONFIG_HOME and $XDG_DATA_HOME come before the home', async () => {
		await using plain = homes();
		await using own = homes({env: {XDG_CONFIG_HOME: join(plain.folder, 'c'), XDG_DATA_HOME: join(plain.folder, 'd')}});
		own.jobs({web: SLEEP});
		expect(existsSync(join(plain.folder, 'c/overseer/jobs.yaml'))).toBe(true);
		await own.client();
		expect(Object.keys(await own.status())).toEqual(['web']);
		expect(existsSync(join(plain.folder, 'd/overseer/overseer.sock'))).toBe(true);
		expect(existsSync(join(own.folder, 'home/.local'))).toBe(false);
	});

	test('they are made where they are missing, and a daemon without jobs waits for some', async () => {
		await using own = homes();
		const daemon = own.daemon();
		await daemon.accepts();
		expect(statSync(join(own.folder, 'home/.config/overseer')).mode & 0o777).toBe(0o700);
		expect(await own.status()).toEqual({});
		own.jobs({web: SLEEP});
		await own.client();
		await expect.poll(async () => (await own.status())['web']?.status, PATIENCE).toBe('running');
	});
});

describe('jobs', () => {
	test('YAML and JSON of exactly overseer\'s shape, from all files of the folder', async () => {
		await using own = homes();
		own.write('a.yaml', 'jobs:\n  - name: web\n    job_command:\n      exe: sleep\n      args: ["1000000"]\n');
		own.write('b.json', '{"jobs": [{"name": "db", "job_command": {"exe": "/bin/sleep", "args": ["1000000"]}}]}');
		own.write('c.yml', 'jobs: []\n');
		own.write('notes.txt', 'jobs: neither');
		await own.client();
		expect(Object.keys(await own.status()).sort()).toEqual(['db', 'web']);
	});

	test('a trigger finds jobs that are new, changed and gone, and leaves the others alone', async () => {
		await using own = homes();
		own.jobs({same: SLEEP, changed: ['sleep', '1000001'], gone: SLEEP});
		await own.client();
		const before = await own.status();
		own.jobs({same: SLEEP, changed: ['sleep', '1000002'], added: SLEEP});
		const answer = await own.client();
		expect(answer).toEqual({status: 0, stderr: '', stdout: 'no tests; started added; restarted changed; stopped gone; 1 unchanged'});
		const after = await own.status();
		expect(after['same']?.pid).toBe(before['same']?.pid);
		expect(after['changed']?.pid).not.toBe(before['changed']?.pid);
		expect(after['added']?.pid).toBeGreaterThan(0);
		expect(isAlive(before['gone']?.pid ?? 0)).toBe(false);
	});

	test('a test decides with each trigger: what differs has started or stopped, and the state is written, when the answer is there', async () => {
		await using own = homes();
		const flag = join(own.folder, 'flag');
		own.jobs({web: {run: SLEEP, test: ['test', '-f', flag]}, db: SLEEP});
		await own.client();
		expect((await own.client()).stdout).toBe('1 test: 0 yes, 1 no; 2 unchanged');
		expect((await own.status())['web']).toMatchObject({status: 'stopped', pid: null});
		const inode = (): number => statSync(join(own.data, 'state.json')).ino;
		const before = inode();
		writeFileSync(flag, '');
		expect((await own.client()).stdout).toBe('1 test: 1 yes, 0 no; started web; 1 unchanged');
		const {pid} = (await own.status())['web'] ?? {};
		expect(isAlive(pid ?? 0)).toBe(true);
		expect(inode()).not.toBe(before);
		expect(readFileSync(join(own.data, 'state.json'), 'utf8')).toContain(String(pid));
		rmSync(flag);
		expect((await own.client()).stdout).toBe('1 test: 0 yes, 1 no; stopped web; 1 unchanged');
		expect(isAlive(pid ?? 0)).toBe(false);
	});

	test('every test is asked by a trigger, and one that cannot be executed leaves its job as it is', async () => {
		await using own = homes();
		const asked = join(own.folder, 'asked');
		const ask = (name: string, then: string): readonly string[] => ['sh', '-c', `echo ${name} >> ${asked}; ${then}`];
		own.jobs({
			yes: {run: SLEEP, test: ask('yes', 'exit 0')}, no: {run: SLEEP, test: ask('no', 'exit 1')}, none: {run: SLEEP, test: ['/nowhere/test']},
		});
		await own.client();
		const names = (): string[] => readFileSync(asked, 'utf8').trim().split('\n').sort();
		const before = names().length;
		expect((await own.client()).stdout).toMatch(/^3 tests: 1 yes, 1 no, 1 without an answer; 3 unchanged$/);
		expect(names().length - before).toBe(2);
	});

	test('a job that goes down is started again', async () => {
		await using own = homes();
		own.jobs({web: SLEEP});
		await own.client();
		const {pid} = (await own.status())['web'] ?? {};
		process.kill(pid ?? 0, 'SIGKILL');
		await expect.poll(async () => (await own.status())['web']?.restarts, PATIENCE).toBe(1);
		expect((await own.status())['web']).toMatchObject({status: 'running'});
	});

	test('a config with a mistake is told in the answer, and changes nothing', async () => {
		await using own = homes();
		own.jobs({web: SLEEP});
		await own.client();
		const before = await own.status();
		own.write('jobs.yaml', 'jobs: [{name: web, job_command: {exe: sleep}}, {name: web, job_command: {exe: sleep}}]');
		expect((await own.client()).stdout).toMatch(/jobs\.yaml:1:48: there are two jobs web; rename one of them/);
		expect(await own.status()).toEqual(before);
	});
});

describe('the daemon', () => {
	test('runs without privileges, and not as PID 1', async () => {
		await using own = homes({uid: NOBODY});
		own.jobs({web: SLEEP});
		const daemon = own.daemon();
		await daemon.accepts();
		expect(readFileSync(`/proc/${daemon.child.pid}/status`, 'utf8')).toMatch(/^Uid:\t65534\t65534\t65534/m);
		await expect.poll(async () => (await own.status())['web']?.status, PATIENCE).toBe('running');
		const {pid} = (await own.status())['web'] ?? {};
		expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t65534/m);
		const init = await execa('unshare', ['--pid', '--fork', '--mount-proc', OVERSEERD], {reject: false, env: own.env});
		expect([init.exitCode, init.stderr]).toEqual([100, expect.stringMatching(/is no init: as PID 1 run archon, with the same jobs/)]);
	});

	test('goes from Start to ReceiveRequest, and each connection from there to its end', async () => {
		await using own = homes();
		const daemon = own.daemon('--trace-fsm');
		await daemon.accepts();
		expect((await own.client()).status).toBe(0);
		expect((await own.client('DIE')).status).toBe(0);
		const {stderr, status} = await daemon.ended;
		expect(status).toBe(0);
		expect(way(stderr.replaceAll(/^overseerd: \[.*\n/gm, ''))).toBe('InitHomes OpenSocket ReceiveRequest');
		expect(way(stderr.replaceAll(/^overseerd: (?!\[1\]).*\n/gm, ''))).toBe('ProcessRequest SendResponse ReceiveRequest');
		expect(way(stderr.replaceAll(/^overseerd: (?!\[2\]).*\n/gm, ''))).toBe('ProcessRequest Exit(Ok(())) Done');
	});

	test('a line at the port is a trigger, and the answer is a line', async () => {
		await using own = homes();
		own.jobs({});
		await own.daemon().accepts();
		own.jobs({web: SLEEP});
		const client = await visit(own.port(), 'go\n');
		expect(await client.ended).toBe('no tests; started web; 0 unchanged\n');
		expect((await own.status())['web']?.status).toBe('running');
	});

	test('the port is the one that was asked for, by option or variable', async () => {
		const port = 12_000 + (process.pid % 10_000);
		await using own = homes({env: {OVERSEER_PORT: String(port)}});
		await own.client();
		expect(own.port()).toBe(port);
		await using other = homes();
		expect(await other.daemon('--port', String(port)).ended).toMatchObject({
			status: 1, stderr: `overseerd: SocketOpenError: cannot listen at 127.0.0.1:${port}: address already in use\n`,
		});
		expect(existsSync(other.socket)).toBe(false);
	});

	test.each(['a newline', 'no newline', 'no newline, and a shutdown'])('DIE ends it and its jobs, at the port, with %s', async how => {
		await using own = homes();
		own.jobs({web: SLEEP});
		const daemon = own.daemon();
		await daemon.accepts();
		await expect.poll(async () => (await own.status())['web']?.status, PATIENCE).toBe('running');
		const {pid} = (await own.status())['web'] ?? {};
		const client = await visit(own.port(), how === 'a newline' ? 'DIE\n' : 'DIE');
		if (how.endsWith('shutdown')) client.socket.end();
		expect(await client.ended).toBe('');
		expect((await daemon.ended).status).toBe(0);
		expect(isAlive(pid ?? 0)).toBe(false);
		expect([own.socket, join(own.data, 'port'), join(own.data, 'control.sock')].filter(existsSync)).toEqual([]);
	});

	test('a second one says that the first is already running', async () => {
		await using own = homes();
		const first = own.daemon();
		await first.accepts();
		const second = await own.daemon('--trace-fsm').ended;
		expect(second.status).toBe(1);
		expect(second.stderr).toMatch(new RegExp(`^overseerd: SocketOpenError: already running as pid ${first.child.pid}$`, 'm'));
		expect(way(second.stderr)).toBe('InitHomes OpenSocket Exit(Err(SocketOpenError)) Done');
		expect((await own.client()).status).toBe(0);
	});

	test('what runs when it is killed goes on, and is the next one\'s', async () => {
		await using own = homes();
		own.jobs({web: {run: SLEEP, test: ['true']}, db: SLEEP});
		await own.client();
		await expect.poll(async () => Object.values(await own.status()).map(({status}) => status), PATIENCE).toEqual(['running', 'running']);
		const before = await own.status();
		await expect.poll(() => (existsSync(join(own.data, 'state.json')) ? readFileSync(join(own.data, 'state.json'), 'utf8') : ''), PATIENCE)
			.toMatch(new RegExp(`${before['web']?.pid}[^]*${before['db']?.pid}`));
		const first = own.owner();
		process.kill(first, 'SIGKILL');
		await expect.poll(() => isAlive(first), PATIENCE).toBe(false);
		expect((await own.client()).stdout).toBe('1 test: 1 yes, 0 no; 2 unchanged');
		expect(own.owner()).not.toBe(first);
		await expect.poll(() => own.status(), PATIENCE).toMatchObject({
			web: {status: 'running', pid: before['web']?.pid}, db: {status: 'running', pid: before['db']?.pid},
		});
	});

	test('after a fatal signal the same process goes on, with its doors and its lock', async () => {
		await using own = homes();
		own.jobs({web: SLEEP});
		const daemon = own.daemon();
		await daemon.accepts();
		await expect.poll(async () => (await own.status())['web']?.status, PATIENCE).toBe('running');
		const before = await own.status();
		const port = own.port();
		process.kill(daemon.child.pid ?? 0, 'SIGSEGV');
		await daemon.says(/re-executed: 1 service keeps running/);
		expect(await own.client()).toMatchObject({status: 0, stderr: ''});
		expect((await (await visit(port, 'go\n')).ended)).toMatch(/\n$/);
		expect((await own.status())['web']?.pid).toBe(before['web']?.pid);
		expect((await own.daemon().ended).stderr).toMatch(/already running/);
		await own.client('DIE');
		expect((await daemon.ended).status).toBe(0);
	});
});

describe('errors of the daemon', () => {
	const failsAs = async (ended: Promise<{status: number; stderr: string}>, pattern: RegExp): Promise<void> => {
		const {status, stderr} = await ended;
		expect(stderr).toMatch(pattern);
		expect(status).toBe(1);
	};

	test('InitHomesError: a home that cannot be made', async () => {
		await using own = homes({uid: NOBODY, env: {XDG_DATA_HOME: '/proc'}});
		await failsAs(own.daemon().ended, /^overseerd: InitHomesError: cannot make \/proc\/overseer: no such file or directory$/m);
		await using none = homes({env: {HOME: ''}});
		await failsAs(none.daemon().ended, /^overseerd: InitHomesError: neither \$XDG_CONFIG_HOME nor \$HOME is set to an absolute path$/m);
	});

	test('InitHomesError: a home that others own, may write to, or could have led elsewhere', async () => {
		await using own = homes();
		own.jobs({});
		const config = join(own.folder, 'home/.config/overseer');
		chownSync(config, OTHER, OTHER);
		await failsAs(own.daemon().ended, /InitHomesError: .*\/\.config\/overseer belongs to uid 65533, who could say what runs$/m);
		chownSync(config, 0, 0);
		chmodSync(config, 0o770);
		await failsAs(own.daemon().ended, /InitHomesError: .* may be written by others, who could say what runs \(chmod go-w .*\/overseer\)$/m);
		chmodSync(config, 0o1777);
		await failsAs(own.daemon().ended, /InitHomesError: .* may be written by others/);
		chmodSync(config, 0o700);
		chmodSync(join(config, 'jobs.yaml'), 0o666);
		await failsAs(own.daemon().ended, /InitHomesError: the config has problems\n.*jobs\.yaml may be written by others, who could say what runs; chmod go-w/);
		// A user's link leads root's daemon nowhere.
		await using led = homes({env: {XDG_DATA_HOME: join(own.folder, 'theirs/share')}});
		mkdirSync(join(own.folder, 'theirs'));
		symlinkSync(own.folder, join(own.folder, 'theirs/share'));
		chownSync(join(own.folder, 'theirs'), OTHER, OTHER);
		await failsAs(led.daemon().ended, /InitHomesError: .*\/theirs belongs to uid 65533/);
		expect(existsSync(join(own.folder, 'overseer'))).toBe(false);
	});

	test('InitHomesError: a config with problems, all of them', async () => {
		await using own = homes();
		own.write('a.yaml', 'jobs: [{name: a}]');
		own.write('b.json', '{"jobs": [{"name": "b", "job_command": {"args": []}}]}');
		await failsAs(own.daemon('--trace-fsm').ended, /a\.yaml:1:8: jobs\[0\] has no job_command\n.*b\.json:1:40: jobs\[0\]\.job_command\.exe is missing/);
	});

	test('SocketOpenError: something else is in the place of the socket, and is left alone', async () => {
		await using own = homes();
		mkdirSync(own.data, {recursive: true, mode: 0o700});
		symlinkSync('/etc/passwd', own.socket);
		await failsAs(own.daemon().ended, /^overseerd: SocketOpenError: .*\/overseer\.sock is there and is no socket: remove it$/m);
		expect(lstatSync(own.socket).isSymbolicLink()).toBe(true);
		await using long = homes({env: {XDG_DATA_HOME: join(own.folder, 'x'.repeat(100))}});
		await failsAs(long.daemon().ended, /SocketOpenError: .* is longer than 107 bytes: set \$XDG_DATA_HOME to a shorter path/);
	});

	test('SocketReadError ends a connection, and not the daemon', async () => {
		await using own = homes();
		const daemon = own.daemon('--trace-fsm');
		await daemon.accepts();
		// Stopped, so that the client is gone before it is heard.
		process.kill(daemon.child.pid ?? 0, 'SIGSTOP');
		const client = await visit(own.port());
		client.socket.resetAndDestroy();
		process.kill(daemon.child.pid ?? 0, 'SIGCONT');
		await daemon.says(/ReceiveRequest failure -> Exit\(Err\(SocketReadError\)\)/);
		await daemon.says(/SocketReadError: a client of overseer: connection reset by peer/);
		await visit(own.port(), 'x'.repeat(100_000));
		await daemon.says(/SocketReadError: a client of overseer: its line is longer than 1024 bytes/);
		const silent = await visit(own.socket);
		expect(await silent.ended).toBe('');
		await daemon.says(/SocketReadError: a client of overseer: no request came within 10 s/);
		expect((await own.client()).status).toBe(0);
	});

	test('SocketWriteError ends a connection, and not the daemon', async () => {
		await using own = homes();
		const daemon = own.daemon('--trace-fsm');
		await daemon.accepts();
		process.kill(daemon.child.pid ?? 0, 'SIGSTOP');
		const client = await visit(own.socket);
		await new Promise<void>(resolve => void client.socket.write('go\n', () => resolve()));
		client.socket.destroy();
		process.kill(daemon.child.pid ?? 0, 'SIGCONT');
		await daemon.says(/SendResponse failure -> Exit\(Err\(SocketWriteError\)\)\n/);
		await daemon.says(/SocketWriteError: a client of overseer: broken pipe/);
		expect((await own.client()).status).toBe(0);
	});
});

describe('the client', () => {
	test('prints the answer of a daemon that runs', async () => {
		await using own = homes();
		await own.daemon().accepts();
		const {status, stdout, stderr} = await own.client('--trace-fsm');
		expect(status).toBe(0);
		expect(stdout).not.toBe('');
		expect(way(stderr)).toBe(
			'InitHomes CheckSocketExists OpenSocket SendRequest ReadResponse CloseSocket(PrintResponse) PrintResponse Exit(Ok(())) Done',
		);
	});

	test('starts a daemon where none runs, and has its answer', async () => {
		await using own = homes();
		own.jobs({web: SLEEP});
		const {status, stdout, stderr} = await own.client('--trace-fsm');
		expect(status).toBe(0);
		expect(stdout).not.toBe('');
		expect(way(stderr)).toMatch(/^InitHomes CheckSocketExists LaunchDaemon OpenSocket SendRequest .* Done$/);
		const pid = own.owner();
		// In a session of its own, with its log and that of its jobs beside its state.
		expect(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3]).toBe(String(pid));
		await expect.poll(() => readFileSync(join(own.data, 'overseer.log'), 'utf8'), PATIENCE).toMatch(/started web/);
		await own.client();
		expect(own.owner()).toBe(pid);
	});

	test('deletes a stale socket, and starts a daemon', async () => {
		await using own = homes();
		const daemon = own.daemon();
		await daemon.accepts();
		daemon.child.kill('SIGKILL');
		await daemon.ended;
		expect(existsSync(own.socket)).toBe(true);
		const {status, stderr} = await own.client('--trace-fsm');
		expect(status).toBe(0);
		expect(way(stderr)).toMatch(/^InitHomes CheckSocketExists OpenSocket DeleteSocketFile LaunchDaemon OpenSocket SendRequest .* Done$/);
		expect(own.owner()).not.toBe(daemon.child.pid);
	});

	test('ten at once have one daemon, and each has its answer', async () => {
		await using own = homes();
		own.jobs({web: SLEEP});
		const all = await Promise.all(Array.from({length: 10}, () => own.client()));
		expect(all.map(({status, stderr}) => [status, stderr])).toEqual(Array.from({length: 10}, () => [0, '']));
		// Those that have come too late say so and end.
		await expect.poll(() => daemonsIn(own.folder), PATIENCE).toEqual([own.owner()]);
	});

	describe('errors', () => {
		const servers: Server[] = [];
		const sockets: Socket[] = [];
		afterEach(() => {
			sockets.splice(0).forEach(socket => socket.destroy());
			servers.splice(0).forEach(server => server.close());
		});

		/** Something else in the daemon's place. */
		async function listen(path: string, serve: (socket: Socket) => void): Promise<void> {
			const server = createServer({allowHalfOpen: true}, socket => {
				sockets.push(socket);
				socket.on('error', () => {});
				serve(socket);
			});
			servers.push(server);
			mkdirSync(join(path, '..'), {recursive: true, mode: 0o700});
			await new Promise<void>(resolve => void server.listen(path, resolve));
		}

		test('InitHomesError: without a home', async () => {
			await using own = homes({env: {HOME: ''}});
			const {status, stderr} = await own.client('--trace-fsm');
			expect(status).toBe(1);
			expect(way(stderr)).toBe('InitHomes Exit(Err(InitHomesError)) Done');
			expect(stderr).toMatch(/\noverseer: InitHomesError: neither \$XDG_CONFIG_HOME nor \$HOME is set to an absolute path$/);
		});

		test('SocketSendError: the daemon reads nothing of a long request, and goes', async () => {
			await using own = homes();
			await listen(own.socket, socket => {
				socket.pause();
				socket.destroy();
			});
			const {status, stderr} = await own.client('--trace-fsm', ...Array.from({length: 8}, () => 'x'.repeat(100_000)));
			expect(status).toBe(1);
			expect(way(stderr)).toMatch(/ SendRequest CloseSocket\(Exit\(Err\(SocketSendError\)\)\) Exit\(Err\(SocketSendError\)\) Done$/);
			expect(stderr).toMatch(/\noverseer: SocketSendError: (?:broken pipe|connection reset by peer)$/);
		});

		const FAULTY: readonly (readonly [how: string, serve: (socket: Socket) => void, why: string])[] = [
			['goes without an answer', socket => void socket.once('data', () => void socket.end()), 'the daemon has closed the connection without an answer'],
			['goes within its answer', socket => void socket.once('data', () => void socket.end('conf')), 'the answer was cut short'],
			['never ends its answer', socket => void socket.once('data', () => void socket.write('x'.repeat(100_000))), 'the answer is longer than 16384 bytes'],
		];

		test.each(FAULTY)('SocketReadError: a daemon that %s', async (_, serve, why) => {
			await using own = homes();
			await listen(own.socket, serve);
			const {status, stderr, stdout} = await own.client('--trace-fsm');
			expect([status, stdout]).toEqual([1, '']);
			expect(way(stderr)).toMatch(/ ReadResponse CloseSocket\(Exit\(Err\(SocketReadError\)\)\) Exit\(Err\(SocketReadError\)\) Done$/);
			expect(stderr.split('\n').at(-1)).toBe(`overseer: SocketReadError: ${why}`);
		});

		test('DaemonLaunchError: with what the daemon has said', async () => {
			await using own = homes();
			own.write('jobs.yaml', 'jobs: [{name: a}]');
			const {status, stderr} = await own.client('--trace-fsm');
			expect(status).toBe(1);
			expect(way(stderr)).toBe('InitHomes CheckSocketExists LaunchDaemon Exit(Err(DaemonLaunchError)) Done');
			expect(stderr).toMatch(/\noverseer: DaemonLaunchError: InitHomesError: the config has problems; .*jobs\.yaml:1:8: jobs\[0\] has no job_command$/);
		});

		test('DaemonLaunchError: another daemon is on its way for five seconds, and its socket is not deleted', async () => {
			await using own = homes();
			const daemon = own.daemon();
			await daemon.accepts();
			daemon.child.kill('SIGKILL');
			await daemon.ended;
			const holder = execa('python3', ['-c', `
import fcntl, time
f = open(${JSON.stringify(join(own.data, 'lock'))}, 'r+'); fcntl.flock(f, fcntl.LOCK_EX); print('locked', flush=True); time.sleep(1000000)
`], {reject: false});
			await new Promise(resolve => void holder.stdout?.once('data', resolve));
			const {status, stderr} = await own.client('--trace-fsm');
			holder.kill('SIGKILL');
			await holder;
			expect(status).toBe(1);
			expect(way(stderr)).toBe('InitHomes CheckSocketExists OpenSocket DeleteSocketFile LaunchDaemon Exit(Err(DaemonLaunchError)) Done');
			expect(stderr).toMatch(/\noverseer: DaemonLaunchError: overseerd does not accept at .*\/overseer\.sock within 5 s: connection refused$/);
			expect(existsSync(own.socket)).toBe(true);
		});

		test('DaemonLaunchError: a symbolic link in the place of the socket is not followed and not deleted', async () => {
			await using own = homes();
			await using other = homes();
			await listen(join(other.data, 'fake.sock'), socket => void socket.end('fooled\n'));
			mkdirSync(own.data, {recursive: true, mode: 0o700});
			symlinkSync(join(other.data, 'fake.sock'), own.socket);
			const {status, stderr, stdout} = await own.client();
			expect([status, stdout]).toEqual([1, '']);
			expect(stderr).toMatch(/^overseer: DaemonLaunchError: SocketOpenError: .*overseer\.sock is there and is no socket: remove it$/);
			expect(lstatSync(own.socket).isSymbolicLink()).toBe(true);
		});

		test('DaemonLaunchError: where archon is PID 1 it starts no second supervisor', async () => {
			await using own = homes();
			await using archon = await boot({config: 'services: {web: {command: sleep 1000000}}', env: own.env});
			await archon.says(/started web/);
			expect(await archon.ctl('run', OVERSEER)).toMatchObject({
				status: 1, stderr: expect.stringMatching(/^overseer: DaemonLaunchError: PID 1 is archon here, which does what it would: archonctl trigger$/m),
			});
		});

		test('DaemonLaunchError: DIE starts no daemon to end it', async () => {
			await using own = homes();
			expect(await own.client('DIE')).toEqual({status: 1, stdout: '', stderr: 'overseer: DaemonLaunchError: there is no overseerd to end'});
			expect(own.owner()).toBe(0);
		});
	});
});

describe('another user', () => {
	test('may trigger at the port now and then, is told no names, and ends nothing', async () => {
		await using own = homes({uid: NOBODY});
		own.jobs({secret: SLEEP});
		const daemon = own.daemon();
		await daemon.accepts();
		own.jobs({secret: SLEEP, hidden: SLEEP});
		expect(await visitAs(OTHER, own.port(), 'DIE\n')).toBe('only the user whose daemon this is may end it');
		expect(await visitAs(OTHER, own.port(), 'go\n')).toBe('triggered');
		expect(Object.keys(await own.status()).sort()).toEqual(['hidden', 'secret']);
		expect(await visitAs(OTHER, own.port(), 'go\n')).toBe('triggered a moment ago');
		expect(await visitAs(OTHER, own.port(), 'POST / HTTP/1.1\r\n\r\nDIE\n')).toBe('this is no web server');
		// The daemon's own user and root are no strangers.
		expect(await visitAs(NOBODY, own.port(), 'go\n')).not.toMatch(/^triggered/);
		expect(await visitAs(0, own.port(), 'go\n')).not.toMatch(/^triggered/);
		expect(isAlive(daemon.child.pid ?? 0)).toBe(true);
	});

	test('is not taken for root by leaving at once: the kernel gives what has no owner any more to root', async () => {
		await using own = homes({uid: NOBODY});
		const daemon = own.daemon('--trace-fsm');
		await daemon.accepts();
		for (const then of ['s.close()', 'import struct; s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); s.close()']) {
			process.kill(daemon.child.pid ?? 0, 'SIGSTOP');
			await visitAs(OTHER, own.port(), 'DIE\n', then);
			process.kill(daemon.child.pid ?? 0, 'SIGCONT');
		}
		await daemon.says(/\[2\] (?:SendResponse|ReceiveRequest failure)/);
		await daemon.says(/\[1\] ProcessRequest other -> SendResponse/);
		expect(daemon.said()).not.toMatch(/ProcessRequest DIE/);
		expect(await own.client()).toMatchObject({status: 0});
	});

	test('with as many connections as it likes keeps the owner from nothing', async () => {
		await using own = homes();
		await own.daemon().accepts();
		const many = await Promise.all(Array.from({length: 200}, () => visit(own.port())));
		expect(await (await visit(own.port(), 'go\n')).ended).toMatch(/\n$/);
		expect(await own.client()).toMatchObject({status: 0, stderr: ''});
		for (const {socket} of many) socket.destroy();
	});

	test('with any bytes whatever costs the daemon nothing', async () => {
		await using own = homes();
		own.jobs({web: SLEEP});
		const daemon = own.daemon();
		await daemon.accepts();
		const {chance, between} = random(1);
		for (let round = 0; round < 8; round++) {
			await Promise.all(Array.from({length: 15}, async () => {
				const isTcp = chance(0.5);
				const {socket, ended} = await visit(isTcp ? own.port() : own.socket);
				const bytes = Uint8Array.from({length: between(0, 1500)}, () => between(0, 255));
				socket.write(bytes);
				if (chance(0.5)) socket.end();
				else if (isTcp) socket.resetAndDestroy();
				else socket.destroy();
				await ended;
			}));
		}
		expect(await own.client()).toMatchObject({status: 0, stderr: ''});
		expect(await (await visit(own.port(), 'go\n')).ended).toBe('no tests; 1 unchanged\n');
		expect(isAlive(daemon.child.pid ?? 0)).toBe(true);
		expect(daemon.said()).not.toMatch(/a bug in archon|re-executed/);
	});

	test('is not believed to be the daemon', async () => {
		await using own = homes();
		mkdirSync(own.data, {recursive: true, mode: 0o700});
		const child = execa('python3', ['-c', `
import os, socket, time
s = socket.socket(socket.AF_UNIX); s.bind(${JSON.stringify(own.socket)})
os.setuid(${OTHER}); s.listen(); print('listening', flush=True); time.sleep(1000000)
`], {reject: false, forceKillAfterDelay: 100});
		await new Promise(resolve => void child.stdout?.once('data', resolve));
		writeFileSync(join(own.data, 'lock'), '');
		const {status, stdout} = await own.client();
		child.kill('SIGKILL');
		await child;
		// Its own daemon has taken the place.
		expect([status, stdout === '']).toEqual([0, false]);
		expect(lstatSync(own.socket).uid).toBe(0);
	});
});

describe('arguments', () => {
	test.each([
		[OVERSEERD, ['--version'], 0, /^overseerd \(archon /], [OVERSEERD, ['--help'], 0, /usage: overseerd/], [OVERSEERD, ['--port', 'x'], 100, /take a number up to 65535, not x; see/],
		[OVERSEERD, ['--nonsense'], 100, /^overseerd: unknown option --nonsense; see overseerd --help$/], [OVERSEERD, ['word'], 100, /unexpected argument word/],
		[OVERSEER, ['-V'], 0, /^overseer \(archon /], [OVERSEER, ['-h'], 0, /usage: overseer/], [OVERSEER, ['--nonsense'], 100, /^overseer: unknown option --nonsense/],
		[OVERSEER, ['a\nDIE'], 100, /a request is one line/],
	] as const)('%s %j', async (program, args, status, said) => {
		const {exitCode, stdout, stderr} = await execa(program, args, {reject: false});
		expect([exitCode, stdout + stderr]).toEqual([status, expect.stringMatching(said)]);
	});
});
