/** Services are ended with all that they made: whatever leaves its group, session and parents, and however fast it grows. */
import {chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {ownCgroup} from '../../src/os/reap/cgroups.ts';
import {type Archon, boot} from './archon.ts';
import {character} from './characters.ts';

/** Users of this test alone, as the kernel counts the processes of each. */
const [STORMY, ORDINARY] = [64_123, 64_124];

/** A daemon as it should not be: nothing of it says whose it is, and it does not listen. */
const DAEMON = `setsid -f env -i sh -c 'trap "" TERM; echo daemon; while :; do sleep 1000003; done'`;

const see = (path: string): string => {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return '';
	}
};

const pids = (): string[] => readdirSync('/proc').filter(name => /^\d+$/.test(name));

/** The processes whose command holds these words, in archon's PID namespace. */
function found(archon: Archon, words: string): string[] {
	const namespace = readlinkSync(`/proc/${archon.pid}/ns/pid`);
	return pids().filter(pid => {
		if (!see(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').includes(words)) return false;
		try {
			return readlinkSync(`/proc/${pid}/ns/pid`) === namespace;
		} catch {
			return false;
		}
	});
}

/** Not the shell that makes it. */
const daemons = (archon: Archon, seconds: number): string[] =>
	found(archon, `sleep ${seconds}`).filter(pid => see(`/proc/${pid}/comm`) === 'sleep\n');

const indent = (script: string): string => script.replaceAll('\n', '\n        ');

test('a daemonised grandchild is shown below its service, asked to end when it stops, and killed when its grace is over', async () => {
	await using archon = await boot({config: `services:
  web:
    stop_grace_period: 300ms
    command:
      - sh
      - -c
      - |
        ${indent(DAEMON)}
        exec sleep 1000000
  other: {command: "sh -c 'setsid -f sleep 1000005; exec sleep 1000000'"}
`});
	await archon.says(/web +\| daemon/);
	await expect.poll(() => found(archon, 'sleep 1000005').length).toBe(1);
	const [web = '', other = ''] = (await archon.ctl('tree')).stdout.split(/(?=─ other)/);
	for (const words of [/─ web  running/, /─ \d+ sleep 1000000/, /─ \d+ sh -c trap/, /─ \d+ sleep 1000003/]) expect(web).toMatch(words);
	expect(other).toMatch(/sleep 1000005/);
	expect((await archon.ctl('stop', 'web')).status).toBe(0);
	await archon.says(/stopping web [^]*killing the remaining processes of web with SIGKILL[^]*stopped web \(SIGTERM\)/);
	expect(found(archon, '1000003')).toEqual([]);
	expect(found(archon, 'sleep 1000005').length).toBe(1);
});

test('what a service left behind ends before its successor starts', async () => {
	await using archon = await boot({config: `services:
  web: {command: "sh -c 'setsid -f sleep 1000003; echo made; exec sleep 1000000'"}
  other: {command: sleep 1000000}
`});
	await archon.says(/web +\| made/);
	await archon.ctl('signal', 'KILL', 'web');
	await archon.says(/web was killed by SIGKILL; stopping its remaining processes\n.*web has stopped; restart 1[^]*made/);
	await expect.poll(() => found(archon, 'sleep 1000003').length).toBe(1);
});

test('as an ordinary user beside others, a service that ends is ended with all that it made', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'archon-trees-'));
	chmodSync(folder, 0o755);
	const file = join(folder, 'archon.yaml');
	writeFileSync(file, `services:
  job:
    type: oneshot
    stop_grace_period: 300ms
    command:
      - sh
      - -c
      - |
        ${indent(DAEMON)}
        sleep 0.3
  steady: {command: sleep 1000000}
`);
	await using archon = await boot({
		config: null, isInit: false, args: ['-c', file],
		wrapper: ['setpriv', '--reuid', String(ORDINARY), '--regid', String(ORDINARY), '--clear-groups', '--'],
	});
	await archon.says(/job +\| daemon[^]*exited with status 0; stopping its remaining processes[^]*killing the remaining processes of job[^]*job completed/);
	expect(found(archon, '1000003')).toEqual([]);
	expect(found(archon, 'sleep 1000000').length).toBeGreaterThan(0);
});

describe('a storm of processes', () => {
	const kinds = ['group', 'wide', 'chain'] as const;

	test.each(kinds)('(%s) ends when its grace is over, and who was stopped stays so', async kind => {
		const storm = await character('storm');
		await using archon = await boot({config: `services:
  frozen: {command: sleep 1000007}
  steady: {command: sleep 1000000}
  storm:
    type: oneshot
    command: ${storm} ${kind} 60
    user: "${STORMY}:${STORMY}"
    start_timeout: 500ms
    stop_grace_period: 500ms
    restart: "no"
    autostart: false
`});
		await archon.says(/started steady/);
		const before = await archon.status();
		await archon.ctl('signal', 'STOP', 'frozen');
		void archon.ctl('start', 'storm');
		await archon.says(/killing (storm|the remaining processes of storm)[^]*storm (failed|completed)/);
		await expect.poll(() => found(archon, storm)).toEqual([]);
		const state = (words: string): string | undefined => /\) (\w) /.exec(see(`/proc/${found(archon, words)[0]}/stat`))?.[1];
		expect(state('sleep 1000007')).toBe('T');
		await expect.poll(() => state('sleep 1000000')).toBe('S');
		const after = await archon.status();
		expect(after['steady']?.pid).toBe(before['steady']?.pid);
	});
});

test.skipIf(ownCgroup() === null)('what has shed every mark ends with the cgroup of its service, unless others live in it', async () => {
	const names = ['alone', 'shared'].map(name => `archon-test-${process.pid}-${name}`);
	// With a limit of its own where the mark would be, and no environment; its shell does not end when asked.
	const shed = (seconds: number): string => `
    ulimits: {locks: 1000}
    stop_grace_period: 200ms
    command: "sh -c 'setsid -f env -i sleep ${seconds}; trap : TERM; while :; do sleep 1; done'"`;
	{
		await using archon = await boot({config: `services:
  alone:
    cgroup: ${names[0]}${shed(1000011)}
  first:
    cgroup: ${names[1]}${shed(1000009)}
  second: {cgroup: ${names[1]}, command: sleep 1000000}
`});
		await expect.poll(() => [1000011, 1000009].map(each => daemons(archon, each).length)).toEqual([1, 1]);
		const {second} = await archon.status();
		expect((await archon.ctl('stop', 'alone', 'first')).status).toBe(0);
		await expect.poll(() => daemons(archon, 1000011)).toEqual([]);
		expect(daemons(archon, 1000009).length).toBe(1);
		expect((await archon.status())['second']).toMatchObject({status: 'running', pid: second?.pid});
	}
	await expect.poll(() => names.flatMap(name => see(`${ownCgroup()}/${name}/cgroup.procs`))).toEqual(['', '']);
	for (const name of names) rmdirSync(`${ownCgroup()}/${name}`);
});

test('a crowd that changes its memory all the time keeps archon from nothing else when it is asked what they are', {timeout: 60_000}, async () => {
	const changer = await character('changer');
	await using archon = await boot({config: `services:\n  crowd: {command: ${changer} 20 40, user: nobody}\n  other: {command: sleep 1000000}\n`});
	// Whom archon would have to wait for is shown by name only.
	await expect.poll(async () => (await archon.ctl('tree')).stdout, {timeout: 35_000}).toMatch(/\[changer\][^]*\[changer\]/);
	expect(await archon.status()).toMatchObject({other: {status: 'running'}});
});
