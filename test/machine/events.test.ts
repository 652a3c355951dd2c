/** Events of a real archon: how many are kept, and what becomes of them and their numbers when archon is re-executed. */
import {execa} from 'execa';
import {existsSync, mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {createRecorder} from '../../src/features/events/os/recorder.ts';
import {type Handoff, oblivion, openHandoff, SMALL_HANDOFF_SIZE} from '../../src/os/reexec/handoff.ts';
import {type Archon, ARCHON, boot} from './archon.ts';

interface Told {
	readonly number: number;
	readonly kind: string;
	readonly service: string | null;
	readonly reason: string | null;
	readonly count: number | null;
}

const eventsOf = (text: string): readonly Told[] => text.split('\n').filter(line => line !== '').map(line => JSON.parse(line) as Told);

async function ask(archon: Archon, ...args: readonly string[]): Promise<readonly Told[]> {
	await expect.poll(() => existsSync(archon.socket)).toBe(true);
	return eventsOf((await archon.ctl('events', '--json', ...args)).stdout);
}

describe('what is kept', () => {
	const memory = new Uint8Array(SMALL_HANDOFF_SIZE + 4096);
	const instance = (isFirst: boolean): Handoff => openHandoff(
		{view: (at, length) => memory.subarray(at, at + length)}, 0, isFirst, () => {}, SMALL_HANDOFF_SIZE,
	);

	test('is bounded, whole and in order, and goes on with the next instance', () => {
		const first = createRecorder(instance(true).blocks, true, () => undefined);
		for (let count = 1; count <= 20_000; count++) first.say('reloaded', `${count} ${'é\n'.repeat(count % 50)}`);
		const {events} = first;
		expect(events.last()).toBe(20_000);
		expect(events.last() - events.first()).toBeGreaterThan(500);
		expect(events.last() - events.first()).toBeLessThan(3000);
		const all = events.read(events.first(), Infinity);
		expect(all.map(({number}) => number)).toEqual(Array.from(all, (_, index) => events.first() + index));
		expect(all.map(({reason}) => Number(reason.split(' ')[0]))).toEqual(all.map(({number}) => number));
		expect(events.read(19_990, 3).map(({number}) => number)).toEqual([19_990, 19_991, 19_992]);

		const next = createRecorder(instance(false).blocks, false, () => undefined);
		expect([next.events.first(), next.events.last()]).toEqual([events.first(), events.last()]);
		expect(next.events.read(events.first(), Infinity)).toEqual(all);
		next.say('re-executed', 'archon crashed');
		expect(next.events.read(20_000, 5).map(({number, kind}) => `${number} ${kind}`)).toEqual(['20000 reloaded', '20001 re-executed']);
	});

	test('where the last instance left nothing, no number is given twice', () => {
		const recorder = createRecorder(oblivion().blocks, false, () => undefined);
		recorder.say('re-executed', 'archon crashed');
		expect(recorder.events.last()).toBeGreaterThan(1000);
		expect(recorder.events.first()).toBe(recorder.events.last());
	});
});

test('numbers only grow, and a client that follows misses nothing, when archon is re-executed after a fault and by an upgrade', async () => {
	await using archon = await boot({config: 'services: {web: {command: sleep 1000000}, db: {command: sleep 1000000}}\n'});
	await archon.says(/started db/);
	expect((await ask(archon)).map(({kind}) => kind)).toEqual(['booted', 'started', 'ready', 'started', 'ready', 'all-ready']);
	const follower = execa(join(ARCHON, '../archonctl'), ['events', '-f', '--json'], {env: {ARCHON_SOCKET: archon.socket}, reject: false, stdin: 'ignore'});
	archon.signal('SIGSEGV');
	await archon.says(/was re-executed/);
	await archon.ctl('restart', 'web');
	await archon.ctl('upgrade');
	await archon.ctl('stop', 'db');
	const all = await ask(archon);
	expect(all.map(({number}) => number)).toEqual(all.map((_, index) => index + 1));
	expect(all.map(({kind, service}) => (service === null ? kind : `${kind} ${service}`))).toEqual([
		'booted', 'started web', 'ready web', 'started db', 'ready db', 'all-ready',
		're-executed', 'stopping web', 'exited web', 'stopped web', 'started web', 'ready web', 're-executed',
		'stopping db', 'exited db', 'stopped db',
	]);
	await archon.ctl('shutdown');
	await archon.ended();
	const {stdout, exitCode} = await follower;
	expect(exitCode).toBe(0);
	expect(eventsOf(stdout).slice(0, all.length)).toEqual(all);
	expect(eventsOf(stdout).map(({number}) => number)).toEqual(eventsOf(stdout).map((_, index) => index + 1));
});

test('orphans are told together, and a reload with what it has changed or why not', async () => {
	await using archon = await boot({config: 'services: {web: {command: sleep 1000000}, once: {type: oneshot, command: "sh -c \'(true &) ; (true &) ; (true &)\'"}}\n'});
	await archon.says(/once completed/);
	await expect.poll(async () => (await ask(archon, '--kinds', 'orphans')).reduce((sum, {count}) => sum + (count ?? 0), 0), {timeout: 10_000}).toBe(3);
	await archon.ctl('reload');
	await execa('sh', ['-c', `echo 'services: {web: {comand: x}}' > ${archon.folder}/archon.yaml`]);
	await archon.ctl('reload');
	expect(await ask(archon, 'archon', '--kinds', 'reloaded,reload-failed')).toMatchObject([
		{kind: 'reloaded', service: null, reason: expect.stringContaining('2 unchanged') as string},
		{kind: 'reload-failed', reason: expect.stringContaining('comand') as string},
	]);
});

test('a client that waits goes on when archon is re-executed, and says by its exit status what came of it', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'archon-wait-'));
	await using archon = await boot({config: `services:
  web: {command: sleep 1000000, ready: {file: ${folder}/ready, interval: 20ms, timeout: 10s}, start_timeout: 60s}
  bad: {command: sh -c "exit 3", restart: no}
`});
	await archon.says(/started web/);
	const waiter = archon.ctl('wait', 'web', '--timeout', '1m', '--json');
	const late = archon.ctl('wait', 'web', '--timeout', '0.2');
	expect(await archon.ctl('health')).toMatchObject({status: 1, stdout: expect.stringMatching(/^(web is starting: |bad is )/) as string, stderr: ''});
	expect(await archon.ctl('health', '--live', 'web')).toEqual({status: 0, stdout: '', stderr: ''});
	expect(await late).toMatchObject({status: 124, stderr: expect.stringMatching('web: not ready within 0.2 s; it is starting') as string});
	archon.signal('SIGSEGV');
	await archon.says(/was re-executed/);
	await archon.ctl('upgrade');
	writeFileSync(join(folder, 'ready'), '');
	const {status, stdout} = await waiter;
	expect(status).toBe(0);
	expect(JSON.parse(stdout)).toEqual([{name: 'web', verdict: 'reached', status: 'running', exit: null, why: ''}]);
	expect(await archon.ctl('wait', 'bad', '--for', 'ready')).toMatchObject({status: 1, stderr: 'archonctl: bad: it has failed: exit status 3'});
	expect(await archon.ctl('health', 'web')).toEqual({status: 0, stdout: '', stderr: ''});
	expect(await archon.ctl('--socket', '/no/such', 'health')).toMatchObject({status: 1});
});
