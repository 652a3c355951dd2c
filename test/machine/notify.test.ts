/** What services say of themselves: on a descriptor, and by sd_notify(3) from any of their processes, dead ones included. */
import {existsSync} from 'node:fs';
import {execa} from 'execa';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import type {Ready} from '../../src/core/service.ts';
import {parseNotification} from '../../src/features/health/os/notify.ts';
import {processes} from '../../src/os/reap/procfs.ts';
import {character} from './characters.ts';
import {type Living, live, log, reaper} from './hands.ts';

describe('a datagram', () => {
	test.each([
		['READY=1', [{kind: 'ready'}]],
		['READY=1\nSTATUS=serving 3 zażółć\n', [{kind: 'ready'}, {kind: 'status', text: 'serving 3 zażółć'}]],
		['STATUS=a\x1b[31m\x07=b', [{kind: 'status', text: 'a [31m =b'}]],
		['READY=1\nMAINPID=17', [{kind: 'main-pid', pid: 17}, {kind: 'ready'}]],
		['RELOADING=1\nMONOTONIC_USEC=8123456', [{kind: 'reloading'}]],
		['STOPPING=1', [{kind: 'stopping'}]],
		['WATCHDOG=1', [{kind: 'alive'}]],
		['WATCHDOG=trigger', [{kind: 'trigger'}]],
		['WATCHDOG_USEC=2500000', [{kind: 'watchdog', millis: 2500}]],
		['EXTEND_TIMEOUT_USEC=10000', [{kind: 'extend', millis: 10}]],
		['ERRNO=2', [{kind: 'errno', errno: 2}]],
		['READY=0\nERRNO=x\nMAINPID=-1\nWATCHDOG=2\nEXTEND_TIMEOUT_USEC=1e9\nX_MINE=1\nFDSTORE=1\nBARRIER=1\nnoise\n\n=\n', []],
		['', []],
		['STATUS=one\nMAINPID=3\nSTATUS=two\nMAINPID=4\nREADY=1', [{kind: 'main-pid', pid: 4}, {kind: 'status', text: 'two'}, {kind: 'ready'}]],
		[Array.from({length: 2000}, (_, i) => `MAINPID=${i}`).join('\n'), [{kind: 'main-pid', pid: 63}]],
		[`STATUS=${'\x1b'.repeat(100)}${'x'.repeat(15_000)}`, [{kind: 'status', text: 'x'.repeat(100)}]],
	])('%j', (text, said) => {
		expect(parseNotification(text)).toEqual(said);
	});
});

