/** The errors of overseer's daemon, each provoked. */
import {chmodSync, chownSync, existsSync, lstatSync, mkdirSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {homes, NOBODY, OTHER, visit} from './overseer.ts';

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
