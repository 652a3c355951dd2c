/** A file of `programs:` with supervisord's semantics and words, under the real executable. */
import {chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {stringify} from 'yaml';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {EXAMPLE} from '../characters/programs.ts';
import {type Archon, boot} from './archon.ts';

type Program = Readonly<Record<string, unknown>>;

let folder = '';
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'archon-taskmaster-'))));
afterAll(() => rmSync(folder, {recursive: true}));

/** Beside the test's own processes, so that pids are this machine's. */
const under = (programs: Readonly<Record<string, Program>>): Promise<Archon> =>
	boot({config: stringify({programs}), isInit: false});

const steady: Program = {cmd: 'sleep 1000000', starttime: 0};
const shell = (script: string, more: Program = {}): Program => ({cmd: ['sh', '-c', script], ...more});

/** By name, with supervisord's words. */
async function states(archon: Archon): Promise<Record<string, {status: string; pid: number; restarts: number; note: string}>> {
	const {stdout} = await archon.ctl('status', '--json', '--compat=supervisor');
	const rows = JSON.parse(stdout) as {name: string; status: string; pid: number; restarts: number; note: string}[];
	return Object.fromEntries(rows.map(row => [row.name, row]));
}

async function comesTo(archon: Archon, name: string, state: string): Promise<number> {
	let pid = 0;
	await expect.poll(async () => {
		const row = (await states(archon))[name];
		pid = row?.pid ?? 0;
		return row?.status;
	}, {message: `state of ${name}`}).toBe(state);
	return pid;
}

/** One line of /proc/PID/status. */
const procStatus = (pid: number, field: string): string =>
	new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';

const environ = (pid: number): readonly string[] => readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
const count = (text: string, pattern: RegExp): number => text.match(new RegExp(pattern, 'g'))?.length ?? 0;

test('the example of the subject boots unchanged', async () => {
	const bin = join(folder, 'bin');
	const script = '#!/bin/sh\ntrap "exit 0" TERM USR1\necho "$0 $* $(umask) $ANSWER"\nwhile :; do sleep 0.1; done\n';
	mkdirSync(bin);
	for (const name of ['nginx', 'vogsphere-worker']) writeFileSync(join(bin, name), script, {mode: 0o755});
	// The example names files in /tmp, which archon appends to.
	const logs = ['nginx.stdout', 'nginx.stderr', 'vgsworker.stdout', 'vgsworker.stderr'].map(name => `/tmp/${name}`);
	for (const log of logs) rmSync(log, {force: true});
	await using archon = await boot({
		config: EXAMPLE, wrapper: ['sh', '-c', `mount --bind ${bin} /usr/local/bin && exec "$@"`, 'sh'],
	});
	await comesTo(archon, 'nginx', 'RUNNING');
	for (let index = 0; index < 8; index++) await comesTo(archon, `vogsphere:${index}`, 'RUNNING');
	const [nginx = '', nginxErrors, worker = '', workerErrors] = logs.map(log => readFileSync(log, 'utf8'));
	expect(nginx).toBe('/usr/local/bin/nginx -c /etc/nginx/test.conf 0022 42\n');
	expect(count(worker, /vogsphere-worker --no-prefork 0077 \n/)).toBe(8);
	expect([nginxErrors, workerErrors]).toEqual(['', '']);
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	for (const log of logs) rmSync(log);
});

test('a program is a child of archon', async () => {
	await using archon = await under({web: steady});
	const pid = await comesTo(archon, 'web', 'RUNNING');
	expect(procStatus(pid, 'PPid')).toBe(String(archon.pid));
});

test('what is killed under always has a new pid, and the dead one is never shown as running', async () => {
	await using archon = await under({web: {...steady, autorestart: 'always'}});
	const old = await comesTo(archon, 'web', 'RUNNING');
	process.kill(old, 'SIGKILL');
	await expect.poll(() => existsSync(`/proc/${old}`)).toBe(false);
	expect((await states(archon))['web']?.pid).not.toBe(old);
	expect(await comesTo(archon, 'web', 'RUNNING')).not.toBe(old);
});

test('what exits at once is tried again startretries times, after 1, 2, … seconds, and is FATAL then', async () => {
	await using archon = await under({bad: shell('echo trying; exit 1', {startretries: 2}), good: steady});
	await comesTo(archon, 'bad', 'BACKOFF');
	await comesTo(archon, 'bad', 'FATAL');
	await archon.says(/restart 1 of 2 in 1 s[^]*restart 2 of 2 in 2 s[^]*error: bad failed: .*exit status 1.* after 2 restarts/);
	await expect.poll(() => count(archon.log(), /trying\n/)).toBe(3);
	await comesTo(archon, 'good', 'RUNNING');
});

