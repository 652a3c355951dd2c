/**
 * The folder that releases are pulled into: `releases/VERSION`, the link `current` to one of them, and `state.json`. Whatever is
 * killed in the middle, each of these is as it was or as it was to be.
 */
import {bytesOf, textOf} from '../../os/bytes.ts';
import {errnoText} from '../../os/errno.ts';
import {STAT} from '../../os/layouts.ts';
import {ERRNO, isFile, isFolder, isLink, newStat, O, sys} from '../../os/sys.ts';
import {cannot, syncFolder, writeWhole} from '../../os/whole-file.ts';
import {isObject, parseObject} from '../../core/foreign-json.ts';
import {CURRENT} from '../../core/sync.ts';
import {isVersion} from '../../features/sync/core/version.ts';

/** A switch from one release to another that has begun. */
export interface Pending {
	readonly from: string | null;
	readonly to: string;
	/** From `to` back to `from`. */
	readonly isBack: boolean;
}

/** What is remembered beside the releases themselves. */
export interface Memory {
	/** Releases that were in force, the last one last. */
	readonly history: readonly string[];
	/** The newest that ever was in force: nothing older is taken from a master who signs. */
	readonly highest: string | null;
	/** A release that is taken again only when an operator asks for it. */
	readonly held: string | null;
	readonly pending: Pending | null;
}

export const NOTHING: Memory = {history: [], highest: null, held: null, pending: null};

const [STATE, STATE_MAX, HISTORY_MAX] = ['state.json', 64 * 1024, 20];
/** A release on its way, or on its way out. */
const UNDONE = '.tmp';
/** A tree of files is no deeper than a list allows, and a little more. */
const [DEPTH_MAX, NAMES_MAX] = [64, 1_000_000];

export interface Place {
	readonly dest: string;
	release(version: string): string;
	/** Where it is put together. */
	undone(version: string): string;
	/** Null: no release is. */
	current(): string | null;
	/** Whole releases. */
	versions(): readonly string[];
	memory(): Memory;
	remember(memory: Memory): string | null;
	/** Null, or why the link cannot be set; `step` hears of each step of it. */
	point(version: string, step: (name: 'link' | 'current') => void): string | null;
	/** A release that was put together is one from here on. */
	complete(version: string): string | null;
	/** The reverse, and then it is removed. */
	discard(version: string): string | null;
	/** Removes what an interrupted run has left, but for this one. */
	tidy(except: string | null): void;
}

export function createPlace(dest: string): Place {
	const releases = `${dest}/releases`;
	const release = (version: string): string => `${releases}/${version}`;
	const undone = (version: string): string => release(version) + UNDONE;
	const names = (): readonly string[] => {
		const found = sys.readFolder(releases, NAMES_MAX);
		return typeof found === 'number' ? [] : found.filter(name => kindOf(`${releases}/${name}`) === 'folder');
	};
	const place: Place = {
		dest, release, undone,
		current() {
			const to = sys.readLink(`${dest}/${CURRENT}`);
			const version = typeof to === 'string' ? /^releases\/([^/]+)$/.exec(to)?.[1] : undefined;
			return version !== undefined && isVersion(version) && kindOf(release(version)) === 'folder' ? version : null;
		},
		versions: () => names().filter(isVersion),
		memory() {
			const bytes = sys.readBytes(`${dest}/${STATE}`, STATE_MAX);
			return typeof bytes === 'number' ? NOTHING : memoryIn(textOf(bytes));
		},
		remember(memory) {
			const text = JSON.stringify({version: 1, ...memory, history: memory.history.slice(-HISTORY_MAX)});
			return writeWhole(`${dest}/${STATE}`, bytesOf(`${text}\n`)) ?? syncFolder(dest);
		},
		point(version, step) {
			const link = `${dest}/${CURRENT}.new`;
			sys.unlink(link);
			const made = sys.symlink(`releases/${version}`, link);
			if (made < 0) return cannot('make', link, made);
			step('link');
			const moved = sys.rename(link, `${dest}/${CURRENT}`);
			if (moved < 0) return cannot('switch', `${dest}/${CURRENT}`, moved);
			step('current');
			return syncFolder(dest);
		},
		complete(version) {
			const moved = sys.rename(undone(version), release(version));
			return moved < 0 ? cannot('make', release(version), moved) : syncFolder(releases);
		},
		discard(version) {
			removeTree(undone(version));
			const moved = sys.rename(release(version), undone(version));
			if (moved < 0) return cannot('remove', release(version), moved);
			return removeTree(undone(version));
		},
		tidy(except) {
			sys.unlink(`${dest}/${CURRENT}.new`);
			sys.unlink(`${dest}/${STATE}.new`);
			for (const name of names()) if (name.endsWith(UNDONE) && name !== `${except}${UNDONE}`) removeTree(`${releases}/${name}`);
		},
	};
	return place;
}

