/** Descriptors of archon and of its services: how they are opened, who has them, and that none is left behind. */
import {execaSync} from 'execa';
import {constants, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {createServer, type AddressInfo, type Server} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {type Archon, boot, type Boot} from './archon.ts';

let folder = '';
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'archon-descriptors-'))));
afterAll(() => rmSync(folder, {recursive: true}));

const sh = (script: string): string[] => ['sh', '-c', script];
const IDLE = ['sleep', '1000000'];

/** Services, or programs with supervisord's keys; YAML takes JSON, and two dollars for one. */
const config = (kind: 'services' | 'programs', all: Readonly<Record<string, object>>): string => JSON.stringify({[kind]: all}).replaceAll('$', '$$$$');

/** Beside the test's own processes, so that pids are this machine's. */
const beside = (text: string, more: Partial<Boot> = {}): Promise<Archon> => boot({config: text, isInit: false, ...more});

/** What each descriptor of a process leads to. */
function descriptorsOf(pid: number): Map<number, string> {
	const path = `/proc/${pid}/fd`;
	return new Map(readdirSync(path).flatMap((name): [number, string][] => {
		try {
			return [[Number(name), readlinkSync(join(path, name))]];
		} catch {
			return []; // Closed meanwhile.
		}
	}));
}

/** How the open file behind a descriptor is open, as open(2) has the flags. */
const flagsOf = (pid: number, fd: number): number => parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8);

const pidOf = async (archon: Archon, name: string): Promise<number> => {
	const [, pid = ''] = await archon.says(new RegExp(`started ${name} \\(pid (\\d+)\\)`));
	return Number(pid);
};

const linesOf = (path: string): string[] => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []);

describe('a file that is written to', () => {
	test.each([
		['by the service itself', (path: string, script: string) => config('programs', {web: {cmd: sh(script), stdout: path, stderr: path, autorestart: 'never', starttime: 0}})],
		['by archon', (path: string, script: string) => config('services', {
			web: {type: 'oneshot', command: sh(script), logging: {driver: 'file', options: {path}}}, idle: {command: IDLE},
		})],
	])('%s keeps what an earlier archon left in it', async (how, make) => {
		const path = join(folder, `kept ${how}`);
		for (const life of ['first', 'second']) {
			await using archon = await beside(make(path, `echo ${life} one; echo ${life} two >&2; echo ${life} three`));
			await expect.poll(() => linesOf(path).filter(line => line.startsWith(life)).length).toBe(3);
			archon.signal('SIGTERM');
			expect(await archon.ended()).toBe(0);
		}
		expect(linesOf(path).toSorted()).toEqual(['first', 'second'].flatMap(life => ['one', 'two', 'three'].map(word => `${life} ${word}`)).toSorted());
	});

	test('is closed in archon once its service has it', async () => {
		const [stdout, stderr] = [join(folder, 'closed.out'), join(folder, 'closed.err')];
		await using archon = await beside(config('programs', {web: {cmd: sh('echo up; exec sleep 1000000'), stdout, stderr, starttime: 0}}));
		await expect.poll(() => linesOf(stdout).length).toBe(1);
		for (let starts = 2; starts <= 6; starts++) {
			expect((await archon.ctl('restart', 'web')).status).toBe(0);
			await expect.poll(() => linesOf(stdout).length).toBe(starts);
		}
		// The service may have written before archon goes on.
		await expect.poll(() => [...descriptorsOf(archon.pid).values()].filter(path => path === stdout || path === stderr)).toEqual([]);
	});
});

