/** The files of pools against a real kernel: what is a change, however a program makes it, and what is not. */
import {
	appendFileSync, chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync, unlinkSync,
	utimesSync, writeFileSync, writeSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execFileSync} from 'node:child_process';
import {afterAll, afterEach, describe, expect, test, vi} from 'vitest';
import {createMissed} from '../../src/helpers/pool/files/missed.ts';
import {createFileMonitor, type FileMonitor} from '../../src/helpers/pool/files/monitor.ts';
import {createPoller} from '../../src/os/poller.ts';
import {ERRNO, sys} from '../../src/os/sys.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'pool-files-')));
afterAll(() => rmSync(base, {recursive: true}));
const open: FileMonitor[] = [];
afterEach(() => {
	for (const monitor of open.splice(0)) monitor.close();
	vi.restoreAllMocks();
});
let folders = 0;

/** A new folder with these files, each an hour old. */
function folder(...names: readonly string[]): string {
	const path = join(base, String(++folders));
	mkdirSync(path);
	for (const name of names) old(join(path, name));
	return path;
}

function old(path: string, text = 'old'): void {
	mkdirSync(join(path, '..'), {recursive: true});
	writeFileSync(path, text);
	const hourAgo = Date.now() / 1000 - 3600;
	utimesSync(path, hourAgo, hourAgo);
}

const later = (path: string): void => utimesSync(path, Date.now() / 1000, Date.now() / 1000);

interface Heard {
	readonly monitor: FileMonitor;
	/** All that was told as changed, in order. */
	readonly paths: string[];
	readonly warnings: string[];
	/** Waits until each of these is told, and forgets what was. */
	hear(...paths: readonly string[]): Promise<void>;
	/** Nothing but this is told, of which it is known that it comes after whatever else was to be told. */
	only(path: string, change: () => void): Promise<void>;
}

function begin(): Heard {
	const [paths, warnings]: [string[], string[]] = [[], []];
	const monitor = createFileMonitor({poller: createPoller(), changed: more => void paths.push(...more), warn: text => void warnings.push(text)});
	open.push(monitor);
	return {
		monitor, paths, warnings,
		async hear(...wanted) {
			await expect.poll(() => wanted.filter(path => !paths.includes(path)), {timeout: 20_000}).toEqual([]);
			expect(new Set(paths)).toEqual(new Set(wanted));
			paths.length = 0;
		},
		async only(path, change) {
			change();
			await expect.poll(() => paths, {timeout: 20_000}).toContain(path);
			expect(new Set(paths)).toEqual(new Set([path]));
			paths.length = 0;
		},
	};
}

/** As vim does with `backupcopy=no`: the file is moved away, another one is written in its place, and the first is removed. */
function saveAsVim(path: string, text: string): void {
	renameSync(path, `${path}~`);
	writeFileSync(path, text);
	unlinkSync(`${path}~`);
}

function saveAtomically(path: string, text: string): void {
	writeFileSync(`${path}.tmp`, text);
	renameSync(`${path}.tmp`, path);
}

