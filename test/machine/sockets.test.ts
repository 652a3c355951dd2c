/** Sockets that archon holds for services: handed over, kept over restarts under load, and what starts with the first connection. */
import {chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {connect, createServer, type Server} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {type Archon, ARCHON, boot} from './archon.ts';
import {character} from './characters.ts';

const folder = mkdtempSync(join(tmpdir(), 'archon-sockets-'));
afterAll(() => rmSync(folder, {recursive: true}));

/** Below those that the kernel gives to clients, each once in this file. */
let next = 12_000 + process.pid % 1000 * 16;
const freePort = (): number => next++;

let [greeter, load] = ['', ''];
beforeAll(async () => {
	[greeter, load] = await Promise.all([character('greeter'), character('load')]);
});

/** What is answered to one who connects; rejected where the connection is refused or reset. */
function ask(to: number | string, host = '127.0.0.1'): Promise<string> {
	return new Promise((resolve, reject) => {
		const client = typeof to === 'string' ? connect(to) : connect(to, host);
		let text = '';
		client.on('error', reject).on('data', data => void (text += String(data))).on('close', () => resolve(text));
		client.write('x');
	});
}

const pidIn = (answer: string): number => Number(answer.split(' ')[0]);

async function listenElsewhere(port: number): Promise<AsyncDisposable & {server: Server}> {
	const server = createServer();
	await new Promise<void>(resolve => void server.listen(port, '127.0.0.1', resolve));
	return {server, [Symbol.asyncDispose]: () => new Promise(resolve => void server.close(() => resolve()))};
}

describe('a run', () => {
	test('is handed its sockets from descriptor 3 on, with their names, and LISTEN_PID is its own', async () => {
		const [port, six] = [freePort(), freePort()];
		const path = join(folder, 'made', 'web.sock');
		await using archon = await boot({config: `services:
  web:
    command: ${greeter}
    user: "65534"
    sockets: [${port}, {listen: "[::1]:${six}", name: six}, {listen: "unix:${path}", mode: 0660, user: "65534", name: local}]
`});
		await archon.says(new RegExp(`handed 3 as ${port}:six:local, to this pid`));
		expect(await ask(port)).toMatch(new RegExp(`^\\d+ ${port}\n`));
		expect(await ask(port, '::1')).toMatch(new RegExp(`^\\d+ ${port}\n`));
		expect(await ask(six, '::1')).toMatch(/^\d+ six\n/);
		expect(await ask(path)).toMatch(/^\d+ local\n/);
		const {mode, uid} = statSync(path);
		expect([mode & 0o777, uid]).toEqual([0o660, 65_534]);
	});

	test('says that it is ready on a descriptor behind them, of which a variable tells', async () => {
		const port = freePort();
		await using archon = await boot({config: `services:
  web:
    command: [sh, -c, 'echo "ready on $$FD."; eval "echo >&$$FD"; exec ${greeter}']
    sockets: [${port}]
    ready: {fd: {variable: FD}}
`});
		await archon.says(/ready on 4\./);
		await archon.says(/handed 1 as/);
		expect((await archon.ctl('wait', 'web')).status).toBe(0);
		expect(await ask(port)).toMatch(/^\d+ /);
	});

	test('of a service without sockets has none of these variables, also where archon was given them', async () => {
		await using archon = await boot({
			config: 'services: {a: {type: oneshot, command: [sh, -c, "env | grep -c LISTEN; echo done"]}}',
			env: {LISTEN_FDS: '1', LISTEN_PID: '1', LISTEN_FDNAMES: 'x'},
		});
		await archon.says(/done/);
		expect(archon.log()).toMatch(/\b0\n/);
	});
});

describe('what cannot be bound', () => {
	test('is waited for where another program has the port: the service names it, and starts as soon as it ends', async () => {
		const port = freePort();
		const other = execa('python3', ['-c', `
import socket, sys
s = socket.socket(); s.bind(('127.0.0.1', ${port})); s.listen(); print('bound', flush=True); sys.stdin.read()
`], {buffer: false, reject: false});
		await new Promise<void>(resolve => other.stdout.once('data', () => resolve()));
		await using archon = await boot({isInit: false, config: `services:
  web: {command: ${greeter}, sockets: ["127.0.0.1:${port}"]}
  beside: {command: ${greeter}, sockets: ["127.0.0.2:${port}"]}
`});
		const held = new RegExp(`port ${port}, which is held by python3 \\(pid ${other.pid}\\)`);
		await archon.says(new RegExp(`web waits for ${held.source}`));
		await archon.says(/beside +\| handed 1/);
		expect((await archon.ctl('status')).stdout).toContain(`waiting: port ${port} is held by python3 (pid ${other.pid})`);
		expect((await archon.ctl('why', 'web')).stdout).toMatch(/it starts when port \d+ is free, which is held by python3/);
		// What archon listens at by itself is in nobody's way.
		expect((await archon.ctl('restart', 'beside')).status).toBe(0);
		other.stdin.end();
		await archon.says(/web +\| handed 1/);
		expect(pidIn(await ask(port))).toBeGreaterThan(0);
		expect((await archon.status())['web']).toMatchObject({status: 'running', restarts: 0});
		expect(archon.log()).not.toContain('cannot start web');
	});

	test('is looked at again where the port is only closed', async () => {
		const port = freePort();
		const other = await listenElsewhere(port);
		await using archon = await boot({isInit: false, config: `services:
  web: {command: ${greeter}, sockets: ["127.0.0.1:${port}"]}
`});
		await archon.says(new RegExp(`web waits for port ${port}, which is held by .* \\(pid ${process.pid}\\)`));
		await other[Symbol.asyncDispose]();
		await archon.says(/handed 1/);
		expect(pidIn(await ask(port))).toBeGreaterThan(0);
	});

	test('no file but that of a socket is replaced, and that only where no process listens', async () => {
		const [file, stale, link] = [join(folder, 'file'), join(folder, 'stale.sock'), join(folder, 'dangling')];
		writeFileSync(file, 'mine');
		symlinkSync(join(folder, 'nowhere'), link);
		await execa('python3', ['-c', `import socket; socket.socket(socket.AF_UNIX).bind("${stale}")`]);
		expect(existsSync(stale)).toBe(true);
		await using archon = await boot({config: `services:
  a: {command: ${greeter}, sockets: ["unix:${file}"]}
  b: {command: ${greeter}, sockets: ["unix:${stale}"]}
`});
		await archon.says(/cannot start a: binding its socket unix:\S+: a file that is no socket has that name: remove it/);
		await archon.says(/b +\| handed 1/);
		expect(await ask(stale)).toMatch(/stale\.sock/);
		expect(statSync(file).size).toBe(4);
	});
});

test('files of its sockets are removed when archon ends, and no file that another has put in their place', async () => {
	const [path, other] = [join(folder, 'ended.sock'), join(folder, 'replaced.sock')];
	await using archon = await boot({config: `services:
  web: {command: ${greeter}, sockets: ["unix:${path}", "unix:${other}"]}
`});
	await archon.says(/handed 2/);
	rmSync(other);
	writeFileSync(other, 'mine');
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	expect([existsSync(path), existsSync(other)]).toEqual([false, true]);
});

describe('sockets stay', () => {
	test('over a restart, a reload and the re-execution of archon: the same socket, for all that serve it', async () => {
		const port = freePort();
		const path = join(folder, 'kept.sock');
		await using archon = await boot({config: `services:
  web: {command: ${greeter}, sockets: [${port}, "unix:${path}"]}
`});
		await archon.says(/handed 2/);
		const {ino} = statSync(path);
		await archon.ctl('stop', 'web');
		const waiting = ask(port);
		await archon.ctl('start', 'web');
		expect(pidIn(await waiting)).toBeGreaterThan(0);
		const before = pidIn(await ask(path));
		archon.signal('SIGSEGV');
		await archon.says(/was re-executed: 1 service keeps running/);
		expect(pidIn(await ask(port))).toBe(before);
		writeFileSync(join(archon.folder, 'archon.yaml'), `services:
  web: {command: ${greeter}, sockets: [${port}, {listen: "unix:${path}", mode: 0600, backlog: 7}], stop_grace_period: 4s}
`);
		expect((await archon.ctl('reload')).status).toBe(0);
		expect(pidIn(await ask(path))).toBe(before);
		expect([statSync(path).ino, statSync(path).mode & 0o777]).toEqual([ino, 0o600]);
		await archon.ctl('restart', 'web');
		expect(pidIn(await ask(path))).not.toBe(before);
		expect(statSync(path).ino).toBe(ino);
	});

	test('a reload that takes one away closes it, and removes its file', async () => {
		const [port, other] = [freePort(), freePort()];
		const path = join(folder, 'gone.sock');
		await using archon = await boot({config: `services:
  web: {command: ${greeter}, sockets: [${port}, "unix:${path}"]}
`});
		await archon.says(/handed 2/);
		writeFileSync(join(archon.folder, 'archon.yaml'), `services:\n  web: {command: ${greeter}, sockets: [${other}]}\n`);
		expect((await archon.ctl('reload')).status).toBe(0);
		await archon.says(/handed 1/);
		expect(pidIn(await ask(other))).toBeGreaterThan(0);
		await expect(ask(port)).rejects.toThrow('ECONNREFUSED');
		expect(existsSync(path)).toBe(false);
	});
});

/** Connections come 2,000 a second while something is done; what came of them, as the client counts. */
async function underLoad(port: number, act: () => Promise<void>): Promise<{made: number; answered: number; failed: number; left: number}> {
	const client = execa(load, [String(port), '2000'], {stdin: 'pipe', reject: false});
	await act();
	client.stdin.end();
	const {stdout, stderr} = await client;
	const [made = 0, answered = 0, failed = 0, left = 0] = [...stdout.matchAll(/\d+/g)].map(Number);
	expect(stderr).toBe('');
	return {made, answered, failed, left};
}

async function restart20(archon: Archon): Promise<void> {
	for (let i = 0; i < 20; i++) expect((await archon.ctl('restart', 'web')).status).toBe(0);
}

describe('2,000 connections a second over loopback', () => {
	test.each([
		['a socket', ''], ['a socket that two instances share', 'scale: 2'],
	])('20 restarts of a service with %s lose and refuse none', {timeout: 120_000}, async (_, more) => {
		const port = freePort();
		await using archon = await boot({config: `services:\n  web: {command: ${greeter}, sockets: [${port}], ${more}}\n`});
		await archon.says(/handed 1/);
		const {made, answered, failed, left} = await underLoad(port, () => restart20(archon));
		expect({failed, left, lost: made - answered}).toEqual({failed: 0, left: 0, lost: 0});
		expect(made).toBeGreaterThan(200); // The restarts take less than half a second in all.
	});

	test('20 restarts of two instances with SO_REUSEPORT lose and refuse none', {timeout: 120_000}, async () => {
		const port = freePort();
		await using archon = await boot({config: `services:
  web: {command: ${greeter}, scale: 2, sockets: [{listen: ${port}, reuseport: true}]}
`});
		await archon.says(/handed 1[^]*handed 1/);
		const pids = new Set<number>();
		while (pids.size < 2) pids.add(pidIn(await ask(port)));
		const {made, answered, failed, left} = await underLoad(port, () => restart20(archon));
		expect({failed, left, lost: made - answered}).toEqual({failed: 0, left: 0, lost: 0});
		expect(made).toBeGreaterThan(200); // The restarts take less than half a second in all.
	});

	test('the re-execution of archon loses and refuses none', {timeout: 120_000}, async () => {
		const port = freePort();
		await using archon = await boot({config: `services:\n  web: {command: ${greeter}, sockets: [${port}]}\n`});
		await archon.says(/handed 1/);
		const {made, answered, failed, left} = await underLoad(port, async () => {
			for (let i = 0; i < 3; i++) expect((await archon.ctl('upgrade')).status).toBe(0);
			expect((await archon.ctl('restart', 'web')).status).toBe(0);
		});
		expect({failed, left, lost: made - answered}).toEqual({failed: 0, left: 0, lost: 0});
	});
});

describe('accept: lazy', () => {
	test('the first connection starts a service, which stops when none is open any more; the next one starts it again', async () => {
		const port = freePort();
		await using archon = await boot({config: `services:
  web: {command: ${greeter}, sockets: [${port}], accept: lazy, idle_timeout: 1s}
`});
		await expect.poll(() => existsSync(archon.socket)).toBe(true);
		expect((await archon.ctl('status')).stdout).toMatch(/web +stopped .*starts with the next connection/);
		const first = pidIn(await ask(port));
		await archon.says(/web: no connection was open for 1 s: it stops until the next one[^]*stopped web/);
		const second = pidIn(await ask(port));
		expect(second).not.toBe(first);
		expect((await archon.ctl('why', 'web')).stdout).toContain('a connection to its sockets started it');
	});

	test('a connection that comes just when it stops is answered by the next run: none is lost or refused', {timeout: 120_000}, async () => {
		// Each is idle for about as long as the pause between two connections.
		const rates = [5, 6, 7];
		const ports = rates.map(freePort);
		await using archon = await boot({config: `services:
${ports.map((port, i) => `  web${i}: {command: ${greeter}, sockets: [${port}], accept: lazy, idle_timeout: ${Math.round(640 / (rates[i] ?? 1))}ms}\n`).join('')}`});
		await expect.poll(() => existsSync(archon.socket)).toBe(true);
		const clients = ports.map((port, i) => execa(load, [String(port), String(rates[i])], {stdin: 'pipe', reject: false}));
		await archon.says(/(it stops until the next one[^]*){20}/);
		const ends = await Promise.all(clients.map(client => {
			client.stdin.end();
			return client;
		}));
		for (const {stdout, stderr} of ends) {
			expect(stderr).toBe('');
			const [made = 0, answered = 0, failed = 0, left = 0] = [...stdout.matchAll(/\d+/g)].map(Number);
			expect({failed, left, lost: made - answered}).toEqual({failed: 0, left: 0, lost: 0});
		}
	});

	test('a connection that stays open keeps it running', async () => {
		const port = freePort();
		const path = join(folder, 'lazy.sock');
		const echo = 'import socket; s=socket.socket(fileno=3); u=socket.socket(fileno=4); print("up", flush=True); '
			+ 'c=[s.accept()[0] if i == 0 else u.accept()[0] for i in (0, 1)]; print("two", flush=True); c[0].recv(1); c[1].recv(1); '
			+ 'import time; print("free", flush=True); c[0].close(); c[1].close(); time.sleep(1000)';
		await using archon = await boot({config: `services:
  web: {command: [python3, -c, '${echo}'], sockets: [${port}, "unix:${path}"], accept: lazy, idle_timeout: 200ms}
`});
		await expect.poll(() => existsSync(path)).toBe(true);
		const [one, two] = [connect(port, '127.0.0.1'), connect(path)];
		await archon.says(/two/);
		// It is looked at every 100 ms: three looks at the least have found them open.
		await execa('sleep', ['0.5']);
		expect((await archon.status())['web']?.status).toBe('running');
		one.write('x');
		two.write('x');
		await archon.says(/free[^]*no connection was open for 0.2 s[^]*stopped web/);
		one.destroy();
		two.destroy();
	});

	test('what is stopped by an operator stays so, and a datagram starts a service as well', async () => {
		const [port, other] = [freePort(), freePort()];
		await using archon = await boot({config: `services:
  web: {command: ${greeter}, sockets: [${port}], accept: lazy}
  dns:
    command: [python3, -c, 'import socket; s=socket.socket(fileno=3); print("got", s.recv(9), flush=True); s.recv(9)']
    sockets: [{listen: ${other}, type: dgram}]
    accept: lazy
`});
		await expect.poll(() => existsSync(archon.socket)).toBe(true);
		expect((await archon.ctl('stop', 'web')).status).toBe(0);
		const waiting = ask(port);
		await execa('python3', ['-c', `import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"hi", ("127.0.0.1", ${other}))`]);
		await archon.says(/got b'hi'/);
		expect((await archon.status())['web']?.status).toBe('stopped');
		await archon.ctl('auto', 'web');
		expect(pidIn(await waiting)).toBeGreaterThan(0);
	});
});

describe('listen: fd', () => {
	test('a socket that archon was started with is handed on, by its name', async () => {
		const port = freePort();
		const file = join(folder, 'passed.yaml');
		writeFileSync(file, `services:\n  web: {command: ${greeter}, sockets: [{listen: fd, name: api}]}\n`);
		// As a service manager outside would: descriptors 3 and 4, and the pid of who is executed.
		const start = `import os, socket
a, b = socket.socket(), socket.socket()
b.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); b.bind(("127.0.0.1", ${port})); b.listen()
os.dup2(b.fileno(), 14); os.dup2(a.fileno(), 3); os.dup2(14, 4)
os.environ.update(LISTEN_FDS="2", LISTEN_FDNAMES="other:api", LISTEN_PID=str(os.getpid()))
os.execv("${ARCHON}", ["archon", "-c", "${file}", "--socket", "${join(folder, 'passed.sock')}"])`;
		const archon = execa('python3', ['-c', start], {reject: false, all: true});
		try {
			await expect.poll(() => ask(port).catch(() => ''), {timeout: 20_000}).toMatch(/ api\n/);
		} finally {
			archon.kill('SIGTERM');
			await archon;
		}
	});
});

test('a port that archon chooses is the same for all runs, and is told by a variable', async () => {
	await using archon = await boot({config: `services:
  web:
    command: [sh, -c, 'echo "port $$PORT_HTTP."; exec ${greeter}']
    sockets: [{listen: "127.0.0.1:auto", name: http}]
`});
	const [, port = ''] = await archon.says(/port (\d+)\./);
	expect(await ask(Number(port))).toMatch(/ http\n/);
	await archon.ctl('restart', 'web');
	await archon.says(new RegExp(`port ${port}\\.[^]*port ${port}\\.`));
	expect((await archon.ctl('fds')).stdout).toContain(`stream 127.0.0.1:${port}`);
});

test('a service that has made a lingering connection of its socket does not hold up archon when that is let go', async () => {
	const [port, sink] = [freePort(), freePort()];
	const program = join(folder, 'lingering.py');
	writeFileSync(program, `import os, socket, struct, time
s = socket.socket(fileno=3)
s.shutdown(socket.SHUT_RDWR)
s.connect(("::ffff:127.0.0.1", ${sink}))
s.setblocking(False)
try:
    while True: s.send(b"x" * 65536)
except BlockingIOError: pass
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 30))
s.close()
print("lingers", flush=True)
time.sleep(3000)
`);
	// It reads nothing, and so all that was sent waits.
	const server = createServer({pauseOnConnect: true});
	await new Promise<void>(resolve => void server.listen(sink, '127.0.0.1', resolve));
	const config = (sockets: string): string => `services:\n  web: {command: [python3, ${program}]${sockets}, restart: "no"}\n  other: {command: sleep 1000}\n`;
	await using archon = await boot({config: config(`, sockets: [${port}]`)});
	try {
		await archon.says(/lingers/);
		writeFileSync(join(archon.folder, 'archon.yaml'), config(''));
		const before = Date.now();
		await archon.ctl('reload');
		expect((await archon.status())['other']?.status).toBe('running');
		expect(Date.now() - before).toBeLessThan(4000);
	} finally {
		server.close();
	}
});

test.runIf(process.getuid?.() === 0)('a path in a folder that its service exchanges for a link makes nothing in a folder of root\'s', {timeout: 60_000}, async () => {
	const [home, victim] = ['home', 'victim'].map(name => join(folder, name)) as [string, string];
	mkdirSync(join(home, 'run'), {recursive: true});
	mkdirSync(victim);
	symlinkSync(victim, join(home, 'link'));
	for (const path of [folder, victim]) chmodSync(path, 0o755);
	for (const path of [home, join(home, 'run')]) chownSync(path, 1000, 1000);
	const swapping = `import ctypes, os
os.chdir("${home}")
swap = ctypes.CDLL(None).renameat2
print("swaps", flush=True)
while True: swap(-100, b"run", -100, b"link", 2)`;
	const swapper = execa('python3', ['-c', swapping], {uid: 1000, gid: 1000, reject: false});
	try {
		await new Promise(resolve => swapper.stdout.once('data', resolve));
		const paths = Array.from({length: 24}, (_, i) => `"unix:${join(home, 'run', String(i))}"`).join(', ');
		for (let i = 0; i < 8; i++) {
			await using archon = await boot({config: `services:\n  web: {command: sleep 1000, sockets: [${paths}]}\n  other: {command: sleep 1000}\n`});
			await archon.says(/started other/);
			expect(readdirSync(victim)).toEqual([]);
		}
	} finally {
		swapper.kill();
		await swapper;
	}
	// Now each is where it stays: one of them is the folder.
	expect(readdirSync(join(home, 'run')).length + readdirSync(join(home, 'link')).length).toBeGreaterThan(0);
});
