/** PID 1 survives itself: whatever ends it, the same pid goes on with the same services, and no line is lost. */
import {execa} from 'execa';
import {readdirSync, readFileSync, readlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {type Archon, ARCHON, boot} from './archon.ts';

/** A process below archon, by its pid in archon's namespace, as this machine sees it. */
function outside(archon: Archon, pid: number): number {
	const space = (name: string): string => readlinkSync(`/proc/${name}/ns/pid`);
	const isIt = (name: string): boolean => {
		try {
			const inner = /NSpid:\s+(.+)/.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1]?.split('\t').at(-1);
			return Number(inner) === pid && space(name) === space(String(archon.pid));
		} catch {
			return false;
		}
	};
	return Number(readdirSync('/proc').find(name => /^\d+$/.test(name) && isIt(name)));
}

const REVIVED = /archon +\| warn: archon .* was re-executed: (\d+) services? keeps? running/g;
const revivals = (archon: Archon): number => archon.log().match(REVIVED)?.length ?? 0;

/** Ends this instance of archon by a signal from outside, and waits for the next. */
async function crash(archon: Archon, signal: NodeJS.Signals = 'SIGSEGV'): Promise<void> {
	const before = revivals(archon);
	archon.signal(signal);
	await expect.poll(() => revivals(archon), {interval: 5}).toBe(before + 1);
}

const IDLE = 'services: {one: {command: sleep 1000000}, two: {command: sleep 1000000}}\n';

test.each(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP'] as const)('after %s the same pid goes on with the same services', async signal => {
	await using archon = await boot({config: IDLE});
	await archon.says(/started two/);
	const before = await archon.status();
	await crash(archon, signal);
	expect(archon.log()).toContain(`archon was sent ${signal}`);
	const after = await archon.status();
	expect(after['one']).toMatchObject({status: 'running', pid: before['one']?.pid, restarts: 0});
	expect(after['two']).toMatchObject({status: 'running', pid: before['two']?.pid, restarts: 0});
	expect(readFileSync(`/proc/${archon.pid}/comm`, 'utf8')).toBe('archon\n');
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	expect(archon.log()).toMatch(/stopped one \(SIGTERM\)/);
});

test('no line is lost or doubled, whole or not, while archon crashes under load', async () => {
	const {stdout: logs} = await execa('mktemp', ['-d']);
	const count = 60_000;
	const names = ['ann', 'bob', 'cid'];
	// Written in chunks that end anywhere, so that there is always the beginning of a line on its way.
	const writer = `$| = 1; my $all = join '', map { "$_ " . ("x" x ($_ % 50)) . "\\n" } 1 .. ${count};
		for (my $at = 0; $at < length $all; $at += 997) { syswrite STDOUT, substr($all, $at, 997); select undef, undef, undef, 0.001 if $at % 9 == 0 }`;
	writeFileSync(`${logs}/writer`, writer);
	// However slow the test reads: what is left out for that is another matter.
	const services = names.map(name => `  ${name}: {type: oneshot, command: "perl ${logs}/writer", logging: {on_full: block}}\n`).join('');
	await using archon = await boot({config: `services:
${services}  file: {type: oneshot, command: "perl ${logs}/writer", logging: {driver: file, options: {path: "${logs}/log", max-size: 300k, max-file: 99}}}
  idle: {command: sleep 1000000}
`});
	await archon.says(/^ann +\| 100 /m);
	for (let i = 0; i < 4; i++) await crash(archon, (['SIGSEGV', 'SIGABRT', 'SIGBUS'] as const)[i % 3]);
	await expect.poll(async () => Object.values(await archon.status()).filter(({status}) => status === 'exited').length, {timeout: 25_000}).toBe(4);
	const expected = Array.from({length: count}, (_, i) => `${i + 1} ${'x'.repeat((i + 1) % 50)}`);
	for (const name of names) {
		// The last of them may still be on their way to the test.
		await archon.says(new RegExp(`^${name} +\\| ${count} `, 'm'));
		const lines = [...archon.log().matchAll(new RegExp(`^${name} +\\| (.*)$`, 'gm'))].map(([, line]) => line);
		expect(lines.length, name).toBe(count);
		expect(lines).toEqual(expected);
	}
	const number = (name: string): number => Number(/\.(\d+)$/.exec(name)?.[1] ?? 0);
	const files = readdirSync(logs).filter(name => name.startsWith('log')).sort((a, b) => number(b) - number(a));
	expect(files.flatMap(name => readFileSync(join(logs, name), 'utf8').split('\n').filter(line => line !== ''))).toEqual(expected);
});

