/** libarchon-bind.so: programs that know nothing of archon are served through sockets that it holds. */
import {chmodSync, mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {beforeAll, describe, expect, test} from 'vitest';
import {linkShim} from '../../scripts/build/link.ts';
import {ARCHON, type Archon, boot} from './archon.ts';
import {character} from './characters.ts';

const root = join(import.meta.dirname, '..', '..');
const LIBRARY = join(root, 'dist', 'libarchon-bind.so');
const NODE = join(root, 'node_modules', '.bin', 'node');
const isRoot = process.getuid?.() === 0;

/** In a network of its own, where port 80 is free. */
const ALONE = ['unshare', '--net', 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh'];

let [binder, load, musl] = ['', '', ''];
beforeAll(async () => {
	[binder, load] = await Promise.all([character('binder'), character('load')]);
	musl = join(binder, '..', 'binder-musl');
	await execa('musl-gcc', ['-O1', '-o', musl, join(root, 'test', 'characters', 'binder.c')]);
});

const up = (config: string): Promise<Archon> => boot({config, wrapper: ALONE});

/** What is said by who is in archon's network. */
const inNetwork = async ({pid}: Archon, ...words: readonly string[]): Promise<string> =>
	(await execa('nsenter', ['-t', String(pid), '-n', ...words], {reject: false})).stdout;

const get = (archon: Archon, url: string): Promise<string> => inNetwork(archon, 'curl', '-s', '--max-time', '10', '--retry', '20', '--retry-connrefused', '--retry-delay', '1', url);

/** What archon itself has bound. */
const heldBy = async (archon: Archon): Promise<readonly string[]> => (await inNetwork(archon, 'ss', '-Hltnp')).split('\n')
	.filter(line => line.includes('"archon"')).map(line => line.split(/ +/)[3] ?? '').sort();

describe('the library', () => {
	test.each(['cc', 'musl-gcc'])('built by %s it has a pure C interface, and needs no other library', async compiler => {
		const folder = mkdtempSync(join(tmpdir(), 'shim-'));
		const made = join(folder, 'lib.so');
		await linkShim(root, made, compiler);
		const {stdout: names} = await execa('nm', ['-D', made]);
		expect(names.split('\n').map(line => line.replace(/^[0-9a-f ]+/, '').trim()).sort()).toEqual(['T bind', 'U __errno_location', 'U getenv']);
		expect((await execa('readelf', ['-d', made])).stdout).not.toContain('NEEDED');
		expect((await execa('readelf', ['-lW', made])).stdout).not.toMatch(/GNU_STACK.* RWE|INTERP/);
	});

	test('without archon it is as if it were not there, in programs with glibc and with musl', async () => {
		for (const program of [binder, musl]) {
			for (const more of [{}, {ARCHON_BIND_SOCKET: 'no-one-listens-there'}]) {
				const child = execa(program, ['127.0.0.1', '0'], {env: {LD_PRELOAD: LIBRARY, ...more}});
				expect(await new Promise(resolve => child.stdout.once('data', (data: Buffer) => resolve(data.toString()))))
					.toMatch(/^bound 17 to 127\.0\.0\.1 port \d+ nonblocking cloexec keepalive/);
				child.kill();
				await child.catch(() => {});
			}
		}
	});
});

test('check says where the library is missing, and which program is linked statically', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'checked-'));
	const file = join(folder, 'archon.yaml');
	const check = async (more: string, program: string): Promise<string> => {
		writeFileSync(file, `bind: {rules: [{service: web, port: 80}]${more}}\nservices: {web: {command: ${program}}}\n`);
		return (await execa(ARCHON, ['check', file], {reject: false, all: true})).all;
	};
	expect(await check('', binder)).not.toMatch(/problem/);
	expect(await check(', library: /no/such.so', binder)).toContain('/no/such.so does not exist, which rules of bind need');
	expect(await check('', ARCHON)).toContain('archon is linked statically, and rules of bind do not reach it');
});

