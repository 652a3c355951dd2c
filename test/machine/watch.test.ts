/** What services watch: a real kernel's events, real processes, and trees that are hostile. */
import {execFileSync} from 'node:child_process';
import {
	appendFileSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, test} from 'vitest';
import {type Archon, boot} from './archon.ts';

const base = mkdtempSync(join(tmpdir(), 'watch-'));
afterAll(() => rmSync(base, {recursive: true}));
let folders = 0;

/** A new folder with these files. */
function folder(files: Readonly<Record<string, string>> = {}): string {
	const path = join(base, String(++folders));
	mkdirSync(path);
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(join(path, name, '..'), {recursive: true});
		writeFileSync(join(path, name), text);
	}
	return path;
}

/** Writes a file as editors do. */
function replace(path: string, text: string): void {
	writeFileSync(`${path}.tmp~`, text);
	renameSync(`${path}.tmp~`, path);
}

/** It says how often it has heard SIGHUP. */
const LISTENER = ['sh', '-c', 'n=0; trap \'n=$((n+1)); echo "heard $n"\' HUP; echo up; while :; do sleep 1000 & wait $!; done'];

/** What a shell expands, archon does not. */
const config = (services: object, top: object = {}): string => JSON.stringify({...top, services}).replaceAll('$', '$$$$');

const listening = (watch: unknown, more: object = {}): string => config({web: {command: LISTENER, stop_grace_period: '1s', watch, ...more}});

async function heard(archon: Archon, count: number): Promise<void> {
	await archon.says(new RegExp(`heard ${count}\\n`));
}

const HUP = {action: 'signal:HUP', debounce: '20ms'};

/** Changes it until that is heard of, as the first look may not have come yet; and then all that was changed has been heard of. */
async function begin(archon: Archon, change: (n: number) => void): Promise<number> {
	await archon.says(/up\n/);
	for (let n = 1; ; n++) {
		change(n);
		const isHeard = await Promise.race([archon.says(/heard 1\n/).then(() => true), passed(1500).then(() => false)]);
		if (!isHeard) continue;
		// Of one change there is one action; of several the last one may still be on its way.
		for (let count = 0; n > 1 && count !== countOf(archon);) {
			count = countOf(archon);
			await passed(1000);
		}
		return n;
	}
}

const passed = (millis: number): Promise<void> => new Promise(resolve => setTimeout(resolve, millis));

const countOf = (archon: Archon): number => archon.log().match(/heard \d+\n/g)?.length ?? 0;

