/** Tests decide what runs, and a trigger asks them: by the executable itself and real processes. */
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

const place = mkdtempSync(join(tmpdir(), 'archon-tests-'));
afterAll(() => rmSync(place, {recursive: true}));
let names = 0;
const fresh = (): string => join(place, `${++names}`);

type Services = Readonly<Record<string, object>>;

/** A config: YAML takes JSON, and two dollars for one. */
const config = (services: Services, more: object = {}): string => JSON.stringify({...more, services}).replaceAll('$', '$$$$');
const sleeper = {command: ['sleep', '1000000']};
const there = (path: string): object => ({test: {exe: 'test', args: ['-f', path]}});
const shell = (script: string, more: object = {}): object => ({test: {command: ['sh', '-c', script], ...more}});

const rewrite = (archon: Archon, services: Services, more: object = {}): void =>
	writeFileSync(join(archon.folder, 'archon.yaml'), config(services, more));

const phases = async (archon: Archon): Promise<Record<string, string>> =>
	Object.fromEntries(Object.entries(await archon.status()).map(([name, {status}]) => [name, status]));

async function trigger(archon: Archon): Promise<string> {
	const {status, stdout, stderr} = await archon.ctl('trigger');
	expect([status, stderr]).toEqual([0, '']);
	return stdout;
}

/** How many processes of this machine have a word in their command line. */
const processesWith = (word: string): number => readdirSync('/proc').filter(name => {
	try {
		return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'latin1').split('\0').includes(word);
	} catch {
		return false;
	}
}).length;