describe('a change', () => {
	test.each<[string, (path: string) => void]>([
		['a file that is written', path => writeFileSync(path, 'new')],
		['a file that is appended to', path => appendFileSync(path, 'new')],
		['a file of the same size', path => writeFileSync(path, 'odd')],
		['another file in its place', path => saveAtomically(path, 'old')],
		['a save by vim', path => saveAsVim(path, 'new')],
		['a file that is removed', path => unlinkSync(path)],
		['a file that is moved away', path => renameSync(path, `${path}.bak`)],
	])('%s is told, and so is the next one', async (_, change) => {
		const [path, other] = ['a.py', 'b.py'].map(name => join(folder('a.py', 'b.py'), name)) as [string, string];
		old(path);
		const {monitor, hear} = begin();
		monitor.add('boot', [path], Date.now());
		change(path);
		await hear(path);
		old(path, 'back');
		later(path);
		await hear(path);
		saveAtomically(path, 'again');
		await hear(path);
		expect(monitor.has(other)).toBe(false);
	});

	test('is not told where only the mode differs, it was opened for writing, or another file is meant', async () => {
		const path = folder('a.py', 'b.py', 'c.py');
		const {monitor, only} = begin();
		monitor.add('boot', [`${path}/a.py`, `${path}/b.py`], Date.now());
		chmodSync(`${path}/a.py`, 0o600);
		closeSync(openSync(`${path}/a.py`, 'r+'));
		writeFileSync(`${path}/c.py`, 'new');
		writeFileSync(`${path}/d.py`, 'new');
		readFileSync(`${path}/a.py`);
		await only(`${path}/b.py`, () => writeFileSync(`${path}/b.py`, 'new'));
	});

	test('is told of a file that is being written, when it is closed', async () => {
		const path = folder('a.py', 'b.py');
		const {monitor, hear, only} = begin();
		monitor.add('boot', [`${path}/a.py`, `${path}/b.py`], Date.now());
		const fd = openSync(`${path}/a.py`, 'w');
		writeSync(fd, 'half');
		await only(`${path}/b.py`, () => writeFileSync(`${path}/b.py`, 'new'));
		closeSync(fd);
		await hear(`${path}/a.py`);
	});

	test('is told for files in folders that do not exist yet, as soon as they do', async () => {
		const path = folder();
		const {monitor, hear} = begin();
		monitor.add('boot', [`${path}/one/two/a.py`], Date.now());
		mkdirSync(`${path}/one`);
		mkdirSync(`${path}/one/two`);
		writeFileSync(`${path}/one/two/a.py`, 'new');
		await hear(`${path}/one/two/a.py`);
		saveAtomically(`${path}/one/two/a.py`, 'newer');
		await hear(`${path}/one/two/a.py`);
	});

	test('is told when a folder above is removed, made again, moved away or exchanged', async () => {
		const path = folder('one/two/a.py', 'other/two/a.py');
		const file = `${path}/one/two/a.py`;
		const {monitor, hear} = begin();
		monitor.add('boot', [file], Date.now());
		rmSync(`${path}/one`, {recursive: true});
		await hear(file);
		old(file);
		await hear(file);
		renameSync(`${path}/one`, `${path}/gone`);
		await hear(file);
		renameSync(`${path}/other`, `${path}/one`);
		await hear(file);
		writeFileSync(file, 'new');
		await hear(file);
		writeFileSync(`${path}/gone/two/a.py`, 'new');
		renameSync(`${path}/one/two`, `${path}/one/three`);
		await hear(file);
	});

	test('is told for a release that a link is set to, and for the files of the next one', async () => {
		const path = folder('releases/1/lib/a.py', 'releases/2/lib/a.py');
		symlinkSync('releases/1', `${path}/current`);
		const file = `${path}/current/lib/a.py`;
		const {monitor, hear} = begin();
		monitor.add('boot', [file], Date.now());
		symlinkSync('releases/2', `${path}/next`);
		renameSync(`${path}/next`, `${path}/current`);
		await hear(file);
		writeFileSync(`${path}/releases/1/lib/a.py`, 'new');
		writeFileSync(`${path}/releases/2/lib/a.py`, 'new');
		await hear(file);
	});

	test('is told for files that Kubernetes mounts, when ..data is another folder', async () => {
		const path = folder('..1/a.py', '..2/a.py', '..1/same.py');
		symlinkSync('..1', `${path}/..data`);
		symlinkSync('..data/a.py', `${path}/a.py`);
		const {monitor, hear} = begin();
		monitor.add('boot', [`${path}/a.py`], Date.now());
		for (const next of ['..2', '..1', '..2']) {
			symlinkSync(next, `${path}/..data_tmp`);
			renameSync(`${path}/..data_tmp`, `${path}/..data`);
			await hear(`${path}/a.py`);
		}
		writeFileSync(`${path}/..2/a.py`, 'new');
		await hear(`${path}/a.py`);
	});

	test('is told for a link to another place, whether the link or what it leads to is another one', async () => {
		const path = folder('a.py', 'elsewhere/b.py', 'elsewhere/c.py');
		symlinkSync('elsewhere/b.py', `${path}/link.py`);
		const {monitor, hear} = begin();
		monitor.add('boot', [`${path}/link.py`], Date.now());
		saveAtomically(`${path}/elsewhere/b.py`, 'new');
		await hear(`${path}/link.py`);
		unlinkSync(`${path}/link.py`);
		symlinkSync('elsewhere/c.py', `${path}/link.py`);
		await hear(`${path}/link.py`);
		writeFileSync(`${path}/elsewhere/c.py`, 'new');
		await hear(`${path}/link.py`);
		// No link any more.
		saveAtomically(`${path}/link.py`, 'new');
		await hear(`${path}/link.py`);
		writeFileSync(`${path}/link.py`, 'newer');
		await hear(`${path}/link.py`);
	});

	test('of hundreds of files by git is told for each of those that it changes, and for no other one', async () => {
		const path = folder();
		const names = Array.from({length: 400}, (_, at) => `lib/${at % 7}/m${at}.py`);
		const git = (...words: readonly string[]): unknown => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...words], {cwd: path, stdio: 'pipe'});
		git('init', '-q', '-b', 'main');
		for (const name of names) old(join(path, name));
		git('add', '.');
		git('commit', '-q', '-m', 'one');
		git('checkout', '-q', '-b', 'other');
		const touched = names.filter((_, at) => at % 2 === 0);
		for (const name of touched) writeFileSync(join(path, name), `new ${name}`);
		rmSync(join(path, 'lib/3'), {recursive: true});
		git('add', '-A');
		git('commit', '-q', '-m', 'two');
		const {monitor, hear} = begin();
		monitor.add('boot', names.map(name => join(path, name)), Date.now());
		const changed = names.filter(name => touched.includes(name) || name.startsWith('lib/3/')).map(name => join(path, name));
		for (const branch of ['main', 'other', 'main']) {
			git('checkout', '-q', branch);
			await hear(...changed);
		}
	});
});

