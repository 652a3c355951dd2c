/** Processes as /proc shows them (proc(5)), and whose they are. */
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';

export interface ProcessInfo {
	readonly pid: number;
	readonly parent: number;
	readonly session: number;
	readonly isZombie: boolean;
	/** The arguments, or in brackets the name of what has none. */
	readonly command: string;
	/** `ARCHON_SERVICE` of its environment, or null where there is none or it may not be read. */
	readonly service: string | null;
}

/** Every process that can be seen; those that end meanwhile are left out. */
export function processes(): ProcessInfo[] {
	return pids().flatMap(pid => describe(pid) ?? []);
}

/** The processes below `root`, children before grandchildren. */
export function descendants(all: readonly ProcessInfo[], root: number): ProcessInfo[] {
	const children = Map.groupBy(all, ({parent}) => parent);
	const found = [...children.get(root) ?? []];
	for (const {pid} of found) found.push(...children.get(pid) ?? []);
	return found;
}

/** starttime is field 22 of proc_pid_stat(5); the state, field 3, is the first behind the name. */
const START = 22 - 3;

export interface Stat {
	readonly name: string;
	readonly isZombie: boolean;
	readonly parent: number;
	readonly group: number;
	readonly session: number;
	/** When it was made, in ticks of the kernel's clock. */
	readonly start: number;
}

/** `/proc/<pid>/stat`, whose name may itself hold spaces and parentheses; null if there is no such process. */
export function statOf(pid: number): Stat | null {
	const stat = slurp(`/proc/${pid}/stat`);
	if (!stat) return null;
	const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	const [state, parent, group, session] = words;
	return {
		name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')), isZombie: state === 'Z',
		parent: Number(parent), group: Number(group), session: Number(session), start: Number(words[START]),
	};
}

/** The last value of a variable in the environment with which the process was executed; null if it may not be read. */
export function variableOf(pid: number, name: string): string | null {
	const variable = slurp(`/proc/${pid}/environ`)?.split('\0').findLast(text => text.startsWith(`${name}=`));
	return variable?.slice(name.length + 1) ?? null;
}

function describe(pid: number): ProcessInfo | null {
	const stat = statOf(pid);
	if (!stat) return null;
	const words = (slurp(`/proc/${pid}/cmdline`) ?? '').split('\0').filter(word => word !== '').join(' ');
	const {name, parent, session, isZombie} = stat;
	return {pid, parent, session, isZombie, command: words || `[${name}]`, service: variableOf(pid, 'ARCHON_SERVICE')};
}

/**
 * Who the children of a process are, by the kernel's own lists (proc_pid_children(5), CONFIG_PROC_CHILDREN), which
 * are read when asked for; where it keeps none, all processes are looked at, once. While processes end, a list may
 * be short of some.
 */
export function kinship(): (pid: number) => readonly number[] {
	hasLists ??= slurp(`/proc/self/task/${process.pid}/children`) !== null;
	if (hasLists) return pid => tasks(pid).flatMap(task => numbers(slurp(`/proc/${pid}/task/${task}/children`)));
	const children = Map.groupBy(pids(), pid => statOf(pid)?.parent);
	return pid => children.get(pid) ?? [];
}

/** archon's own children. */
export const children = (): readonly number[] => kinship()(process.pid);

let hasLists: boolean | undefined;

/** archon makes every process in its first thread, to which orphans come as well. */
const tasks = (pid: number): readonly (number | string)[] => (pid === process.pid ? [pid] : list(`/proc/${pid}/task`));

const numbers = (text: string | null): number[] => (text ? text.trimEnd().split(' ').map(Number) : []);

/** Every process that can be seen, by its number. */
export const pids = (): number[] => list('/proc').filter(name => /^\d+$/.test(name)).map(Number);

let isOwn: boolean | undefined;

/** Whether there is a /proc, and of archon's own PID namespace: in another's the same numbers are other processes. */
export function hasProc(): boolean {
	if (isOwn !== undefined) return isOwn;
	try {
		isOwn = readlinkSync('/proc/self') === String(process.pid);
	} catch {
		isOwn = false;
	}
	return isOwn;
}

function list(path: string): readonly string[] {
	if (!hasProc()) return [];
	try {
		return readdirSync(path);
	} catch {
		return [];
	}
}

/** What a file of /proc says; null where it cannot be read, as of a process that is gone. */
export function slurp(path: string): string | null {
	if (!hasProc()) return null;
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return null;
	}
}