describe('what a service has', () => {
	test('is no stream that never blocks, whether that is a pipe of archon\'s, a file or a FIFO', async () => {
		const fifo = join(folder, 'fifo');
		execaSync('mkfifo', [fifo]);
		const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
		await using archon = await beside(config('programs', {
			fifo: {cmd: IDLE, stdout: fifo, stderr: join(folder, 'file'), starttime: 0}, pipes: {cmd: IDLE, starttime: 0},
		}));
		for (const name of ['fifo', 'pipes']) {
			const pid = await pidOf(archon, name);
			for (const fd of [0, 1, 2]) expect(flagsOf(pid, fd) & constants.O_NONBLOCK, `${fd} of ${name}`).toBe(0);
		}
		expect(reader).toBeGreaterThan(2);
	});

	/** Where archon's cgroup is in the tree of version 2; null: it cannot be written. */
	const ownCgroup = ((): string | null => {
		const [, mount] = /^\d+ \d+ \S+ \S+ (\S+) rw\S* .*- cgroup2 \S+ rw/m.exec(readFileSync('/proc/self/mountinfo', 'utf8')) ?? [];
		const [, own] = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8')) ?? [];
		return process.getuid?.() === 0 && mount !== undefined && own !== undefined ? join(mount, own) : null;
	})();

	// A cgroup is entered by a descriptor of archon's.
	test.each([false, ...ownCgroup === null ? [] : [true]])('are its streams and nothing else, and so it is with its helpers (in a cgroup: %s)', async isGrouped => {
		const cgroup = `archon-descriptors-${process.pid}`;
		const list = (name: string): string[] => sh(`echo ${name} has $(ls -l /proc/self/fd | sed -n 's/.* \\([0-9]*\\) -> .*/\\1/p'), $(readlink /proc/self/fd/* | grep -c cgroup) cgroups`);
		await using archon = await boot({config: config('services', {
			web: {
				command: sh(`${list('web')[2]}; exec sleep 1000000`), post_start: [list('hook')],
				...isGrouped && {cgroup},
			},
			other: {command: IDLE},
		})});
		// The last of them is the folder that is listed.
		await archon.says(/web has 0 1 2 3, 0 cgroups/);
		await archon.says(/hook has 0 1 2 3, 0 cgroups/);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		if (isGrouped) rmdirSync(join(ownCgroup ?? '', cgroup));
	});
});

test('a notification pipe is closed once: a number that it had is another\'s by the time its run ends', async () => {
	const gate = join(folder, 'gate');
	await using archon = await beside(config('services', {
		herald: {command: sh(`echo >&3; until [ -e ${gate} ]; do sleep 0.02; done`), ready: {fd: 3}, restart: 'no'},
		// Their pipes have the numbers that are free when the herald has its own.
		...Object.fromEntries(['a', 'b', 'c'].map(name => [name, {command: IDLE, depends_on: {herald: {condition: 'service_healthy'}}}])),
	}));
	for (const name of ['a', 'b', 'c']) await archon.says(new RegExp(`started ${name} `));
	const pipes = (): string[] => [...descriptorsOf(archon.pid)].filter(([, link]) => link.startsWith('pipe:')).map(([fd, link]) => `${fd} ${link}`);
	const before = pipes();
	writeFileSync(gate, '');
	await archon.says(/herald exited with status 0/);
	// The reading end of the notification pipe, and nothing else.
	await expect.poll(() => before.filter(pipe => !pipes().includes(pipe)).length).toBe(1);
	expect(Object.values(await archon.status()).map(({status}) => status)).toEqual(['exited', 'running', 'running', 'running']);
	expect(before.filter(pipe => !pipes().includes(pipe)).length).toBe(1);
});

