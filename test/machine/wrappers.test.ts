/** Whom signals reach, and what ends with a service: behind wrappers, with sessions that are to live on, and over upgrades by a signal. */
import {readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync} from 'node:fs';
import {mkdtempSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

/** How many processes of archon's PID namespace have exactly these arguments. */
function count(archon: Archon, words: string): number {
	const look = (path: string, read: (path: string) => string): string => {
		try {
			return read(path);
		} catch {
			return '';
		}
	};
	const namespace = readlinkSync(`/proc/${archon.pid}/ns/pid`);
	return readdirSync('/proc').filter(pid => /^\d+$/.test(pid)
		&& look(`/proc/${pid}/cmdline`, path => readFileSync(path, 'latin1')).replaceAll('\0', ' ').trim() === words
		&& look(`/proc/${pid}/ns/pid`, readlinkSync) === namespace).length;
}

/** A file with a script, and what runs it. */
function script(text: string): string {
	const file = join(mkdtempSync(join(tmpdir(), 'script-')), 'run');
	writeFileSync(file, text);
	return `bash ${file}`;
}

const PROGRAM = script(`
trap 'echo told HUP' HUP
trap 'echo told USR1' USR1
trap 'echo hurried' TERM
trap 'echo cleaning; sleep 0.3; echo cleaned; exit 0' INT
echo set
while :; do sleep 0.05; done
`);
const WRAPPER = `sh -c 'trap : HUP USR1; ${PROGRAM}; exit $?'`;

describe('behind a wrapper that passes nothing on', () => {
	test('stop_to: group reaches the program, which ends in its own time', async () => {
		await using archon = await boot({config: `services:
  web: {command: "${WRAPPER}", stop_to: group, stop_signal: INT, reload: {signal: HUP}, stop_grace_period: 1m}
  other: {command: sleep 1000000}
`});
		await archon.says(/web +\| set/);
		expect((await archon.ctl('signal', 'USR1', 'web')).status).toBe(0);
		await archon.says(/told USR1/);
		expect((await archon.ctl('reload', 'web')).status).toBe(0);
		await archon.says(/told HUP/);
		expect((await archon.ctl('stop', 'web')).status).toBe(0);
		await archon.says(/cleaned/);
		expect(archon.log()).not.toMatch(/hurried|SIGKILL/);
	});

	test('without it only the wrapper is told', async () => {
		await using archon = await boot({config: `services:
  web: {command: "${WRAPPER}", stop_signal: USR1, stop_grace_period: 100ms}
  other: {command: sleep 1000000}
`});
		await archon.says(/web +\| set/);
		expect((await archon.ctl('stop', 'web')).status).toBe(0);
		await archon.says(/killing web .*SIGKILL/);
		expect(archon.log()).not.toMatch(/told USR1/);
	});
});

describe('shell: true', () => {
	// The last program of a line takes the shell's place with some shells, and has it beside itself with others.
	test.each(['/bin/dash', '/bin/bash', '/bin/busybox'])('%s: signals reach the program, and not only the shell', async shell => {
		const folder = mkdtempSync(join(tmpdir(), 'shell-'));
		// busybox is a shell by the name that it is called by.
		const path = shell === '/bin/busybox' ? join(folder, 'sh') : shell;
		if (path !== shell) symlinkSync(shell, path);
		await using archon = await boot({config: `services:
  one: {command: "${PROGRAM}", shell: ${path}, stop_signal: INT, stop_grace_period: 1m}
  two: {command: "trap : INT; ${PROGRAM}; echo over", shell: ${path}, stop_signal: INT, stop_grace_period: 1m}
`});
		for (const name of ['one', 'two']) {
			await archon.says(new RegExp(`${name} +\\| set`));
			expect((await archon.ctl('stop', name)).status).toBe(0);
		}
		await archon.says(/one +\| cleaned/);
		await archon.says(/two +\| cleaned[^]*two +\| over/);
		expect(archon.log()).not.toMatch(/hurried|SIGKILL/);
	});
});

const SESSION = script('trap "echo session is told; exit" TERM; echo session; while :; do sleep 0.05; done');

describe('kill_mode', () => {
	test.each([true, false])('main: what it made lives on over restarts, and ends with archon (PID 1: %s)', async isInit => {
		await using archon = await boot({isInit, config: `services:
  sshd: {command: "sh -c 'setsid -f ${SESSION}; exec sleep 1000000'", kill_mode: main}
  other: {command: sleep 1000001}
`});
		await archon.says(/sshd +\| session/);
		expect((await archon.ctl('restart', 'sshd')).status).toBe(0);
		await archon.says(/session\n[^]*session\n/);
		expect((await archon.ctl('signal', 'KILL', 'sshd')).status).toBe(0);
		await archon.says(/session\n[^]*session\n[^]*session\n/);
		// The shell that made the last of them has its words too, until it is sleep.
		await expect.poll(() => count(archon, SESSION)).toBe(3);
		expect(archon.log()).not.toMatch(/remaining processes|told/);
		const {pid} = archon;
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		expect(archon.log().match(/session is told/g)).toHaveLength(3);
		expect(readdirSync('/proc')).not.toContain(String(pid));
	});

	test('group: its group ends with it, and what left that lives on', async () => {
		await using archon = await boot({config: `services:
  web: {command: "sh -c 'setsid -f sleep 1000003; sleep 1000004 & echo made; exec sleep 1000000'", kill_mode: group}
  other: {command: sleep 1000001}
`});
		await archon.says(/web +\| made/);
		await expect.poll(() => count(archon, 'sleep 1000003')).toBe(1);
		expect((await archon.ctl('stop', 'web')).status).toBe(0);
		expect([count(archon, 'sleep 1000003'), count(archon, 'sleep 1000004')]).toEqual([1, 0]);
	});
});

/** At USR2 it starts a new one of itself, which names itself in the file; USR1 ends it. */
const UPGRADER = (file: string, from = 'echo $$ >"$1"', to = ''): string => script(`
${from}
trap 'setsid bash $0 "$1" new &' USR2
trap '${to} exit 0' USR1
echo "main $$"
while :; do sleep 0.05; done
`).concat(` ${file}`);

const fileName = (): string => join(mkdtempSync(join(tmpdir(), 'pid-')), 'web.pid');

const config = (command: string, file: string, more = ''): string => `services:
  web: {command: "${command}", pid_file: ${file}, stop_signal: USR1${more}}
  other: {command: sleep 1000000}
`;

async function mainOf(archon: Archon, nth: number): Promise<number> {
	const pattern = new RegExp(`(?:main (\\d+)[^]*){${nth}}`);
	return Number((await archon.says(pattern))[1]);
}

describe('pid_file', () => {
	test.each([
		['nginx', UPGRADER],
		['gunicorn', (file: string) => UPGRADER(file, '[ "$2" = new ] && echo $$ >"$1.2" || echo $$ >"$1"', 'rm "$1";')],
	])('the new main process of an upgrade as %s does it is followed, and no restart', async (_, upgrader) => {
		const file = fileName();
		await using archon = await boot({config: config(upgrader(file), file)});
		await mainOf(archon, 1);
		await archon.ctl('signal', 'USR2', 'web');
		const next = await mainOf(archon, 2);
		await archon.ctl('signal', 'USR1', 'web');
		await archon.says(new RegExp(`the main process of web is now pid ${next}`));
		expect((await archon.status())['web']).toMatchObject({status: 'running', pid: next, restarts: 0});
		// And it is known to the next instance, and ended as any other.
		archon.signal('SIGSEGV');
		await archon.says(/re-executed: 2 services keep running/);
		expect((await archon.status())['web']).toMatchObject({status: 'running', pid: next, restarts: 0});
		expect((await archon.ctl('stop', 'web')).status).toBe(0);
		await archon.says(/stopped web \(exit status 0\)/);
		expect(archon.log()).not.toMatch(/remaining processes|SIGKILL/);
	});

	test('a daemon that writes it after its parent has ended is followed', async () => {
		const file = fileName();
		const daemon = script(`(sleep 0.3; echo $BASHPID >${file}; exec sleep 1000003) & exit 0`);
		await using archon = await boot({config: config(daemon, file)});
		await archon.says(/the main process of web is now pid (\d+)/);
		expect((await archon.status())['web']).toMatchObject({status: 'running', restarts: 0, pid: Number(readFileSync(file, 'latin1'))});
	});

	test.each([
		['the number of another service\'s process', (other: number, file: string) => `echo ${other} >${file}`],
		['that of PID 1', (_: number, file: string) => `echo 1 >${file}`],
		['what is no number', (_: number, file: string) => `echo -5 >${file}`],
		['a FIFO', (_: number, file: string) => `rm -f ${file}; mkfifo ${file}`],
		['a device without end', (_: number, file: string) => `rm -f ${file}; ln -s /dev/zero ${file}`],
	])('%s in it changes no main process, and delays nothing', async (_, write) => {
		const [file, command] = [fileName(), fileName()];
		const enemy = script(`setsid -f sleep 1000003; echo ready; until [ -e ${command} ]; do sleep 0.05; done; bash ${command}; exit 3`);
		await using archon = await boot({config: config(enemy, file, ', restart: "no"')});
		await archon.says(/web +\| ready/);
		const {other} = await archon.status();
		writeFileSync(command, write(other?.pid ?? 0, file));
		await archon.says(/web exited with status 3/);
		await expect.poll(async () => (await archon.status())['web']?.status).toBe('failed');
		expect((await archon.status())['other']).toEqual(other);
		expect(archon.log()).not.toMatch(/from now on/);
	});

	test('who is told to end while its successor is looked for ends', async () => {
		const file = fileName();
		const daemon = script('(trap "" TERM; echo child; while :; do sleep 0.05; done) & exit 0');
		await using archon = await boot({config: config(daemon, file, ', stop_grace_period: 100ms')});
		await archon.says(/child/);
		expect((await archon.ctl('stop', 'web')).status).toBe(0);
		expect((await archon.status())['web']).toMatchObject({status: 'stopped'});
	});
});