test('what cannot be executed is FATAL with its reason, and archon lives', async () => {
	const file = join(folder, 'no-program');
	writeFileSync(file, 'nothing');
	chmodSync(file, 0o644);
	await using archon = await under({
		missing: {cmd: '/nowhere/nothing', startretries: 0}, plain: {cmd: file, startretries: 0}, good: steady,
	});
	await comesTo(archon, 'missing', 'FATAL');
	await comesTo(archon, 'plain', 'FATAL');
	const all = await states(archon);
	expect(all['missing']?.note).toMatch(/\/nowhere\/nothing: no such file or directory/);
	expect(all['plain']?.note).toMatch(/no-program: permission denied/);
	await comesTo(archon, 'good', 'RUNNING');
});

test('the noisiest programs keep no client waiting, and archon does not grow', async () => {
	const much = 64 << 20;
	await using archon = await under({
		file: shell(`yes | head -c ${much}; exec sleep 1000000`, {stdout: join(folder, 'noise')}),
		nowhere: shell('exec yes', {stdout: null}),
		log: shell(`yes | head -c ${much}; echo the end >&2; exec sleep 1000000`, {starttime: 0}),
	});
	await comesTo(archon, 'nowhere', 'RUNNING');
	await expect.poll(() => statSync(join(folder, 'noise')).size).toBe(much);
	await archon.says(/the end/);
	// Its own memory, in kB.
	expect(Number.parseInt(procStatus(archon.pid, 'VmHWM'))).toBeLessThan(16_000);
	const {pid} = (await states(archon))['nowhere'] ?? {};
	expect(readlinkSync(`/proc/${pid}/fd/1`)).toBe('/dev/null');
}, 60_000);

test('as many processes as numprocs says are kept', async () => {
	await using archon = await under({web: {...steady, numprocs: 4, autorestart: 'always'}});
	const pids = async (): Promise<number[]> => {
		const all: number[] = [];
		for (const index of [0, 1, 2, 3]) all.push(await comesTo(archon, `web:${index}`, 'RUNNING'));
		return all;
	};
	const before = await pids();
	expect(new Set(before).size).toBe(4);
	for (const pid of before.slice(1, 3)) process.kill(pid, 'SIGKILL');
	await archon.says(/web:1 was killed by SIG/);
	await archon.says(/web:2 was killed by SIG/);
	const after = await pids();
	expect(new Set(after).size).toBe(4);
	expect([after[0], after[3]]).toEqual([before[0], before[3]]);
	expect(after.filter(pid => before.includes(pid))).toHaveLength(2);
});

test('without autostart a program stays stopped until somebody starts it', async () => {
	await using archon = await under({lazy: {...steady, autostart: false}, eager: steady});
	await comesTo(archon, 'eager', 'RUNNING');
	expect((await states(archon))['lazy']).toMatchObject({status: 'STOPPED', pid: null});
	expect(await archon.ctl('start', 'lazy')).toMatchObject({status: 0});
	await comesTo(archon, 'lazy', 'RUNNING');
	expect((await archon.ctl('status', '--compat=supervisor', 'lazy')).stdout).toMatch(/^lazy +RUNNING +pid \d+, uptime 0:00:\d\d$/);
});

describe('autorestart and exitcodes', () => {
	const rows = ['always', 'never', 'unexpected'].flatMap(autorestart =>
		['exit 0', 'exit 2', 'exit 3', 'kill -9 $$'].map(end => [autorestart, end] as const));

	test.each(rows)('%s: after %s', async (autorestart, end) => {
		const isExpected = end === 'exit 0' || end === 'exit 2';
		const goesOn = autorestart === 'always' || (autorestart === 'unexpected' && !isExpected);
		// Ends when the file is there, once, so that it has been up by then.
		const gate = join(folder, `gate-${autorestart}-${end.replaceAll(/\W/g, '')}`);
		await using archon = await under({
			it: shell(`until rm ${gate} 2>/dev/null; do sleep 0.05; done; ${end}`, {autorestart, exitcodes: [0, 2], starttime: 0}),
		});
		const old = await comesTo(archon, 'it', 'RUNNING');
		writeFileSync(gate, '');
		await archon.says(/it (exited|was killed|failed)/);
		if (!goesOn) {
			await comesTo(archon, 'it', 'EXITED');
			expect(count(archon.log(), /started it /)).toBe(1);
		} else {
			await archon.says(/started it [^]*started it /);
			expect(await comesTo(archon, 'it', 'RUNNING')).not.toBe(old);
		}
	});
});

