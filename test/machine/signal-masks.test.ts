/** Signals that are blocked or ignored: what archon was started with, what it does to itself for a moment, and what its children have. */
import {execaSync} from 'execa';
import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {type Archon, ARCHON, boot} from './archon.ts';
import {see} from './dropin.ts';

let folder = '';
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'archon-signals-'))));
afterAll(() => rmSync(folder, {recursive: true}));

/** ILL, TRAP, ABRT, BUS, FPE, SEGV and SYS, by bit signal - 1. */
const FAULTS = [4, 5, 6, 7, 8, 11, 31].reduce((set, signal) => set | 1n << BigInt(signal - 1), 0n);

/** The signals that archon's main thread has blocked, in hexadecimal: those that it reads from a descriptor. */
const blockedBy = ({pid}: Archon): string => /^SigBlk:\s*(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';

/** SIGSEGV to the main thread, and to no other (tgkill(2)). */
function fault({pid}: Archon): void {
	const call = process.arch === 'x64' ? 234 : 131;
	execaSync('perl', ['-e', `syscall(${call}, ${pid}, ${pid}, 11) == 0 or die $!`]);
}

const NONE = '0'.repeat(16);
const hasFaults = (set: string): boolean => (BigInt(`0x${set}`) & FAULTS) !== 0n;

describe('archon has no more blocked than before, and survives a fault of its main thread,', () => {
	test('after processes that could be made and some that could not', async () => {
		await using archon = await boot({config: `services:
  missing: {command: /no/such/program}
  nowhere: {command: 'true', working_dir: /no/such/folder}
  good: {command: sleep 1000000}
`});
		await archon.says(/cannot start missing: executing \/no\/such\/program/);
		await archon.says(/cannot start nowhere: changing directory/);
		await archon.says(/started good/);
		const {good} = await archon.status();
		const blocked = blockedBy(archon);
		expect(hasFaults(blocked)).toBe(false);
		expect((await archon.ctl('start', 'missing')).status).not.toBe(0);
		expect(blockedBy(archon)).toBe(blocked);
		fault(archon);
		await archon.says(/was re-executed: 1 service keeps running/);
		expect((await archon.status())['good']).toMatchObject({pid: good?.pid, restarts: 0});
		expect(blockedBy(archon)).toBe(blocked);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
	});

	test('after an upgrade to a file that answers well and cannot be executed then', async () => {
		const {stdout: formats} = execaSync(ARCHON, ['--handoff-format']);
		const path = join(folder, 'vanishing');
		await using archon = await boot({config: 'services: {one: {command: sleep 1000000}, two: {command: sleep 1000000}}\n'});
		await archon.says(/started two/);
		const before = await archon.status();
		const blocked = blockedBy(archon);
		for (const _ of ['once', 'again']) {
			writeFileSync(path, `#!/bin/sh\necho ${formats}\nrm ${path}\n`);
			chmodSync(path, 0o755);
			const {status, stderr} = await archon.ctl('upgrade', path);
			expect(status).toBe(1);
			expect(stderr).toMatch(/cannot upgrade: executing .*vanishing: no such file or directory; nothing has changed/);
			expect(blockedBy(archon)).toBe(blocked);
		}
		expect(await archon.status()).toEqual(before);
		// What it is told and what becomes of its children is still heard.
		await archon.ctl('signal', 'KILL', 'one');
		await archon.says(/one was killed by SIGKILL/);
		fault(archon);
		await archon.says(/was re-executed: 2 services keep running/);
		expect((await archon.status())['two']).toMatchObject({pid: before['two']?.pid, restarts: 0});
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
	});
});

describe('started with signals ignored and blocked, real-time ones too,', () => {
	/** Executes what follows so. */
	const wrapper = ['perl', '-MPOSIX', '-e', `
		my @signals = (1 .. 8, 10 .. 18, 20 .. 31, 34 .. 64);
		sigaction($_, POSIX::SigAction->new("IGNORE")) for @signals;
		sigprocmask(SIG_BLOCK, POSIX::SigSet->new(1, 2, 3, 10, 13, 15, 17, 34, 40, 64)) or die $!;
		exec @ARGV`];
	const show = ['grep', '-E', 'Sig(Blk|Ign):', '/proc/self/status'];
	const fresh = new RegExp(`SigBlk:\\s+${NONE}\\n[^]*SigIgn:\\s+${NONE}$`, 'm');

	test.each([true, false])('archon hears its own, and no process that it makes has any of that (as PID 1: %s)', async isInit => {
		await using archon = await boot({isInit, wrapper, config: JSON.stringify({services: {
			web: {command: ['sh', '-c', `${show.map(word => `'${word}'`).join(' ')}; exec sleep 1000000`], post_start: [['sh', '-c', `echo hook; ${show.map(word => `'${word}'`).join(' ')}`]]},
		}})});
		await archon.says(fresh);
		await archon.says(new RegExp(`hook\\n[^]*${fresh.source}`, 'm'));
		await expect.poll(async () => (await archon.status())['web']?.status).toBe('running');
		await archon.ctl('signal', 'KILL', 'web');
		await archon.says(/web was killed by SIGKILL[^]*started web/);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
	});

	const wrapping = (ignored: string, blocked: string): readonly string[] => ['perl', '-MPOSIX', '-e', `
		sigaction($_, POSIX::SigAction->new("IGNORE")) for split /,/, "${ignored}";
		sigprocmask(SIG_BLOCK, POSIX::SigSet->new(split /,/, "${blocked}")); exec @ARGV`];
	const all = Array.from({length: 64}, (_, i) => i + 1).filter(signal => ![9, 19, 32, 33].includes(signal)).join(',');
	test.each([
		['', ''], ['13,17', ''], ['', '17'], ['1,10,13,17,34,40,64', '2,3,12,15,17,37'], [all, ''], ['', all], [all, all],
	])('one command has all of it, whatever is ignored (%s) and blocked (%s)', async (ignored, blocked) => {
		const wrapper = wrapping(ignored, blocked);
		for (const isInit of [false, true]) {
			const [bare, under] = await Promise.all([see('env', show, {wrapper, isInit}), see(ARCHON, ['--', ...show], {wrapper, isInit})]);
			expect(under).toEqual(bare);
		}
	});

	test('one command has it in a later instance of archon, too', async () => {
		const command = ['perl', '-e', '$| = 1; open F, "</proc/self/status"; print grep /^Sig(Blk|Ign)/, <F>; sleep 1000000'];
		await using archon = await boot({config: null, args: ['--', ...command], wrapper: wrapping('1,10,13,17,64', '2,12,37')});
		const [first = ''] = await archon.says(/SigBlk:\s+\w+\nSigIgn:\s+\w+\n/);
		expect(first).not.toMatch(fresh);
		fault(archon);
		await expect.poll(() => readFileSync(`/proc/${archon.pid}/environ`, 'latin1')).toContain('ARCHON_HANDOFF=');
		expect((await archon.ctl('restart', 'main')).status).toBe(0);
		await archon.says(new RegExp(`${first}[^]*${first}`));
	});
});
