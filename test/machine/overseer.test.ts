/** overseer's daemon: its homes, its jobs, and its machine as a trace shows it. */
import {existsSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, test} from 'vitest';
import {homes, isAlive, NOBODY, OVERSEER, OVERSEERD, PATIENCE, SLEEP, visit, way} from './overseer.ts';

describe('homes', () => {
	test('the config is below ~/.config and all else below ~/.local/share, for their owner alone', async () => {
		await using own = homes();
		own.jobs({web: SLEEP});
		await own.client();
		expect(Object.keys(await own.status())).toEqual(['web']);
		expect(own.data).toBe(join(own.folder, 'home/.local/share/overseer'));
		for (const [name, mode] of [['.', 0o700], ['overseer.sock', 0o600], ['control.sock', 0o600], ['port', 0o600], ['lock', 0o600]] as const) {
			expect(statSync(join(own.data, name)).mode & 0o777, name).toBe(mode);
		}
	});

	test('$XDG_CONFIG_HOME and $XDG_DATA_HOME come before the home', async () => {
		await using plain = homes();
		await using own = homes({env: {XDG_CONFIG_HOME: join(plain.folder, 'c'), XDG_DATA_HOME: join(plain.folder, 'd')}});
		own.jobs({web: SLEEP});
		expect(existsSync(join(plain.folder, 'c/overseer/jobs.yaml'))).toBe(true);
		await own.client();
		expect(Object.keys(await own.status())).toEqual(['web']);
		expect(existsSync(join(plain.folder, 'd/overseer/overseer.sock'))).toBe(true);
		expect(existsSync(join(own.folder, 'home/.local'))).toBe(false);
	});

	test('they are made where they are missing, and a daemon without jobs waits for some', async () => {
		await using own = homes();
		const daemon = own.daemon();
		await daemon.accepts();
		expect(statSync(join(own.folder, 'home/.config/overseer')).mode & 0o777).toBe(0o700);
		expect(await own.status()).toEqual({});
		expect((await own.client()).stdout).toBe(`no tests; 0 unchanged; no jobs: write ${own.folder}/home/.config/overseer/jobs.yaml`);
		own.jobs({web: SLEEP});
		await own.client();
		await expect.poll(async () => (await own.status())['web']?.status, PATIENCE).toBe('running');
	});
});

describe('jobs', () => {
	test('YAML and JSON of exactly overseer\'s shape, from all files of the folder', async () => {
		await using own = homes();
		own.write('a.yaml', 'jobs:\n  - name: web\n    job_command:\n      exe: sleep\n      args: ["1000000"]\n');
		own.write('b.json', '{"jobs": [{"name": "db", "job_command": {"exe": "/bin/sleep", "args": ["1000000"]}}]}');
		own.write('c.yml', 'jobs: []\n');
		own.write('notes.txt', 'jobs: neither');
		await own.client();
		expect(Object.keys(await own.status()).sort()).toEqual(['db', 'web']);
	});

	test('a trigger finds jobs that are new, changed and gone, and leaves the others alone', async () => {
		await using own = homes();
		own.jobs({same: SLEEP, changed: ['sleep', '1000001'], gone: SLEEP});
		await own.client();
		const before = await own.status();
		own.jobs({same: SLEEP, changed: ['sleep', '1000002'], added: SLEEP});
		const answer = await own.client();
		expect(answer).toEqual({status: 0, stderr: '', stdout: 'no tests; started added; restarted changed; stopped gone; 1 unchanged'});
		const after = await own.status();
		expect(after['same']?.pid).toBe(before['same']?.pid);
		expect(after['changed']?.pid).not.toBe(before['changed']?.pid);
		expect(after['added']?.pid).toBeGreaterThan(0);
		expect(isAlive(before['gone']?.pid ?? 0)).toBe(false);
	});

	test('a test decides with each trigger: what differs has started or stopped, and the state is written, when the answer is there', async () => {
		await using own = homes();
		const flag = join(own.folder, 'flag');
		own.jobs({web: {run: SLEEP, test: ['test', '-f', flag]}, db: SLEEP});
		await own.client();
		expect((await own.client()).stdout).toBe('1 test: 0 yes, 1 no; 2 unchanged');
		expect((await own.status())['web']).toMatchObject({status: 'stopped', pid: null});
		const inode = (): number => statSync(join(own.data, 'state.json')).ino;
		const before = inode();
		writeFileSync(flag, '');
		expect((await own.client()).stdout).toBe('1 test: 1 yes, 0 no; started web; 1 unchanged');
		const {pid} = (await own.status())['web'] ?? {};
		expect(isAlive(pid ?? 0)).toBe(true);
		expect(inode()).not.toBe(before);
		expect(readFileSync(join(own.data, 'state.json'), 'utf8')).toContain(String(pid));
		rmSync(flag);
		expect((await own.client()).stdout).toBe('1 test: 0 yes, 1 no; stopped web; 1 unchanged');
		expect(isAlive(pid ?? 0)).toBe(false);
	});

	test('every test is asked by a trigger, and one that cannot be executed leaves its job as it is', async () => {
		await using own = homes();
		const asked = join(own.folder, 'asked');
		const ask = (name: string, then: string): readonly string[] => ['sh', '-c', `echo ${name} >> ${asked}; ${then}`];
		own.jobs({
			yes: {run: SLEEP, test: ask('yes', 'exit 0')}, no: {run: SLEEP, test: ask('no', 'exit 1')}, none: {run: SLEEP, test: ['/nowhere/test']},
		});
		await own.client();
		const names = (): string[] => readFileSync(asked, 'utf8').trim().split('\n').sort();
		const before = names().length;
		expect((await own.client()).stdout).toMatch(/^3 tests: 1 yes, 1 no, 1 without an answer; 3 unchanged$/);
		expect(names().length - before).toBe(2);
	});

	test('a job that goes down is started again', async () => {
		await using own = homes();
		own.jobs({web: SLEEP});
		await own.client();
		const {pid} = (await own.status())['web'] ?? {};
		process.kill(pid ?? 0, 'SIGKILL');
		await expect.poll(async () => (await own.status())['web']?.restarts, PATIENCE).toBe(1);
		expect((await own.status())['web']).toMatchObject({status: 'running'});
	});

	test('a config with a mistake is told in the answer, and changes nothing', async () => {
		await using own = homes();
		own.jobs({web: SLEEP});
		await own.client();
		const before = await own.status();
		own.write('jobs.yaml', 'jobs: [{name: web, job_command: {exe: sleep}}, {name: web, job_command: {exe: sleep}}]');
		expect((await own.client()).stdout).toMatch(/jobs\.yaml:1:48: there are two jobs web; rename one of them/);
		expect(await own.status()).toEqual(before);
	});
});