describe.runIf(isRoot)('a program that a rule is for', () => {
	test('is given a socket of archon\'s at its own descriptor, with its flags and options; with glibc and with musl', async () => {
		await using archon = await up(`bind: {rules: [{service: "*", port: 80}]}
services:
  glibc: {command: [${binder}, 127.0.0.1, "80"], user: nobody}
  musl: {command: [${musl}, 127.0.0.2, "80"], user: nobody}
  six: {command: [${binder}, "::1", "80"], user: nobody}
`);
		await archon.says(/glibc +\| bound 17 to 127\.0\.0\.1 port 80 nonblocking cloexec keepalive/);
		await archon.says(/musl +\| bound 17 to 127\.0\.0\.2 port 80 nonblocking cloexec keepalive/);
		await archon.says(/six +\| bound 17 to ::1 port 80 nonblocking cloexec keepalive/);
		expect(await heldBy(archon)).toEqual(['127.0.0.1:80', '127.0.0.2:80', '[::1]:80']);
	});

	test('may be one that nothing was changed in: python3 -m http.server and node, as no one special on port 80', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'served-'));
		chmodSync(folder, 0o755);
		writeFileSync(join(folder, 'index.html'), 'from python');
		await using archon = await up(`bind:
  rules:
    - {service: python, port: 8080, give: "127.0.0.1:80"}
    - {service: node, port: 80}
services:
  python: {command: [/usr/bin/python3, -m, http.server, "8080"], user: nobody, working_dir: ${folder}}
  node:
    command: [${NODE}, -e, 'require("node:http").createServer((_, answer) => answer.end("from node")).listen(80, "127.0.0.2")']
    user: nobody
`);
		expect(await get(archon, 'http://127.0.0.1/')).toBe('from python');
		expect(await get(archon, 'http://127.0.0.2/')).toBe('from node');
		expect(await heldBy(archon)).toEqual(['127.0.0.1:80', '127.0.0.2:80']);
	});

	test('does not call bind(2) for it; one for which no rule is does', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'traced-'));
		chmodSync(folder, 0o777);
		await using archon = await up(`bind: {rules: [{service: "*", port: 8080}]}
services:
  given: {command: [strace, -f, -e, "trace=bind", -o, ${folder}/given, ${binder}, 127.0.0.1, "8080"], cap_add: [SYS_PTRACE]}
  other: {command: [strace, -f, -e, "trace=bind", -o, ${folder}/other, ${binder}, 127.0.0.1, "8081"], cap_add: [SYS_PTRACE]}
`);
		await archon.says(/given +\| bound 17 to 127\.0\.0\.1 port 8080/);
		await archon.says(/other +\| bound 17 to 127\.0\.0\.1 port 8081/);
		await archon.ctl('stop', 'all');
		const {stdout: given} = await execa('cat', [join(folder, 'given')]);
		const {stdout: other} = await execa('cat', [join(folder, 'other')]);
		expect(given).not.toContain('bind(');
		expect(other).toMatch(/bind\(17, \{sa_family=AF_INET, sin_port=htons\(8081\), sin_addr=inet_addr\("127\.0\.0\.1"\)\}, 16\) = 0/);
		expect(await heldBy(archon)).toEqual(['127.0.0.1:8080']);
	});

	test('is told that the address is in use where archon cannot give it and the rule is strict; else it binds for itself', async () => {
		await using archon = await up(`bind:
  rules:
    - {service: strict, port: 80, address: 127.0.0.1, strict: true}
    - {service: lenient, port: 80, address: 127.0.0.1}
services:
  holder: {command: [${binder}, 127.0.0.1, "80"], ready: {log: bound}}
  strict: {command: [${binder}, 127.0.0.1, "80"], depends_on: [holder], restart: "no"}
  lenient: {command: [${binder}, 127.0.0.1, "80"], depends_on: [holder], restart: "no"}
`);
		await archon.says(/strict +\| cannot bind: Address already in use/);
		await archon.says(/lenient +\| cannot bind: Address already in use/);
		await archon.says(/cannot give strict tcp port 80: address already in use by binder \(pid \d+\)\n/);
		await archon.says(/cannot give lenient tcp port 80: address already in use by binder \(pid \d+\); it binds for itself/);
	});

	test('that asks without end for what archon cannot give keeps neither archon nor other programs waiting', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'asking-'));
		chmodSync(folder, 0o755);
		const program = join(folder, 'asker.py');
		writeFileSync(program, `import os, socket, struct, subprocess, sys
os.environ.pop("LD_PRELOAD")
name = "\\0" + os.environ["ARCHON_BIND_SOCKET"]
question = b"ABND" + bytes([1, 0, 0, 0]) + struct.pack(">H", 9000) + bytes(16)
for _ in range(2): os.fork()
print("asks", flush=True)
while True:
    all = []
    for i in range(64):
        one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        one.settimeout(2)
        try:
            one.connect(name)
            if i % 2: one.send(question)
            all.append(one)
        except OSError: pass
    for one in all: one.close()
`);
		await using archon = await up(`bind: {rules: [{service: asker, port: 9000}, {service: web, port: 80}]}
services:
  holder: {command: [${binder}, 0.0.0.0, "9000"], ready: {log: bound}}
  asker: {command: [python3, ${program}], user: "1000", depends_on: [holder]}
  web: {command: [${binder}, 127.0.0.1, "80"], user: nobody, autostart: false}
`);
		await archon.says(/asker +\| asks/);
		await archon.says(/cannot give asker tcp port 9000: address already in use by binder/);
		const times: number[] = [];
		for (let i = 0; i < 10; i++) {
			const before = performance.now();
			await archon.status();
			times.push(performance.now() - before);
		}
		expect(times.sort((a, b) => a - b)[5]).toBeLessThan(500);
		for (let i = 0; i < 5; i++) {
			await archon.ctl('restart', 'web');
			await archon.says(new RegExp(`(web +\\| bound 17 to 127\\.0\\.0\\.1 port 80[^]*){${i + 1}}`));
		}
		expect(await heldBy(archon)).toContain('127.0.0.1:80');
	});

	test('is given a bounded number of addresses, so that other services find room', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'greedy-'));
		chmodSync(folder, 0o755);
		const program = join(folder, 'greedy.py');
		writeFileSync(program, `import socket, time
for i in range(300):
    socket.socket().bind((f"127.0.{1 + i // 200}.{1 + i % 200}", 9000))
print("has all", flush=True)
time.sleep(3000)
`);
		await using archon = await up(`bind: {rules: [{service: greedy, port: 9000}, {service: web, port: 80}]}
services:
  greedy: {command: [python3, ${program}], user: nobody, ready: {log: has all}}
  web: {command: [${binder}, 127.0.0.1, "80"], user: nobody, depends_on: {greedy: {condition: service_healthy}}}
`);
		await archon.says(/archon holds 32 sockets of that port already; it binds for itself/);
		await archon.says(/web +\| bound 17 to 127\.0\.0\.1 port 80/);
		expect(await heldBy(archon)).toContain('127.0.0.1:80');
	});

	test('keeps what it preloads itself, and only its processes can ask: by their pid, whatever they claim', async () => {
		await using archon = await up(`bind: {rules: [{service: web, port: 80}]}
services:
  web: {command: [sh, -c, 'echo loads $$LD_PRELOAD at $$ARCHON_BIND_SOCKET; exec ${binder} 127.0.0.1 80'], environment: {LD_PRELOAD: /usr/lib/libnone.so}, user: nobody}
  thief: {command: [sh, -c, 'read name; LD_PRELOAD=${LIBRARY} ARCHON_BIND_SOCKET=$$name ARCHON_SERVICE=web exec ${binder} 127.0.0.2 80'], tty: true, user: nobody, autostart: false, restart: "no"}
`);
		const [, preloads, name] = await archon.says(/loads (\S+) at (\S+)/);
		expect(preloads).toBe(`${LIBRARY}:/usr/lib/libnone.so`);
		await archon.says(/bound 17 to 127\.0\.0\.1 port 80/);
		// In a network where low ports are root's, a stranger has to bind for itself, and may not.
		await inNetwork(archon, 'sh', '-c', 'echo 1024 > /proc/sys/net/ipv4/ip_unprivileged_port_start');
		const stolen = await inNetwork(
			archon, 'setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'env', `LD_PRELOAD=${LIBRARY}`, `ARCHON_BIND_SOCKET=${name}`, 'ARCHON_SERVICE=web',
			binder, '127.0.0.2', '80',
		);
		expect(stolen).toBe('cannot bind: Permission denied');
		expect(await heldBy(archon)).toEqual(['127.0.0.1:80']);
	});

	test('finds its socket again after a restart and after the re-execution of archon; a reload takes it away', async () => {
		const config = (rules: string): string => `bind: {rules: [${rules}]}
services:
  web: {command: [${binder}, 127.0.0.1, "80"], user: nobody}
`;
		await using archon = await up(config('{service: web, port: 80}'));
		await archon.says(/bound 17/);
		await archon.ctl('restart', 'web');
		await archon.says(/(bound 17[^]*){2}/);
		await archon.ctl('upgrade');
		await archon.ctl('restart', 'web');
		await archon.says(/(bound 17[^]*){3}/);
		expect(await heldBy(archon)).toEqual(['127.0.0.1:80']);
		writeFileSync(join(archon.folder, 'archon.yaml'), config(''));
		expect((await archon.ctl('reload')).stdout).toMatch(/1 restarted \(web\)/);
		await archon.says(/cannot bind: Permission denied/);
		await expect.poll(() => heldBy(archon)).toEqual([]);
		expect(archon.log()).not.toContain('has no use for');
	});

	test('may be given a socket of a service, which was bound before it started', async () => {
		await using archon = await up(`bind: {rules: [{service: web, port: 8080, give: web.main}]}
services:
  web: {command: [${binder}, 127.0.0.1, "8080"], user: nobody, sockets: [{name: main, listen: "127.0.0.1:80"}]}
`);
		await archon.says(/bound 17 to 127\.0\.0\.1 port 80 nonblocking cloexec keepalive/);
		expect(await heldBy(archon)).toEqual(['127.0.0.1:80']);
	});

	test('loses no connection over 20 restarts at 2,000 connections a second', async () => {
		await using archon = await up(`bind: {rules: [{service: web, port: 80}]}
services:
  web: {command: [${binder}, 127.0.0.1, "80"], user: nobody, ready: {log: bound}, stop_grace_period: 60s}
`);
		await archon.says(/bound 17/);
		const client = execa('nsenter', ['-t', String(archon.pid), '-n', load, '80', '2000'], {stdin: 'pipe', reject: false});
		for (let restart = 1; restart <= 20; restart++) expect((await archon.ctl('restart', 'web')).status).toBe(0);
		client.stdin?.end();
		const {stdout, stderr} = await client;
		expect(stderr).toBe('');
		const [, made, answered] = /^made (\d+), answered (\d+), failed 0, left 0$/.exec(stdout) ?? expect.fail(stdout);
		expect(answered).toBe(made);
		expect(Number(made)).toBeGreaterThan(100);
		expect((await archon.status())['web']).toMatchObject({restarts: 20});
	}, 180_000);
});
