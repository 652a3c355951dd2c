/**
 * The mark of a run: a limit that nothing else uses, inherited by all that its process makes, whatever
 * session, user or environment they give themselves, and to be read of every process by everyone.
 *
 * `/proc/<pid>/environ` says the same, but only to those who may trace the process: not of another user's
 * without CAP_SYS_PTRACE, which containers lack, and not of a program that wrote its title over it.
 */
import type {Limits, Run} from '../core/model.ts';
import {pid as ownPid} from './identity.ts';
import {slurp} from './procfs.ts';
import {sys} from './sys.ts';

/** RLIMIT_LOCKS: Linux keeps it for each process and has not looked at it since 2.4.25 (getrlimit(2)). */
const LOCKS = 10;

/** So high that nobody sets it by chance, and exact as a number. */
const BASE = 2 ** 52;

/** For the hard and soft limit; 0: none, as the service has its own for it. Nothing can raise the hard one again but root. */
export const markFor = (run: Run, {rlimits}: Limits): number =>
	run > 0 && !rlimits.some(({resource}) => resource === LOCKS) ? BASE + run : 0;

let isTaken: boolean | undefined;

/** The run that made a process, or made who made it; null if it does not say. */
export function runMarked(pid: number): Run | null {
	// An archon that another one marked leaves that mark to all below it.
	isTaken ??= limitOf(ownPid) !== Infinity;
	const limit = isTaken ? Infinity : limitOf(pid);
	return limit > BASE && limit < 2 * BASE ? limit - BASE : null;
}

/** By the system call, where archon may ask; else what all may read, at twenty times the cost. */
function limitOf(pid: number): number {
	const limit = sys.hardLimit(pid, LOCKS);
	if (limit >= 0) return limit;
	const hard = /^Max file locks +\S+ +(\d+)/m.exec(slurp(`/proc/${pid}/limits`) ?? '')?.[1];
	return hard === undefined ? Infinity : Number(hard);
}
