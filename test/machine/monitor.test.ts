/** Processes that archon has not started, real ones: met, told of at their end by pidfd, and across re-execution; and what depends on them. */
import {type ChildProcess, spawn} from 'node:child_process';
import {copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {execa} from 'execa';
import {describe, expect, test} from 'vitest';
import {undo} from '../../scripts/undo.ts';
import {type Archon, boot} from './archon.ts';

/** A program that no one else executes: it sleeps. */
function program(): {readonly path: string; readonly folder: string} {
	const folder = mkdtempSync(join(tmpdir(), 'stranger-'));
	undo(() => rmSync(folder, {recursive: true, force: true}));
	const path = join(folder, 'stranger');
	copyFileSync('/bin/sleep', path);
	return {path, folder};
}

/** A process that archon has not made. */
async function stranger(path: string, ...args: readonly string[]): Promise<ChildProcess & {readonly pid: number}> {
	const child = spawn(path, args, {stdio: 'ignore'});
	undo(() => child.kill('SIGKILL'));
	await new Promise(resolve => child.once('spawn', resolve));
	return child as ChildProcess & {readonly pid: number};
}

/** An archon that is no init, so that it sees the processes of the test. */
async function beside(config: string): Promise<Archon> {
	const archon = await boot({config, isInit: false});
	await archon.status();
	return archon;
}

const WEB = 'services: {web: {command: [sleep, infinity]}}\n';

async function events(archon: Archon, kind: string): Promise<readonly {readonly pid: number; readonly exit: number | null; readonly reason: string}[]> {
	const {stdout} = await archon.ctl('events', '--json', '--kinds', kind);
	return stdout.split('\n').filter(line => line !== '').map(line => JSON.parse(line) as {pid: number; exit: number | null; reason: string});
}

describe('a rule of the config', () => {
	test('meets what runs already and what comes later, also by a link; the end of each is told with its exit code, not by a look', async () => {
		const {path, folder} = program();
		const first = await stranger(path, '1000');
		await execa('ln', ['-s', path, join(folder, 'link')]);
		// The first look is at once, and the next would be in a week.
		await using archon = await beside(`${WEB}monitor: [{name: job, match: {exe: ${join(folder, 'link')}}, every: 168h}]\n`);
		await expect.poll(async () => (await events(archon, 'monitored')).map(({pid}) => pid), {timeout: 20_000}).toEqual([first.pid]);
		first.kill('SIGTERM');
		await archon.says(new RegExp(`monitor job: ${path} \\(pid ${first.pid}\\) was killed by SIGTERM`));
		expect(await events(archon, 'monitored-exited')).toMatchObject([{pid: first.pid, exit: 143}]);
		expect(JSON.parse((await archon.ctl('monitor', 'list', '--json')).stdout)).toMatchObject([{name: 'job', origin: 'config', processes: []}]);
		// A new rule looks at once.
		const second = await stranger(path, '1000');
		await archon.ctl('monitor', 'match', `exe=${path}`, '--name', 'more');
		await expect.poll(async () => (await events(archon, 'monitored')).map(({pid}) => pid), {timeout: 20_000})
			.toEqual([first.pid, second.pid, second.pid]);
	}, 60_000);

	test('leaves alone what archon has made, and what another path or command line has', async () => {
		const {path} = program();
		await using archon = await beside(`services: {web: {command: [${path}, infinity]}}
monitor:
  - {name: all, match: {exe: "${path}*"}, every: 100ms}
  - {name: some, match: {exe: ${path}, command: "* 4?2"}, every: 100ms}
`);
		const [one, other] = [await stranger(path, '412'), await stranger(path, '500')];
		await expect.poll(async () => (await events(archon, 'monitored')).length, {timeout: 20_000}).toBe(3);
		const list = JSON.parse((await archon.ctl('monitor', 'list', '--json')).stdout) as {name: string; processes: {pid: number}[]}[];
		expect(list.map(({name, processes}) => [name, processes.map(({pid}) => pid).sort()])).toEqual([
			['all', [one.pid, other.pid].sort()], ['some', [one.pid]],
		]);
	}, 60_000);

	test.runIf(process.getuid?.() === 0)('that services of other users cannot be read is no news', async () => {
		const {path} = program();
		await using archon = await boot({
			config: `services: {web: {command: [sleep, infinity], user: "65534"}}\nmonitor: [{name: job, match: {exe: ${path}}, every: 100ms}]\n`,
			wrapper: ['setpriv', '--bounding-set=-sys_ptrace', '--inh-caps=-sys_ptrace'],
		});
		await archon.says(/started web/);
		// A new rule looks at once.
		await archon.ctl('monitor', 'match', `exe=${path}`, '--name', 'more');
		await pause(500);
		expect(archon.log()).not.toContain('SYS_PTRACE');
	}, 60_000);

	test('is another one after a reload, and acts when a process ends', async () => {
		const {path} = program();
		await using archon = await beside(`${WEB}monitor: [{name: job, match: {exe: /no/such}, every: 100ms, on: {exited: [{restart: web}]}}]\n`);
		writeFileSync(join(archon.folder, 'archon.yaml'), `${WEB}monitor: [{name: job, match: {exe: ${path}}, every: 100ms, on: {exited: [{restart: web}]}}]\n`);
		expect(await archon.ctl('reload')).toMatchObject({status: 0});
		const child = await stranger(path, '1000');
		await expect.poll(async () => (await events(archon, 'monitored')).length, {timeout: 20_000}).toBe(1);
		child.kill('SIGKILL');
		await archon.says(/restarting web: .* was killed by SIGKILL \(monitor job\)/);
		writeFileSync(join(archon.folder, 'archon.yaml'), WEB);
		expect(await archon.ctl('reload')).toMatchObject({status: 0});
		expect((await archon.ctl('monitor', 'list')).stdout).toBe('nothing is watched');
	}, 60_000);
});

describe('a client', () => {
	test('has a process watched by its pid, once; the rule goes with it, and others can be taken away', async () => {
		const {path} = program();
		await using archon = await beside(WEB);
		const child = await stranger(path, '1000');
		expect(await archon.ctl('monitor', 'pid', String(child.pid))).toMatchObject({status: 0, stdout: `pid-${child.pid}: watching pid ${child.pid} (${path})`});
		expect((await archon.ctl('monitor', 'pid', String(child.pid))).stderr).toMatch(/a rule is called pid-\d+ already/);
		expect((await archon.ctl('monitor', 'pid', '4194303')).stderr).toMatch(/no process has the pid 4194303/);
		expect((await archon.ctl('monitor', 'pid', String(archon.pid))).stderr).toMatch(/is archon itself/);
		expect(await archon.ctl('monitor', 'match', 'exe=/usr/sbin/absent')).toMatchObject({status: 0, stdout: 'absent: watching exe=/usr/sbin/absent'});
		child.kill('SIGKILL');
		await archon.says(/was killed by SIGKILL/);
		expect((await archon.ctl('monitor', 'list')).stdout).toBe('absent  exe=/usr/sbin/absent  (client)');
		expect(await archon.ctl('monitor', 'rm', 'absent')).toMatchObject({status: 0});
		expect((await archon.ctl('monitor', 'rm', 'absent')).stderr).toMatch(/no rule is called absent/);
	}, 60_000);

	test('passes a pidfd with MonitorFD; what is not one is refused, and nothing without', async () => {
		const {path} = program();
		await using archon = await beside(WEB);
		const child = await stranger(path, '1000');
		const {stdout} = await execa('python3', ['-c', `
import os, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
f = s.makefile('r')
def ask(request, fds):
    socket.send_fds(s, [request], fds)
    line = f.readline()
    while line.startswith('Row'): line = f.readline()
    print(line.strip())
ask(b'MonitorFD,job\\n', [os.pidfd_open(int(sys.argv[2]))])
ask(b'MonitorFD,none\\n', [])
ask(b'MonitorFD,file\\n', [os.open('/dev/null', os.O_RDONLY)])
ask(b'MonitorFD,own\\n', [os.pidfd_open(int(sys.argv[3]))])
`, archon.socket, String(child.pid), String(archon.pid)]);
		expect(stdout.split('\n')).toEqual([
			'Ok', 'Error,no descriptor with request', 'Error,the descriptor is not that of a process (pidfd_open(2))',
			'Error,the descriptor is that of archon itself',
		]);
		child.kill('SIGUSR1');
		await archon.says(/monitor job: .* was killed by SIGUSR1/);
	}, 60_000);

	test('is told of the end where nothing looks around: the kernel tells', async () => {
		const {path} = program();
		await using archon = await beside(WEB);
		const child = await stranger(path, '1000');
		await archon.ctl('monitor', 'pid', String(child.pid), '--name', 'job');
		child.kill('SIGKILL');
		// No rule has a match, and so nothing looks: who tells is the kernel.
		await expect.poll(async () => (await events(archon, 'monitored-exited')).map(({pid, exit}) => [pid, exit]), {timeout: 20_000})
			.toEqual([[child.pid, 137]]);
	}, 60_000);
});

describe('re-execution', () => {
	test('loses no process, no rule and no dependency, also where one ends meanwhile', async () => {
		const {path} = program();
		await using archon = await beside(`${WEB}monitor: [{name: job, match: {exe: ${path}}, every: 168h}]\n`);
		const [one, other] = [await stranger(path, '1000'), await stranger('/bin/sleep', '1000')];
		await archon.ctl('monitor', 'match', `exe=${path}`, '--name', 'now');
		await expect.poll(async () => (await events(archon, 'monitored')).length, {timeout: 20_000}).toBe(2);
		await archon.ctl('deps', 'add', `web -> pid:${other.pid} on=exit do=restart`);
		archon.signal('SIGSTOP');
		one.kill('SIGINT');
		archon.signal('SIGSEGV');
		archon.signal('SIGCONT');
		await archon.says(/was re-executed/);
		await archon.says(new RegExp(`\\(pid ${one.pid}\\) was killed by SIGINT`));
		other.kill('SIGKILL');
		await archon.says(/restarting web: \S*sleep \(pid \d+\) was killed by SIGKILL \(deps 1\)/);
		expect((await archon.ctl('deps', 'show')).stdout).toMatch(/^no dependencies/);
		expect((await archon.ctl('monitor', 'list')).stdout).toMatch(/^job .*\(config\)\nnow .*\(client\)$/);
	}, 60_000);
});

describe('a dependency', () => {
	test('restarts a service when a path has changed, also by a file that takes its place', async () => {
		await using archon = await beside(WEB);
		const file = join(archon.folder, 'certificate');
		writeFileSync(file, 'one');
		expect(await archon.ctl('deps', 'add', `web -> path:${file} on=change do=restart`)).toMatchObject({status: 0, stdout: '1'});
		writeFileSync(`${file}.new`, 'other');
		renameSync(`${file}.new`, file);
		await archon.says(/restarting web: path:\S+ has changed \(deps 1\)/);
	}, 60_000);

	test('hears of a port that something listens at, and of the end of that', async () => {
		await using archon = await beside('services: {web: {command: [sleep, infinity]}, a: {command: [sleep, infinity], autostart: false}}\n');
		const server = createServer();
		const port = await new Promise<number>(resolve => server.listen(0, '127.0.0.1', () => resolve((server.address() as {port: number}).port)));
		expect(await archon.ctl('deps', 'add', `a -> port:${port} on=exit do=start`)).toMatchObject({status: 0});
		server.close();
		await archon.says(new RegExp(`starting a: port:${port} is gone \\(deps 1\\)`));
	}, 60_000);

	test('runs a command, tells of itself, and is refused where it cannot be', async () => {
		await using archon = await beside('services: {web: {command: [sleep, infinity]}, db: {command: [sleep, infinity], depends_on: [web]}}\n');
		const file = join(archon.folder, 'told');
		const add = (text: string): ReturnType<Archon['ctl']> => archon.ctl('deps', 'add', text);
		expect(await add(`web -> db on=exit do=run:sh -c 'echo $ARCHON_TARGET $ARCHON_EVENT $ARCHON_EXIT_CODE > ${file}'`)).toMatchObject({status: 0});
		expect((await add('web -> db order=start')).stderr).toMatch(/web -> db -> web is a circle/);
		expect((await add('web -> nosuch')).stderr).toMatch(/no service is called nosuch/);
		expect((await add('web -> db on=never')).stderr).toMatch(/archon.on takes exit, ready, change, fail/);
		const {pid} = (await archon.status())['db'] ?? {};
		process.kill(pid ?? 0, 'SIGKILL');
		await expect.poll(async () => (await execa('cat', [file], {reject: false})).stdout, {timeout: 20_000}).toBe('db exit 137');
		expect((await archon.ctl('deps', 'show')).stdout).toMatch(/^1 {2}web -> db {2}exit: run:sh .*\(acted once\)$/);
		expect((await archon.ctl('deps', 'show', '--dot')).stdout).toMatch(/"web" -> "db" \[label="exit: run:/);
		expect((await archon.ctl('deps', 'show', '--mermaid')).stdout).toMatch(/d0 -\.->\|"exit: run:.*"\| d1/);
		expect(await archon.ctl('deps', 'rm', '1')).toMatchObject({status: 0});
		expect((await archon.ctl('deps', 'rm', '1')).stderr).toMatch(/there is no dependency 1/);
	}, 60_000);
});
