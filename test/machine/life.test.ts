/** The whole life of a service, by the executable itself: when it counts as up, what it says, how it is looked at and led. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createServer, type AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {beforeAll, describe, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';
import {character} from './characters.ts';

let herald = '';
beforeAll(async () => {
	herald = await character('herald');
});

const folder = (): string => mkdtempSync(join(tmpdir(), 'archon-life-'));

/** One that is free now. */
const freePort = (): Promise<number> => new Promise(resolve => {
	const server = createServer().listen(0, '127.0.0.1', () => {
		const {port} = server.address() as AddressInfo;
		server.close(() => resolve(port));
	});
});

/** A config: YAML takes JSON, and two dollars for one. */
const config = (services: Readonly<Record<string, object>>): string => JSON.stringify({services}).replaceAll('$', '$$$$');

const restarted = (archon: Archon, name: string, times = 1) =>
	expect.poll(async () => (await archon.status())[name]).toMatchObject({restarts: times, status: 'running'});

/** Does what it is to do when the gate is there; until then, nothing. */
const behind = (gate: string, script: string): string[] =>
	['sh', '-c', `until [ -e ${gate} ]; do sleep 0.02; done; ${script}; exec sleep 1000000`];

const SERVER = `perl -MIO::Socket::INET -e '
	$s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => shift, ReuseAddr => 1) or die $!;
	while ($c = $s->accept) { print $c "HTTP/1.0 200 OK\\r\\n\\r\\nall is well\\n"; close $c }
'`;

describe('what needs a healthy service waits until it says so', () => {
	test.each([
		['a newline on a descriptor', {fd: 3}, 'echo >&3'],
		['a newline on the descriptor in a variable', {fd: {variable: 'READY_FD'}}, 'eval "echo >&$READY_FD"'],
		['sd_notify', {notify: true}, 'HERALD READY=1'],
		['a line of its output', {log: '^listening on \\d+$'}, 'echo not listening on 80; echo listening on 80'],
		['a connection', {tcp: 'PORT', interval: '50ms'}, `${SERVER} PORT & :`],
		['a page', {http: {url: 'http://localhost:PORT/', body: 'all is well'}, interval: '50ms'}, `${SERVER} PORT & :`],
		['a command', {exec: ['test', '-e', 'FILE'], interval: '50ms'}, 'touch FILE'],
		['a file', {file: 'FILE', interval: '50ms'}, 'touch FILE'],
	])('by %s', async (_, ready, script) => {
		const [place, port] = [folder(), await freePort()];
		const gate = join(place, 'gate');
		const text = config({
			db: {command: behind(gate, script), ready},
			app: {command: ['sleep', '1000000'], depends_on: {db: {condition: 'service_healthy'}}},
		}).replaceAll('"PORT"', String(port)).replaceAll('PORT', String(port)).replaceAll('FILE', join(place, 'file')).replaceAll('HERALD', herald);
		await using archon = await boot({config: text});
		await archon.says(/started db/);
		expect(await archon.status()).toMatchObject({db: {status: 'starting'}, app: {status: 'waiting', pid: null}});
		writeFileSync(gate, '');
		await archon.says(/started app/);
		expect(await archon.status()).toMatchObject({db: {status: 'running'}, app: {status: 'running'}});
	});
});

test('a single service is heard by archon where a line of it is waited for, and still has no prefix', async () => {
	await using archon = await boot({config: config({lone: {command: ['sh', '-c', 'echo ready now; exec sleep 1000000'], ready: {log: 'ready'}}})});
	await archon.says(/^ready now$/m);
	await expect.poll(async () => (await archon.status())['lone']?.status).toBe('running');
});

