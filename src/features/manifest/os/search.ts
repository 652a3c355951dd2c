/**
 * Ends processes that archon has not made and that must not run. Each is held by a pidfd before it is looked at, so that a signal
 * reaches what was looked at or nothing; and it is looked at again before SIGKILL, as it may execute something else by then.
 */
import {STOP} from '../../../core/defaults.ts';
import {SIG} from '../../../core/signal-numbers.ts';
import type {Millis} from '../../../core/time.ts';
import {pid as ownPid, uid as ownUid} from '../../../os/identity.ts';
import {PLACE, STAT} from '../../../os/layouts.ts';
import {placeOf} from '../../../os/real-path.ts';
import type {Poller} from '../../../os/poller.ts';
import {effectiveUidOf, hasProc, pids, statOf, uidOf} from '../../../os/reap/procfs.ts';
import {EPOLLIN, ERRNO, isFile, newStat, sys} from '../../../os/sys.ts';
import {type Facts, judge, mayBeMeant, pathsOf, type Self, type Targets} from '../core/judge.ts';
import type {Lists} from '../core/outlook.ts';

export interface SearchParts {
	readonly poller: Pick<Poller, 'watch' | 'forget' | 'whole'>;
	/** Whether archon has made a process, or made for a service what has made it. */
	readonly isOwn: (pid: number) => boolean;
	readonly info: (text: string) => void;
	/** Each is told once. */
	readonly warn: (text: string) => void;
	readonly soon: (callback: () => void) => void;
	/** As of clock.ts: the result cancels. */
	readonly after: (millis: Millis, callback: () => void) => () => void;
}

/** A process that is to end. */
export interface Foreign {
	readonly pid: number;
	readonly path: string;
	readonly why: string;
}

export interface Search {
	/** Ends what must not run, or with `isDry` only finds it; calls back with that. One search is done after the other. */
	begin(targets: Targets, isDry: boolean, told: (found: readonly Foreign[]) => void): void;
}

/** How many processes are looked at in one turn of the loop. */
const AT_ONCE = 100;
/** How many are ended at once; those that remain come with the next search. */
const FOREIGN_MAX = 1000;
/** Of ancestors; a longer line is not followed. */
const GENERATIONS = 256;

/**
 * What must not run, as far as it is there. `warn` is told of paths by which others could lead archon elsewhere. Paths are walked by
 * jobs: a file system that does not answer keeps nothing from its work but the search.
 */
export async function targetsOf(lists: Lists, paths: readonly string[], warn: (text: string) => void): Promise<Targets> {
	const executables = new Map<string, {file: string; why: string}>();
	for (const {path, line} of pathsOf(lists.hitlist)) {
		const real = await realPath(path, 0, warn);
		const file = real === null ? null : fileAt(real);
		if (real !== null && file !== null) executables.set(real, {file, why: `it is on the hitlist (${lists.files.hitlist}:${line})`});
	}
	const folders: string[] = [];
	for (const path of paths) {
		const real = await realPath(path, PLACE.folder, warn);
		if (real !== null && real !== '/') folders.push(real);
	}
	const listed = new Set<string>();
	for (const {path} of folders.length > 0 ? lists.manifest : []) {
		const real = path === null ? null : await realPath(path, 0, () => {});
		if (real !== null) listed.add(real);
	}
	return {executables, folders, listed};
}

/** Where a path leads, by no link that others may have laid; null: nowhere, or that is not to be known. */
const realPath = (path: string, flags: number, warn: (text: string) => void): Promise<string | null> =>
	placeOf(path, flags, why => warn(`manifest: ${path} is not looked for among what runs: ${why}`));

/** Device and inode of a regular file; null: there is not. */
function fileAt(path: string): string | null {
	const stat = newStat();
	return sys.lstat(path, stat) === 0 && isFile(stat) ? `${stat[STAT.device]}:${stat[STAT.inode]}` : null;
}

