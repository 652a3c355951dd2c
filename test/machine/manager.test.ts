/** What archon says to a service manager outside (systemd, podman), and that services hear nothing of it. */
import {execa} from 'execa';
import {spawn} from 'node:child_process';
import {mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {newAncillary, sys} from '../../src/os/sys.ts';
import {ARCHON, type Archon, boot} from './archon.ts';

/** A manager that listens in the abstract namespace: the words of each datagram, in their order. */
function manager(): {readonly address: string; said(): readonly string[]; hears(word: string): Promise<void>; [Symbol.dispose](): void} {
	const name = `archon/test/${process.pid}-${Math.random()}`;
	const fd = sys.bindDatagrams(name);
	const [room, beside] = [new Uint8Array(4096), newAncillary()];
	const words: string[] = [];
	const said = (): readonly string[] => {
		for (let count = sys.receive(fd, room, beside); count > 0; count = sys.receive(fd, room, beside)) {
			words.push(...sys.decodeUtf8(room, 0, count).split('\n'));
		}
		return words;
	};
	return {
		address: `@${name}`, said,
		hears: word => expect.poll(said).toContain(word),
		[Symbol.dispose]: () => void sys.close(fd),
	};
}

/** What a manager gives to whom it starts. */
const given = (address: string) => ({
	NOTIFY_SOCKET: address, WATCHDOG_PID: '1', LISTEN_FDS: '1', LISTEN_PID: '1', LISTEN_FDNAMES: 'x',
});

const crash = async (archon: Archon): Promise<void> => {
	archon.signal('SIGSEGV');
	await archon.says(/re-executed/);
};

describe('a manager outside', () => {
	test('hears that all is up once it is, of a reload, and of the end, once each and over lives', async () => {
		using outer = manager();
		const gate = join(mkdtempSync(join(tmpdir(), 'gate-')), 'open');
		await using archon = await boot({env: given(outer.address), config: `services:
  web: {command: sleep 1000000, ready: {file: ${gate}, interval: 20ms}}
  job: {type: oneshot, command: "true"}
  lazy: {command: sleep 1000000, autostart: false}
  last: {command: sleep 1000000, depends_on: [web]}
`});
		await archon.says(/started web/);
		await archon.says(/job completed/);
		await crash(archon);
		expect(outer.said()).toEqual([]);
		writeFileSync(gate, '');
		await outer.hears('READY=1');
		await crash(archon);
		await crash(archon);
		expect((await archon.ctl('restart', 'web')).status).toBe(0);
		expect((await archon.ctl('reload')).status).toBe(0);
		await outer.hears('RELOADING=1');
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		const words = outer.said().filter(word => !word.startsWith('MONOTONIC_USEC='));
		expect(words).toEqual([
			'READY=1', 'STATUS=all services are up', 'RELOADING=1', 'STATUS=reading the config again', 'READY=1', 'STATUS=config reloaded',
			'STOPPING=1', 'STATUS=shutting down: SIGTERM',
		]);
	});

	test('is told what has failed, and not that all is up', async () => {
		using outer = manager();
		await using archon = await boot({env: given(outer.address), config: `services:
  bad: {type: oneshot, command: sh -c 'exit 7'}
  worse: {command: /no/such}
  web: {command: sleep 1000000}
`});
		await archon.says(/bad failed/);
		await outer.hears('STATUS=bad failed: exit status 7');
		await expect.poll(() => outer.said().join('\n')).toMatch(/STATUS=cannot start worse: /);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		expect(outer.said()).not.toContain('READY=1');
	});

	test('has signs of life if it asks archon for them', async () => {
		using outer = manager();
		await using archon = await boot({env: {...given(outer.address), WATCHDOG_USEC: '40000'}, config: 'services: {web: {command: sleep 1000000}}'});
		await archon.says(/started web/);
		await crash(archon);
		const before = outer.said().length;
		await expect.poll(() => outer.said().slice(before).filter(word => word === 'WATCHDOG=1').length).toBeGreaterThan(2);
	});

	test('has none if it asks another process for them', async () => {
		using outer = manager();
		await using archon = await boot({env: {...given(outer.address), WATCHDOG_USEC: '1000', WATCHDOG_PID: '4'}, config: 'services: {web: {command: sleep 1000000}}'});
		await outer.hears('READY=1');
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		expect(outer.said()).not.toContain('WATCHDOG=1');
	});

	test('may have a socket in the file system, and may be gone', async () => {
		const path = join(mkdtempSync(join(tmpdir(), 'outer-')), 'notify.sock');
		const listener = spawn('perl', ['-MSocket', '-e', `socket(S, PF_UNIX, SOCK_DGRAM, 0); bind(S, sockaddr_un("${path}")); $| = 1; print "bound\\n";
			while (defined recv(S, $_, 4096, 0)) { print "$_\\n"; last if /STOPPING/ }`], {stdio: ['ignore', 'pipe', 'inherit']});
		let text = '';
		listener.stdout.on('data', (data: Buffer) => void (text += data));
		await expect.poll(() => text).toContain('bound\n');
		const config = 'services: {web: {command: sleep 1000000}}';
		await using archon = await boot({env: given(path), config});
		await expect.poll(() => text).toContain('READY=1\nSTATUS=all services are up\n');
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		await expect.poll(() => text).toContain('STOPPING=1');
		// It is not read any more.
		await using other = await boot({env: given(path), config});
		await other.says(/started web/);
		expect((await other.ctl('reload')).status).toBe(0);
		other.signal('SIGTERM');
		expect(await other.ended()).toBe(0);
	});

	test('that never reads holds nothing up', async () => {
		using outer = manager();
		// Its queue is full (unix(7), net.unix.max_dgram_qlen) before archon says its first word.
		const to = sys.connectUnix(`\0${outer.address.slice(1)}`, 2 | 0o4000);
		while (sys.send(to, Uint8Array.of(65), [], 0x40) > 0);
		await using archon = await boot({env: given(outer.address), config: 'services: {web: {command: sleep 1000000}}'});
		await archon.says(/started web/);
		for (let i = 0; i < 20; i++) expect((await archon.ctl('reload')).status).toBe(0);
		expect((await archon.status())['web']).toMatchObject({status: 'running'});
		// Once it does, it hears the first word first.
		outer.said();
		await outer.hears('READY=1');
		sys.close(to);
	});
});

describe('services hear nothing of a manager outside', () => {
	const NAMES = '^(NOTIFY_SOCKET|WATCHDOG_|LISTEN_)';

	test('neither they nor their hooks, nor main', async () => {
		using outer = manager();
		const env = {...given(outer.address), WATCHDOG_USEC: '1000000', OTHER: 'kept'};
		await using archon = await boot({env, args: ['--', 'sh', '-c', `env | grep -E '${NAMES}'; sleep 1000000`], config: `services:
  web: {command: "sh -c 'env | grep -E \\"${NAMES}|OTHER\\"; sleep 1000000'", post_start: ["sh -c 'env | grep -E \\"${NAMES}\\"; exit 0'"]}
  named: {command: "sh -c 'env | grep -E \\"${NAMES}\\"; sleep 1000000'", environment_base: [PATH, NOTIFY_SOCKET]}
`});
		await archon.says(/OTHER=kept/);
		await outer.hears('READY=1');
		await archon.says(/named +\| NOTIFY_SOCKET=/);
		expect(archon.log().match(/(NOTIFY|WATCHDOG|LISTEN)_\w+=/g)).toEqual(['NOTIFY_SOCKET=']);
	});

	test('a service that speaks itself speaks to archon', async () => {
		using outer = manager();
		await using archon = await boot({env: given(outer.address), config: `services:
  web: {command: "sh -c 'echo at $$NOTIFY_SOCKET; sleep 1000000'", ready: notify, start_timeout: 1m}
`});
		await archon.says(/at @archon\/notify/);
		expect(outer.said()).toEqual([]);
	});

	test('one command has all as archon was given it, and speaks for itself', async () => {
		using outer = manager();
		const all = given(outer.address);
		const {stdout} = await execa(ARCHON, ['--', 'sh', '-c', `env | grep -E '${NAMES}' | sort`], {env: {...all, WATCHDOG_USEC: '1000'}});
		expect(stdout.split('\n')).toEqual([
			'LISTEN_FDNAMES=x', 'LISTEN_FDS=1', 'LISTEN_PID=1', `NOTIFY_SOCKET=${outer.address}`, 'WATCHDOG_PID=1', 'WATCHDOG_USEC=1000',
		]);
		expect(outer.said()).toEqual([]);
	});
});