test('what ends while archon is re-executed is heard of, and acted on', async () => {
	await using archon = await boot({config: `services:
  one: {command: sleep 1000000}
  main: {command: sleep 1000000, essential: true}
`});
	await archon.says(/started main/);
	const {one} = await archon.status();
	// In one go: the service ends, and archon crashes before it can have heard of it.
	process.kill(archon.pid, 'SIGSTOP');
	process.kill(outside(archon, one?.pid ?? 0), 'SIGKILL');
	process.kill(archon.pid, 'SIGSEGV');
	process.kill(archon.pid, 'SIGCONT');
	await archon.says(/was re-executed/);
	await archon.says(/one was killed by SIGKILL/);
	await expect.poll(async () => (await archon.status())['one']).toMatchObject({status: 'running', restarts: 1});
});

test('a service that waits for its readiness, its restart or its end goes on waiting', async () => {
	await using archon = await boot({config: `services:
  slow: {command: 'sh -c "sleep 2; echo ready now; sleep 1000000"', ready: {log: ready now}, start_timeout: 20s}
  after: {command: sleep 1000000, depends_on: {slow: {condition: service_healthy}}}
  crasher: {command: 'false', restart: {policy: always, delay: 1s, max_delay: 2s, attempts: 100}}
  probed: {command: sleep 1000000, healthcheck: {test: 'true', interval: 1s}}
`});
	await archon.says(/crasher (exited|was killed)/);
	await crash(archon);
	expect((await archon.status())['after']?.status).toBe('waiting');
	await archon.says(/started after/);
	const restarts = (await archon.status())['crasher']?.restarts ?? 0;
	await expect.poll(async () => (await archon.status())['crasher']?.restarts).toBeGreaterThan(restarts);
	await expect.poll(async () => (await archon.status())['probed']?.status).toBe('running');
	await crash(archon);
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
});

test('a service that speaks by sd_notify(3) is still heard', async () => {
	await using archon = await boot({config: `services:
  talker:
    command: "perl -e 'use Socket; $$n = $$ENV{NOTIFY_SOCKET}; $$n =~ s/^@/\\\\0/; socket($$s, AF_UNIX, SOCK_DGRAM, 0);
      while (1) { send($$s, qq(READY=1\\nSTATUS=beat ) . time, 0, sockaddr_un($$n)); select undef, undef, undef, 0.2 }'"
    ready: notify
  idle: {command: sleep 1000000}
`});
	await archon.says(/talker is ready|talker.*up|started talker/);
	const beat = async (): Promise<number> => Number(/beat (\d+)/.exec((await archon.ctl('status', '--json')).stdout)?.[1] ?? 0);
	await expect.poll(beat).toBeGreaterThan(0);
	await crash(archon);
	const before = await beat();
	await expect.poll(beat).toBeGreaterThan(before);
	expect((await archon.status())['talker']).toMatchObject({status: 'running', restarts: 0});
});

test('a shutdown under way goes on to its end', async () => {
	await using archon = await boot({config: `services:
  deaf: {command: "sh -c 'trap : TERM; while :; do sleep 1; done'", stop_grace_period: 2s}
  idle: {command: sleep 1000000}
`});
	await archon.says(/started idle/);
	archon.signal('SIGTERM');
	await archon.says(/stopping deaf/);
	archon.signal('SIGSEGV');
	expect(await archon.ended()).toBe(0);
	expect(archon.log()).toMatch(/stopped deaf/);
});