/** Whether it was for want of room. */
export const isFull = (why: string): boolean => [ERRNO.ENOSPC, ERRNO.EDQUOT].some(errno => why.endsWith(errnoText(errno)));

/** unlinkat(2). */
const [AT_FDCWD, AT_REMOVEDIR] = [-100, 0x200];

const about = newStat();

export function kindOf(path: string): 'file' | 'folder' | 'link' | 'other' | 'nothing' {
	if (sys.lstat(path, about) < 0) return 'nothing';
	return isFile(about) ? 'file' : isFolder(about) ? 'folder' : isLink(about) ? 'link' : 'other';
}

/** Makes the folder where it is missing. Null, or why not. */
export function makeFolder(path: string): string | null {
	const made = sys.mkdir(path, 0o755);
	if (made === -ERRNO.EEXIST) return kindOf(path) === 'folder' ? null : `${path} is no folder`;
	return made < 0 ? cannot('make', path, made) : null;
}

/** No link is followed. Null, or why something of it is left. */
export function removeTree(path: string, depth = 0): string | null {
	const kind = kindOf(path);
	if (kind === 'nothing') return null;
	if (kind !== 'folder') {
		const result = sys.unlink(path);
		return result < 0 ? cannot('remove', path, result) : null;
	}
	if (depth > DEPTH_MAX) return `${path} is too deep to be removed`;
	const names = sys.readFolder(path, NAMES_MAX);
	if (typeof names === 'number') return cannot('remove', path, names);
	let why: string | null = null;
	for (const name of names) why = removeTree(`${path}/${name}`, depth + 1) ?? why;
	if (why !== null) return why;
	const removed = sys.unlinkAt(AT_FDCWD, path, AT_REMOVEDIR);
	return removed < 0 ? cannot('remove', path, removed) : null;
}

/** The folders of a tree, the deepest first, and all else in it, below `path`. */
export function treeOf(path: string, below = '', depth = 0): {readonly folders: readonly string[]; readonly others: readonly string[]} {
	const names = depth > DEPTH_MAX ? [] : sys.readFolder(`${path}/${below}`, NAMES_MAX);
	const folders: string[] = [];
	const others: string[] = [];
	for (const name of typeof names === 'number' ? [] : names) {
		const each = below === '' ? name : `${below}/${name}`;
		if (kindOf(`${path}/${each}`) !== 'folder') {
			others.push(each);
			continue;
		}
		const inner = treeOf(path, each, depth + 1);
		folders.push(...inner.folders, each);
		others.push(...inner.others);
	}
	return {folders, others};
}

/** A file of its own, by no link and under no second name. */
export function openOwn(path: string): number {
	const fd = sys.open(path, O.RDONLY | O.NOFOLLOW | O.NONBLOCK, 0);
	if (fd < 0) return fd;
	if (sys.fstat(fd, about) >= 0 && isFile(about) && about[STAT.links] === 1) return fd;
	sys.close(fd);
	return -ERRNO.EINVAL;
}

/** What is damaged is forgotten: the releases themselves say most of it. */
function memoryIn(text: string): Memory {
	const {history, highest, held, pending} = parseObject(text) ?? {};
	const version = (each: unknown): string | null => (typeof each === 'string' && isVersion(each) ? each : null);
	const from = isObject(pending) ? version(pending['from']) : null;
	const to = isObject(pending) ? version(pending['to']) : null;
	return {
		history: Array.isArray(history) ? history.map(version).filter(each => each !== null) : [],
		highest: version(highest), held: version(held),
		pending: to === null ? null : {from, to, isBack: isObject(pending) && pending['isBack'] === true},
	};
}