describe('a file', () => {
	test('that is written in place, replaced, or gone and back with other words is acted on, and one that says the same is not', async () => {
		const at = folder({'web.conf': 'one'});
		const path = join(at, 'web.conf');
		await using archon = await boot({config: listening({path, ...HUP})});
		await begin(archon, n => writeFileSync(path, `one ${n}`));
		const before = countOf(archon);
		replace(path, 'two');
		await heard(archon, before + 1);
		// Neither of these says anything else.
		utimesSync(path, 1, 1);
		replace(path, 'two');
		rmSync(path);
		writeFileSync(path, 'two');
		writeFileSync(join(at, 'beside'), 'x');
		await passed(200);
		writeFileSync(path, 'three');
		await heard(archon, before + 2);
		expect(countOf(archon)).toBe(before + 2);
		expect(archon.log()).toMatch(/sending SIGHUP to web: \S+web\.conf has changed \(watch of web\)/);
	});

	test('that is not there yet is seen to come, with the folder that it is in', async () => {
		const at = folder();
		const path = join(at, 'etc', 'web.conf');
		await using archon = await boot({config: listening([{path, ...HUP}, {path: join(at, 'begin'), ...HUP}])});
		const n = await begin(archon, each => writeFileSync(join(at, 'begin'), String(each)));
		expect(n).toBeGreaterThan(0);
		const before = countOf(archon);
		mkdirSync(join(at, 'etc'));
		writeFileSync(path, 'here');
		await heard(archon, before + 1);
	});

	test('of a Kubernetes volume is read by the links that are swapped', async () => {
		const at = folder({'..2024_1/app.conf': 'one', '..2024_2/app.conf': 'two', '..2024_3/app.conf': 'two'});
		symlinkSync('..2024_1', join(at, '..data'));
		symlinkSync('..data/app.conf', join(at, 'app.conf'));
		const swap = (to: string): void => {
			symlinkSync(to, join(at, '..data_tmp'));
			renameSync(join(at, '..data_tmp'), join(at, '..data'));
		};
		// The file by its name, and the folder that is the volume.
		for (const path of [join(at, 'app.conf'), at]) {
			await using archon = await boot({config: listening([{path, ...HUP}])});
			await begin(archon, n => {
				writeFileSync(join(at, '..2024_1/app.conf'), `one ${n}`);
				swap('..2024_1');
			});
			const before = countOf(archon);
			swap('..2024_2');
			await heard(archon, before + 1);
			// Another folder with the same words.
			swap('..2024_3');
			await passed(150);
			swap('..2024_1');
			await heard(archon, before + 2);
			expect(countOf(archon)).toBe(before + 2);
		}
	});

	test.runIf(process.getuid?.() === 0)('that is mounted by itself is told of', async () => {
		const at = folder({'web.conf': 'one'});
		const path = join(at, 'web.conf');
		await using archon = await boot({
			config: listening({path, ...HUP}), wrapper: ['unshare', '--mount', 'sh', '-c', `mount --bind ${path} ${path}; exec "$@"`, 'sh'],
		});
		await archon.says(/watch of web: \S+web\.conf is mounted by itself, .*: mount its directory/);
		const n = await begin(archon, each => writeFileSync(path, `two ${each}`));
		expect(n).toBeGreaterThan(0);
	});
});