test('a signal that comes while archon is re-executed is heard', async () => {
	await using archon = await boot({config: IDLE});
	await archon.says(/started two/);
	process.kill(archon.pid, 'SIGSTOP');
	process.kill(archon.pid, 'SIGTERM');
	process.kill(archon.pid, 'SIGSEGV');
	process.kill(archon.pid, 'SIGCONT');
	expect(await archon.ended()).toBe(0);
});

test('archon that crashes again and again runs in degraded mode, and leaves it at SIGHUP', async () => {
	await using archon = await boot({config: `services:
  one: {command: 'sh -c "while :; do echo line; sleep 0.05; done"'}
  two: {command: sleep 1000000}
`});
	await archon.says(/started two/);
	const before = await archon.status();
	for (let i = 0; i < 5; i++) await crash(archon);
	await archon.says(/degraded mode after too many crashes: services are kept running/);
	expect((await archon.ctl('status')).status).not.toBe(0);
	const lines = archon.log().match(/^line$/gm)?.length ?? 0;
	await expect.poll(() => archon.log().match(/^line$/gm)?.length).toBeGreaterThan(lines);
	archon.signal('SIGHUP');
	await expect.poll(async () => (await archon.ctl('status')).status).toBe(0);
	expect((await archon.status())['one']).toMatchObject({status: 'running', pid: before['one']?.pid, restarts: 0});
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
});

test('one that leaves degraded mode reads its config as well', async () => {
	await using archon = await boot({config: 'services: {one: {command: sleep 1000000}}'});
	await archon.says(/started one/);
	for (let i = 0; i < 5; i++) await crash(archon);
	await archon.says(/degraded mode after too many crashes/);
	writeFileSync(join(archon.folder, 'archon.yaml'), 'services: {one: {command: sleep 1000000}, two: {command: sleep 1000000}}');
	archon.signal('SIGHUP');
	await archon.says(/config reloaded: .*two/);
	await expect.poll(() => archon.status().catch(() => ({}))).toMatchObject({
		one: {status: 'running', restarts: 0}, two: {status: 'running', restarts: 0},
	});
	await crash(archon);
	expect(archon.log().match(/config reloaded/g)).toHaveLength(1);
});

test('one that is told to leave degraded mode before it has come up does so', async () => {
	await using archon = await boot({config: 'services: {one: {command: sleep 1000000}}'});
	await archon.says(/started one/);
	for (let i = 0; i < 4; i++) await crash(archon);
	// Before it has come up for the fourth time it would hear of one within what the other may not tear apart.
	await expect.poll(async () => (await archon.ctl('status')).status).toBe(0);
	// Both wait for it: what it does after the fifth crash begins with the other one.
	for (const signal of ['SIGSTOP', 'SIGHUP', 'SIGSEGV', 'SIGCONT'] as const) archon.signal(signal);
	await archon.says(/to leave degraded mode/);
	await expect.poll(async () => (await archon.ctl('status')).status).toBe(0);
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
});

test('one-command mode survives as well, and its status is the command\'s', async () => {
	await using archon = await boot({config: null, args: ['--', 'sh', '-c', 'trap "exit 7" USR1; echo up; while :; do sleep 0.1; done']});
	await archon.says(/^up$/m);
	await crash(archon);
	archon.signal('SIGUSR1');
	expect(await archon.ended()).toBe(7);
});

describe('as an ordinary process', () => {
	test('archon continues, and adopts no children of other processes', async () => {
		await using archon = await boot({config: IDLE, isInit: false});
		await archon.says(/started two/);
		await crash(archon);
		expect(Object.values(await archon.status()).map(({status, restarts}) => [status, restarts])).toEqual([['running', 0], ['running', 0]]);
		expect(readFileSync(`/proc/${archon.pid}/cmdline`, 'utf8').split('\0')[0]).toBe(ARCHON);
	});
});
