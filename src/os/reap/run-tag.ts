/**
 * The tag of a run: two limits that nothing else uses, inherited by all that its process makes, whatever session, user
 * or environment they give themselves, and to be read of every process by everyone.
 *
 * A process can lower its limits, and without CAP_SYS_RESOURCE it can raise none (getrlimit(2)). The one limit is higher
 * and the other is lower for a later run: a process that lowers either has no tag any more, and none can take another run's.
 *
 * `/proc/<pid>/environ` says the same, but only to those who may trace the process: not of another user's without
 * CAP_SYS_PTRACE, which containers lack, and not of a program that wrote its title over it; and what it says is only what
 * the process was given when it was executed.
 */
import type {Run} from '../../core/ids.ts';
import {pid as ownPid} from '../identity.ts';
import {slurp} from './procfs.ts';
import {sys} from '../sys.ts';

/** RLIMIT_LOCKS and RLIMIT_RSS: Linux keeps them for each process and has looked at neither since 2.4.30 (getrlimit(2)). */
const [LOCKS, RSS] = [10, 5];

/** So high that they are not set by chance, and exact as numbers, which their sum is not: 2 ** 52 + run, and 2 ** 53 - run. */
const BASE = 2 ** 52;

/** How many runs the archons of one folder (`state_dir`) can number before they meet those of another. The first is no run's. */
export const RUNS_OF_ONE = 2 ** 27;

/** The number of what is made for no run. */
let ofNone: Run = 0;

/** From now on what is made for no run is known to archons of the same folder as well, whose runs have numbers from this one on. */
export function numberFrom(run: Run): void {
	ofNone = run - run % RUNS_OF_ONE;
}

/**
 * The first of the limits, hard and soft. Where the service has its own for one of them the kernel is not asked for it
 * (child.c). Run 0 is no run (a test, a condition): what was made for it cannot take on the tag of one.
 */
export const tagFor = (run: Run): number => BASE + (run === 0 ? ofNone : run);

let isTaken: boolean | undefined;

/** The run that made a process, or made who made it; null if it does not say, or was made for none. */
export function runTagged(pid: number): Run | null {
	const run = numberTagged(pid);
	return run === null || run % RUNS_OF_ONE === 0 ? null : run;
}

/** The same; of what was made for no run the first number of its archon's folder. */
export function numberTagged(pid: number): Run | null {
	// An archon that another one tagged leaves that tag to all below it.
	isTaken ??= limitsOf(ownPid).some(limit => limit !== Infinity);
	if (isTaken) return null;
	const [locks, rss] = limitsOf(pid);
	const run = locks - BASE;
	return run > 0 && run < BASE && run === 2 * BASE - rss ? run : null;
}

/** By the system call, where archon may ask; else what all may read, at twenty times the cost. */
function limitsOf(pid: number): readonly [locks: number, rss: number] {
	const locks = sys.hardLimit(pid, LOCKS);
	if (locks >= 0) return [locks, locks === Infinity ? Infinity : sys.hardLimit(pid, RSS)];
	const text = slurp(`/proc/${pid}/limits`) ?? '';
	const hard = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Infinity);
	return [hard(/^Max file locks +\S+ +(\d+)/m), hard(/^Max resident set +\S+ +(\d+)/m)];
}