describe('a trigger', () => {
	test('starts new services, restarts changed ones, ends those that are gone, and no other process is another one', async () => {
		await using archon = await boot({config: config({kept: sleeper, changed: sleeper, gone: sleeper})});
		await archon.says(/started gone/);
		const before = await archon.status();
		rewrite(archon, {kept: sleeper, changed: {command: ['sleep', '1000001']}, fresh: sleeper});
		expect(await trigger(archon)).toBe('no tests; started fresh; restarted changed; stopped gone; 1 unchanged');
		const after = await archon.status();
		expect(after).toMatchObject({kept: {status: 'running'}, changed: {status: 'running'}, fresh: {status: 'running'}});
		expect(after['kept']?.pid).toBe(before['kept']?.pid);
		expect(after['changed']?.pid).not.toBe(before['changed']?.pid);
		expect(after['gone']).toBe(undefined);
	});

	test('asks every test: what flips to no is stopped, and what flips to yes is started', async () => {
		const [web, job] = [fresh(), fresh()];
		writeFileSync(web, '');
		await using archon = await boot({config: config({web: {...sleeper, ...there(web)}, job: {...sleeper, ...there(job)}, plain: sleeper})});
		await archon.says(/started web/);
		await archon.says(/the test of job says no \(exit 1\)/);
		expect(await phases(archon)).toEqual({web: 'running', job: 'stopped', plain: 'running'});
		rmSync(web);
		writeFileSync(job, '');
		expect(await trigger(archon)).toBe('2 tests: 1 yes, 1 no; started job; stopped web; 1 unchanged');
		expect(await phases(archon)).toEqual({web: 'stopped', job: 'running', plain: 'running'});
		expect((await archon.ctl('status', 'web')).stdout).toMatch(/its test said no \(exit 1, \d+m?s ago\)/);
		const {stdout} = await archon.ctl('events', '--kinds', 'tested', '--json');
		const told = stdout.trim().split('\n').map(line => JSON.parse(line) as {service: string; reason: string});
		expect(told.map(({service, reason}) => `${service} ${reason}`).slice(-2).sort()).toEqual(['job yes (exit 0)', 'web no (exit 1)']);
		expect(await trigger(archon)).toBe('2 tests: 1 yes, 1 no; 3 unchanged');
	});

	test('answers when what differs is up or down, however long that takes', async () => {
		const [flag, up] = [fresh(), fresh()];
		const slow = {
			command: ['sh', '-c', `sleep 1; touch ${up}; trap 'sleep 1; rm ${up}; exit 0' TERM; while :; do sleep 0.1; done`],
			ready: {file: up, interval: '50ms'}, stop_grace_period: '30s', ...there(flag),
		};
		await using archon = await boot({config: config({slow, other: sleeper})});
		await archon.says(/the test of slow says no/);
		writeFileSync(flag, '');
		expect(await trigger(archon)).toBe('1 test: 1 yes, 0 no; started slow; 1 unchanged');
		expect(await phases(archon)).toMatchObject({slow: 'running'});
		rmSync(flag);
		expect(await trigger(archon)).toBe('1 test: 0 yes, 1 no; stopped slow; 1 unchanged');
		expect(await phases(archon)).toMatchObject({slow: 'stopped'});
	});

	test('tries again what has failed, and says what fails again', async () => {
		const [good, bad] = [fresh(), fresh()];
		const failing = (path: string): object => ({command: ['sh', '-c', `test -e ${path} || exit 3; exec sleep 1000000`], restart: 'no'});
		await using archon = await boot({config: config({good: {...failing(good), test: 'true'}, plain: failing(good), bad: failing(bad), other: sleeper})});
		await expect.poll(() => phases(archon)).toEqual({good: 'failed', plain: 'failed', bad: 'failed', other: 'running'});
		writeFileSync(good, '');
		expect(await trigger(archon)).toMatch(/^1 test: 1 yes, 0 no; started good, plain(, bad)?(; failed bad)?; [12] unchanged$/);
		await expect.poll(() => phases(archon)).toEqual({good: 'running', plain: 'running', bad: 'failed', other: 'running'});
		await archon.says(/bad failed[^]*bad failed/);
	});

	test('does nothing where the config has a problem', async () => {
		const flag = fresh();
		await using archon = await boot({config: config({web: {...sleeper, ...there(flag)}, other: sleeper})});
		await archon.says(/the test of web says no/);
		writeFileSync(flag, '');
		rewrite(archon, {web: {...sleeper, test: {interval: '1s'}}});
		const {status, stdout, stderr} = await archon.ctl('trigger');
		expect([status, stdout]).toEqual([1, '']);
		expect(stderr).toContain('services.web.test has no command');
		expect(await phases(archon)).toEqual({web: 'stopped', other: 'running'});
	});

	test('has written the state when it answers', async () => {
		const [flag, dir] = [fresh(), fresh()];
		mkdirSync(dir);
		const more = {archon: {state_dir: dir}};
		await using archon = await boot({config: config({web: {...sleeper, ...there(flag)}, other: sleeper}, more)});
		await archon.says(/the test of web says no/);
		writeFileSync(flag, '');
		await trigger(archon);
		const file = join(dir, 'state.json');
		const [before, first] = [readFileSync(file, 'utf8'), statSync(file).ino];
		expect(before).toContain('exit 0');
		rmSync(flag);
		await trigger(archon);
		expect(readFileSync(file, 'utf8')).toContain('exit 1');
		expect(statSync(file).ino).not.toBe(first);
	});

	test('that a shutdown interrupts says so, and ends no later for it', async () => {
		const mark = fresh();
		await using archon = await boot({config: config({web: {...sleeper, ...shell(`test -e ${mark} || exit 0; exec sleep 1000000`, {timeout: '1h'})}})});
		await archon.says(/started web/);
		writeFileSync(mark, '');
		const wire = await archon.connect();
		wire.send('Trigger\n');
		await archon.says(/config reloaded/);
		archon.signal('SIGTERM');
		expect(await wire.lines(1)).toEqual(['Error,archon is shutting down']);
		expect(await archon.ended()).toBe(0);
	});

	test('goes on when its client has gone', async () => {
		const [flag, gate] = [fresh(), fresh()];
		const gated = shell(`test -f ${flag} || exit 1; until test -e ${gate}; do sleep 0.05; done`, {timeout: '1h'});
		await using archon = await boot({config: config({web: {...sleeper, ...gated}, other: sleeper})});
		await archon.says(/the test of web says no/);
		writeFileSync(flag, '');
		const wire = await archon.connect();
		wire.send('Trigger\n');
		await archon.says(/config reloaded/);
		wire.destroy();
		writeFileSync(gate, '');
		await archon.says(/triggered: 1 test: 1 yes, 0 no; started web; 1 unchanged/);
	});
});

