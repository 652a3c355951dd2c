/** Control by TCP: the config, the tokens, the rights, and what the ends of everything in between cost. */
import {execa} from 'execa';
import {chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync} from 'node:fs';
import {connect as connectTcp, createServer} from 'node:net';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {type Answer, type Archon, ARCHON, boot} from './archon.ts';
import {onTerminal} from './terminal.ts';

const HELPER = 'archon.gate';
const TOKEN = 'q3JhbmRvbSB0b2tlbiBvZiB0aGUgdGVzdA==';
const OTHER = 'YW5vdGhlciB0b2tlbiBvZiB0aGUgdGVzdA==';
const services = 'services: {web: {command: sleep 1000000}, db: {command: sleep 1000000}}\n';
const isRoot = process.getuid?.() === 0;

/** Below those that the kernel gives to clients (ip_local_port_range), and none of gate.test.ts. */
let nextPort = 21_000 + (process.pid % 10_000);

interface Remote extends AsyncDisposable {
	readonly archon: Archon;
	readonly port: number;
	readonly tokens: string;
	/** A command over TCP. */
	ctl(...args: readonly string[]): Promise<Answer>;
	ctlWith(token: string, ...args: readonly string[]): Promise<Answer>;
	/** The helper's status as `archonctl status` has it. */
	gate(): Promise<{status: string; pid: number; note: string; restarts: number}>;
	config(text: string): void;
}

async function remote(rest = 'role: admin', more = ''): Promise<Remote> {
	const port = nextPort++;
	const empty = await boot({config: null, args: ['--version']});
	const tokens = join(empty.folder, 'tokens');
	writeFileSync(tokens, `${TOKEN}\n`, {mode: 0o400});
	const entry = (text: string): string => text.replaceAll('LISTEN', `listen: "127.0.0.1:${port}"`).replaceAll('TOKENS', `token_file: ${tokens}`);
	const archon = await boot({config: entry(`${services}remote: {LISTEN, TOKENS, ${rest}}\n${more}`)});
	const ctlWith = async (token: string, ...args: readonly string[]): Promise<Answer> => {
		const file = join(empty.folder, `token-${Math.random()}`);
		writeFileSync(file, token);
		const {exitCode, stdout, stderr} = await execa(join(ARCHON, '../archonctl'), ['-H', `tcp://127.0.0.1:${port}`, '--token-file', file, ...args], {reject: false, stdin: 'ignore'});
		return {status: exitCode ?? -1, stdout: String(stdout), stderr: String(stderr)};
	};
	const self: Remote = {
		archon, port, tokens, ctlWith,
		ctl: (...args) => ctlWith(TOKEN, ...args),
		gate: async () => ((await archon.status())[HELPER] ?? {status: '', pid: 0, note: '', restarts: 0}) as never,
		config: text => writeFileSync(join(archon.folder, 'archon.yaml'), entry(text)),
		[Symbol.asyncDispose]: () => archon[Symbol.asyncDispose](),
	};
	await expect.poll(async () => (await self.gate()).note).toMatch(/^listening/);
	return self;
}

test('who has the token has the role, and nothing more', async () => {
	await using here = await remote('role: operate, services: [web]');
	expect(await here.gate()).toMatchObject({status: 'running', note: `listening at 127.0.0.1:${here.port}`});
	expect((await here.ctl('status')).stdout).toMatch(/^NAME.*\nweb +running[^\n]*$/);
	expect(await here.ctl('restart', 'web')).toMatchObject({status: 0});
	await here.archon.says(/stopped web/);
	expect(await here.ctl('restart', 'db')).toMatchObject({status: 1, stderr: expect.stringMatching(/Restart of db takes the role operate, .*archon\.gate has it for web only/)});
	expect(await here.ctl('shutdown')).toMatchObject({status: 1, stderr: expect.stringMatching(/Shutdown takes the role admin/)});
	expect(await here.ctlWith(OTHER, 'status')).toEqual({status: 111, stdout: '', stderr: `archonctl: cannot reach archon at tcp://127.0.0.1:${here.port}: wrong token`});
	await here.archon.says(/a client at 127\.0\.0\.1 was refused: it has a wrong token/);
});

