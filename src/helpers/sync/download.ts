/** Puts a release together: each file is taken from where it is already, or else from the master, and counts when its sum is right. */
import type {Sync} from '../../core/sync.ts';
import type {Listed} from '../../features/sync/core/list.ts';
import {newBytes} from '../../os/bytes.ts';
import {soon} from '../../os/clock.ts';
import {STAT} from '../../os/layouts.ts';
import {DIGEST, ERRNO, newStat, O, sys} from '../../os/sys.ts';
import {cannot, syncFolder, synced, writeAll} from '../../os/whole-file.ts';
import {CANNOT_RESUME, type Fetcher, TOO_LARGE} from './fetcher.ts';
import {makeFolder, openOwn, type Place, removeTree, treeOf} from './place.ts';

export interface Release {
	readonly version: string;
	readonly files: readonly Listed[];
	/** What lies beside them, by name. */
	readonly lists: readonly (readonly [name: string, bytes: Uint8Array])[];
	/** A file whose sum is wrong stays as it was in the release before. */
	readonly keepsOld: boolean;
}

export interface Downloaded {
	/** Null: all of it is there. */
	readonly why: string | null;
	/** How many files were fetched. */
	readonly fetched: number;
	/** Those that are as before, as what came had another sum. */
	readonly kept: readonly string[];
}

const CHUNK = 256 * 1024;
const [FILE, PROGRAM] = [0o644, 0o755];
const about = newStat();

/** `step` hears of each file that is there. */
export async function download(
	release: Release, sync: Sync, place: Place, fetcher: Fetcher, step: (name: 'file' | 'files') => void,
): Promise<Downloaded> {
	const folder = place.undone(release.version);
	const current = place.current();
	const before = current === null ? null : place.release(current);
	const kept: string[] = [];
	let fetched = 0;
	let left = sync.maxSize;
	const failed = (why: string): Downloaded => ({why, fetched, kept});
	const made = makeFolder(folder);
	if (made !== null) return failed(made);
	// What an interrupted run has left counts as far as its sum is right, and no further.
	sweep(folder, release);
	for (const file of release.files) {
		const path = `${folder}/${file.path}`;
		const why = makeParents(folder, file.path);
		if (why !== null) return failed(why);
		if (!hasSum(path, file) && !(before !== null && isTaken(`${before}/${file.path}`, path, file, left))) {
			const lost = await fetchWhole(fetcher, file, path, left);
			if (lost === null) fetched++;
			else if (!release.keepsOld || lost !== WRONG_SUM) return failed(`${file.path} ${lost}`);
			else {
				kept.push(file.path);
				sys.unlink(path);
				if (before === null || !copyOf(`${before}/${file.path}`, path, left)) continue;
			}
		}
		const flaw = settleFile(path);
		if (typeof flaw === 'string') return failed(flaw);
		left -= flaw;
		if (left < 0) return failed(`${file.path} ${TOO_LARGE}`);
		step('file');
		await new Promise<void>(resolve => soon(resolve));
	}
	const why = writeLists(folder, release) ?? syncTree(folder);
	if (why !== null) return failed(why);
	step('files');
	return {why: null, fetched, kept};
}

const WRONG_SUM = 'has another sum than the list says';

/** Null, or why it is not there. What came so far stays where another run can go on with it. */
async function fetchWhole(fetcher: Fetcher, file: Listed, path: string, most: number): Promise<string | null> {
	const [, there = 0] = fetcher.resumes ? [0, sizeOf(path)] : [];
	const from = there < most ? there : 0;
	const why = await fetchInto(fetcher, file.path, path, from, most);
	if (why === null && hasSum(path, file)) return null;
	if (why !== null && !(from > 0 && why.startsWith(CANNOT_RESUME))) return why;
	if (from === 0) return WRONG_SUM;
	// What was there was the beginning of something else.
	const again = await fetchInto(fetcher, file.path, path, 0, most);
	return again ?? (hasSum(path, file) ? null : WRONG_SUM);
}

async function fetchInto(fetcher: Fetcher, name: string, path: string, from: number, most: number): Promise<string | null> {
	if (from === 0) sys.unlink(path);
	const fd = sys.open(path, O.WRONLY | O.NOFOLLOW | O.NONBLOCK | (from > 0 ? O.APPEND : O.CREAT | O.EXCL), FILE);
	if (fd < 0) return cannot('write', path, fd);
	const why = await fetcher.fetch(name, {from, most: most - from, take: bytes => writeAll(fd, bytes, path)});
	sys.close(fd);
	return why;
}

