/** Descriptors of processes (pidfds) that wait for being watched: by a client's request, or as a look at /proc has opened them. */
import {err, ok, type Result} from '../../../core/result.ts';
import {sys} from '../../../os/sys.ts';
import {pid as ownPid} from '../../../os/identity.ts';
import {slurp, statOf} from '../../../os/reap/procfs.ts';
import type {Identity} from '../core/kept.ts';
import type {Found} from '../core/news.ts';

/** By `keyOf`: they belong to whom asks first. */
const held = new Map<string, number>();

/** More are not kept waiting: each is asked for in the same turn of the loop. */
const HELD_MAX = 1024;

export const keyOf = ({pid, start}: Identity): string => `${pid} ${start}`;

/** The descriptor that waits for a process; null: no one has brought it. */
export function takeHeld(process: Identity): number | null {
	const key = keyOf(process);
	const fd = held.get(key);
	held.delete(key);
	return fd ?? null;
}

/** The path of its executable, also where another file has taken its place; null: it has none, or archon may not know it. */
export function exeOf(pid: number): string | null {
	const link = sys.readLink(`/proc/${pid}/exe`);
	return typeof link === 'string' ? link.replace(/ \(deleted\)$/, '') : null;
}

/** Holds the process of a number, as it is now; the error says why that cannot be. */
export function hold(pid: number): Result<Found, string> {
	if (pid === ownPid) return err(`pid ${pid} is archon itself`);
	const fd = sys.pidfdOpen(pid);
	// Looked at while it is held: the number is this process's until it is let go.
	const found = fd < 0 ? null : identify(pid);
	if (found) return keep(found, fd);
	if (fd >= 0) sys.close(fd);
	return err(`no process has the pid ${pid}`);
}

/** The same by a descriptor that a client has passed, and which is archon's from now on. */
export function adopt(fd: number): Result<Found, string> {
	const line = /^Pid:\t(-?\d+)$/m.exec(slurp(`/proc/self/fdinfo/${fd}`) ?? '')?.[1];
	const pid = Number(line ?? 0);
	// Its end is known as soon as it is watched, and so it is as good as one that lives.
	const found = pid > 0 && pid !== ownPid ? identify(pid) : null;
	if (found) return keep(found, fd);
	sys.closeForeign(fd);
	if (line === undefined) return err('the descriptor is not that of a process (pidfd_open(2))');
	if (pid === ownPid) return err('the descriptor is that of archon itself');
	return err(pid < 0 ? 'the process of the descriptor has ended' : 'the process of the descriptor is in another PID namespace');
}

function identify(pid: number): Found | null {
	const stat = statOf(pid);
	return stat && {pid, start: stat.start, exe: exeOf(pid) ?? ''};
}

function keep(found: Found, fd: number): Result<Found, string> {
	const key = keyOf(found);
	const before = held.get(key);
	if (before !== undefined) sys.close(before);
	if (before === undefined && held.size >= HELD_MAX) {
		sys.close(fd);
		return err('too many processes are about to be watched');
	}
	held.set(key, fd);
	return ok(found);
}

/** Closes what no one has asked for. */
export function letGo(): void {
	for (const fd of held.values()) sys.close(fd);
	held.clear();
}