describe('what was loaded', () => {
	test('and changed before it was told of is told as changed, and only that', async () => {
		const path = folder('a.py', 'b.py');
		const since = Date.now() - 1000;
		writeFileSync(`${path}/b.py`, 'new');
		const {monitor, hear} = begin();
		monitor.add('boot', [`${path}/a.py`, `${path}/b.py`], since);
		await hear(`${path}/b.py`);
	});

	test('and is written by each boot is no reason for another one after some, and that is said', async () => {
		const path = folder('a.py', 'b.py');
		const {monitor, paths, warnings, hear, only} = begin();
		for (let boots = 0; boots < 3; boots++) {
			const since = Date.now() - 1000;
			writeFileSync(`${path}/a.py`, `boot ${boots}`);
			monitor.add('boot', [`${path}/a.py`], since);
			await hear(`${path}/a.py`);
			monitor.forget('boot');
		}
		monitor.add('boot', [`${path}/a.py`, `${path}/b.py`], Date.now() - 10_000);
		await only(`${path}/b.py`, () => writeFileSync(`${path}/b.py`, 'new'));
		expect(paths).toEqual([]);
		expect(warnings).toEqual([`${path}/a.py is written whenever boot boots: from now on that is no reason to boot it again`]);
	});

	test('and is written by each boot is known for it also where it is thousands of files', () => {
		const {judge} = createMissed();
		const paths = Array.from({length: 5000}, (_, i) => `/cache/${i}`);
		const boots = [1, 2, 3, 4, 5, 6].map(since => paths.map(path => judge('boot', path, since + 0.5, since, since + 1)));
		expect(boots.map(verdicts => verdicts.includes('yes'))).toEqual([true, true, true, false, false, false]);
	});

	test('and is made up by the kernel, whatever leads there, is as it is: it has the time of the look', async () => {
		const path = folder('a.py');
		symlinkSync('/proc/self/mounts', `${path}/mtab`);
		symlinkSync('/proc/self', `${path}/self`);
		const {monitor, only} = begin();
		monitor.add('boot', ['mtab', 'self/status', 'a.py'].map(name => `${path}/${name}`).concat('//proc/self/stat'), 0);
		await only(`${path}/a.py`, () => later(`${path}/a.py`));
	});

	test('is of no interest when all that loaded it is gone', async () => {
		const path = folder('a.py', 'b.py');
		const {monitor, hear, only} = begin();
		monitor.add('one', [`${path}/a.py`, `${path}/b.py`], Date.now());
		monitor.add('two', [`${path}/a.py`], Date.now());
		monitor.forget('one');
		writeFileSync(`${path}/b.py`, 'new');
		writeFileSync(`${path}/a.py`, 'new');
		await hear(`${path}/a.py`);
		monitor.forget('two');
		expect([...monitor.paths()]).toEqual([]);
		monitor.add('two', [`${path}/b.py`], Date.now());
		writeFileSync(`${path}/a.py`, 'newer');
		await only(`${path}/b.py`, () => writeFileSync(`${path}/b.py`, 'newer'));
	});

	test('by a path that leads nowhere, is relative or very long harms nothing', async () => {
		const path = folder('a.py');
		symlinkSync('loop', `${path}/loop`);
		const {monitor, hear} = begin();
		monitor.add('boot', [
			'', '/', 'a.py', `${path}/`, `${path}/loop/a.py`, `${path}/loop`, `${path}/a.py/b.py`, `/${'x/'.repeat(3000)}`, `/${'x/'.repeat(1500)}a`, `/${'y'.repeat(300)}/a`,
			`${path}/../${folders}/./a.py`, '/\0', '/proc/self/mem', '/dev/null', `${path}//a.py`,
		], Date.now());
		writeFileSync(`${path}/a.py`, 'new');
		await hear(`${path}/../${folders}/./a.py`, `${path}//a.py`);
	});
});

