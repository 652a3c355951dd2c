/**
 * Which processes that archon has not made end by a hitlist or by a manifest's paths. A process is known by the file that it
 * executes, device and inode and the path by which it was executed: not by its name, and not by a part of a path. Pure.
 */
import type {Item} from './list.ts';

/** What the kernel says of a process. */
export interface Facts {
	readonly pid: number;
	/** Real and effective. */
	readonly uids: readonly [number, number];
	/** Of its executable, where the kernel finds it now; ` (deleted)` is behind that of one that has no name any more. */
	readonly path: string;
	/** Device and inode of the executable. */
	readonly file: string;
	/** Its parent, the parent of that, and so on; the last has a parent outside of archon's PID namespace, 0. */
	readonly ancestors: readonly number[];
	/** Whether archon has made it, or what made it. */
	readonly isOwn: boolean;
}

/** What must not run, found on this machine. */
export interface Targets {
	/** By the real path of an executable: its device and inode, and what says so. */
	readonly executables: ReadonlyMap<string, {readonly file: string; readonly why: string}>;
	/** The real paths of folders whose executables must be listed. */
	readonly folders: readonly string[];
	/** The real paths of those that are. */
	readonly listed: ReadonlySet<string>;
}

/** Who judges. */
export interface Self {
	readonly pid: number;
	readonly uid: number;
	/** archon's own ancestors, which are to live as long as it does. */
	readonly ancestors: readonly number[];
}

/** A path without what the kernel has added to it. */
const isDeleted = (path: string): boolean => path.endsWith(' (deleted)');

/** Whether a process may be meant, by its path alone: all else is asked of these only. */
export const mayBeMeant = (path: string, {executables, folders, listed}: Targets): boolean =>
	executables.has(path) || (folders.some(folder => path.startsWith(`${folder}/`)) && !listed.has(path) && !isDeleted(path));

/**
 * Why a process is to end; null: it is not. `fileAt`: device and inode of what has a path now. What belongs to archon, to an exec
 * session or, where archon is not root, to another user is never meant; an exec session is what has come into the PID namespace
 * from outside (`docker exec`), and all below it.
 */
export function judge(facts: Facts, targets: Targets, self: Self, fileAt: (path: string) => string | null): string | null {
	const {pid, uids, path, file, ancestors, isOwn} = facts;
	if (isOwn || pid <= 1 || pid === self.pid || self.ancestors.includes(pid)) return null;
	if (self.uid !== 0 && uids.some(uid => uid !== self.uid)) return null;
	if (isOfSession(pid, ancestors)) return null;
	const target = targets.executables.get(path);
	if (target) return target.file === file ? target.why : null;
	if (!mayBeMeant(path, targets) || fileAt(path) !== file) return null;
	const folder = targets.folders.find(folder => path.startsWith(`${folder}/`)) ?? '';
	return `it is not in the manifest, and ${folder} is one of its paths`;
}

/** Whether it came, or what made it came, from outside of the PID namespace; also where that cannot be told. */
function isOfSession(pid: number, ancestors: readonly number[]): boolean {
	const chain = [pid, ...ancestors];
	// What is below PID 1 has no other root.
	return chain.at(-1) !== 0 || chain.at(-2) !== 1;
}

/** The lines of a hitlist that name an executable. */
export const pathsOf = (hitlist: readonly Item[]): readonly (Item & {readonly path: string})[] =>
	hitlist.flatMap(item => (item.path === null ? [] : [{...item, path: item.path}]));
