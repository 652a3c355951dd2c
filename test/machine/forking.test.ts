/** Services that put themselves into the background: their main process is found, and from then on all is as with any other. */
import {chownSync, mkdtempSync, readFileSync, unlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

/** A file with a script, and what runs it. */
function script(text: string): string {
	const file = join(mkdtempSync(join(tmpdir(), 'script-')), 'run');
	writeFileSync(file, text);
	return `bash ${file}`;
}

const fileName = (): string => join(mkdtempSync(join(tmpdir(), 'pid-')), 'web.pid');

const config = (command: string, more = ''): string => `services:
  web: {command: "${command}", type: forking${more}}
  other: {command: sleep 1000000}
`;

/** What the daemon does once it is one: it tells its pid, and that it was told to end. */
const DAEMON = 'trap "echo ending; exit 0" TERM; echo "daemon $BASHPID"; while :; do sleep 0.05; done';

const withFile = (file: string): string => script(`(echo $BASHPID >${file}; ${DAEMON}) & exit 0`);
/** Forks twice, as daemons do to have no terminal, and does not wait for the process in between. */
const TWICE = script(`(setsid bash -c '(sleep 0.2; ${DAEMON.replaceAll('\'', '"')}) & exit 0' &) ; exit 0`);

const isReady = (archon: Archon): Promise<RegExpExecArray> => archon.says(/web is ready, and its main process is pid (\d+)/);
const web = async (archon: Archon) => (await archon.status())['web'];

describe.each([true, false])('PID 1: %s', isInit => {
	test.each<[string, () => [command: string, more: string]]>([
		['named by its pid file', () => {
			const file = fileName();
			return [withFile(file), `, pid_file: ${file}`];
		}],
		['guessed as the only one left', () => [script(`(${DAEMON}) & exit 0`), '']],
		['guessed, with workers of its own', () => [script(`(sleep 1000001 & sleep 1000002 & ${DAEMON}) & exit 0`), '']],
	])('the daemon, %s, is restarted, outlives a fault of archon and is stopped', async (_, how) => {
		const [command, more] = how();
		await using archon = await boot({isInit, config: config(command, more)});
		const first = Number((await isReady(archon))[1]);
		expect(await web(archon)).toMatchObject({status: 'running', pid: first, restarts: 0});
		expect((await archon.ctl('signal', 'KILL', 'web')).status).toBe(0);
		await archon.says(/web is ready[^]*web was killed by SIGKILL[^]*web is ready/);
		const second = (await web(archon))?.pid;
		expect(second).not.toBe(first);
		// It is ready as soon as what made it has ended, and may not have come to its trap by then.
		await archon.says(new RegExp(`daemon ${second}\\n`));
		archon.signal('SIGSEGV');
		await archon.says(/re-executed: 2 services keep running/);
		expect(await web(archon)).toMatchObject({status: 'running', pid: second, restarts: 1});
		expect((await archon.ctl('stop', 'web')).status).toBe(0);
		// On two streams, of which the test may read the one or the other first.
		await archon.says(/stopped web \(exit status 0\)/);
		await archon.says(/ending\n/);
		expect(archon.log()).not.toMatch(/killing/);
	});
});

test('a process between the first and the last is not taken for the daemon for long', async () => {
	await using archon = await boot({config: config(TWICE)});
	await isReady(archon);
	const daemon = Number((await archon.says(/daemon (\d+)/))[1]);
	await expect.poll(async () => (await web(archon))?.pid).toBe(daemon);
	expect(await web(archon)).toMatchObject({status: 'running', restarts: 0});
});

test('the start is over when the pid file is there, however late, and post_start follows', async () => {
	const file = fileName();
	const late = script(`(sleep 3; echo $BASHPID >${file}; ${DAEMON}) & exit 0`);
	const after = script(`echo the pid is $(cat ${file})`);
	await using archon = await boot({config: config(late, `, pid_file: ${file}, post_start: "${after}"`)});
	await expect.poll(async () => (await archon.ctl('status')).stdout).toMatch(new RegExp(`web +starting .*looking for its main process in ${file}`));
	const pid = Number((await archon.says(/the pid is (\d+)/))[1]);
	await archon.says(/web is ready/);
	expect(await web(archon)).toMatchObject({status: 'running', pid, restarts: 0});
});

test('a program that takes itself for a daemon where it leads a session below PID 1, as sshd does, becomes one', async () => {
	// sshd(8): neither a terminal, nor another parent than PID 1, nor another's session.
	const command = script(`read -r pid _ _ parent _ session _ </proc/$$/stat
if [ $parent = 1 ] && [ $session = $pid ]; then echo stays; exec sleep 1000003; fi
(setsid bash -c '${DAEMON.replaceAll('\'', '"')}' & ) & exit 0`);
	await using archon = await boot({config: config(command)});
	await isReady(archon);
	await archon.says(/daemon \d+/);
	expect(archon.log()).not.toMatch(/stays/);
});

test('a pid file that another user has made a link is not opened, until it is a file', async () => {
	const file = fileName();
	chownSync(dirname(file), 65_534, 65_534);
	const target = fileName();
	const command = script(`(echo $BASHPID >${target}; ${DAEMON}) & ln -s ${target} ${file}; exit 0`);
	await using archon = await boot({config: config(command, `, pid_file: ${file}`)});
	const pid = Number((await archon.says(/daemon (\d+)/))[1]);
	await expect.poll(async () => (await archon.ctl('status')).stdout).toMatch(/looking for its main process/);
	expect((await web(archon))?.status).toBe('starting');
	unlinkSync(file);
	writeFileSync(file, `${pid}\n`);
	await isReady(archon);
	expect(await web(archon)).toMatchObject({status: 'running', pid});
});

test('MAINPID= names it as well, and READY=1 says that it is ready', async () => {
	const file = join(mkdtempSync(join(tmpdir(), 'notify-')), 'say.py');
	writeFileSync(file, `import os, socket
to = os.environ["NOTIFY_SOCKET"].replace("@", chr(0), 1)
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"MAINPID=%d\\nREADY=1" % os.getppid(), to)
`);
	// Two are left, so that it cannot be guessed.
	const command = script(`sleep 1000003 & (python3 ${file}; ${DAEMON}) & exit 0`);
	await using archon = await boot({config: config(command, ', ready: notify')});
	const pid = Number((await archon.says(/daemon (\d+)/))[1]);
	await archon.says(/web is ready/);
	expect(await web(archon)).toMatchObject({status: 'running', pid});
});

describe('what fails', () => {
	test.each<[string, string, string, RegExp]>([
		['a first process that fails', `(${DAEMON}) & exit 3`, '', /web failed: exited before it was ready \(exit status 3\)/],
		['a first process that leaves nothing', 'exit 0', '', /web failed: left no main process \(exit status 0\)/],
		['a first process that stays', 'exec sleep 1000003', ', start_timeout: 300ms', /stopping web: its first process did not exit within 0\.3 s/],
		['several that are left', '(setsid sleep 1000003) & (setsid sleep 1000004) & exit 0', ', start_timeout: 300ms', /its main process was not told from others \(set pid_file\) within/],
		['a daemon that writes no file', `(${DAEMON}) & exit 0`, ', start_timeout: 300ms, pid_file: /run/nowhere/x.pid', /web: \/run\/nowhere\/x\.pid named no process of it within/],
	])('%s', async (_, text, more, told) => {
		await using archon = await boot({config: config(script(text), `, restart: "no"${more}`)});
		await archon.says(told);
		await expect.poll(async () => (await web(archon))?.status).toBe('failed');
		expect((await archon.status())['other']).toMatchObject({status: 'running'});
	});

	test('what is stopped while its daemon is looked for ends', async () => {
		const file = fileName();
		await using archon = await boot({config: config(script(`(${DAEMON}) & exit 0`), `, pid_file: ${file}`)});
		await archon.says(/daemon \d+/);
		await expect.poll(async () => (await archon.ctl('status')).stdout).toMatch(/looking for its main process/);
		expect((await archon.ctl('stop', 'web')).status).toBe(0);
		expect(await web(archon)).toMatchObject({status: 'stopped'});
		expect(archon.log()).not.toMatch(/killing/);
	});
});

test('a pid file of an earlier run is gone before the start, and one of another process is not believed', async () => {
	const file = fileName();
	writeFileSync(file, '1\n');
	// It says what it finds, names another process first, and itself only then.
	const command = script(`[ -e ${file} ] && echo stale; sleep 1000003 & (echo 1 >${file}; sleep 0.3; echo $PPID >${file}; sleep 0.3; echo $BASHPID >${file}; ${DAEMON}) & exit 0`);
	await using archon = await boot({config: config(command, `, pid_file: ${file}`)});
	const pid = Number((await isReady(archon))[1]);
	expect(readFileSync(file, 'latin1').trim()).toBe(String(pid));
	expect(archon.log()).not.toMatch(/stale/);
});

test('a fault of archon while the daemon is looked for forgets nothing', async () => {
	const [file, command] = [fileName(), fileName()];
	const daemon = script(`(echo waiting; until [ -e ${command} ]; do sleep 0.05; done; echo $BASHPID >${file}; ${DAEMON}) & exit 0`);
	await using archon = await boot({config: config(daemon, `, pid_file: ${file}`)});
	await expect.poll(async () => (await archon.ctl('status')).stdout).toMatch(/looking for its main process/);
	archon.signal('SIGSEGV');
	await archon.says(/re-executed/);
	writeFileSync(command, '');
	const pid = Number((await isReady(archon))[1]);
	expect(await web(archon)).toMatchObject({status: 'running', pid, restarts: 0});
});
