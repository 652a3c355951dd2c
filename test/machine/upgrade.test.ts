/** archonctl across the lives of archon: upgrades on purpose, and what a client has of archon that crashes meanwhile. */
import {chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {spawn} from 'node:child_process';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {type Archon, ARCHON, boot} from './archon.ts';

const IDLE = 'services: {one: {command: sleep 1000000}, two: {command: sleep 1000000}}\n';

let folder = '';
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'archon-upgrade-'));
});
afterAll(() => rmSync(folder, {recursive: true}));

async function up(config = IDLE): Promise<Archon> {
	const archon = await boot({config});
	await archon.says(/started two/);
	await expect.poll(() => existsSync(archon.socket)).toBe(true);
	return archon;
}

function script(name: string, text: string): string {
	const path = join(folder, name);
	writeFileSync(path, text);
	chmodSync(path, 0o755);
	return path;
}

const revivals = (archon: Archon): number => archon.log().match(/was re-executed: \d/g)?.length ?? 0;

async function crash(archon: Archon): Promise<void> {
	const before = revivals(archon);
	archon.signal('SIGSEGV');
	await expect.poll(() => revivals(archon), {interval: 5}).toBe(before + 1);
}

/** A client that goes on while the test does, and what it has said so far. */
function client(archon: Archon, ...args: readonly string[]) {
	const child = spawn(join(ARCHON, '../archonctl'), args, {env: {...process.env, ARCHON_SOCKET: archon.socket}});
	let [out, err] = ['', ''];
	child.stdout.on('data', (data: Buffer) => void (out += data));
	child.stderr.on('data', (data: Buffer) => void (err += data));
	const ended = new Promise<number>(resolve => child.once('close', code => resolve(code ?? -1)));
	return {child, ended, out: () => out, err: () => err};
}

describe('an upgrade', () => {
	test('to a copy elsewhere keeps pid, arguments and services, and tells who goes on', async () => {
		await using archon = await up();
		const before = await archon.status();
		const [words, variables] = ['cmdline', 'environ'].map(name => readFileSync(`/proc/${archon.pid}/${name}`, 'utf8'));
		const path = join(folder, 'archon-next');
		copyFileSync(ARCHON, path);
		const told = await archon.ctl('upgrade', path);
		expect(told).toMatchObject({status: 0, stderr: ''});
		expect(told.stdout).toMatch(/^upgraded to archon \d+\.\d+\.\d+: 2 services keep running$/);
		expect(readlinkSync(`/proc/${archon.pid}/exe`)).toBe(path);
		expect(readFileSync(`/proc/${archon.pid}/cmdline`, 'utf8')).toBe(words);
		const own = (text = ''): string => text.split('\0').filter(word => !word.startsWith('ARCHON_HANDOFF=')).join('\n');
		expect(own(readFileSync(`/proc/${archon.pid}/environ`, 'utf8'))).toBe(own(variables));
		const after = await archon.status();
		for (const name of ['one', 'two']) expect(after[name]).toMatchObject({status: 'running', pid: before[name]?.pid, restarts: 0});
		expect((await archon.ctl('version')).stdout).toMatch(/^archon \S+, re-executed once\narchonctl \S+$/);
		expect(JSON.parse((await archon.ctl('version', '--json')).stdout)).toMatchObject({lives: 1, cause: 'upgrade'});

		// Its own file by its name: another one that has taken its place is taken.
		copyFileSync(ARCHON, `${path}.new`);
		renameSync(`${path}.new`, path);
		expect(readlinkSync(`/proc/${archon.pid}/exe`)).toBe(`${path} (deleted)`);
		expect((await archon.ctl('upgrade')).status).toBe(0);
		expect(readlinkSync(`/proc/${archon.pid}/exe`)).toBe(path);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
	});

	test('is refused where the file will not do, and nothing changes', async () => {
		await using archon = await up();
		const before = await archon.status();
		const plain = join(folder, 'text');
		writeFileSync(plain, 'only words\n');
		const refused = async (path: string): Promise<string> => {
			const {status, stderr} = await archon.ctl('upgrade', path);
			expect(status).toBe(1);
			return stderr;
		};
		expect(await refused('/no/such/archon')).toMatch(/cannot upgrade: executing \/no\/such\/archon: no such file or directory; nothing has changed/);
		expect(await refused(plain)).toMatch(/permission denied: .*text is not executable/);
		expect(await refused(script('words', 'only words\n'))).toMatch(/words is no archon/);
		expect(await refused(script('other', '#!/bin/sh\necho 999\n'))).toMatch(/other reads what was written in format 999, and this archon writes \d+/);
		expect(await refused(script('mute', '#!/bin/sh\nexit 0\n'))).toMatch(/mute is no archon, or one that cannot take over from this one/);
		expect(await refused('/bin/true')).toMatch(/is no archon/);
		expect(await refused(script('slow', '#!/bin/sh\nsleep 1000\n'))).toMatch(/slow does not answer within 5 s/);
		expect(await archon.status()).toEqual(before);
		expect((await archon.ctl('version', '--json')).stdout).toMatch(/"lives": 0/);
		// What did not answer is ended with all that it made.
		expect((await archon.ctl('tree')).stdout).not.toContain('1000\n');
	});

	test('keeps lines on their way, and who follows them goes on', async () => {
		await using archon = await up(`services:
  one: {command: 'perl -e "$$| = 1; for (1 .. 100000) { print qq(line $$_\\n); select undef, undef, undef, 0.002 }"'}
  two: {command: sleep 1000000}
`);
		const logs = client(archon, 'logs', '-f', 'one');
		await expect.poll(logs.out).toMatch(/^line 50$/m);
		expect((await archon.ctl('upgrade')).status).toBe(0);
		await expect.poll(logs.err).toBe('archonctl: archon was re-executed\n');
		const [, seen = ''] = /line (\d+)\n$/.exec(logs.out()) ?? [];
		await expect.poll(logs.out).toMatch(new RegExp(`^line ${Number(seen) + 100}$`, 'm'));
		logs.child.kill();
		await logs.ended;
		const lines = logs.out().split('\n').slice(0, -1);
		expect(lines).toEqual(lines.map((_, i) => `line ${i + 1}`));
	});
});