test('each token of one address has the role of its entry, whichever other has more', async () => {
	const [one, two] = ['observe', 'admin'];
	await using here = await remote(`role: ${one}`);
	const second = join(here.archon.folder, 'second');
	writeFileSync(second, OTHER, {mode: 0o400});
	here.config(`${services}remote: [{LISTEN, TOKENS, role: ${one}}, {LISTEN, token_file: ${second}, role: ${two}}]\n`);
	expect((await here.archon.ctl('reload')).stdout).toMatch(/also changed: remote/);
	await expect.poll(async () => (await here.ctlWith(OTHER, 'restart', 'web')).status).toBe(0);
	const {status, stderr} = await here.ctl('restart', 'web');
	expect(status).toBe(1);
	expect(stderr).toMatch(/Restart of web takes the role operate, this connection of helper archon\.gate was limited to observe/);
	expect((await here.ctl('status')).status).toBe(0);
});

test('all commands work over it: what follows, waits, and is raw', async () => {
	await using here = await remote();
	expect((await here.ctl('tree')).stdout).toMatch(/sleep 1000000/);
	expect((await here.ctl('raw', 'Version')).stdout).toMatch(/^Row,.*\nOk$/);
	expect((await here.ctl('wait', 'web', '--for', 'ready')).status).toBe(0);
	expect(await here.ctl('daemon', '--name', 'job', '--', 'sh', '-c', 'seq 2000; exec sleep 1000000')).toMatchObject({status: 0});
	await expect.poll(async () => (await here.ctl('logs', '-n', '2000', 'job')).stdout.split('\n').length).toBe(2000);
	expect(await here.ctl('run', 'true')).toMatchObject({status: 100, stderr: expect.stringMatching(/tcp:\/\/ cannot carry/)});
	// A command ends with the connection of its client.
	const socket = connectTcp(here.port, '127.0.0.1');
	socket.write(`Token,${TOKEN}\nRun,sleep 1000000,archon.name=task\n`);
	await here.archon.says(/started task/);
	socket.resetAndDestroy();
	await here.archon.says(/stopped task/);
	expect((await here.ctl('shutdown')).status).toBe(0);
	expect(await here.archon.ended()).toBe(0);
});

test('what shows a screen works over it: the shell, and a command on a terminal', async () => {
	await using here = await remote();
	const words = ['-H', `tcp://127.0.0.1:${here.port}`, '--token-file', here.tokens];
	await using shell = onTerminal([join(ARCHON, '../archonctl'), ...words]);
	await shell.until(/up>/);
	shell.press('restart web\r');
	await here.archon.says(/stopped web/);
	await using job = onTerminal([join(ARCHON, '../archonctl'), ...words, 'run', '-it', '--', 'sh', '-c', 'read x; echo "got $x"; exit 3']);
	await here.archon.says(/started run-/);
	job.press('abc\r');
	await job.until(/got abc/);
	expect(await job.ended()).toBe(3);
});