describe('a folder', () => {
	test('counts by include and exclude, with folders that come later', async () => {
		const at = folder({'a.conf': '1', 'a.txt': '1', 'logs/x.conf': '1', 'sub/deep/b.conf': '1', '.git/c.conf': '1'});
		await using archon = await boot({config: listening({path: at, include: ['*.conf'], exclude: ['logs/'], ...HUP})});
		await begin(archon, n => writeFileSync(join(at, 'a.conf'), `2 ${n}`));
		let count = countOf(archon);
		for (const name of ['a.txt', 'logs/x.conf', '.git/c.conf', 'a.conf~', 'logs/new.conf']) writeFileSync(join(at, name), '2');
		await passed(200);
		for (const name of ['sub/deep/b.conf', 'sub/new/c.conf', 'sub/new/c.conf']) {
			mkdirSync(join(at, name, '..'), {recursive: true});
			appendFileSync(join(at, name), 'more');
			await heard(archon, ++count);
		}
		rmSync(join(at, 'sub'), {recursive: true});
		await heard(archon, ++count);
		expect(countOf(archon)).toBe(count);
	});

	test('with archon\'s own logs in it does not hear of them', async () => {
		const at = folder({'a.conf': '1'});
		// By another way to the same folder.
		const link = join(folder(), 'logs');
		symlinkSync(at, link);
		const logging = {driver: 'file', options: {path: join(link, 'web.log'), 'max-size': '1k', 'max-file': 3}};
		const noisy = ['sh', '-c', 'trap "echo heard >&2" HUP; i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo "line $i"; done; sleep 1000 & wait'];
		await using archon = await boot({
			config: config({
				web: {command: noisy, logging, watch: {path: at, action: 'restart', debounce: '20ms'}}, other: {command: LISTENER, watch: {path: at, ...HUP}},
			}),
		});
		await begin(archon, n => writeFileSync(join(at, 'a.conf'), `2 ${n}`));
		await expect.poll(() => readFileSync(join(at, 'web.log'), 'utf8'), {timeout: 20_000}).toContain('line 2000');
		const count = countOf(archon);
		writeFileSync(join(at, 'a.conf'), '3');
		await heard(archon, count + 1);
		expect(countOf(archon)).toBe(count + 1);
		expect(archon.log()).not.toMatch(/web\.log\S* ha(s|ve) changed/);
		await expect.poll(async () => (await archon.status()).web?.status, {timeout: 20_000}).toBe('running');
	});

	test('of a hostile user blocks nothing, and opens no FIFO, device or endless link', async () => {
		const at = folder({'a.conf': '1'});
		execFileSync('sh', ['-c', `
			cd ${at}; mkfifo fifo; ln -s fifo to-fifo; ln -s /dev/zero zero; ln -s . self; ln -s loop loop; ln -s /proc/self/mem mem
			d=.; i=0; while [ $i -lt 200 ]; do i=$((i+1)); d=$d/d; mkdir $d; done; touch "$(printf 'line\\nbreak\\033[2J')"
		`]);
		await using archon = await boot({config: listening({path: at, ...HUP})});
		await begin(archon, n => writeFileSync(join(at, 'a.conf'), `2 ${n}`));
		// More events than the kernel's queue holds, while archon answers.
		const flood = 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); : >x; : >y; done';
		const flooding = [1, 2].map(() => boot({config: null, args: ['--', 'sh', '-c', `cd ${at}; ${flood}`], isInit: false}));
		for (let i = 0; i < 10; i++) expect((await archon.status()).web?.status).toBe('running');
		for (const each of flooding) await (await each).ended();
		const count = countOf(archon);
		writeFileSync(join(at, 'a.conf'), 'after');
		await heard(archon, count + 1);
		expect(Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${archon.pid}/status`, 'utf8'))?.[1])).toBeLessThan(30_000);
		expect(archon.log()).toMatch(/is more than is watched: 2000 folders/);
	});

	test('is looked at from time to time where the kernel has no watches left', async () => {
		const at = folder({'a.conf': '1'});
		await using archon = await boot({
			config: listening({path: at, ...HUP}), isInit: false,
			wrapper: ['unshare', '--user', '--map-root-user', 'sh', '-c', 'echo 1 >/proc/sys/user/max_inotify_watches; exec "$@"', 'sh'],
		});
		await archon.says(/watch of web: \S+ cannot be watched in full: no space left on device \(fs\.inotify\.max_user_watches\); it is looked at every 10 s/);
		writeFileSync(join(at, 'a.conf'), '2');
		await heard(archon, 1);
	});
});

describe('actions', () => {
	test('a service that changes what it watches is suspended, and says so', async () => {
		const at = folder({state: '0'});
		const command = ['sh', '-c', `echo begun; date +%N >>${at}/state; exec sleep 1000`];
		await using archon = await boot({config: config({web: {command, watch: {path: at, debounce: '10ms'}, stop_grace_period: '1s'}})});
		await expect.poll(() => {
			appendFileSync(join(at, 'state'), 'x');
			return archon.log().match(/begun/g)?.length ?? 0;
		}, {interval: 300, timeout: 20_000}).toBeGreaterThan(1);
		await archon.says(/suspended: watch of web: \S+ has changed 10 times within 60 s, as if its own actions changed it; it is looked at again in [\d.]+ s/);
		const begun = archon.log().match(/begun/g)?.length ?? 0;
		expect(begun).toBeGreaterThan(9);
		expect(begun).toBeLessThan(13);
		expect((await archon.status()).web?.status).toBe('running');
	});

	test('a command is run with what has changed; a service that has failed is started again', async () => {
		const at = folder({'a.conf': 'bad'});
		const out = join(folder(), 'out');
		const command = ['sh', '-c', `grep -q good ${at}/a.conf && echo mended && exec sleep 1000; exit 3`];
		const action = ['restart', {run: ['sh', '-c', `echo "$ARCHON_EVENT $ARCHON_SERVICE $ARCHON_PATH" >>${out}`]}];
		await using archon = await boot({config: config({web: {command, restart: 'no', watch: {path: at, action, debounce: '20ms'}}, other: {command: 'sleep 1000'}})});
		await archon.says(/web.*exit status 3|web failed/);
		await expect.poll(async () => (await archon.status()).web?.status).toBe('failed');
		await expect.poll(() => {
			writeFileSync(join(at, 'a.conf'), `good ${Math.random()}`);
			return archon.log();
		}, {interval: 300, timeout: 20_000}).toContain('mended');
		await expect.poll(() => readFileSync(out, 'utf8')).toContain(`file-changed web ${at}/a.conf\n`);
		expect((await archon.ctl('events', '--json')).stdout).toContain('file-changed');
	});

	test('a reload changes what is watched, and the re-execution of archon does not', async () => {
		const [one, two] = [folder({a: '1'}), folder({a: '1'})];
		await using archon = await boot({config: listening({path: one, ...HUP})});
		await begin(archon, n => writeFileSync(join(one, 'a'), `2 ${n}`));
		let count = countOf(archon);
		expect((await archon.ctl('upgrade')).status).toBe(0);
		await archon.says(/was re-executed/);
		await expect.poll(() => {
			writeFileSync(join(one, 'a'), String(Math.random()));
			return countOf(archon);
		}, {interval: 300, timeout: 20_000}).toBeGreaterThan(count);
		writeFileSync(join(archon.folder, 'archon.yaml'), listening({path: two, ...HUP}));
		expect((await archon.ctl('reload')).stdout).toContain('1 updated (web)');
		count = countOf(archon);
		writeFileSync(join(one, 'a'), 'nothing');
		await expect.poll(() => {
			writeFileSync(join(two, 'a'), String(Math.random()));
			return countOf(archon);
		}, {interval: 300, timeout: 20_000}).toBeGreaterThan(count);
		writeFileSync(join(archon.folder, 'archon.yaml'), listening([]));
		expect((await archon.ctl('reload')).stdout).toContain('1 updated (web)');
		// Nothing is open any more that could hear.
		await expect.poll(() => execFileSync('sh', ['-c', `ls -l /proc/${archon.pid}/fd`], {encoding: 'utf8'})).not.toContain('inotify');
	});
});

describe('libraries: true', () => {
	test('services whose program was replaced are restarted one after the other, each ready before the next', async () => {
		const at = folder();
		const program = join(at, 'sleep');
		copyFileSync('/bin/sleep', program);
		// Ready a while after its start, so that the order can be seen.
		const command = ['sh', '-c', `echo "begun $ARCHON_SERVICE"; ${program} 0.3; echo "ready $ARCHON_SERVICE"; ${program} 100000`];
		const one = {command, ready: {log: '^ready'}, watch: {libraries: true, debounce: '100ms'}, stop_grace_period: '1s'};
		const other = {command: `${program} 1000000`};
		await using archon = await boot({config: config({a: one, b: one, other})});
		await archon.says(/ready a\n/);
		await archon.says(/ready b\n/);
		const before = archon.log().length;
		// The folders are known a while after the start.
		await expect.poll(() => readFileSync('/proc/self/stat', 'utf8') && inotifyOf(archon), {timeout: 20_000}).toContain('inotify wd');
		copyFileSync('/bin/sleep', `${program}.new`);
		renameSync(`${program}.new`, program);
		await expect.poll(() => archon.log().slice(before).match(/ready [ab]\n/g)?.length, {timeout: 30_000}).toBe(2);
		const order = archon.log().slice(before).match(/(begun|ready) [ab]\n/g)?.join('').replaceAll('\n', ' ');
		expect(['begun a ready a begun b ready b ', 'begun b ready b begun a ready a ']).toContain(order);
		expect(archon.log()).toMatch(/restarting a: \S+ was replaced \(watch of a\)/);
		// One that has not asked for it stays as it is.
		expect((await archon.ctl('needs-restart')).stdout).toMatch(/^other \(pid \d+\): \S+ was replaced$/);
	});
});

/** What the kernel says of its descriptors for changes of files. */
const inotifyOf = ({pid}: Archon): string =>
	execFileSync('sh', ['-c', `cat /proc/${pid}/fdinfo/* 2>/dev/null; true`], {encoding: 'utf8'});
