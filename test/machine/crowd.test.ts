/** Many clients at once: from any user, and with any amount unread, archonctl is answered and archon does not swell. */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

const CROWD = join(import.meta.dirname, '../characters/crowd.py');

interface Crowd extends AsyncDisposable {
	/** How many of them were turned away since it was asked last. */
	turnedAway(): Promise<number>;
}

/** Clients that send these words and read nothing, as a user. */
async function crowd(socket: string, count: number, words: string, uid = 0): Promise<Crowd> {
	const child: ChildProcess = spawn('sh', ['-c', 'ulimit -n 4096; exec "$@"', 'sh', 'python3', CROWD, socket, String(count), words], {uid, stdio: ['pipe', 'pipe', 'inherit']});
	return started(child);
}

async function started(child: ChildProcess): Promise<Crowd> {
	let text = '';
	let look = (): void => {};
	child.stdout?.on('data', data => {
		text += String(data);
		look();
	});
	const says = (pattern: RegExp): Promise<string> => new Promise((resolve, reject) => {
		look = () => {
			const [, word] = pattern.exec(text) ?? [];
			if (word !== undefined) resolve(word);
		};
		child.once('exit', () => reject(new Error(`the crowd has ended: ${text}`)));
		look();
	});
	await says(/(all are there)/);
	return {
		turnedAway() {
			text = '';
			child.stdin?.write('\n');
			return says(/^(\d+) were turned away/m).then(Number);
		},
		async [Symbol.asyncDispose]() {
			child.kill('SIGKILL');
			if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
		},
	};
}

const memoryOf = ({pid}: Archon): number => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** Until this number of them has been turned away. */
async function leave(crowd: Crowd, count: number): Promise<void> {
	let sum = 0;
	await expect.poll(async () => sum += await crowd.turnedAway()).toBe(count);
}

const up = async (archon: Archon, name: string): Promise<void> => {
	await expect.poll(() => archon.status().catch(() => ({}))).toMatchObject({[name]: {status: 'running'}});
};

test('of more idle connections than there is room for the oldest go, and archonctl is answered', async () => {
	await using archon = await boot({config: 'services: {a: {command: sleep 1000000}}'});
	await up(archon, 'a');
	await using idle = await crowd(archon.socket, 1500, '');
	expect(await archon.status()).toMatchObject({a: {status: 'running'}});
	expect(await idle.turnedAway()).toBeGreaterThan(1500 - 1024);
	await using halves = await crowd(archon.socket, 1500, 'Stat');
	expect(await archon.status()).toMatchObject({a: {status: 'running'}});
	expect(await halves.turnedAway()).toBeGreaterThan(1500 - 1024);
});

test('where one user holds all that it can, and asks for something on each, root has room', async () => {
	const user = 64_125;
	const folder = mkdtempSync(join(tmpdir(), 'archon-crowd-'));
	const [config, socket] = [join(folder, 'a.yaml'), join(folder, 'sock')];
	writeFileSync(config, 'services: {a: {command: sleep 1000000}}\n');
	chmodSync(config, 0o644);
	chownSync(folder, user, user);
	await using archon = await boot({
		config: null, args: ['-c', config, '--socket', socket], isInit: false, wrapper: ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'],
	});
	await archon.says(/started a/);
	await expect.poll(() => existsSync(socket)).toBe(true);
	await using busy = await crowd(socket, 1000, 'Logs,a,archon.follow=yes\\n', user);
	// Root's archonctl does not talk to another user's archon: here it is root that says the words.
	const ask = async (): Promise<readonly string[]> => {
		// Node does not wait for its turn in the kernel's queue.
		const wire = await archon.connect(socket).catch(() => null);
		wire?.send('Status,a\n');
		const lines = await wire?.lines(2) ?? [];
		wire?.destroy();
		return lines;
	};
	await expect.poll(ask).toEqual([expect.stringMatching(/^Row,a,running/), 'Ok']);
	expect(await busy.turnedAway()).toBeGreaterThanOrEqual(1000 - 960);
});