describe('the daemon', () => {
	test('runs without privileges, and not as PID 1', async () => {
		await using own = homes({uid: NOBODY});
		own.jobs({web: SLEEP});
		const daemon = own.daemon();
		await daemon.accepts();
		expect(readFileSync(`/proc/${daemon.child.pid}/status`, 'utf8')).toMatch(/^Uid:\t65534\t65534\t65534/m);
		await expect.poll(async () => (await own.status())['web']?.status, PATIENCE).toBe('running');
		const {pid} = (await own.status())['web'] ?? {};
		expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t65534/m);
		const init = await execa('unshare', ['--pid', '--fork', '--mount-proc', OVERSEERD], {reject: false, env: own.env});
		expect([init.exitCode, init.stderr]).toEqual([100, expect.stringMatching(/is no init: as PID 1 run archon, with the same jobs/)]);
	});

	test('goes from Start to ReceiveRequest, and each connection from there to its end', async () => {
		await using own = homes();
		const daemon = own.daemon('--trace-fsm');
		await daemon.accepts();
		expect((await own.client()).status).toBe(0);
		expect((await own.client('DIE')).status).toBe(0);
		const {stderr, status} = await daemon.ended;
		expect(status).toBe(0);
		expect(way(stderr.replaceAll(/^overseerd: \[.*\n/gm, ''))).toBe('InitHomes OpenSocket ReceiveRequest');
		expect(way(stderr.replaceAll(/^overseerd: (?!\[1\]).*\n/gm, ''))).toBe('ProcessRequest SendResponse ReceiveRequest');
		expect(way(stderr.replaceAll(/^overseerd: (?!\[2\]).*\n/gm, ''))).toBe('ProcessRequest Exit(Ok(())) Done');
	});

	test('a line at the port is a trigger, and the answer is a line', async () => {
		await using own = homes();
		own.jobs({});
		await own.daemon().accepts();
		own.jobs({web: SLEEP});
		const client = await visit(own.port(), 'go\n');
		expect(await client.ended).toBe('no tests; started web; 0 unchanged\n');
		expect((await own.status())['web']?.status).toBe('running');
	});

	test('the port is the one that was asked for, by option or variable', async () => {
		const port = 12_000 + (process.pid % 10_000);
		await using own = homes({env: {OVERSEER_PORT: String(port)}});
		await own.client();
		expect(own.port()).toBe(port);
		await using other = homes();
		expect(await other.daemon('--port', String(port)).ended).toMatchObject({
			status: 1, stderr: `overseerd: SocketOpenError: cannot listen at 127.0.0.1:${port}: address already in use\n`,
		});
		expect(existsSync(other.socket)).toBe(false);
	});

	test.each(['a newline', 'no newline', 'no newline, and a shutdown'])('DIE ends it and its jobs, at the port, with %s', async how => {
		await using own = homes();
		own.jobs({web: SLEEP});
		const daemon = own.daemon();
		await daemon.accepts();
		await expect.poll(async () => (await own.status())['web']?.status, PATIENCE).toBe('running');
		const {pid} = (await own.status())['web'] ?? {};
		const client = await visit(own.port(), how === 'a newline' ? 'DIE\n' : 'DIE');
		if (how.endsWith('shutdown')) client.socket.end();
		expect(await client.ended).toBe('');
		expect((await daemon.ended).status).toBe(0);
		expect(isAlive(pid ?? 0)).toBe(false);
		expect([own.socket, join(own.data, 'port'), join(own.data, 'control.sock')].filter(existsSync)).toEqual([]);
	});

	test('a second one says that the first is already running', async () => {
		await using own = homes();
		const first = own.daemon();
		await first.accepts();
		const second = await own.daemon('--trace-fsm').ended;
		expect(second.status).toBe(1);
		expect(second.stderr).toMatch(new RegExp(`^overseerd: SocketOpenError: already running as pid ${first.child.pid}$`, 'm'));
		expect(way(second.stderr)).toBe('InitHomes OpenSocket Exit(Err(SocketOpenError)) Done');
		expect((await own.client()).status).toBe(0);
	});

	test('what runs when it is killed goes on, and is the next one\'s', async () => {
		await using own = homes();
		own.jobs({web: {run: SLEEP, test: ['true']}, db: SLEEP});
		await own.client();
		await expect.poll(async () => Object.values(await own.status()).map(({status}) => status), PATIENCE).toEqual(['running', 'running']);
		const before = await own.status();
		await expect.poll(() => (existsSync(join(own.data, 'state.json')) ? readFileSync(join(own.data, 'state.json'), 'utf8') : ''), PATIENCE)
			.toMatch(new RegExp(`${before['web']?.pid}[^]*${before['db']?.pid}`));
		const first = own.owner();
		process.kill(first, 'SIGKILL');
		await expect.poll(() => isAlive(first), PATIENCE).toBe(false);
		expect((await own.client()).stdout).toBe('1 test: 1 yes, 0 no; 2 unchanged');
		expect(own.owner()).not.toBe(first);
		await expect.poll(() => own.status(), PATIENCE).toMatchObject({
			web: {status: 'running', pid: before['web']?.pid}, db: {status: 'running', pid: before['db']?.pid},
		});
	});

	test('after a fatal signal the same process goes on, with its doors and its lock', async () => {
		await using own = homes();
		own.jobs({web: SLEEP});
		const daemon = own.daemon();
		await daemon.accepts();
		await expect.poll(async () => (await own.status())['web']?.status, PATIENCE).toBe('running');
		const before = await own.status();
		const port = own.port();
		process.kill(daemon.child.pid ?? 0, 'SIGSEGV');
		await daemon.says(/re-executed: 1 service keeps running/);
		expect(await own.client()).toMatchObject({status: 0, stderr: ''});
		expect((await (await visit(port, 'go\n')).ended)).toMatch(/\n$/);
		expect((await own.status())['web']?.pid).toBe(before['web']?.pid);
		expect((await own.daemon().ended).stderr).toMatch(/already running/);
		await own.client('DIE');
		expect((await daemon.ended).status).toBe(0);
	});
});

describe('arguments', () => {
	test.each([
		[OVERSEERD, ['--version'], 0, /^overseerd \(archon /], [OVERSEERD, ['--help'], 0, /usage: overseerd/], [OVERSEERD, ['--port', 'x'], 100, /take a number up to 65535, not x; see/],
		[OVERSEERD, ['--nonsense'], 100, /^overseerd: unknown option --nonsense; see overseerd --help$/], [OVERSEERD, ['word'], 100, /unexpected argument word/],
		[OVERSEER, ['-V'], 0, /^overseer \(archon /], [OVERSEER, ['-h'], 0, /usage: overseer/], [OVERSEER, ['--nonsense'], 100, /^overseer: unknown option --nonsense/],
		[OVERSEER, ['a\nDIE'], 100, /a request is one line/],
	] as const)('%s %j', async (program, args, status, said) => {
		const {exitCode, stdout, stderr} = await execa(program, args, {reject: false});
		expect([exitCode, stdout + stderr]).toEqual([status, expect.stringMatching(said)]);
	});
});