test('a client that waits for a trigger has its answer also when archon executes itself again meanwhile', async () => {
	const [flag, gate] = [fresh(), fresh()];
	const gated = shell(`test -f ${flag} || exit 1; until test -e ${gate}; do sleep 0.05; done`, {timeout: '1h'});
	await using archon = await boot({config: config({web: {...sleeper, ...gated}, other: sleeper})});
	await archon.says(/the test of web says no/);
	writeFileSync(flag, '');
	const answer = trigger(archon);
	await archon.says(/config reloaded/);
	expect((await archon.ctl('upgrade')).status).toBe(0);
	writeFileSync(gate, '');
	expect(await answer).toMatch(/^1 test: 1 yes, 0 no; (started web; 1|2) unchanged$/);
	expect(await phases(archon)).toEqual({web: 'running', other: 'running'});
});

describe('no answer', () => {
	test('of a test that hangs: it is killed with its whole group, and its service stays as it is', async () => {
		const mark = fresh();
		const word = `${7_000_000 + process.pid}`;
		const hanging = shell(`test -e ${mark} || exit 0; sleep ${word} & sleep ${word}`, {timeout: '1s'});
		await using archon = await boot({config: config({up: {...sleeper, ...hanging}, down: {...sleeper, ...shell(`sleep ${word}`, {timeout: '1s'})}, other: sleeper})});
		await archon.says(/started up/);
		await archon.says(/warn: the test of down: no answer within 1 s; down stays as it is/);
		const before = await archon.status();
		writeFileSync(mark, '');
		expect(await trigger(archon)).toBe('2 tests: 0 yes, 0 no, 2 without an answer; 3 unchanged');
		await archon.says(/the test of up: no answer within 1 s; up stays as it is/);
		expect(await archon.status()).toMatchObject({up: {pid: before['up']?.pid}, down: {status: 'stopped'}});
		expect((await archon.ctl('status', 'down')).stdout).toContain('its test has not answered (no answer within 1 s)');
		await expect.poll(() => processesWith(word)).toBe(0);
	});

	test.each<[string, object, string]>([
		['that is not there', {test: ['/no/such/program']}, 'executing /no/such/program: no such file or directory'],
		['that a shell does not find', shell('no-such-program'), 'exit 127 (not found)'],
		['that is killed', shell('kill -9 $$'), 'killed by SIGKILL'],
	])('of a test %s', async (_, asked, why) => {
		await using archon = await boot({config: config({web: {...sleeper, ...asked}, other: sleeper})});
		await archon.says(/the test of web: no answer/);
		expect(archon.log()).toContain(`the test of web: no answer (${why}`);
		expect(await phases(archon)).toEqual({web: 'stopped', other: 'running'});
		expect(await trigger(archon)).toBe('1 test: 0 yes, 0 no, 1 without an answer; 2 unchanged');
	});
});