describe('while archon crashes', () => {
	test('a command of archonctl run goes on, and its status is told', async () => {
		await using archon = await up();
		const gate = join(folder, 'gate');
		const run = client(archon, 'run', '--', 'sh', '-c', `echo begun; until [ -e ${gate} ]; do sleep 0.02; done; echo done; exit 7`);
		await expect.poll(run.out).toBe('begun\n');
		await crash(archon);
		await crash(archon);
		writeFileSync(gate, '');
		expect(await run.ended).toBe(7);
		expect([run.out(), run.err()]).toEqual(['begun\ndone\n', '']);
		expect(Object.keys(await archon.status())).toEqual(['one', 'two']);
	});

	test('a command that ends before its client is there again has its status kept', async () => {
		await using archon = await up();
		const gate = join(folder, 'gate-2');
		const run = client(archon, 'run', '--', 'sh', '-c', `echo begun; until [ -e ${gate} ]; do sleep 0.02; done; exit 8`);
		await expect.poll(run.out).toBe('begun\n');
		run.child.kill('SIGSTOP');
		await crash(archon);
		writeFileSync(gate, '');
		await expect.poll(async () => Object.values(await archon.status()).map(({status}) => status)).toEqual(['running', 'running', 'failed']);
		run.child.kill('SIGCONT');
		expect(await run.ended).toBe(8);
		expect(Object.keys(await archon.status())).toEqual(['one', 'two']);
	});

	test('the command of a client that dies ends as it always does, soon or after some patience', async () => {
		await using archon = await up();
		const early = client(archon, 'run', '--name', 'early', '--', 'sleep', '1000000');
		const late = client(archon, 'run', '--name', 'late', '--', 'sleep', '1000000');
		await archon.says(/started early/);
		await archon.says(/started late/);
		late.child.kill('SIGSTOP');
		await crash(archon);
		await expect.poll(async () => Object.keys(await archon.status())).toHaveLength(4);
		early.child.kill('SIGKILL');
		late.child.kill('SIGKILL');
		await archon.says(/stopped early \(SIGTERM\)/);
		await archon.says(/stopped late \(SIGTERM\)/);
		expect(Object.keys(await archon.status())).toEqual(['one', 'two']);
	}, 40_000);

	test('status, start and stop are answered all the same', async () => {
		await using archon = await up(`services:
  one: {command: "sh -c 'trap : TERM; while :; do sleep 0.1; done'", stop_grace_period: 1s}
  two: {command: sleep 1000000}
`);
		const stop = client(archon, 'stop', 'one');
		await archon.says(/stopping one/);
		await crash(archon);
		expect([await stop.ended, stop.err()]).toEqual([0, '']);
		const answers: Promise<readonly [number, string]>[] = [];
		archon.signal('SIGSTOP');
		for (const args of [['status', 'two'], ['start', 'one'], ['history', 'one'], ['tree']]) {
			const asked = client(archon, ...args);
			answers.push(asked.ended.then(status => [status, asked.err()] as const));
		}
		// They are connected, and archon has not heard them.
		await expect.poll(() => readFileSync(`/proc/${archon.pid}/net/unix`, 'utf8').split('\n').filter(line => line.endsWith(archon.socket)).length)
			.toBeGreaterThanOrEqual(5);
		archon.signal('SIGSEGV');
		archon.signal('SIGCONT');
		for (const answer of answers) expect(await answer).toEqual([0, '']);
	});

	test('who follows lines loses none and sees none twice', async () => {
		await using archon = await up(`services:
  one: {command: 'perl -e "$$| = 1; for (1 .. 100000) { print qq(line $$_\\n); select undef, undef, undef, 0.002 }"'}
  two: {command: sleep 1000000}
`);
		const logs = client(archon, 'logs', '-f', 'one');
		for (const crashes of [1, 2, 3]) {
			await expect.poll(logs.out).toMatch(new RegExp(`^line ${crashes * 100}$`, 'm'));
			await crash(archon);
			await expect.poll(() => logs.err().match(/archon was re-executed/g)?.length).toBe(crashes);
		}
		const [, seen = ''] = /line (\d+)\n$/.exec(logs.out()) ?? [];
		await expect.poll(logs.out).toMatch(new RegExp(`^line ${Number(seen) + 100}$`, 'm'));
		archon.signal('SIGTERM');
		expect(await logs.ended).toBe(0);
		const lines = logs.out().split('\n').slice(0, -1);
		expect(lines).toEqual(lines.map((_, i) => `line ${i + 1}`));
	});

	test('what may not be done twice is told to be unknown', async () => {
		await using archon = await up(`services:
  one: {command: "sh -c 'trap : TERM; while :; do sleep 0.1; done'", stop_grace_period: 1s}
  two: {command: sleep 1000000}
`);
		const restart = client(archon, 'restart', 'one');
		await archon.says(/stopping one/);
		await crash(archon);
		expect([await restart.ended, restart.err()]).toEqual([
			111, 'archonctl: archon was re-executed before it answered; whether the request was carried out is not known: see archonctl status\n',
		]);
		// It was heard, and is carried out all the same.
		await expect.poll(async () => (await archon.status())['one']).toMatchObject({status: 'running', restarts: 1});
	});
});
