/** archon's helper for syslog: in a process of its own, under a user without rights; and what its end, archon's and a reload's cost. */
import {execa} from 'execa';
import {copyFileSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync} from 'node:fs';
import type {Socket} from 'node:net';
import {join} from 'node:path';
import {afterEach, describe, expect, test} from 'vitest';
import {type Archon, ARCHON, boot} from './archon.ts';
import {closeServers, type Receipt, stream, udp} from './syslog-servers.ts';

afterEach(closeServers);

const HELPER = 'archon.syslog';

const logging = (address: string): string => `logging: {driver: syslog, options: {syslog-address: "${address}"}}`;

/** The helper's pid as this machine sees it; 0: it does not run. */
function helperOf(archon: Archon): number {
	const space = readlinkSync(`/proc/${archon.pid}/ns/pid`);
	const isIt = (pid: string): boolean => {
		try {
			return readFileSync(`/proc/${pid}/comm`, 'utf8') === `${HELPER}\n` && readlinkSync(`/proc/${pid}/ns/pid`) === space;
		} catch {
			return false;
		}
	};
	return Number(readdirSync('/proc').find(name => /^\d+$/.test(name) && isIt(name)) ?? 0);
}

async function helper(archon: Archon, but = 0): Promise<number> {
	let pid = 0;
	await expect.poll(() => (pid = helperOf(archon)) > 0 && pid !== but).toBe(true);
	return pid;
}

/** The numbers of messages that end in one. */
const numbers = ({messages}: Receipt): readonly number[] => messages.map(message => Number(/ - - - (\d+)$/.exec(message)?.[1]));
const upTo = (count: number): readonly number[] => Array.from({length: count}, (_, i) => i + 1);

/** Says 1 to `count`, some at a time, and stays. */
const speaker = (count: number, atOnce = 50): string => JSON.stringify(
	`perl -e '$$| = 1; for (1 .. ${count}) { print "$$_\\n"; select undef, undef, undef, 0.001 if $$_ % ${atOnce} == 0 } sleep 1000000'`,
);

const LAST_WORDS = '"sh -c \'trap \\"echo last words; exit\\" TERM; echo up; while :; do sleep 0.01; done\'"';