describe('where the kernel has no room', () => {
	test.each<[string, () => void, RegExp]>([
		['for more watches', () => void vi.spyOn(sys, 'addWatch').mockReturnValue(-ERRNO.ENOSPC), /no space left on device.*max_user_watches/],
		['for one that watches', () => void vi.spyOn(sys, 'openWatches').mockReturnValue(-ERRNO.EMFILE), /too many open files.*max_user_instances/],
	])('%s, files are looked at, which is said once', async (_, lack, words) => {
		lack();
		const path = folder('a.py', 'lib/b.py', 'lib/c.py');
		symlinkSync('lib/c.py', `${path}/c.py`);
		const {monitor, hear, warnings} = begin();
		monitor.add('boot', [`${path}/a.py`, `${path}/lib/b.py`, `${path}/c.py`], Date.now());
		writeFileSync(`${path}/a.py`, 'new');
		await hear(`${path}/a.py`);
		saveAtomically(`${path}/lib/b.py`, 'new');
		rmSync(`${path}/lib/c.py`);
		await hear(`${path}/lib/b.py`, `${path}/c.py`);
		expect(warnings).toHaveLength(1);
		expect(warnings[0]).toMatch(words);
	});

	test('for a while, the kernel tells of them again when it has', async () => {
		const add = vi.spyOn(sys, 'addWatch').mockReturnValue(-ERRNO.ENOSPC);
		const path = folder('a.py', 'b.py');
		const {monitor, hear, warnings} = begin();
		monitor.add('boot', [`${path}/a.py`], Date.now());
		writeFileSync(`${path}/a.py`, 'new');
		await hear(`${path}/a.py`);
		add.mockRestore();
		const look = vi.spyOn(sys, 'lstat');
		await expect.poll(async () => {
			look.mockClear();
			await new Promise(resolve => void setTimeout(resolve, 1500));
			return look.mock.calls.length;
		}, {timeout: 20_000}).toBe(0);
		writeFileSync(`${path}/a.py`, 'newer');
		await hear(`${path}/a.py`);
		expect(warnings).toHaveLength(1);
	});
});

test('when the queue of the kernel overflows all is looked at', async () => {
	const path = folder('a.py', 'b.py');
	const {monitor, hear} = begin();
	monitor.add('boot', [`${path}/a.py`, `${path}/b.py`], Date.now());
	const most = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
	// Nothing is read of the queue meanwhile. Two events each, of two names, as one that is like the last is not kept.
	writeFileSync(`${path}/x`, '');
	for (let count = 0; count < most / 2 + 100; count++) {
		renameSync(`${path}/${count % 2 === 0 ? 'x' : 'y'}`, `${path}/${count % 2 === 0 ? 'y' : 'x'}`);
	}
	writeFileSync(`${path}/b.py`, 'new');
	await hear(`${path}/b.py`);
});

test('a hundred thousand files in a few folders are cheap, and one of them is told', async () => {
	const path = folder(...Array.from({length: 10}, (_, at) => `${at}/real.py`));
	const all = Array.from({length: 100_000}, (_, at) => `${path}/${at % 10}/m${at}.py`);
	const {monitor, hear} = begin();
	const add = vi.spyOn(sys, 'addWatch');
	for (let at = 0; at < all.length; at += 500) monitor.add('boot', all.slice(at, at + 500), Date.now());
	expect(add.mock.calls.length).toBeLessThan(40);
	const [file = ''] = all.slice(77_777);
	writeFileSync(file, 'new');
	await hear(file);
	monitor.forget('boot');
	expect(monitor.has(file)).toBe(false);
});
