/** overseer's client: its machine as a trace shows it, and its errors, each provoked. */
import {existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync} from 'node:fs';
import {createServer, type Server, type Socket} from 'node:net';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterEach, describe, expect, test} from 'vitest';
import {boot} from './archon.ts';
import {homes, OVERSEER, PATIENCE, SLEEP, way} from './overseer.ts';

/** Daemons whose homes are in a folder. */
const daemonsIn = (folder: string): number[] => readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(pid => {
	try {
		const isOne = readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('overseerd\0') && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(folder);
		return isOne ? [Number(pid)] : [];
	} catch {
		return [];
	}
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