describe('a test', () => {
	test('runs as its service would', async () => {
		const web = {
			...sleeper, user: '12345:12346', working_dir: '/usr', environment: {COLOUR: 'blue'}, ...shell('echo $(id -u):$(id -g) $PWD $COLOUR'),
		};
		await using archon = await boot({config: config({web})});
		await archon.says(/started web/);
		const {status, stdout} = await archon.ctl('test', '--json');
		expect([status, JSON.parse(stdout)]).toEqual([0, [{name: 'web', answer: 'yes', why: 'exit 0', detail: '12345:12346 /usr blue', seconds: expect.any(Number)}]]);
	});

	test('that starts a daemon is over when it has ended itself', async () => {
		const word = `${6_000_000 + process.pid}`;
		await using archon = await boot({config: config({web: {...sleeper, ...shell(`setsid sleep ${word} & exit 0`, {timeout: '1h'})}})});
		await archon.says(/started web/);
		expect(await trigger(archon)).toBe('1 test: 1 yes, 0 no; 1 unchanged');
	});

	test('may say whatever it likes: its last line is shown', async () => {
		const loud = shell('head -c 3000000 /dev/zero | tr "\\0" x; echo; echo the last; exit 4');
		await using archon = await boot({config: config({web: {...sleeper, ...loud}, other: sleeper})});
		await archon.says(/the test of web says no \(exit 4: the last\)/);
	});

	test('that is only asked changes nothing', async () => {
		const flag = fresh();
		await using archon = await boot({config: config({web: {...sleeper, ...there(flag)}, other: sleeper})});
		await archon.says(/the test of web says no/);
		writeFileSync(flag, '');
		const asked = await archon.ctl('test', 'web');
		expect([asked.status, asked.stdout]).toEqual([0, expect.stringMatching(/^web {2}yes {6}exit 0 \(/)]);
		expect(await phases(archon)).toEqual({web: 'stopped', other: 'running'});
		rmSync(flag);
		expect((await archon.ctl('test')).status).toBe(1);
		expect(await archon.ctl('test', 'other')).toEqual({status: 1, stdout: '', stderr: 'archonctl: other has no test'});
	});

	test('never runs beside more than seven others', async () => {
		const log = fresh();
		writeFileSync(log, '');
		const one = {...sleeper, ...shell(`echo + >>${log}; sleep 0.1; echo - >>${log}; exit 1`)};
		const services = Object.fromEntries(Array.from({length: 30}, (_, index) => [`s${index}`, one]));
		await using archon = await boot({config: config({...services, other: sleeper})});
		await archon.status();
		expect(await trigger(archon)).toBe('30 tests: 0 yes, 30 no; 31 unchanged');
		let [now, most] = [0, 0];
		for (const line of readFileSync(log, 'utf8').trim().split('\n')) most = Math.max(most, now += line === '+' ? 1 : -1);
		expect(most).toBeLessThanOrEqual(8);
		expect(most).toBeGreaterThan(1);
	});

	test('with an interval is asked again and again', async () => {
		const flag = fresh();
		const asked = {test: {command: ['test', '-f', flag], interval: '200ms'}};
		await using archon = await boot({config: config({web: {...sleeper, ...asked}, other: sleeper})});
		await archon.says(/the test of web says no/);
		writeFileSync(flag, '');
		await archon.says(/started web .*its test said yes/);
		rmSync(flag);
		await archon.says(/stopping web .*its test said no/);
	});

	test('that runs when archon executes itself again is ended, and asked once more', async () => {
		const [log, gate] = [fresh(), fresh()];
		writeFileSync(log, '');
		const word = `${5_000_000 + process.pid}`;
		const gated = shell(`echo asked >>${log}; test -e ${gate} && exit 0; exec sleep ${word}`, {timeout: '1h'});
		const lines = (): number => readFileSync(log, 'utf8').split('\n').length - 1;
		await using archon = await boot({config: config({web: {...sleeper, ...gated}, other: sleeper})});
		await expect.poll(lines).toBe(1);
		writeFileSync(gate, '');
		expect((await archon.ctl('upgrade')).status).toBe(0);
		await archon.says(/started web/);
		expect(lines()).toBe(2);
		await expect.poll(() => processesWith(word)).toBe(0);
	});
});
