/** What outlives archon: it is killed again and again, and the next one goes on with every job, and with each of them once. */
import {execFileSync, spawn} from 'node:child_process';
import {
	chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {describe, expect, it, test} from 'vitest';
import {undo} from '../../scripts/undo.ts';
import {type Archon, boot} from './archon.ts';

/** A folder for the state, and one for what services write; no process that names it outlives the tests. */
function prepare(): {readonly state: string; readonly work: string} {
	const work = mkdtempSync(join(tmpdir(), 'archon-state-'));
	const state = join(work, 'state');
	mkdirSync(state);
	undo(() => commands().filter(({words}) => words.includes(work)).forEach(({pid}) => end(pid)));
	return {state, work};
}

function end(pid: number): void {
	try {
		process.kill(pid, 'SIGKILL');
	} catch {
		// It has ended by itself.
	}
}

function commands(): {readonly pid: number; readonly words: string}[] {
	return readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(name => {
		try {
			return [{pid: Number(name), words: readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ')}];
		} catch {
			return [];
		}
	});
}

const linesOf = (file: string): readonly string[] => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []);

async function kill(archon: Archon): Promise<void> {
	archon.signal('SIGKILL');
	await archon.ended();
}

/** Keeps to itself what it is, as long as it lives; and says so where another one is the same at that time. */
const alone = (work: string, name: string): string =>
	`exec 9>>${work}/${name}.lock; flock -n 9 || echo ${name} >>${work}/twice; echo $$$$ >>${work}/${name}.starts`;

test('archon is killed a hundred times, at any moment: every job goes on, and none is there twice', async () => {
	const {state, work} = prepare();
	const config = `archon: {state_dir: ${state}}
start_rate: 1000
services:
  steady: {command: sh -c '${alone(work, 'steady')}; exec sleep 1000000'}
  speaker: {command: sh -c '${alone(work, 'speaker')}; i=0; while :; do i=$$((i+1)); echo $$i; sleep 0.05; done'}
  mother: {command: sh -c '${alone(work, 'mother')}; setsid sleep 1000000 9>&- & exec sleep 1000000'}
  hooked: {command: sh -c '${alone(work, 'hooked')}; exec sleep 1000000', pre_start: [sleep 0.05], depends_on: [steady]}
  restless: {command: sh -c '${alone(work, 'restless')}; exec sleep 0.03', restart: {policy: always, delay: 5ms, attempts: unlimited}}
`;
	const pids = new Map<string, number | null>();
	for (let round = 0; round < 100; round++) {
		const archon = await boot({config, isInit: false});
		// From before it has begun until it has long settled.
		await pause(Math.random() ** 2 * 400);
		if (round % 5 === 4) {
			await expect.poll(async () => Object.values(await archon.status()).filter(({status}) => status === 'running').length).toBeGreaterThan(3);
			for (const [name, {pid}] of Object.entries(await archon.status())) {
				if (name !== 'restless') expect(pids.get(name) ?? pid, `${name} in round ${round}\n${archon.log()}`).toBe(pid);
				pids.set(name, pid);
			}
		}
		await kill(archon);
		expect(linesOf(`${work}/twice`), `round ${round}\n${archon.log()}`).toEqual([]);
	}
	await using archon = await boot({config, isInit: false});
	for (const name of ['steady', 'speaker', 'mother', 'hooked']) {
		await expect.poll(async () => (await archon.status())[name]?.pid).toBe(pids.get(name));
		expect(linesOf(`${work}/${name}.starts`), name).toEqual([String(pids.get(name))]);
	}
	// What they say is read on, and their ends are seen.
	await archon.says(/^speaker +\| \d+$/m);
	for (const name of ['steady', 'speaker', 'mother', 'hooked']) end(pids.get(name) ?? 0);
	for (const name of ['steady', 'speaker', 'mother', 'hooked']) await archon.says(new RegExp(`${name} was killed by SIGKILL`));
	await expect.poll(async () => (await archon.status())['steady']).toMatchObject({status: 'running', restarts: 1});
	expect((await archon.ctl('stop', 'hooked', 'mother')).status).toBe(0);
	expect((await archon.ctl('restart', 'steady')).status).toBe(0);
	await expect.poll(() => linesOf(`${work}/steady.starts`)).toHaveLength(3);
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
	expect(linesOf(`${work}/twice`)).toEqual([]);
	// What they had made has ended with them.
	expect(commands().filter(({words}) => words.includes(work))).toEqual([]);
}, 300_000);

const ONE = (state: string): string => `archon: {state_dir: ${state}}\nservices: {one: {command: sleep 1000000}}\n`;

const count = (archon: Archon, pattern: RegExp): number => archon.log().split('\n').filter(line => pattern.test(line)).length;

const readState = (state: string) => JSON.parse(readFileSync(`${state}/state.json`, 'utf8')) as {
	version: number; boot_id: string; written_at: string; services: Record<string, Record<string, unknown>>;
};

describe('what is wrong with the folder is told in one line, and archon serves all the same', () => {
	const mounted = (options: string, more = ''): readonly string[] =>
		['unshare', '--mount', 'sh', '-c', `mount -t tmpfs -o mode=755,${options} none "$1"; ${more} shift; exec "$@"`, 'sh'];
	it.each<[string, (state: string) => unknown, RegExp, ((state: string) => readonly string[])?]>([
		['it is missing', state => rmSync(state, {recursive: true}), /state_dir .*: no such file or directory; nothing is kept there/],
		['it is a file', state => { rmSync(state, {recursive: true}); writeFileSync(state, ''); }, /state_dir .*: not a directory; nothing is kept there/],
		['it is another user\'s', state => chownSync(state, 4321, 4321), /state_dir .*: .* belongs to .*; nothing is kept there/],
		['anybody may write there', state => chmodSync(state, 0o777), /state_dir .* may be written by any user \(chmod o-w mends that\); nothing is kept there/],
		['its group may write there', state => chmodSync(state, 0o775), /state_dir .*: others .* could have archon end any process; chmod go-w .*; nothing is kept there/],
		['it is read-only', () => {}, /state_dir .*: read-only file system; nothing is kept there/, state => [...mounted('ro'), state]],
		['it is full', () => {}, /cannot write .*: no space left on device; what changes is forgotten/,
			state => [...mounted('size=16k', 'head -c 64k /dev/zero >"$1/full" 2>/dev/null;'), state]],
		['the lock is a FIFO', state => execFileSync('mkfifo', [`${state}/state.lock`]), /state_dir .*: it is not a regular file; nothing is kept there/],
	])('%s', async (_, spoil, line, wrapper) => {
		const {state} = prepare();
		spoil(state);
		await using archon = await boot({config: ONE(state), isInit: false, wrapper: wrapper?.(state) ?? []});
		await archon.says(line);
		await expect.poll(async () => (await archon.status())['one']?.status).toBe('running');
		// What changes is not tried to be written again and again.
		for (let i = 0; i < 5; i++) expect((await archon.ctl('restart', 'one')).status).toBe(0);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		expect(count(archon, /state/)).toBe(1);
	});

	it('another user may write the file: no process that it names is taken for a service\'s', async () => {
		const {state} = prepare();
		// One alone would have archon's own streams, and keep them.
		const config = `${ONE(state).trimEnd().slice(0, -1)}, two: {command: sleep 1000000}}\n`;
		const first = await boot({config, isInit: false});
		await expect.poll(() => existsSync(`${state}/state.json`) && readState(state).services['one']?.['pid']).toBeGreaterThan(1);
		const {pid: own} = (await first.status())['one'] ?? {};
		await kill(first);
		const stranger = spawn('sleep', ['1000000'], {detached: true, stdio: 'ignore'});
		try {
			const startTime = Number(readFileSync(`/proc/${stranger.pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[19]);
			const forged = readState(state);
			Object.assign(forged.services['one'] ?? {}, {pid: stranger.pid, start_time: startTime});
			writeFileSync(`${state}/state.json`, JSON.stringify(forged));
			chownSync(`${state}/state.json`, 4321, 4321);
			await using archon = await boot({config, isInit: false});
			// It is known by its tag.
			await expect.poll(async () => (await archon.status())['one']?.pid).toBe(own);
			archon.signal('SIGTERM');
			expect(await archon.ended()).toBe(0);
			expect(stranger.exitCode ?? stranger.signalCode).toBe(null);
			expect(existsSync(`/proc/${stranger.pid}`)).toBe(true);
		} finally {
			stranger.kill('SIGKILL');
		}
	});

	it('there is room again', async () => {
		const {state} = prepare();
		const wrapper = [...mounted('size=16k', 'head -c 64k /dev/zero >"$1/full" 2>/dev/null;'), state];
		await using archon = await boot({config: ONE(state), isInit: false, wrapper});
		await archon.says(/no space left on device/);
		expect((await archon.ctl('state')).stdout).toMatch(/^\S+\/state\.json, not written yet; cannot be written: no space left on device$/m);
		rmSync(`/proc/${archon.pid}/root${state}/full`);
		expect((await archon.ctl('stop', 'one')).status).toBe(0);
		await archon.says(/state\.json is written again/);
	});
});

describe('a file that cannot be used is set aside, and archon starts without it', () => {
	it.each<[string, (file: string) => unknown, RegExp]>([
		['damaged', file => writeFileSync(file, '{"version": 1, "serv'), /it is not JSON/],
		['empty', file => writeFileSync(file, ''), /it is not JSON/],
		['of a newer archon', file => writeFileSync(file, '{"version": 2}'), /it has version 2, and this archon knows 1/],
		['a list', file => writeFileSync(file, '[]'), /it is not an object/],
		['a FIFO', file => execFileSync('mkfifo', [file]), /not a regular file/],
		['a folder', file => mkdirSync(file), /is a directory|not a regular file/],
		['a link to a device', file => symlinkSync('/dev/zero', file), /not a regular file|state\.json/],
		['of 1 GB', file => { writeFileSync(file, ''); truncateSync(file, 2 ** 30); }, /it has more than 16 MB/],
	])('%s', async (_, make, why) => {
		const {state} = prepare();
		make(`${state}/state.json`);
		const before = lstatSync(`${state}/state.json`).ino;
		await using archon = await boot({config: ONE(state), isInit: false});
		const [line] = await archon.says(/error: cannot use what .*/);
		expect(line).toMatch(why);
		const [aside = ''] = readdirSync(state).filter(name => name.startsWith('state.json.bad-'));
		expect(lstatSync(`${state}/${aside}`).ino).toBe(before);
		await expect.poll(async () => (await archon.status())['one']?.status).toBe('running');
		await expect.poll(() => existsSync(`${state}/state.json`)).toBe(true);
		expect(readState(state).services['one']).toMatchObject({desired: 'auto', wanted: true, starts: 1});
	});
});

test('PID 1 reads no more than services may have left: a folder that a group may write makes it neither slow nor large', async () => {
	const {state} = prepare();
	chmodSync(state, 0o775);
	const services = Object.fromEntries(Array.from({length: 100_000}, (_, i) => [`s${i}`, {desired: 'stop'}]));
	writeFileSync(`${state}/state.json`, JSON.stringify({version: 1, services}));
	await using archon = await boot({config: ONE(state)});
	await archon.says(/error: cannot use what .*: it has more than 2 MB/);
	await expect.poll(async () => (await archon.status())['one']?.status).toBe('running');
	await expect.poll(() => existsSync(`${state}/state.json`)).toBe(true);
});

describe('what is read back', () => {
	it('what an operator has asked holds in the next container, until auto or until its definition changes', async () => {
		const {state} = prepare();
		const config = (command: string): string =>
			`archon: {state_dir: ${state}}\nservices: {web: {command: ${command}}, job: {command: sleep 1000000, autostart: false}}\n`;
		for (const round of [0, 1]) {
			await using archon = await boot({config: config('sleep 1000000')});
			if (round === 0) {
				await archon.says(/started web/);
				expect((await archon.ctl('stop', 'web')).status).toBe(0);
				expect((await archon.ctl('start', 'job')).status).toBe(0);
			} else {
				await archon.says(/stopped by an operator before.*: web/);
				await archon.says(/started job/);
			}
			expect(await archon.status()).toMatchObject({web: {status: 'stopped'}, job: {status: 'running', restarts: round}});
			archon.signal('SIGTERM');
			expect(await archon.ended()).toBe(0);
		}
		{
			await using archon = await boot({config: config('sleep 1000001')});
			await archon.says(/started web/);
			await archon.says(/started job/);
			expect((await archon.ctl('auto', 'job')).status).toBe(0);
			archon.signal('SIGTERM');
			expect(await archon.ended()).toBe(0);
		}
		expect(readState(state).services).toMatchObject({job: {desired: 'auto', wanted: false}, web: {desired: 'auto', wanted: true}});
	});

	it('a job that has done its work does not do it again, one that ends meanwhile is told of, and another definition is another process', async () => {
		const {state, work} = prepare();
		const config = (word: string): string => `archon: {state_dir: ${state}}
services:
  done: {command: sh -c 'echo done >>${work}/done', type: oneshot}
  ends:
    command: sh -c 'while [ ! -e ${work}/end ]; do sleep 0.02; done; exit 7'
    restart: no
  other: {command: sh -c 'echo ${word} >>${work}/other; exec sleep 1000000'}
`;
		const first = await boot({config: config('one'), isInit: false});
		await first.says(/done completed/);
		await expect.poll(() => linesOf(`${work}/other`)).toEqual(['one']);
		await expect.poll(() => existsSync(`${state}/state.json`) && readState(state).services['done']?.['rest']).toBe('completed');
		await kill(first);
		await using archon = await boot({config: config('two'), isInit: false});
		await archon.says(/goes on with 2 services of an archon that has ended: /);
		await expect.poll(() => linesOf(`${work}/other`)).toEqual(['one', 'two']);
		writeFileSync(`${work}/end`, '');
		await archon.says(/ends failed: exit status 7/);
		expect(linesOf(`${work}/done`)).toEqual(['done']);
		expect((await archon.status())['done']).toMatchObject({status: 'exited'});
	});

	it('a number that another process has by now is left alone, and a service that no config has is ended', async () => {
		const {state, work} = prepare();
		const config = (name: string): string => `archon: {state_dir: ${state}}
services:
  one: {command: sleep 1000000}
  ${name}: {command: sh -c '${alone(work, name)}; exec sleep 1000000'}
`;
		const first = await boot({config: config('old'), isInit: false});
		await expect.poll(() => existsSync(`${state}/state.json`) && readState(state).services['old']?.['pid']).toBeTypeOf('number');
		await kill(first);
		const {pid} = readState(state).services['one'] ?? {};
		const old = Number(readState(state).services['old']?.['pid']);
		end(Number(pid));
		const stranger = spawn('sleep', ['1000000']);
		undo(() => stranger.kill());
		writeFileSync(`${state}/state.json`, readFileSync(`${state}/state.json`, 'utf8').replace(`"pid":${pid},`, `"pid":${stranger.pid},`));
		await using archon = await boot({config: config('new'), isInit: false});
		await archon.says(/started one/);
		await archon.says(/ends a process of services that are in no config any more/);
		await expect.poll(() => existsSync(`/proc/${old}/cmdline`) && readFileSync(`/proc/${old}/cmdline`).length > 0).toBe(false);
		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		expect(stranger.exitCode).toBe(null);
	});

	it('what no config has goes on as well, and what a test or a manifest wants', async () => {
		const {state, work} = prepare();
		writeFileSync(`${work}/flag`, '');
		const config = `archon: {state_dir: ${state}}
manifest: {file: ${work}/list.txt}
services:
  one: {command: sleep 1000000}
  tested: {command: sh -c '${alone(work, 'tested')}; exec sleep 1000000', test: {command: [test, -f, ${work}/flag]}}
`;
		writeFileSync(`${work}/sleeper`, `#!/bin/sh\n${alone(work, 'listed').replaceAll('$$$$', '$$')}\nexec sleep 1000000\n`, {mode: 0o755});
		writeFileSync(`${work}/list.txt`, `listed|${work}/sleeper\n`);
		const first = await boot({config, isInit: false});
		await first.says(/started tested/);
		await first.says(/started listed/);
		expect((await first.ctl('daemon', 'sleep', '1000001')).status).toBe(0);
		const before = await first.status();
		expect(Object.keys(before)).toHaveLength(4);
		await expect.poll(() => Object.values(readState(state).services).filter(({pid}) => pid).length).toBe(4);
		await kill(first);
		await using archon = await boot({config, isInit: false});
		await archon.says(/goes on with 4 services/);
		// The test and the manifest have spoken.
		await expect.poll(async () => (await archon.ctl('reconcile')).status).toBe(0);
		expect((await archon.ctl('test')).status).toBe(0);
		const after = await archon.status();
		for (const [name, {pid}] of Object.entries(before)) expect(after[name], archon.log()).toMatchObject({status: 'running', pid});
		expect(linesOf(`${work}/twice`)).toEqual([]);
		rmSync(`${work}/flag`);
		writeFileSync(`${work}/list.txt`, '');
		expect((await archon.ctl('trigger')).status).toBe(0);
		await expect.poll(async () => (await archon.status())['tested']?.status).toBe('stopped');
		await expect.poll(async () => (await archon.status())['listed']?.status ?? 'gone').toMatch(/gone|stopped/);
		expect((await archon.status())['one']).toMatchObject({status: 'running', pid: before['one']?.pid});
	});

	it.each([true, false])('what an operator has stopped of a manifest stays so in the next archon, as PID 1: %s', async isInit => {
		const {state, work} = prepare();
		const config = `archon: {state_dir: ${state}}
manifest: {file: ${work}/list.txt}
services:
  one: {command: sleep 1000000}
`;
		writeFileSync(`${work}/sleeper`, '#!/bin/sh\nexec sleep 1000000\n', {mode: 0o755});
		writeFileSync(`${work}/list.txt`, `listed|${work}/sleeper\nother|${work}/sleeper\n`);
		const first = await boot({config, isInit});
		await first.says(/started listed/);
		expect((await first.ctl('stop', 'listed')).status).toBe(0);
		expect((await first.ctl('trigger')).status).toBe(0);
		expect((await first.ctl('state')).stdout).toMatch(/^listed +stop +no +operator/m);
		first.signal('SIGTERM');
		await first.ended();
		await using archon = await boot({config, isInit});
		await archon.says(/stopped by an operator before, and stays so until archonctl auto NAME: listed/);
		await archon.says(/started other/);
		expect((await archon.ctl('reconcile')).status).toBe(0);
		expect((await archon.status())['listed']).toMatchObject({status: 'stopped'});
		expect((await archon.ctl('auto', 'listed')).status).toBe(0);
		await archon.says(/started listed/);
	});

	it('a test that was asked when archon was killed ends, and its last answer counts until it answers', async () => {
		const {state, work} = prepare();
		const config = `archon: {state_dir: ${state}}
services:
  one: {command: sleep 1000000}
  tested:
    command: sh -c '${alone(work, 'tested')}; exec sleep 1000000'
    test: {command: sh -c 'test -f ${work}/hang || exit 0; setsid -f sh -c "echo \\$\\$ >>${work}/asked; exec sleep 1000002"; exec sleep 1000002', timeout: 1h}
`;
		const first = await boot({config, isInit: false});
		await first.says(/started tested/);
		await first.says(/started one/);
		await expect.poll(() => Object.values(readState(state).services).filter(({pid}) => pid).length).toBe(2);
		writeFileSync(`${work}/hang`, '');
		void first.ctl('test', 'tested');
		await expect.poll(() => linesOf(`${work}/asked`).length).toBe(1);
		const [asked] = linesOf(`${work}/asked`).map(Number);
		const {tested} = await first.status();
		await kill(first);
		// It is started again while its test hangs.
		process.kill(tested?.pid ?? 0, 'SIGKILL');
		const second = await boot({config, isInit: false});
		await second.says(/ends 2 processes that an archon before this one has left and no service goes on with/);
		await second.says(/started tested/);
		expect(existsSync(`/proc/${asked}/exe`), second.log()).toBe(false);
		await expect.poll(() => linesOf(`${work}/asked`).length).toBe(2);
		// Also what had begun before archon was executed again.
		expect((await second.ctl('upgrade')).status).toBe(0);
		await expect.poll(() => linesOf(`${work}/asked`).length).toBe(3);
		await kill(second);
		await using archon = await boot({config, isInit: false});
		await archon.says(/ends \d+ processes that an archon before this one has left/);
		await archon.says(/goes on with 2 services/);
	});

	it('a second archon does not run what the first one runs', async () => {
		const {state} = prepare();
		await using first = await boot({config: ONE(state), isInit: false});
		await first.says(/started one/);
		const second = await boot({config: ONE(state), isInit: false});
		expect(await second.ended()).toBe(1);
		expect(second.log()).toMatch(new RegExp(`another archon \\(pid ${first.pid}\\) is already running with state_dir`));
		expect(second.log()).not.toMatch(/started/);
	});

	it('what a service says by sd_notify is heard on', async () => {
		const {state, work} = prepare();
		writeFileSync(`${work}/beats.py`, `import os, socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
n = 0
while True:
    n += 1
    try: s.sendto(b'READY=1\\nSTATUS=beat %d' % n, '\\0' + os.environ['NOTIFY_SOCKET'][1:])
    except OSError: pass
    time.sleep(0.05)
`);
		const config = `archon: {state_dir: ${state}}\nservices: {beats: {command: python3 ${work}/beats.py, ready: notify, logging: prefix}}\n`;
		const first = await boot({config, isInit: false});
		await first.says(/beats is ready/);
		const pid = (await first.status())['beats']?.pid;
		await kill(first);
		await using archon = await boot({config, isInit: false});
		await expect.poll(async () => (await archon.status())['beats'])
			.toMatchObject({status: 'running', pid, restarts: 0, note: expect.stringMatching(/^beat \d+$/)});
	});
});

test('another folder counts from the next start', async () => {
	const {state, work} = prepare();
	await using archon = await boot({config: ONE(state), isInit: false});
	await archon.says(/started one/);
	mkdirSync(`${work}/other`);
	writeFileSync(`${archon.folder}/archon.yaml`, ONE(`${work}/other`));
	expect((await archon.ctl('reload')).stdout).toContain('also changed: archon.state_dir');
	await archon.says(/archon\.state_dir counts from the next start of archon/);
	expect((await archon.ctl('state')).stdout).toContain(`${state}/state.json`);
	expect(readdirSync(`${work}/other`)).toEqual([]);
});

test('what is kept is shown, and written again when something changes', async () => {
	const {state} = prepare();
	await using archon = await boot({config: ONE(state), isInit: false});
	await archon.says(/started one/);
	await expect.poll(() => existsSync(`${state}/state.json`)).toBe(true);
	const before = readState(state).written_at;
	const {pid} = (await archon.status())['one'] ?? {};
	expect((await archon.ctl('state')).stdout).toMatch(new RegExp(`^\\S+state\\.json, written .*\\nNAME +ASKED +.*\\none +- +yes +config +1 +${pid}$`));
	expect((await archon.ctl('stop', 'one')).status).toBe(0);
	await expect.poll(() => readState(state).services['one']).toMatchObject({desired: 'stop', wanted: false});
	expect(readState(state).written_at > before).toBe(true);
	expect(JSON.parse((await archon.ctl('state', '--json')).stdout)).toMatchObject({
		path: `${state}/state.json`, trouble: null, services: [{name: 'one', asked: 'stop', wanted: false, by: 'operator', starts: 1, run: null, pid: null}],
	});
	expect(statSync(`${state}/state.json`).mode & 0o777).toBe(0o600);
	expect(readdirSync(state).sort()).toEqual(['state.json', 'state.lock']);
});