describe('sd_notify', () => {
	test('what a service says of itself is in its status', async () => {
		await using archon = await boot({config: config({web: {command: [herald, 'READY=1\nSTATUS=serving 3 people', 'pause'], ready: 'notify'}})});
		await expect.poll(async () => (await archon.ctl('status')).stdout).toContain('serving 3 people');
	});

	test('a service that misses its watchdog is restarted, and one that gives itself up too', async () => {
		await using archon = await boot({config: config({
			silent: {command: [herald, 'READY=1', 'WATCHDOG=1', 'pause'], ready: 'notify', watchdog: '300ms', restart: {attempts: 'unlimited'}},
			desperate: {command: [herald, 'READY=1', 'WATCHDOG=trigger', 'pause'], ready: 'notify', watchdog: '1h', restart: {attempts: 1}},
		})});
		await archon.says(/silent.*watchdog: no WATCHDOG=1 within 0\.3 s/);
		await archon.says(/desperate.*watchdog: received WATCHDOG=trigger/);
		await expect.poll(async () => (await archon.status())['silent']?.restarts).toBeGreaterThan(0);
		await expect.poll(async () => (await archon.status())['desperate']?.status).toBe('failed');
	});

	test('a main process that hands over to another is followed: shown, stopped, and restarted when that one dies', async () => {
		await using archon = await boot({config: config({
			heir: {command: [herald, 'heir', 'main', 'READY=1', 'barrier', 'alone', 'pause'], ready: 'notify'},
			other: {command: ['sleep', '1000000']},
		})});
		const [, first = ''] = await archon.says(/started heir \(pid (\d+)\)/);
		await expect.poll(async () => (await archon.status())['heir']?.pid).not.toBe(Number(first));
		await expect.poll(async () => (await archon.ctl('tree')).stdout).not.toContain(`${first} `);
		const {heir} = await archon.status();
		expect(heir).toMatchObject({status: 'running', restarts: 0});
		await archon.ctl('signal', 'KILL', 'heir');
		await restarted(archon, 'heir');
		expect((await archon.ctl('stop', 'heir')).status).toBe(0);
		expect((await archon.ctl('tree')).stdout).not.toContain('herald');
	});

	test('a process outside of its run is not followed', async () => {
		await using archon = await boot({config: config({web: {command: [herald, 'MAINPID=1', 'READY=1', 'pause'], ready: 'notify'}})});
		await archon.says(/warn: web says that its main process is 1, which is not one of its own: ignored/);
		const {web} = await archon.status();
		expect(web?.pid).not.toBe(1);
	});
});

describe('reload', () => {
	test('by a signal, by a command that knows the process, and not where there is no way', async () => {
		const trap = (name: string) => ['sh', '-c', `trap 'echo ${name} reloads' HUP USR1; echo up; while :; do sleep 0.02; done`];
		await using archon = await boot({config: config({
			signalled: {command: trap('signalled'), reload: 'HUP', ready: {log: 'up'}},
			told: {command: trap('told'), reload: {command: ['sh', '-c', 'kill -USR1 $MAINPID']}, ready: {log: 'up'}},
			deaf: {command: ['sleep', '1000000']},
		})});
		await expect.poll(archon.status).toMatchObject({signalled: {status: 'running'}, told: {status: 'running'}});
		expect((await archon.ctl('reload', 'signalled', 'told')).status).toBe(0);
		await archon.says(/signalled reloads/);
		await archon.says(/told reloads/);
		expect((await archon.ctl('reload', 'deaf')).status).toBe(1);
		expect(await archon.status()).toMatchObject({signalled: {restarts: 0}, told: {restarts: 0}, deaf: {restarts: 0}});
	});
});

describe('hooks', () => {
	test('post_start comes after the process and before its dependents, pre_stop before the stop signal', async () => {
		const say = (text: string) => ['sh', '-c', `echo ${text}`];
		await using archon = await boot({config: config({
			db: {
				command: ['sh', '-c', 'trap "echo asked to stop; exit 0" TERM; echo db is up; while :; do sleep 0.02; done'],
				post_start: [say('first'), {command: say('second')}], pre_stop: [say('goodbye')],
			},
			app: {command: ['sh', '-c', 'echo app is up; exec sleep 1000000'], depends_on: {db: {condition: 'service_healthy'}}},
		})});
		await archon.says(/app is up/);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		const order = ['started db', 'first', 'second', 'app is up', 'goodbye', 'asked to stop'];
		expect(order.map(text => archon.log().indexOf(text)).filter(at => at < 0)).toEqual([]);
		expect(order.toSorted((a, b) => archon.log().indexOf(a) - archon.log().indexOf(b))).toEqual(order);
	});

	test('a post_start that fails has failed the start; a pre_stop that fails or hangs stops nothing from stopping', async () => {
		await using archon = await boot({config: config({
			bad: {command: ['sleep', '1000000'], post_start: [['sh', '-c', 'exit 5']], restart: 'no'},
			sloppy: {command: ['sleep', '1000000'], pre_stop: [['sh', '-c', 'exit 6']]},
			hung: {command: ['sleep', '1000000'], pre_stop: [['sleep', '1000000']], stop_grace_period: '300ms'},
		})});
		await archon.says(/post_start: sh: exit status 5/);
		await expect.poll(async () => (await archon.status())['bad']?.status).toBe('failed');
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
	});
});