describe('the token', () => {
	test.runIf(isRoot)('is in a file that root alone can read, and nowhere else', async () => {
		await using here = await remote();
		const {pid} = await here.gate();
		const inner = readdirSync('/proc').find(name => {
			try {
				return readlinkSync(`/proc/${name}/ns/pid`) === readlinkSync(`/proc/${here.archon.pid}/ns/pid`) && readFileSync(`/proc/${name}/comm`, 'utf8') === `${HELPER}\n`;
			} catch {
				return false;
			}
		});
		expect(pid).toBeGreaterThan(1);
		for (const file of ['cmdline', 'environ']) {
			for (const of of [inner, here.archon.pid]) expect(readFileSync(`/proc/${of}/${file}`, 'latin1')).not.toContain(TOKEN);
		}
		expect(readFileSync(`/proc/${inner}/status`, 'utf8')).toMatch(/^Uid:\s+65534/m);
		// Its memory is its own and small.
		const own = Number(/^Private_Dirty:\s+(\d+)/m.exec(readFileSync(`/proc/${inner}/smaps_rollup`, 'utf8'))?.[1]);
		expect(own).toBeLessThan(1 << 10);
		expect(here.archon.log()).not.toContain(TOKEN);
		// PID 1 has no socket of the network's.
		const inet = readFileSync(`/proc/${here.archon.pid}/net/tcp`, 'utf8');
		const sockets = readdirSync(`/proc/${here.archon.pid}/fd`).flatMap(fd => /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${here.archon.pid}/fd/${fd}`))?.[1] ?? []);
		for (const inode of sockets) expect(inet).not.toMatch(new RegExp(` ${inode} `));
	});

	test('counts as soon as the file has another one, and the old one not after that', async () => {
		await using here = await remote();
		expect((await here.ctl('status')).status).toBe(0);
		rmSync(here.tokens);
		writeFileSync(here.tokens, `${OTHER}\n${TOKEN}\n`, {mode: 0o400});
		await expect.poll(async () => (await here.ctlWith(OTHER, 'status')).status).toBe(0);
		expect((await here.ctl('status')).status).toBe(0);
		const socket = connectTcp(here.port, '127.0.0.1');
		socket.write(`Token,${TOKEN}\n`);
		await new Promise(resolve => socket.once('data', resolve));
		rmSync(here.tokens);
		writeFileSync(here.tokens, OTHER, {mode: 0o400});
		const ended = new Promise(resolve => socket.once('close', resolve));
		await here.archon.ctl('reload');
		// Who came with the old one goes.
		await ended;
		expect((await here.ctl('status')).stderr).toMatch(/wrong token/);
		expect((await here.ctlWith(OTHER, 'status')).status).toBe(0);
	});

	test.each([
		['is missing', (file: string) => rmSync(file), /remote: the token file \S+ cannot be read: no such file or directory: no client is let in by it/],
		['is no file', (file: string) => {
			rmSync(file);
			mkdirSync(file);
		}, /cannot be read: is a directory|is not a regular file/],
		['holds a short one', (file: string) => {
			rmSync(file);
			writeFileSync(file, 'secret');
		}, /line 1 is no token: 16 to 256/],
	])('lets no one in where the file %s, which is told once', async (_, spoil, why) => {
		await using here = await remote();
		spoil(here.tokens);
		await here.archon.ctl('reload');
		await here.archon.says(why);
		expect((await here.ctl('status')).stderr).toMatch(/wrong token/);
		expect((await here.ctl('status')).stderr).toMatch(/wrong token/);
		expect((await here.gate()).note).toMatch(/without a token, see the log/);
		expect(here.archon.log().match(/remote: the token file/g)).toHaveLength(1);
	});

	test.runIf(isRoot)('is not believed where another user may have written it, and others may not read it', async () => {
		await using here = await remote();
		chmodSync(here.tokens, 0o444);
		await here.archon.ctl('reload');
		await here.archon.says(/tokens may be read by every user \(chmod o-r\)/);
		expect((await here.ctl('status')).status).toBe(0);
		chownSync(here.tokens, 65_534, 65_534);
		await here.archon.ctl('reload');
		await here.archon.says(/may be written by others than root and archon's own user: no client is let in by it/);
		expect((await here.ctl('status')).stderr).toMatch(/wrong token/);
	});
});

describe('the end', () => {
	test('of the helper costs its connections, and nothing else', async () => {
		await using here = await remote();
		const {pid} = await here.archon.status().then(all => all['web'] ?? expect.fail());
		const before = await here.gate();
		const follow = execa(join(ARCHON, '../archonctl'), ['-H', `tcp://127.0.0.1:${here.port}`, '--token-file', here.tokens, 'logs', '-f', 'archon'], {reject: false});
		let said = '';
		follow.stdout.on('data', data => (said += String(data)));
		await expect.poll(() => said).toMatch(/started web/);
		expect((await here.archon.ctl('signal', 'KILL', HELPER)).status).toBe(0);
		await expect.poll(async () => (await here.gate()).restarts).toBe(1);
		await expect.poll(async () => (await here.gate()).note).toMatch(/listening/);
		expect((await here.gate()).pid).not.toBe(before.pid);
		await here.ctl('restart', 'db');
		// Who follows has found it again.
		await expect.poll(() => said).toMatch(/stopped db/);
		follow.kill();
		expect((await here.archon.status())['web']).toMatchObject({pid, restarts: 0});
	});

	test('of an instance of PID 1 costs connections, which are made again; doors stay open', async () => {
		await using here = await remote('role: operate');
		const before = await here.gate();
		for (let i = 1; i <= 2; i++) {
			here.archon.signal('SIGSEGV');
			await expect.poll(() => here.archon.log().match(/was re-executed/g)?.length).toBe(i);
			await expect.poll(async () => (await here.ctl('status')).stdout).toMatch(/^web +running/m);
		}
		expect(await here.gate()).toMatchObject({pid: before.pid, restarts: 0, note: before.note});
		expect((await here.ctl('shutdown')).stderr).toMatch(/takes the role admin/);
	});

	test('of the executable: after an upgrade it is the new one\'s, and serves', async () => {
		await using here = await remote();
		const before = await here.gate();
		expect((await here.archon.ctl('upgrade', ARCHON)).status).toBe(0);
		await expect.poll(async () => (await here.gate()).pid).not.toBe(before.pid);
		await expect.poll(async () => (await here.ctl('status')).stdout).toMatch(/^web +running/m);
	});
});

test('a reload starts it, moves it and stops it', async () => {
	await using here = await remote();
	const moved = nextPort++;
	here.config(`${services}remote: {listen: "127.0.0.1:${moved}", TOKENS}\n`);
	const before = await here.gate();
	await here.archon.ctl('reload');
	await expect.poll(async () => (await here.gate()).note).toBe(`listening at 127.0.0.1:${moved}`);
	expect((await here.gate()).pid).toBe(before.pid);
	expect((await here.ctl('status')).stderr).toMatch(/connection refused; does its config have remote/);
	here.config(services);
	expect((await here.archon.ctl('reload')).stdout).toMatch(/1 removed \(archon\.gate\)/);
	await here.archon.says(/stopped archon\.gate \(exit status 0\)/);
	here.config(`${services}remote: {LISTEN, TOKENS}\n`);
	expect((await here.archon.ctl('reload')).stdout).toMatch(/1 added \(archon\.gate\)/);
	await expect.poll(async () => (await here.ctl('status')).stdout).toMatch(/^web +running/m);
});

test('a port that is taken is shown in status, and keeps nothing else from running', async () => {
	await using here = await remote();
	const taken = nextPort++;
	const squatter = createServer().listen(taken, '127.0.0.1');
	await new Promise(resolve => squatter.once('listening', resolve));
	here.config(`${services}remote: [{LISTEN, TOKENS}, {listen: "127.0.0.1:${taken}", TOKENS}]\n`);
	await here.archon.ctl('reload');
	await expect.poll(async () => (await here.gate()).note).toBe(`listening at 127.0.0.1:${here.port}; cannot listen at 127.0.0.1:${taken}: address already in use`);
	expect((await here.ctl('status')).status).toBe(0);
	squatter.close();
	await expect.poll(async () => (await here.gate()).note, {timeout: 10_000}).toBe(`listening at 127.0.0.1:${here.port}; listening at 127.0.0.1:${taken}`);
});