describe('starttime', () => {
	test('what ends before it has failed to start, even with an expected code', async () => {
		await using archon = await under({it: shell('echo up; read line; exit 0', {starttime: 100, startretries: 0})});
		await comesTo(archon, 'it', 'FATAL');
	});

	test('it is STARTING before it, RUNNING after it, and EXITED when it ends then', async () => {
		await using archon = await under({
			slow: {...steady, starttime: 100}, it: shell('trap "exit 0" USR1; while :; do sleep 0.05; done', {starttime: 1, startretries: 0}),
		});
		await comesTo(archon, 'slow', 'STARTING');
		const pid = await comesTo(archon, 'it', 'RUNNING');
		process.kill(pid, 'SIGUSR1');
		await comesTo(archon, 'it', 'EXITED');
		expect((await states(archon))['slow']?.status).toBe('STARTING');
	});
});

describe('the end of a program', () => {
	test('begins with its stopsignal', async () => {
		const script = 'trap "echo heard USR1; exit 0" USR1; echo up; while :; do sleep 0.05; done';
		await using archon = await under({it: shell(script, {stopsignal: 'USR1'}), steady});
		await archon.says(/it +\| up/);
		expect(await archon.ctl('stop', 'it')).toMatchObject({status: 0});
		await comesTo(archon, 'it', 'STOPPED');
		expect(archon.log()).toMatch(/heard USR1/);
		expect(archon.log()).not.toMatch(/killing/);
	});

	test('is SIGKILL after its stoptime', async () => {
		const deaf = (stoptime: number): Program => shell('trap "" TERM; echo up; while :; do sleep 0.05; done', {stoptime});
		await using archon = await under({long: deaf(2), short: deaf(1), steady});
		await archon.says(/long +\| up/);
		await archon.says(/short +\| up/);
		expect(await archon.ctl('stop', 'long', 'short')).toMatchObject({status: 0});
		await archon.says(/killing short [^]*stopped short \(SIGKILL\)[^]*killing long [^]*stopped long \(SIGKILL\)/);
		await comesTo(archon, 'long', 'STOPPED');
		await comesTo(archon, 'steady', 'RUNNING');
	});
});

test('stdout and stderr go to files, to one file, or nowhere', async () => {
	const path = (name: string): string => join(folder, name);
	const says = 'echo said on stdout; echo said on stderr >&2; exec sleep 1000000';
	await using archon = await under({
		out: shell(says, {stdout: path('out'), stderr: null}),
		err: shell(says, {stdout: null, stderr: path('err')}),
		both: shell(says, {stdout: path('both'), stderr: path('both')}),
		none: shell(says, {stdout: null, stderr: null}),
		log: shell(says),
	});
	await archon.says(/log +\| said on stdout/);
	await archon.says(/log +\| said on stderr/);
	const content = (name: string): Promise<string[]> => Promise.resolve(readFileSync(path(name), 'utf8').trim().split('\n').sort());
	await expect.poll(() => content('out')).toEqual(['said on stdout']);
	await expect.poll(() => content('err')).toEqual(['said on stderr']);
	await expect.poll(() => content('both')).toEqual(['said on stderr', 'said on stdout']);
	expect(count(archon.log(), /said on/)).toBe(2);
});

test('env, workingdir and umask are what the process has', async () => {
	await using archon = await under({it: {...steady, env: {TEXT: 'a b', ANSWER: 42, FLAG: true}, workingdir: folder, umask: '027'}});
	const pid = await comesTo(archon, 'it', 'RUNNING');
	expect(environ(pid)).toEqual(expect.arrayContaining(['TEXT=a b', 'ANSWER=42', 'FLAG=true']));
	expect(readlinkSync(`/proc/${pid}/cwd`)).toBe(folder);
	expect(procStatus(pid, 'Umask')).toBe('0027');
	expect(procStatus(archon.pid, 'Umask')).toBe(procStatus(process.pid, 'Umask'));
});

test('a user has its own ids and groups and none of archon\'s', async () => {
	await using archon = await under({it: {...steady, user: 'games'}});
	const pid = await comesTo(archon, 'it', 'RUNNING');
	expect(procStatus(pid, 'Uid').split('\t')).toEqual(Array(4).fill('5'));
	expect(procStatus(pid, 'Gid').split('\t')).toEqual(Array(4).fill('60'));
	expect(procStatus(pid, 'Groups').trim()).toBe('60');
});

test('a user that does not exist is told before anything starts', async () => {
	await using archon = await under({it: {...steady, user: 'no-such-user'}});
	expect(await archon.ended()).toBe(100);
	expect(archon.log()).toMatch(/no-such-user/);
});

