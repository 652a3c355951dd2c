/** Processes as /proc shows them (proc(5)). */
import {pid as ownPid, uid as ownUid} from '../identity.ts';
import {sys} from '../sys.ts';

export interface ProcessInfo {
	readonly pid: number;
	readonly parent: number;
	readonly session: number;
	readonly isZombie: boolean;
	/** As of `commandOf`. */
	readonly command: string;
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

/** Fields of proc_pid_stat(5); the state, field 3, is the first behind the name. */
const [UTIME, STIME, CUTIME, CSTIME, START, RSS, EXIT] = [14 - 3, 15 - 3, 16 - 3, 17 - 3, 22 - 3, 24 - 3, 52 - 3];

/** A tick of the kernel's clock for programs (USER_HZ), in milliseconds: 10 wherever archon runs. */
export const TICK = 10;

/** No pid is larger (PID_MAX_LIMIT). */
const PIDS_MAX = 1 << 22;
/** What is read at most: of most files, of a command that is shown, of an environment (execve(2)), and of a list of pids. */
const FILE_MAX = 4096;
const COMMAND_MAX = 4096;
const ENVIRON_MAX = 2 << 20;
const LIST_MAX = 4 << 20;

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
	return stat ? read(stat, wordsOf(stat, START)) : null;
}

/** What a process uses. The kernel tells it without looking at the memory of the process, so that none can make archon wait. */
export interface Usage {
	/** What it has computed, in milliseconds. */
	readonly cpu: number;
	/** What those of its children had computed that have ended, and theirs. */
	readonly cpuOfEnded: number;
	/** Resident, in bytes: what it shares with others counts in full (RSS; the kernel may be a few pages behind). */
	readonly memory: number;
}

/**
 * How a process has ended that has not been waited for, as wait(2) has it; null: it has not, or the kernel does not say. Of
 * other users' it says 0 to those who may not trace them, and so that counts for archon's own user only.
 */
export function exitOf(pid: number): number | null {
	const stat = slurp(`/proc/${pid}/stat`);
	const words = stat ? wordsOf(stat, EXIT) : [];
	const status = Number(words[EXIT] ?? 0);
	return words[0] === 'Z' && (status > 0 || uidOf(pid) === ownUid) ? status : null;
}

export function statAndUsageOf(pid: number): Stat & Usage | null {
	const stat = slurp(`/proc/${pid}/stat`);
	if (!stat) return null;
	const words = wordsOf(stat, RSS);
	const ticks = (one: number, other: number): number => (Number(words[one]) + Number(words[other])) * TICK;
	pageSize ??= sys.pageSize();
	return {...read(stat, words), cpu: ticks(UTIME, STIME), cpuOfEnded: ticks(CUTIME, CSTIME), memory: Number(words[RSS]) * pageSize};
}

const wordsOf = (stat: string, last: number): readonly string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ', last + 1);

const read = (stat: string, words: readonly string[]): Stat => ({
	name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')), isZombie: words[0] === 'Z',
	parent: Number(words[1]), group: Number(words[2]), session: Number(words[3]), start: Number(words[START]),
});

let pageSize: number | undefined;

/** Its real uid, whatever it executes (proc_pid_status(5)); null if there is no such process. */
export function uidOf(pid: number): number | null {
	const uid = /^Uid:\t(\d+)/m.exec(slurp(`/proc/${pid}/status`) ?? '')?.[1];
	return uid === undefined ? null : Number(uid);
}

/** The uid as which it acts. */
export function effectiveUidOf(pid: number): number | null {
	const uid = /^Uid:\t\d+\t(\d+)/m.exec(slurp(`/proc/${pid}/status`) ?? '')?.[1];
	return uid === undefined ? null : Number(uid);
}

/** The environment with which the process was executed; null if it may not be read, or not now. */
export const environOf = (pid: number): string | null => slurpMemory(`/proc/${pid}/environ`, ENVIRON_MAX);