export function createSearch({poller, isOwn, info, warn, soon, after}: SearchParts): Search {
	/** Those that were sent SIGTERM, by their pidfds. */
	const dying = new Map<number, number>();
	let unread = false;

	const self = (): Self => ({pid: ownPid, uid: ownUid, ancestors: ancestorsOf(ownPid)});

	/** All that is known of a process; null: it is gone, or nothing is said of it. */
	function factsOf(pid: number, path: string): Facts | null {
		const stat = newStat();
		const uids = [uidOf(pid), effectiveUidOf(pid)] as const;
		const [real, effective] = uids;
		if (sys.stat(`/proc/${pid}/exe`, stat) < 0 || real === null || effective === null) return null;
		return {
			pid, path, uids: [real, effective], file: `${stat[STAT.device]}:${stat[STAT.inode]}`,
			ancestors: ancestorsOf(pid), isOwn: isOwn(pid),
		};
	}

	function look(pid: number, targets: Targets, own: Self): Foreign | null {
		const path = sys.readLink(`/proc/${pid}/exe`);
		// Kernel threads have none.
		if (typeof path === 'number') {
			if (path === -ERRNO.EACCES || path === -ERRNO.EPERM) unread = true;
			return null;
		}
		if (!mayBeMeant(path, targets)) return null;
		const facts = factsOf(pid, path);
		const why = facts && judge(facts, targets, own, fileAt);
		return why === null ? null : {pid, path, why};
	}

	/** Sends SIGTERM, and SIGKILL to what has not ended by then. */
	function end(pid: number, targets: Targets): Foreign | null {
		if ([...dying.values()].includes(pid)) return null;
		const fd = sys.pidfdOpen(pid);
		if (fd < 0) return null;
		// Looked at while it is held: if the number is another process's by now, the signal reaches no process.
		const foreign = look(pid, targets, self());
		if (!foreign || sys.pidfdSignal(fd, SIG.TERM) < 0) {
			sys.close(fd);
			return null;
		}
		sys.pidfdSignal(fd, SIG.CONT);
		info(`ending ${foreign.path} (pid ${pid}) with SIGTERM: ${foreign.why}`);
		dying.set(fd, pid);
		const cancel = after(STOP.grace, () => poller.whole(() => {
			if (!look(pid, targets, self())) return forget();
			info(`killing ${foreign.path} (pid ${pid}) with SIGKILL: it did not end in time`);
			sys.pidfdSignal(fd, SIG.KILL);
		}));
		const forget = (): void => {
			cancel();
			poller.forget(fd);
			sys.close(fd);
			dying.delete(fd);
		};
		poller.watch(fd, EPOLLIN, forget);
		return foreign;
	}

	const waiting: (() => void)[] = [];
	let isBusy = false;

	function next(): void {
		const first = waiting.shift();
		isBusy = first !== undefined;
		first?.();
	}

	return {
		begin(targets, isDry, told) {
			if (!hasProc() || (targets.executables.size === 0 && targets.folders.length === 0)) return told([]);
			waiting.push(() => {
				const found: Foreign[] = [];
				const left = pids();
				const own = self();
				unread = false;
				const piece = (): void => {
					for (const pid of left.splice(0, AT_ONCE)) {
						const foreign = found.length < FOREIGN_MAX ? look(pid, targets, own) : null;
						const ended = foreign && !isDry ? end(pid, targets) : foreign;
						if (ended) found.push(ended);
					}
					if (left.length > 0) return soon(() => poller.whole(piece));
					if (unread) warn(UNREAD);
					told(found);
					next();
				};
				piece();
			});
			if (!isBusy) next();
		},
	};
}

const UNREAD = 'manifest: what some processes of other users execute is not told to archon, which leaves them alone; \
it takes the capability SYS_PTRACE';

/** The parents of a process, up to 0, which is outside of the PID namespace; cut short where that cannot be told. */
function ancestorsOf(pid: number): readonly number[] {
	const found: number[] = [];
	for (let at = pid; found.length < GENERATIONS;) {
		const parent = statOf(at)?.parent;
		if (parent === undefined) break;
		found.push(parent);
		if (parent === 0) break;
		at = parent;
	}
	return found;
}