describe('a reload', () => {
	const reload = async (archon: Archon, programs: Readonly<Record<string, Program>>): Promise<string> => {
		writeFileSync(join(archon.folder, 'archon.yaml'), stringify({programs}));
		const {status, stdout, stderr} = await archon.ctl('reload');
		expect(status, stderr).toBe(0);
		return stdout;
	};

	test('starts what is new, ends what is gone, restarts what is made differently, and despawns nothing else', async () => {
		await using archon = await under({same: steady, gone: steady, moved: steady, lone: {...steady, numprocs: 2}});
		for (const name of ['same', 'gone', 'moved', 'lone:0', 'lone:1']) await comesTo(archon, name, 'RUNNING');
		const before = await states(archon);
		const said = await reload(archon, {
			same: steady, moved: {...steady, env: {ANSWER: 42}}, lone: {...steady, numprocs: 3}, fresh: steady,
		});
		expect(said).toBe('config reloaded: 2 added (lone:2, fresh), 1 removed (gone), 1 restarted (moved), 3 unchanged');
		for (const name of ['same', 'moved', 'lone:2', 'fresh']) await comesTo(archon, name, 'RUNNING');
		await archon.says(/stopped gone/);
		const after = await states(archon);
		expect(Object.keys(after).sort()).toEqual(['fresh', 'lone:0', 'lone:1', 'lone:2', 'moved', 'same']);
		for (const name of ['same', 'lone:0', 'lone:1']) expect(after[name]?.pid, name).toBe(before[name]?.pid);
		expect(after['moved']?.pid).not.toBe(before['moved']?.pid);
		expect(environ(after['moved']?.pid ?? 0)).toContain('ANSWER=42');
	});

	test('may be the first to need this format, and the first to need all of YAML', async () => {
		await using archon = await boot({config: 'services: {web: {command: sleep 1000000}}', isInit: false});
		await archon.says(/started web/);
		await reload(archon, {fresh: steady});
		await comesTo(archon, 'fresh', 'RUNNING');
		writeFileSync(join(archon.folder, 'archon.yaml'), 'services: {last: {command: "sl\\x65ep 1000000"}}');
		expect((await archon.ctl('reload')).stdout).toBe('config reloaded: 1 added (last), 1 removed (fresh), 0 unchanged; also changed: shutdown.when_idle');
	});

	test('of fewer processes stops the last ones only', async () => {
		await using archon = await under({web: {...steady, numprocs: 3}});
		for (const index of [0, 1, 2]) await comesTo(archon, `web:${index}`, 'RUNNING');
		const before = await states(archon);
		await reload(archon, {web: {...steady, numprocs: 2}});
		await archon.says(/stopped web:2/);
		const after = await states(archon);
		expect([after['web:0']?.pid, after['web:1']?.pid]).toEqual([before['web:0']?.pid, before['web:1']?.pid]);
	});

	test('of keys that only say how a program is kept puts them in force without a restart', async () => {
		await using archon = await under({web: {...steady, autorestart: true}});
		const pid = await comesTo(archon, 'web', 'RUNNING');
		const said = await reload(archon, {web: {...steady, autorestart: false, startretries: 1, exitcodes: [3]}});
		expect(said).toBe('config reloaded: 1 updated (web), 0 unchanged');
		expect((await states(archon))['web']?.pid).toBe(pid);
		process.kill(pid, 'SIGKILL');
		await comesTo(archon, 'web', 'EXITED');
	});

	test('leaves what was started by hand as it is', async () => {
		await using archon = await under({lazy: {...steady, autostart: false}});
		await comesTo(archon, 'lazy', 'STOPPED');
		expect((await archon.ctl('start', 'lazy')).status).toBe(0);
		const pid = await comesTo(archon, 'lazy', 'RUNNING');
		await reload(archon, {lazy: {...steady, autostart: false}, other: steady});
		await comesTo(archon, 'other', 'RUNNING');
		expect((await states(archon))['lazy']?.pid).toBe(pid);
	});

	test('by SIGHUP does the same; of a broken file it changes nothing and tells every problem', async () => {
		await using archon = await under({web: steady});
		const pid = await comesTo(archon, 'web', 'RUNNING');
		writeFileSync(join(archon.folder, 'archon.yaml'), 'programs:\n  web: {cmd: sleep 1, numproc: 2}\n  b: {}\n');
		archon.signal('SIGHUP');
		await archon.says(/cannot reload the config: .*archon\.yaml:2:.*numproc[^]*nothing has changed/);
		const answer = await archon.ctl('reload');
		expect(answer).toMatchObject({status: 1, stderr: expect.stringContaining('did you mean "numprocs"?')});
		expect((await states(archon))['web']).toMatchObject({status: 'RUNNING', pid});
		writeFileSync(join(archon.folder, 'archon.yaml'), stringify({programs: {web: steady, more: steady}}));
		archon.signal('SIGHUP');
		await comesTo(archon, 'more', 'RUNNING');
		expect((await states(archon))['web']?.pid).toBe(pid);
	});
});