describe('health', () => {
	test('a service that becomes unhealthy is restarted, and what needs it healthy waits for it again', async () => {
		const file = join(folder(), 'well');
		writeFileSync(file, '');
		const healthcheck = {test: ['CMD', 'test', '-e', file], interval: '50ms', retries: 2, on_unhealthy: 'restart'};
		await using archon = await boot({config: config({
			web: {command: ['sleep', '1000000'], healthcheck, restart: {attempts: 'unlimited', delay: '10ms', max_delay: '10ms'}},
			app: {command: ['sleep', '1000000'], depends_on: {web: {condition: 'service_healthy', restart: true}}},
		})});
		await archon.says(/started app/);
		rmSync(file);
		await archon.says(/web.*unhealthy: exit status 1/);
		await expect.poll(async () => (await archon.status())['app']?.status).toBe('waiting');
		writeFileSync(file, '');
		await expect.poll(async () => (await archon.status())['app']?.status).toBe('running');
		expect((await archon.status())['web']?.restarts).toBeGreaterThan(0);
	});

	test('without a say in it, it is shown as unhealthy and as well again', async () => {
		const file = join(folder(), 'well');
		const healthcheck = {test: `test -e ${file} || { echo it is missing; false; }`, interval: '50ms', retries: 1};
		await using archon = await boot({config: config({web: {command: ['sleep', '1000000'], healthcheck}})});
		await expect.poll(async () => (await archon.status())['web']?.status).toBe('unhealthy');
		expect((await archon.ctl('status')).stdout).toContain('it is missing');
		writeFileSync(file, '');
		await expect.poll(async () => (await archon.status())['web']).toMatchObject({status: 'running', restarts: 0});
	});

	test('two hundred probes a second keep no service from being restarted', async () => {
		const looked = {command: ['sleep', '1000000'], healthcheck: {test: ['CMD', 'true'], interval: '1s'}};
		const names = Array.from({length: 200}, (_, i) => `looked-${i}`);
		await using archon = await boot({config: config({
			...Object.fromEntries(names.map(name => [name, looked])),
			victim: {command: ['sleep', '1000000'], restart: {attempts: 'unlimited', delay: '1ms', max_delay: '1ms'}},
		})});
		for (let i = 1; i <= 5; i++) {
			await expect.poll(async () => (await archon.status())['victim']).toMatchObject({status: 'running', restarts: i - 1});
			await archon.ctl('signal', 'KILL', 'victim');
		}
		await restarted(archon, 'victim', 5);
		const all = await archon.status();
		expect(names.filter(name => all[name]?.status !== 'running' || all[name]?.restarts !== 0)).toEqual([]);
	});
});

test('a service with a terminal of its own writes whole lines, and a new one at each start', async () => {
	const script = 'test -t 0 && test -t 1 && test -t 2 && echo "on $(stty size)"; stty -opost; exec sleep 1000000';
	await using archon = await boot({config: config({
		screen: {command: ['sh', '-c', script], tty: true, restart: {delay: '1ms'}}, other: {command: ['sleep', '1000000']},
	})});
	await archon.says(/^screen \| on 24 80$/m);
	await archon.ctl('restart', 'screen');
	await archon.says(/^screen \| on 24 80\n[^]*^screen \| on 24 80$/m);
});
