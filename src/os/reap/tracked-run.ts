/** A run whose processes live, and the process groups by which archon reaches them. */
import type {Id, Run} from '../../core/ids.ts';
import type {SignalNumber} from '../../core/signal-numbers.ts';
import {ERRNO, sys} from '../sys.ts';
import {claimOf, isBelieved} from './claims.ts';
import type {Origin} from './descendants.ts';
import {statOf} from './procfs.ts';
import {runTagged} from './run-tag.ts';

/** A run of which a process lives: its main process, or others that it made. */
export interface TrackedRun {
	readonly id: Id;
	readonly run: Run;
	readonly origin: Origin | null;
	/** The pid of its first process, and so the number of the session that it had. */
	readonly session: number;
	/** 0 once it has ended. */
	pid: number;
	/** One, until it follows another process. */
	groups: Group[];
	/** archon sent it SIGKILL. */
	isKilled: boolean;
	/** It was started by an archon that has ended: neither its process nor what that leaves behind are archon's children (strangers.ts). */
	readonly isForeign: boolean;
}

/** A process group, whose number is not another's while it has a member. */
export interface Group {
	/** Its number, and the pid of the process that made it. */
	readonly leader: number;
	/** When that one was made; null: it has ended since, or is the run's first process. One made at another time has got the number again. */
	start: number | null;
}

/** Of the groups of one run: a program may name one main process after the other. */
const GROUPS_MAX = 16;
/** Whether a process is still the run's; a child of archon's is where nothing says otherwise. */
export function isOf({run, origin}: TrackedRun, pid: number, isOwn: boolean): boolean {
	const tag = runTagged(pid);
	if (tag !== null) return tag === run;
	const claim = claimOf(pid);
	return claim && isBelieved(claim, origin?.user ?? null) ? claim.run === run : isOwn;
}

/** A process that is followed may make a group of its own at any time. */
export function addGroup(tracked: TrackedRun, leader = 0): void {
	if (leader <= 1 || isAmong(tracked.groups, leader)) return;
	if (tracked.groups.length >= GROUPS_MAX && hasGroups(tracked)) tracked.groups.splice(0, tracked.groups.length - GROUPS_MAX + 1);
	tracked.groups.push({leader, start: leader === tracked.pid ? null : statOf(leader)?.start ?? null});
}

export const isAmong = (groups: readonly Group[], group: number | undefined): boolean => groups.some(({leader}) => leader === group);

export function signalGroups(tracked: TrackedRun, signal: SignalNumber): void {
	if (hasGroups(tracked)) for (const {leader} of tracked.groups) sys.kill(-leader, signal);
}

/** Whether others of its groups live; those that are empty are forgotten, for their numbers may be used again. */
export function hasGroups(tracked: TrackedRun): boolean {
	tracked.groups = tracked.groups.filter(({leader, start}) => {
		if (sys.kill(-leader, 0) === -ERRNO.ESRCH) return false;
		const now = leader === tracked.pid ? null : statOf(leader);
		return now === null || now.start === start;
	});
	return tracked.groups.length > 0;
}
