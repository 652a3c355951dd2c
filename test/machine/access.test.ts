/** Whose rights a process has: those of its service by what the kernel knows of it, else those of its user; and who reaches the socket at all. */
import {chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {execa} from 'execa';
import {beforeAll, describe, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

/** A folder that all users may read, with the programs that ask. */
let folder = '';
let ASK = '';
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'archon-access-'));
	chmodSync(folder, 0o777);
	for (const name of ['ask.pl', 'heir.pl', 'successor.pl', 'knock.pl']) {
		copyFileSync(join(import.meta.dirname, '../characters', name), join(folder, name));
		chmodSync(join(folder, name), 0o755);
	}
	ASK = join(folder, 'ask.pl');
});

let count = 0;
/** In a folder of archon's own, which it makes. */
const newSocket = (): string => join(folder, `${++count}`, 'sock');

/** A command of a service, which then stays. */
const then = (script: string): string => JSON.stringify(['sh', '-c', `${script}; exec sleep 1000000`]);

const up = async (config: string, socket: string): Promise<Archon> => {
	const archon = await boot({config, args: ['--socket', socket]});
	await expect.poll(() => existsSync(socket)).toBe(true);
	return archon;
};

const as = async (user: number, socket: string, ...records: readonly string[]): Promise<string> => {
	const words = [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', ASK, socket, ...records];
	return String((await execa('setpriv', words, {reject: false, all: true})).all);
};

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

/** Once it listens, for services speak before. */
const late = (socket: string): string => `until test -S ${socket}; do sleep 0.01; done`;

describe('a service with rights of its own', () => {
	test('has them for all that it made, of whatever user and session; root too has no more', async () => {
		const socket = newSocket();
		const ask = `${ASK} ${socket}`;
		await using archon = await up(`services:
  web: {command: sleep 1000000}
  db: {command: sleep 1000000}
  job:
    control: {role: operate, services: [web]}
    command: ${then(`${late(socket)}; echo as root; ${ask} Signal,web,CONT Restart,db Shutdown`)}
  other:
    control: {role: operate, services: [web]}
    command: ${then(`${late(socket)}; (setsid setpriv --reuid=1 --clear-groups sh -c "(${ask} Signal,web,CONT Signal,db,CONT &) ; sleep 1" &)`)}
`, socket);
		await archon.says(/job +\| Signal,web,CONT: Ok/);
		const no = (what: string, rest: string): RegExp => new RegExp(`${what}: Error,"request refused: .*, service ${rest}; see access`);
		await archon.says(no('Restart,db', 'job has it for web only'));
		await archon.says(no('Shutdown', 'job has operate'));
		await archon.says(/other +\| Signal,web,CONT: Ok/);
		await archon.says(no('Signal,db,CONT', 'other has it for web only'));
		await archon.says(/warn: request refused: Restart of db takes the role operate, service job has it for web only; see access in the config/);
	});

	test('has them in its hooks, its health check and its reload command too', async () => {
		const socket = newSocket();
		const ask = (word: string): string => JSON.stringify(['sh', '-c', `${late(socket)}; ${ASK} ${socket} ${word},web,CONT Shutdown`]);
		await using archon = await up(`services:
  web: {command: sleep 1000000, reload: CONT}
  job:
    command: sleep 1000000
    user: "1"
    control: {role: operate, services: [web]}
    post_start: [${ask('Signal')}]
    healthcheck: {test: [CMD, "${ASK}", "${socket}", "Signal,web,CONT"], interval: 100ms}
    reload: {command: ${ask('Signal')}}
`, socket);
		await archon.says(/job +\| Signal,web,CONT: Ok[^]*job +\| Shutdown: Error,"request refused: Shutdown takes the role admin, service job has operate/);
		await archon.says(/job is healthy/);
		expect(await archon.ctl('--socket', socket, 'reload', 'job')).toMatchObject({status: 0});
		await archon.says(/(job +\| Shutdown: Error,"request refused: Shutdown takes the role admin, service job has operate[^]*){2}/);
		expect(archon.log()).not.toContain('has no role');
	});

	test('lends them to none that says it is of it', async () => {
		const socket = newSocket();
		const disguise = 'prlimit --locks=1000:1000 --rss=1000:1000 env ARCHON_SERVICE=job ARCHON_RUN=1';
		await using archon = await up(`services:
  job: {command: sleep 1000000, user: "1", control: admin}
  evil:
    user: "1"
    depends_on: [job]
    command: ${then(`${late(socket)}; setsid ${disguise} ${ASK} ${socket} Version; (setsid ${disguise} sh -c "sleep 0.1; ${ASK} ${socket} Tree" &)`)}
`, socket);
		await archon.says(/evil +\| Version: Error,request refused: uid 1 has no role/);
		await archon.says(/evil +\| Tree: Error,request refused: uid 1 has no role/);
		expect(archon.log()).not.toMatch(/: Ok/);
	});

	test('is not taken for the one whose process has the number of the one that connected by now', async () => {
		const socket = newSocket();
		const file = (name: string): string => `${socket.slice(0, -5)}-${name}`;
		await using archon = await up(`services:
  job: {command: [${join(folder, 'successor.pl')}, ${file('pid')}, ${file('done')}], control: admin}
  evil: {command: [${join(folder, 'heir.pl')}, ${socket}, ${file('begin')}, ${file('pid')}, ${file('go')}], user: "1"}
`, socket);
		await archon.says(/started evil/);
		// It looks at who has connected when that has ended and another one has its number.
		archon.signal('SIGSTOP');
		writeFileSync(file('begin'), '');
		await expect.poll(() => existsSync(file('done')), {timeout: 10_000}).toBe(true);
		writeFileSync(file('go'), '');
		archon.signal('SIGCONT');
		await archon.says(/warn: request refused: uid 1, whose process belongs to no service that is known any more, has no role/);
		expect(archon.log()).not.toMatch(/heir: (Row|Ok)/);
	});
});

describe('the socket', () => {
	test('is open to others as long as the config grants somebody something', async () => {
		const socket = newSocket();
		const services = 'services: {web: {command: sleep 1000000}, db: {command: sleep 1000000}}\n';
		await using archon = await up(services, socket);
		const ctl = (...words: readonly string[]) => archon.ctl('--socket', socket, ...words);
		const reload = async (access: string): Promise<void> => {
			writeFileSync(join(archon.folder, 'archon.yaml'), access + services);
			expect(await ctl('reload')).toMatchObject({status: 0});
		};
		const places = (): readonly string[] => [modeOf(socket), modeOf(join(socket, '..'))];
		expect(places()).toEqual(['600', '700']);
		expect(await as(1, socket, 'Version')).toBe('no way in: Permission denied');
		await reload('access: [{user: 1, role: observe, services: [web]}, {group: 2, role: operate}]\n');
		await expect.poll(places).toEqual(['666', '711']);
		expect(await as(1, socket, 'Version', 'Status,web')).toBe('Version: Ok\nStatus,web: Ok');
		expect(await as(1, socket, 'Reopen')).toMatch(/^Reopen: Error,"request refused: Reopen takes the role operate, uid 1 has observe;/);
		expect(await as(2, socket, 'Reopen')).toBe('Reopen: Ok');
		expect(await as(3, socket, 'Version')).toBe('Version: Error,request refused: uid 3 has no role; see access in the config');
		const groups = ['--reuid=3', '--regid=3', '--groups=7,2', ASK, socket, 'Reopen'];
		expect((await execa('setpriv', groups)).stdout).toBe('Reopen: Ok');
		await reload('');
		await expect.poll(places).toEqual(['600', '700']);
		expect(await as(2, socket, 'Version')).toBe('no way in: Permission denied');
	});

	test('stays so, and rights stay as they are, when archon is re-executed', async () => {
		const socket = newSocket();
		await using archon = await up(`access: [{user: 1, role: operate, services: [web]}]
services:
  web: {command: sleep 1000000}
  job:
    control: {role: operate, services: [web]}
    command: ${then(`${late(socket)}; while sleep 0.05; do ${ASK} ${socket} Signal,web,CONT Version Shutdown; done`)}
`, socket);
		await archon.says(/job +\| Shutdown: Error/);
		archon.signal('SIGSEGV');
		await archon.says(/was re-executed/);
		expect([modeOf(socket), modeOf(join(socket, '..'))]).toEqual(['666', '711']);
		expect(await as(1, socket, 'Signal,web,CONT', 'Signal,job,CONT')).toMatch(/^Signal,web,CONT: Ok\nSignal,job,CONT: Error,"request refused/);
		await archon.says(/was re-executed[^]*job +\| Signal,web,CONT: Ok[^]*job +\| Shutdown: Error,"request refused: Shutdown takes the role admin, service job has operate/);
	});

	test('in a folder of somebody else\'s is closed if that is, and archon says so', async () => {
		await using archon = await boot({config: 'access: [{user: 1, role: observe}]\nservices: {web: {command: sleep 1000000}}\n'});
		await archon.says(new RegExp(`others than root cannot reach the control socket: .*/${basename(archon.folder)} is closed to them`));
		expect(modeOf(archon.folder)).toBe('700');
	});
});

test('what is under way ends when a reload takes the right to it', async () => {
	const socket = newSocket();
	const services = 'services: {web: {command: sleep 1000000}}\n';
	await using archon = await up(`access: [{user: 1, role: observe}]\n${services}`, socket);
	const follower = execa('setpriv', ['--reuid=1', '--regid=1', '--clear-groups', ASK, socket, 'Logs,web,archon.follow=yes'], {reject: false});
	await expect.poll(() => readFileSync(`/proc/${archon.pid}/net/unix`, 'utf8').split('\n').filter(line => line.endsWith(socket)).length).toBe(2);
	writeFileSync(join(archon.folder, 'archon.yaml'), services);
	expect(await archon.ctl('--socket', socket, 'reload')).toMatchObject({status: 0});
	expect((await follower).stdout).toBe('Logs,web,archon.follow=yes: Error,"request refused: Logs of web takes the role observe, uid 1 has none; see access in the config"');
});

test('users without any right who knock all the time keep root waiting no longer, and fill no log', async () => {
	const socket = newSocket();
	await using archon = await up('access: [{user: 1, role: observe}]\nservices: {web: {command: sleep 1000000}}\n', socket);
	const knocking = Array.from({length: 4}, () => execa('setpriv', ['--reuid=3', '--regid=3', '--clear-groups', join(folder, 'knock.pl'), socket, '5000']));
	for (let i = 0; i < 20; i++) expect(await archon.ctl('--socket', socket, 'status')).toMatchObject({status: 0, stdout: expect.stringContaining('running')});
	for (const {stdout} of await Promise.all(knocking)) expect(stdout).toBe('done');
	expect(archon.log().match(/request refused/g)).toHaveLength(10);
	expect(readdirSync(`/proc/${archon.pid}/fd`).length).toBeLessThan(50);
});