test('it is a service of archon\'s own, under a user without rights, for as many addresses as there are', async () => {
	const [tcp, datagrams] = [await stream(0), await udp()];
	await using archon = await boot({config: `services:
  one: {command: "sh -c 'echo over tcp; exec sleep 1000000'", ${logging(`tcp://127.0.0.1:${tcp.port}`)}}
  two: {command: "sh -c 'echo over udp; exec sleep 1000000'", ${logging(`udp://localhost:${datagrams.port}`)}}
`});
	await expect.poll(() => tcp.messages).toEqual([expect.stringMatching(/ one - - - over tcp$/)]);
	await expect.poll(() => datagrams.messages).toEqual([expect.stringMatching(/ two - - - over udp$/)]);
	const pid = await helper(archon);
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	const field = (name: string): string => new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'm').exec(status)?.[1] ?? '';
	if (process.getuid?.() === 0) expect([field('Uid'), field('Gid'), field('Groups')]).toEqual(['65534\t65534\t65534\t65534', '65534\t65534\t65534\t65534', '65534']);
	for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) expect(field(set), set).toBe('0'.repeat(16));
	expect(field('NoNewPrivs')).toBe('1');
	// Neither archon's variables nor its secrets.
	expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).not.toMatch(/PATH=|TEST/);
	expect(await archon.status()).toMatchObject({[HELPER]: {status: 'running', restarts: 0}});
	expect((await archon.ctl('tree', '--all')).stdout).toMatch(/archon\.syslog +running\n.*└─ \d+ archon\.syslog/);
	// PID 1 has no socket of the network's.
	const inet = ['tcp', 'tcp6', 'udp', 'udp6'].flatMap(name => readFileSync(`/proc/${archon.pid}/net/${name}`, 'utf8').match(/ \d+ +\d+ +(\d+) \d+ [0-9a-f]+/g) ?? []);
	const own = readdirSync(`/proc/${archon.pid}/fd`).map(fd => readlinkSync(`/proc/${archon.pid}/fd/${fd}`));
	const inodes = own.flatMap(target => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
	expect(inodes.filter(inode => inet.some(line => line.includes(` ${inode} `)))).toEqual([]);
});

test('it does not keep "no service is running" from being told, and is no name for others', async () => {
	const {port} = await stream(0);
	await using archon = await boot({config: `shutdown: {when_idle: always}
services:
  job: {type: oneshot, command: echo done, ${logging(`tcp://127.0.0.1:${port}`)}}
`});
	expect(await archon.ended()).toBe(0);
	expect(archon.log()).toMatch(/shutting down: no service is running or about to start: job/);
	const file = join(archon.folder, 'other.yaml');
	writeFileSync(file, 'services: {archon.syslog: {command: sleep 1}}\n');
	const {exitCode, stderr} = await execa(ARCHON, ['check', file], {reject: false});
	expect([exitCode, stderr]).toEqual([100, expect.stringContaining('"archon.syslog" cannot be a service\'s name: archon\'s own helpers are called archon.*')]);
});

test('people can restart it and signal it, but neither stop nor start it', async () => {
	const {port, messages} = await stream(0);
	await using archon = await boot({config: `services:
  one: {command: "sh -c 'echo first; exec sleep 1000000'", ${logging(`tcp://127.0.0.1:${port}`)}}
`});
	await expect.poll(() => messages.length).toBe(1);
	const pid = await helper(archon);
	for (const verb of ['stop', 'start']) {
		expect(await archon.ctl(verb, HELPER)).toMatchObject({status: 1, stderr: expect.stringContaining(`cannot ${verb} archon.syslog: it is archon's own helper`)});
	}
	expect((await archon.ctl('run', '--name', 'archon.x', 'true')).stderr).toMatch(/archon\.x/);
	await archon.ctl('stop', 'all');
	expect(await archon.status()).toMatchObject({one: {status: 'stopped'}, [HELPER]: {status: 'running', restarts: 0}});
	await archon.ctl('start', 'all');
	await expect.poll(() => messages.length).toBe(2);
	expect(await archon.ctl('restart', HELPER)).toMatchObject({status: 0});
	await helper(archon, pid);
	expect(archon.log()).not.toMatch(/SIGKILL/);
	await archon.ctl('restart', 'one');
	await expect.poll(() => messages.length).toBe(3);
	expect(archon.log()).not.toMatch(/lost/);
});

describe('in the middle of a flow', () => {
	// Of datagrams the kernel drops what the test does not read in time.
	test.each([['tcp', 20_000, 20_000, 50], ['udp', 2000, 1800, 2]] as const)('the helper is killed again and again: no line is lost (%s)', async (kind, count, least, atOnce) => {
		const server = await (kind === 'tcp' ? stream(0) : udp());
		await using archon = await boot({config: `services: {one: {command: ${speaker(count, atOnce)}, ${logging(`${kind}://127.0.0.1:${server.port}`)}}}\n`});
		let pid = 0;
		for (let i = 1; i <= 3; i++) {
			await expect.poll(() => server.messages.length).toBeGreaterThan(i * count / 20);
			pid = await helper(archon, pid);
			process.kill(pid, 'SIGKILL');
		}
		// Some may come twice, and each is as it was said.
		const heard = (): ReadonlySet<number> => new Set(numbers(server));
		await expect.poll(() => heard().size).toBeGreaterThanOrEqual(least);
		expect([...heard()].every(number => number >= 1 && number <= count)).toBe(true);
		expect(await archon.status()).toMatchObject({[HELPER]: {restarts: 3}, one: {restarts: 0}});
		expect(archon.log()).not.toMatch(/lost/);
	});

	test('archon crashes: the helper goes on, and no line is lost', async () => {
		const server = await stream(0);
		await using archon = await boot({config: `services: {one: {command: ${speaker(20_000)}, ${logging(`tcp://127.0.0.1:${server.port}`)}}}\n`});
		const pid = await helper(archon);
		for (let i = 1; i <= 3; i++) {
			await expect.poll(() => server.messages.length).toBeGreaterThan(i * 1000);
			archon.signal('SIGSEGV');
			await expect.poll(() => archon.log().match(/was re-executed/g)?.length).toBe(i);
		}
		await expect.poll(() => new Set(numbers(server)).size).toBe(20_000);
		expect(server.messages.every(message => /^<30>1 \S+Z \S+ one - - - \d+$/.test(message))).toBe(true);
		expect(await helper(archon)).toBe(pid);
		expect(await archon.status()).toMatchObject({[HELPER]: {status: 'running', restarts: 0}});
	});

	test('a shutdown delivers the last words of services, and what archon says after them', async () => {
		const server = await stream(0);
		await using archon = await boot({config: `archon: {${logging(`tcp://127.0.0.1:${server.port}`)}}
services: {one: {command: ${LAST_WORDS}}}
`});
		await expect.poll(() => server.messages.join('\n')).toMatch(/ one - - - up$/m);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		await expect.poll(() => server.messages.join('\n')).toMatch(/ one - - - last words$/m);
		await expect.poll(() => server.messages.join('\n')).toMatch(/ archon - - - stopped one \(exit status 0\)$/m);
	});
});

test('beside other processes it ends with archon', async () => {
	const server = await stream(0);
	await using archon = await boot({isInit: false, config: `services: {one: {command: ${LAST_WORDS}, ${logging(`tcp://127.0.0.1:${server.port}`)}}}\n`});
	await expect.poll(() => server.messages.length).toBe(1);
	const [pid] = (await archon.ctl('status', '--json')).stdout.match(/(?<="pid": ?)\d+/g)?.toReversed() ?? [];
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	await expect.poll(() => server.messages.at(-1)).toMatch(/last words$/);
	await expect.poll(() => readdirSync('/proc').includes(String(pid))).toBe(false);
});

test('what outlives its service and ignores SIGTERM is killed, and the last words are delivered all the same', async () => {
	const server = await stream(0);
	const stray = 'sh -c \'setsid sh -c "trap : TERM; echo up; while :; do sleep 0.05; done" & exec sleep 1000000\'';
	await using archon = await boot({config: `archon: {${logging(`tcp://127.0.0.1:${server.port}`)}}
services: {one: {command: ${JSON.stringify(stray)}, kill_mode: main}}
`});
	await expect.poll(() => server.messages.join('\n')).toMatch(/ one - - - up$/m);
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	await expect.poll(() => server.messages.join('\n')).toMatch(/ archon - - - warn: killing [^]* archon - - - reaped \d+ orphans?$/);
});

test('where archon cannot become another user, the helper has archon\'s, and the log says so', async () => {
	const server = await stream(0);
	await using archon = await boot({wrapper: ['unshare', '--user', '--map-root-user'], config: `services:
  one: {command: "sh -c 'echo up; exec sleep 1000000'", ${logging(`tcp://127.0.0.1:${server.port}`)}}
`});
	await archon.says(/archon\.syslog runs as root: archon cannot become another user here/);
	await expect.poll(() => server.messages.length).toBe(1);
});

test('a server that is down at the end does not delay the shutdown, and what it costs is told', async () => {
	const {port, close} = await stream(0);
	close();
	await using archon = await boot({config: `services: {one: {command: ${LAST_WORDS}, ${logging(`tcp://127.0.0.1:${port}`)}}}\n`});
	await archon.says(new RegExp(`syslog for one: nothing listens at tcp://127.0.0.1:${port}; it is tried again`));
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	expect(archon.log()).toMatch(new RegExp(`[2-9] lines were lost \\(one [2-9]\\): syslog: nothing listens at tcp://127.0.0.1:${port}`));
});

test('a server that does not read holds the end up for a second at most, and what it costs is told', async () => {
	const held: Socket[] = [];
	const {port, messages} = await stream(0, socket => void held.push(socket.pause()));
	const flood = JSON.stringify('sh -c \'trap "yes $$(printf %01000d 0) | head -n 30000; exit" TERM; echo up; while :; do sleep 0.01; done\'');
	await using archon = await boot({config: `services: {one: {command: ${flood}, ${logging(`tcp://127.0.0.1:${port}`)}}}\n`});
	await archon.says(/started archon\.syslog/);
	await expect.poll(async () => (await archon.ctl('logs', 'one')).stdout).toMatch(/up/);
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	const lost = [...archon.log().matchAll(/lines were lost \(one (\d+)\): syslog: tcp:\S+ is too slow/g)].reduce((sum, [, count]) => sum + Number(count), 0);
	for (const socket of held) socket.resume();
	await expect.poll(() => lost + messages.length).toBeGreaterThanOrEqual(30_001);
});

test('a stopped helper keeps no end waiting, and is not left behind', async () => {
	const server = await stream(0);
	await using archon = await boot({isInit: false, config: `services: {one: {command: ${LAST_WORDS}, ${logging(`tcp://127.0.0.1:${server.port}`)}}}\n`});
	await expect.poll(() => server.messages.length).toBe(1);
	const [pid] = (await archon.ctl('status', '--json')).stdout.match(/(?<="pid": ?)\d+/g)?.toReversed() ?? [];
	process.kill(Number(pid), 'SIGSTOP');
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	await expect.poll(() => server.messages.at(-1)).toMatch(/last words$/);
	await expect.poll(() => readdirSync('/proc').includes(String(pid))).toBe(false);
});

test('a reload adds it and takes it away, and what waits then is delivered', async () => {
	const server = await stream(0);
	await using archon = await boot({config: 'services: {one: {command: sleep 1000000}}\n'});
	await archon.says(/started one/);
	expect(Object.keys(await archon.status())).toEqual(['one']);
	expect(helperOf(archon)).toBe(0);
	const config = join(archon.folder, 'archon.yaml');
	writeFileSync(config, `services: {one: {command: sleep 1000000}, two: {command: "sh -c 'seq 1000; exec sleep 1000000'", ${logging(`tcp://127.0.0.1:${server.port}`)}}}\n`);
	expect((await archon.ctl('reload')).stdout).toContain('2 added (two, archon.syslog)');
	await expect.poll(() => numbers(server)).toEqual(upTo(1000));
	const pid = await helper(archon);
	writeFileSync(config, `services: {one: {command: sleep 1000000}, two: {command: "sh -c 'seq 1000; exec sleep 1000000'"}}\n`);
	expect((await archon.ctl('reload')).stdout).toContain('1 removed (archon.syslog)');
	await archon.says(/stopped archon\.syslog \(exit status 0\)/);
	expect(readdirSync('/proc')).not.toContain(String(pid));
	expect(Object.keys(await archon.status())).toEqual(['one', 'two']);
	expect(archon.log()).not.toMatch(/lost/);
});

test('it starts from a file that is gone, and after an upgrade it is the new one\'s', async () => {
	const server = await stream(0);
	await using archon = await boot({config: null, args: ['--version']});
	const file = join(archon.folder, 'archon');
	copyFileSync(ARCHON, file);
	await using moved = await boot({wrapper: ['sh', '-c', `"$0" "$@"`.replace('"$0"', `exec ${file}`).replace('"$@"', '"$@"')], config: `services:
  one: {command: "sh -c 'echo up; exec sleep 1000000'", ${logging(`tcp://127.0.0.1:${server.port}`)}}
`});
	await expect.poll(() => server.messages.length).toBe(1);
	rmSync(file);
	const pid = await helper(moved);
	process.kill(pid, 'SIGKILL');
	const next = await helper(moved, pid);
	await moved.ctl('restart', 'one');
	await expect.poll(() => server.messages.length).toBe(2);
	expect((await moved.ctl('upgrade', ARCHON)).status).toBe(0);
	const last = await helper(moved, next);
	expect(readlinkSync(`/proc/${last}/exe`)).toBe(readlinkSync(`/proc/${moved.pid}/exe`));
	await moved.ctl('restart', 'one');
	await expect.poll(() => server.messages.length).toBe(3);
});

test('a person who calls it is told that archon does', async () => {
	const {exitCode, stderr} = await execa({argv0: HELPER, reject: false, stdin: 'ignore'})(ARCHON);
	expect([exitCode, stderr]).toEqual([100, 'archon.syslog: this is a helper that archon starts by itself where its config needs it; run archon or archonctl']);
});