describe('sd_notify', () => {
	let herald = '';
	const lives: Living[] = [];
	const says = (words: readonly string[], how: Parameters<typeof live>[1] = {ready: {kind: 'notify'}}): Living => {
		const life = live([herald, ...words], how);
		lives.push(life);
		return life;
	};
	beforeAll(async () => {
		herald = await character('herald');
	});
	afterAll(() => lives.forEach(({kill}) => kill(9)));

	test('all that it says arrives, in order, before its end', async () => {
		const life = says(['STATUS=coming', 'READY=1\nSTATUS=there', 'RELOADING=1', 'READY=1', 'WATCHDOG=1', 'STOPPING=1', '3']);
		expect(await life.news('exited')).toMatchObject({outcome: {kind: 'code', code: 3}});
		expect(life.heard()).toEqual([
			{kind: 'notify', message: {kind: 'status', text: 'coming'}},
			{kind: 'ready'},
			{kind: 'notify', message: {kind: 'status', text: 'there'}},
			{kind: 'notify', message: {kind: 'reloading'}},
			{kind: 'ready'},
			{kind: 'notify', message: {kind: 'alive'}},
			{kind: 'notify', message: {kind: 'stopping'}},
			expect.objectContaining({kind: 'exited'}),
		]);
	});

	test.each([
		['a child', ['fork', 'READY=1', 'pause']],
		['a daemon that archon has adopted', ['daemon', 'READY=1', 'pause']],
		['one that is dead already', ['fork', 'fork', 'READY=1']],
	])('%s speaks for its run', async (_, words) => {
		await says(words).news('ready');
	});

	test('one of another user is heard, in an environment that is all its own', async () => {
		const {exec} = says(['0']).service;
		const life = says(['READY=1', 'pause'], {ready: {kind: 'notify'}, exec: {...exec, user: {user: 'nobody', group: null}, base: 'clean'}});
		await life.news('ready');
	});

	test('processes of others do not speak for it', async () => {
		const life = says(['pause']);
		const {stdout} = await execa('sh', ['-c', `tr '\\0' '\\n' < /proc/${life.pid}/environ | sed -n s/^NOTIFY_SOCKET=//p`]);
		// It lives until it was heard: of the dead only their user is known.
		const other = live([herald, 'READY=1', 'pause'], {
			exec: {...life.service.exec, environment: {NOTIFY_SOCKET: stdout}},
		});
		await expect.poll(log).toContain(`a process that is not of test (pid ${other.pid}) spoke for it: ignored`);
		expect(life.heard()).toEqual([]);
		other.kill(9);
	});

	test('a barrier is passed when all before it was heard', async () => {
		const life = says(['READY=1', 'barrier', '4']);
		expect(await life.news('exited')).toMatchObject({outcome: {kind: 'code', code: 4}});
		expect(life.heard().map(({kind}) => kind)).toEqual(['ready', 'exited']);
	});

	test('the tool of systemd is understood', async context => {
		if ((await execa('systemd-notify', ['--version'], {reject: false})).exitCode !== 0) return context.skip();
		const life = live(['sh', '-c', 'systemd-notify --ready --status="by the tool"; exec sleep 1000'], {ready: {kind: 'notify'}});
		lives.push(life);
		await life.news('ready');
		expect(await life.news('notify')).toMatchObject({message: {kind: 'status', text: 'by the tool'}});
	});

	test('who has another way to say it is not asked for its readiness here, but for all else', async () => {
		const life = says(['READY=1', 'WATCHDOG=1', 'pause'], {watchdog: 1500});
		expect(await life.news('notify')).toEqual({kind: 'notify', message: {kind: 'alive'}});
		expect(life.heard()).toHaveLength(1);
		const {stdout} = await execa('sh', ['-c', `tr '\\0' '\\n' < /proc/${life.pid}/environ | grep ^WATCHDOG`]);
		expect(stdout).toBe('WATCHDOG_USEC=1500000');
	});

	test('an end that only archon can see is told: of a main process that is the child of another', async () => {
		const life = says(['fork', 'main', 'READY=1', 'pause']);
		const {message} = await life.news('notify');
		if (message.kind !== 'main-pid') throw new Error(message.kind);
		expect(reaper.mainOf(life.run)).toBe(message.pid);
		process.kill(message.pid, 'SIGKILL');
		// The other one waits for it and ends too, sooner or later than archon hears of it.
		if ((await life.news('exited')).survivors) await life.news('emptied');
	});

	test('a daemon that goes on in a session of its own is followed, and signalled there', async () => {
		const life = says(['heir', 'main', 'barrier', 'alone', 'READY=1', 'pause']);
		await life.news('ready');
		await expect.poll(() => existsSync(`/proc/${life.pid}`)).toBe(false);
		life.kill(15);
		expect(await life.news('exited')).toEqual({kind: 'exited', outcome: {kind: 'signal', signal: 15, core: false}, survivors: false});
	});

	test.each([['archon itself', process.pid], ['nobody', 4_000_000], ['init', 1]])('a main process that is %s is refused', async (_, pid) => {
		const life = says([`MAINPID=${pid}\nREADY=1`, 'pause']);
		await life.news('ready');
		expect(life.heard()).toEqual([{kind: 'ready'}]);
		expect(log()).toContain(`test says that its main process is ${pid}, which is not one of its own: ignored`);
	});

	test('messages that are too long, and floods, do no harm', async () => {
		const life = says([`STATUS=${'x'.repeat(60_000)}`, ...Array.from({length: 2000}, (_, i) => `STATUS=${i}`), 'READY=1', 'pause']);
		await life.news('ready');
		expect(life.heard()).toHaveLength(2001);
	});
});

describe('a descriptor', () => {
	const on = (fd: number, variable: string | null = null): {ready: Ready} => ({ready: {kind: 'fd', fd, variable}});

	test.each([
		['a newline says it', 'echo >&3; exec sleep 1000', on(3)],
		['words before it and after it do not matter', 'printf "hello\\nworld" >&7; exec sleep 1000', on(7)],
		['its number is in a variable', 'eval "echo >&$READY_FD"; exec sleep 1000', on(5, 'READY_FD')],
	])('%s', async (_, script, how) => {
		const life = live(['sh', '-c', script], how);
		await life.news('ready');
		life.kill(9);
		await life.news('exited');
		expect(life.heard().map(({kind}) => kind)).toEqual(['ready', 'exited']);
	});

	test('one that is closed without a word, or after words without a newline, says nothing', async () => {
		for (const script of ['exec 3>&-; exit 0', 'printf almost >&3; exit 0']) {
			const life = live(['sh', '-c', script], on(3));
			await life.news('exited');
			expect(life.heard()).toHaveLength(1);
		}
	});

	test('is the service\'s alone: no other process has it', async () => {
		const first = live(['sh', '-c', 'echo >&3; exec sleep 1000'], on(3));
		await first.news('ready');
		const second = live(['sh', '-c', 'ls /proc/self/fd >&3; exec sleep 1000'], on(3));
		await second.news('ready');
		for (const {pid} of [first, second]) {
			const {stdout} = await execa('ls', [`/proc/${pid}/fd`]);
			expect(stdout.split('\n').toSorted()).toEqual(['0', '1', '2', '3']);
		}
		first.kill(9);
		second.kill(9);
	});
});

test('nothing of this is left when all runs are over', async () => {
	await expect.poll(() => processes().filter(({parent, isZombie}) => parent === process.pid && isZombie)).toEqual([]);
});