function sizeOf(path: string): number {
	const fd = openOwn(path);
	if (fd < 0) return 0;
	const size = sys.fstat(fd, about) < 0 ? 0 : about[STAT.size] ?? 0;
	sys.close(fd);
	return size;
}

function hasSum(path: string, {sum, kind}: Pick<Listed, 'sum' | 'kind'>): boolean {
	const fd = openOwn(path);
	if (fd < 0) return false;
	const found = sys.digestFile(DIGEST[kind], fd);
	sys.close(fd);
	return typeof found !== 'number' && hexOf(found) === sum;
}

const hexOf = (bytes: Uint8Array): string => [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('');

/** Whether another release has the file, and it is this one's as well from here on. */
const isTaken = (from: string, to: string, file: Listed, most: number): boolean =>
	hasSum(from, file) && copyOf(from, to, most) && hasSum(to, file);

/** Whether all of a file of another release was written; its content is judged by who asked. */
function copyOf(from: string, to: string, most: number): boolean {
	const source = openOwn(from);
	if (source < 0) return false;
	sys.unlink(to);
	const target = sys.open(to, O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW, FILE);
	const bytes = newBytes(CHUNK);
	let left = most;
	let isWhole = false;
	while (target >= 0 && left >= 0) {
		const count = sys.read(source, bytes);
		if (count === -ERRNO.EINTR) continue;
		isWhole = count === 0;
		if (count <= 0) break;
		left -= count;
		if (writeAll(target, bytes.subarray(0, count), to) !== null) break;
	}
	sys.close(source);
	if (target >= 0) sys.close(target);
	if (!isWhole && target >= 0) sys.unlink(to);
	return isWhole;
}

/** Its permissions, and then it is on the disk; its size, or why not. A program is what begins as one: with `#!`, or as ELF. */
function settleFile(path: string): number | string {
	const fd = openOwn(path);
	if (fd < 0) return cannot('read', path, fd);
	const head = newBytes(4);
	const count = sys.readAt(fd, head, 0);
	const isProgram = count >= 2 && ((head[0] === 0x23 && head[1] === 0x21) || (count === 4 && ELF.every((byte, i) => head[i] === byte)));
	const changed = sys.fchmod(fd, isProgram ? PROGRAM : FILE);
	const why = changed < 0 ? cannot('change', path, changed) : synced(fd, path);
	const size = sys.fstat(fd, about) < 0 ? 0 : about[STAT.size] ?? 0;
	sys.close(fd);
	return why ?? size;
}

const ELF = [0x7f, 0x45, 0x4c, 0x46];

/** The folders that a path leads through, the first one first. */
function foldersOf(path: string): readonly string[] {
	const folders: string[] = [];
	for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) folders.push(path.slice(0, at));
	return folders;
}

function makeParents(folder: string, path: string): string | null {
	for (const each of foldersOf(path)) {
		const why = makeFolder(`${folder}/${each}`);
		if (why !== null) return why;
	}
	return null;
}

function writeLists(folder: string, {lists}: Release): string | null {
	for (const [name, bytes] of lists) {
		const path = `${folder}/${name}`;
		sys.unlink(path);
		const fd = sys.open(path, O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW, FILE);
		if (fd < 0) return cannot('write', path, fd);
		const why = writeAll(fd, bytes, path) ?? synced(fd, path);
		sys.close(fd);
		if (why !== null) return why;
	}
	return null;
}

/** Removes what the release does not have: a release is what its list says. */
function sweep(folder: string, {files}: Release): void {
	const wanted = new Set(files.map(({path}) => path));
	const needed = new Set(files.flatMap(({path}) => foldersOf(path)));
	const {folders, others} = treeOf(folder);
	for (const path of others) if (!wanted.has(path)) sys.unlink(`${folder}/${path}`);
	for (const path of folders) if (!needed.has(path)) removeTree(`${folder}/${path}`);
}

function syncTree(folder: string): string | null {
	for (const path of treeOf(folder).folders) {
		const why = syncFolder(`${folder}/${path}`);
		if (why !== null) return why;
	}
	return syncFolder(folder);
}