/** The last value of a variable in an environment; null if it has none. */
export function variableIn(environ: string | null, name: string): string | null {
	if (environ === null) return null;
	const found = environ.lastIndexOf(`\0${name}=`);
	if (found < 0 && !environ.startsWith(`${name}=`)) return null;
	const from = found + 1 + name.length + 1;
	const end = environ.indexOf('\0', from);
	return environ.slice(from, end < 0 ? environ.length : end);
}

function describe(pid: number): ProcessInfo | null {
	const stat = statOf(pid);
	return stat && {pid, parent: stat.parent, session: stat.session, isZombie: stat.isZombie, command: commandOf(pid, stat)};
}

/** Its arguments, or in brackets the name of what has none, or does not let them be read now. */
export function commandOf(pid: number, {name}: Stat): string {
	const words = (slurpMemory(`/proc/${pid}/cmdline`, COMMAND_MAX) ?? '').split('\0').filter(word => word !== '').join(' ');
	return words || `[${name}]`;
}

/**
 * Who the children of a process are, by the kernel's own lists (proc_pid_children(5), CONFIG_PROC_CHILDREN), which
 * are read when asked for; where it keeps none, all processes are looked at, once. While processes end, a list may
 * be short of some.
 */
export function processTree(): (pid: number) => readonly number[] {
	hasLists ??= slurp(`/proc/self/task/${ownPid}/children`) !== null;
	if (hasLists) return pid => tasks(pid).flatMap(task => numbers(slurp(`/proc/${pid}/task/${task}/children`, LIST_MAX)));
	const children = Map.groupBy(pids(), pid => statOf(pid)?.parent);
	return pid => children.get(pid) ?? [];
}

/** archon's own children. */
export const children = (): readonly number[] => processTree()(ownPid);

/** archon's own children, but for those that it knows. */
export function childrenBesides(known: readonly number[]): readonly number[] {
	const others = hasProc() ? sys.childrenBesides(known) : [];
	return typeof others === 'number' ? children().filter(pid => !known.includes(pid)) : others;
}

let hasLists: boolean | undefined;

/** archon makes every process in its first thread, to which orphans come as well. */
const tasks = (pid: number): readonly (number | string)[] => (pid === ownPid ? [pid] : list(`/proc/${pid}/task`));

const numbers = (text: string | null): number[] => (text ? text.trimEnd().split(' ').map(Number) : []);

/** Every process that can be seen, by its number, the lowest first. */
export const pids = (): number[] => list('/proc').filter(isDigit).map(Number);

/** Of the names in /proc only those of processes begin with a figure. */
const isDigit = (name: string): boolean => name.charCodeAt(0) >= 48 && name.charCodeAt(0) <= 57;

let isOwn: boolean | undefined;

/** Whether there is a /proc, and of archon's own PID namespace: in another's the same numbers are other processes. */
export const hasProc = (): boolean => isOwn ??= sys.readLink('/proc/self') === String(ownPid);

function list(path: string): readonly string[] {
	const names = hasProc() ? sys.readFolder(path, PIDS_MAX) : [];
	return typeof names === 'number' ? [] : names;
}

/** How long processes may keep archon from reading their memory, within how many milliseconds; a fast read counts nothing. */
const [PATIENCE, PERIOD, SLOW] = [50, 1000, 2];
let [began, waited] = [-Infinity, 0];

/**
 * Reads what a process holds in its own memory. While it changes that (mprotect(2)) every reader waits, and many that do
 * nothing else could keep archon waiting for ever: when that takes too long, archon reads the memory of no process for a while.
 */
function slurpMemory(path: string, most: number): string | null {
	const start = sys.now();
	if (start - began > PERIOD) [began, waited] = [start, 0];
	if (waited > PATIENCE) return null;
	const text = slurp(path, most);
	const taken = sys.now() - start;
	if (taken > SLOW) waited += taken;
	return text;
}

/** What a file of /proc says; null where it cannot be read, as of a process that is gone. */
export function slurp(path: string, most = FILE_MAX): string | null {
	const text = hasProc() ? sys.readText(path, most) : null;
	return typeof text === 'string' ? text : null;
}