test('of users without any right none stays, and those with some have little room, each and together', async () => {
	await using archon = await boot({config: 'access: [{user: [1, 2, 3, 4, 5], role: observe}]\nservices: {a: {command: sleep 1000000}}'});
	await up(archon, 'a');
	chmodSync(archon.folder, 0o755);
	await using strangers = await crowd(archon.socket, 500, 'Stat', 6);
	expect(readdirSync(`/proc/${archon.pid}/fd`).length).toBeLessThan(50);
	await leave(strangers, 500);
	await using some = await crowd(archon.socket, 500, 'Stat', 1);
	await leave(some, 500 - 128);
	await using _2 = await crowd(archon.socket, 128, 'Stat', 2);
	await using _3 = await crowd(archon.socket, 128, 'Stat', 3);
	await using _4 = await crowd(archon.socket, 128, 'Stat', 4);
	await using others = await crowd(archon.socket, 128, 'Stat', 5);
	await leave(others, 128);
	expect(await archon.status()).toMatchObject({a: {status: 'running'}});
});

test('a hundred clients that ask for all and read nothing cost others little, and archon little memory', async () => {
	const services = Array.from({length: 500}, (_, i) => `  s${i}: {command: sleep 1000000}`).join('\n');
	await using archon = await boot({config: `services:\n${services}\n`});
	await archon.says(/started s499/);
	await up(archon, 's499');
	const before = memoryOf(archon);
	await using _ = await crowd(archon.socket, 100, 'Status\\n'.repeat(64));
	await using tagged = await crowd(archon.socket, 100, '@7,Status\\n'.repeat(64));
	for (let i = 0; i < 5; i++) await up(archon, 's499');
	expect(memoryOf(archon) - before).toBeLessThan(40 * 1024);
	expect(await tagged.turnedAway()).toBe(0);
});

test('a flood of newlines keeps no client waiting', async () => {
	await using archon = await boot({config: 'services: {a: {command: sleep 1000000}}'});
	await up(archon, 'a');
	await using _ = await crowd(archon.socket, 50, '\\n'.repeat(20_000));
	for (let i = 0; i < 5; i++) expect(await archon.status()).toMatchObject({a: {status: 'running'}});
});

/** Waits of PID 1 that something ended: what it was woken up for. */
const wakeUps = ({pid}: Archon): number => Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
const fdsOf = ({pid}: Archon): number => readdirSync(`/proc/${pid}/fd`).length;

test('a thousand idle clients and a hundred that never read cost a service nothing, and leave nothing', async () => {
	await using archon = await boot({config: `services:
  a: {command: sleep 1000000}
  b: {command: sleep 1000000, depends_on: [a]}
`});
	await up(archon, 'b');
	/** What a restart wakes PID 1 up for. */
	const restart = async (): Promise<number> => {
		const before = wakeUps(archon);
		expect((await archon.ctl('restart', 'a')).status).toBe(0);
		await up(archon, 'b');
		return wakeUps(archon) - before;
	};
	// All that is loaded by need is there.
	await restart();
	const alone = await restart();
	const [fds, memory] = [fdsOf(archon), memoryOf(archon)];
	{
		await using idle = await crowd(archon.socket, 850, '');
		await using mute = await crowd(archon.socket, 100, 'Status\\n'.repeat(300));
		expect(await idle.turnedAway()).toBe(0);
		expect(await mute.turnedAway()).toBe(0);
		await restart();
		// The mute are heard no further by now, and no client wakes PID 1 up.
		expect(await restart()).toBeLessThan(3 * alone + 20);
		expect(fdsOf(archon)).toBeLessThan(fds + 1024);
		expect(memoryOf(archon) - memory).toBeLessThan(40 * 1024);
	}
	await expect.poll(() => fdsOf(archon)).toBeLessThanOrEqual(fds);
	// When all is quiet it is given back.
	await expect.poll(() => memoryOf(archon) - memory, {timeout: 20_000}).toBeLessThan(4 * 1024);
	await restart();
});