describe('a look from outside', () => {
	/** Counts who is connected, and who has been. */
	async function counting(answer: string): Promise<{server: Server; port: number; open(): number; seen(): number}> {
		let [open, seen] = [0, 0];
		const server = createServer(socket => {
			open++;
			seen++;
			socket.on('error', () => {});
			socket.on('close', () => open--);
			// Its end is the client's to say.
			socket.on('data', () => socket.write(answer));
		});
		await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve));
		return {server, port: (server.address() as AddressInfo).port, open: () => open, seen: () => seen};
	}

	const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok';

	test.each([
		['by tcp', OK, 'running', (port: number) => ({tcp: `127.0.0.1:${port}`, timeout: '5s'})],
		['by http', OK, 'running', (port: number) => ({http: `http://127.0.0.1:${port}/`, timeout: '5s'})],
		['without an answer', '', 'unhealthy', (port: number) => ({http: `http://127.0.0.1:${port}/`, timeout: '20ms'})],
	])('%s leaves no connection behind', async (_, answer, status, look) => {
		const {server, port, open, seen} = await counting(answer);
		await using archon = await beside(config('services', {web: {command: IDLE, healthcheck: {...look(port), interval: '20ms'}}}));
		await expect.poll(seen).toBeGreaterThan(20);
		await expect.poll(open).toBeLessThanOrEqual(1);
		expect((await archon.status())['web']?.status).toBe(status);
		server.close();
	});

	test('that is refused or fails leaves no descriptor behind', async () => {
		const {server, port} = await counting('');
		await new Promise(resolve => server.close(resolve));
		const looks = join(folder, 'looks');
		await using archon = await beside(config('services', {
			tcp: {command: IDLE, healthcheck: {tcp: `127.0.0.1:${port}`, interval: '20ms', timeout: '5s'}},
			http: {command: IDLE, healthcheck: {http: `http://127.0.0.1:${port}/`, interval: '20ms', timeout: '5s'}},
			// As often as the others, and it says so.
			exec: {command: IDLE, healthcheck: {test: `echo >> ${looks}; false`, interval: '20ms', timeout: '5s'}},
		}));
		await expect.poll(() => linesOf(looks).length).toBeGreaterThan(10);
		const before = descriptorsOf(archon.pid).size;
		await expect.poll(() => linesOf(looks).length).toBeGreaterThan(60);
		// A look that is under way has some for a moment.
		await expect.poll(() => descriptorsOf(archon.pid).size).toBeLessThanOrEqual(before);
	});
});

describe('the control socket', () => {
	/** Runs archon where a stale socket is at its own path, under this umask. */
	const wrapper = (umask: string): string[] => ['perl', '-MIO::Socket::UNIX', '-e', `
		umask ${umask};
		my ($path) = map { $ARGV[$_ + 1] } grep { $ARGV[$_] eq "--socket" } 0 .. $#ARGV;
		my $socket = IO::Socket::UNIX->new(Local => $path, Listen => 1) or die $!;
		exec @ARGV`];

	test.each(['0027', '0000'])('takes the place of a stale one, is its owner\'s only, and leaves archon\'s umask %s as it is', async umask => {
		await using archon = await beside(config('services', {web: {command: sh('umask; exec sleep 1000000')}}), {wrapper: wrapper(umask)});
		await archon.says(new RegExp(`^${umask}$`, 'm'));
		await expect.poll(async () => (await archon.ctl('status')).status).toBe(0);
		expect(statSync(archon.socket).mode & 0o777).toBe(0o600);
		expect(/^Umask:\s*(\d+)/m.exec(readFileSync(`/proc/${archon.pid}/status`, 'utf8'))?.[1]).toBe(umask);
	});

	test('without a descriptor for one more connection closes it, and goes on when there are some again', async () => {
		await using archon = await beside(config('services', {web: {command: IDLE}}));
		// When it answers it has all that it opens for itself.
		await expect.poll(async () => (await archon.ctl('status')).status).toBe(0);
		const limit = Math.max(...descriptorsOf(archon.pid).keys()) + 1;
		execaSync('prlimit', [`--pid=${archon.pid}`, `--nofile=${limit}:4096`]);
		// Some have the numbers that are free below that, and are answered.
		const wires = [];
		for (let answer = 'some'; answer !== '';) {
			const wire = await archon.connect();
			wires.push(wire);
			wire.send('Status,web\n');
			[answer = ''] = await wire.lines(1);
		}
		expect(wires.length).toBeLessThan(limit);
		for (const wire of wires) wire.destroy();
		execaSync('prlimit', [`--pid=${archon.pid}`, '--nofile=4096:4096']);
		await expect.poll(async () => (await archon.ctl('status')).status).toBe(0);
		expect((await archon.status())['web']).toMatchObject({status: 'running', restarts: 0});
	});
});
