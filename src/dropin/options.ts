/** What a small init was asked for, as data: what to run, what becomes of each signal, and in whose words it speaks. */
import type {Outcome} from '../core/outcome.ts';
import type {Command} from '../core/service.ts';
import {RTMAX, RTMIN, SIG, type SignalNumber} from '../core/signal-numbers.ts';

/** What a dialect may look at beyond its arguments. */
export interface Invocation {
	/** As it was called: the path or name that precedes the arguments. */
	readonly name: string;
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly pid: number;
	/** archon's own. */
	readonly version: string;
}

/** Something to say and be done, or something to run. */
export type Parsed =
	| {readonly kind: 'say'; readonly line: Line; readonly status: number}
	| {readonly kind: 'license'}
	| {readonly kind: 'run'; readonly options: InitOptions};

/** A text with its newlines, and whether it goes to stdout or stderr. */
export interface Line {
	readonly fd: 1 | 2;
	readonly text: string;
}

export interface InitOptions {
	/** Null: nothing is run, and SIGINT or SIGTERM ends it with status 0. */
	readonly argv: Command | null;
	/**
	 * Where the command stands: in a group of its own, in the foreground of archon's terminal if stdin is that; in a session
	 * of its own, which has the terminal at stdin if that is to be had; or in archon's own group.
	 */
	readonly placement: 'foreground' | 'attached' | 'beside';
	/** Whether archon's terminal is looked for at /dev/tty first. */
	readonly opensTty: boolean;
	/** Signals that are heard, and what is sent for each; 0: nothing is. */
	readonly signals: ReadonlyMap<SignalNumber, SignalNumber>;
	readonly ignored: readonly SignalNumber[];
	/** After these archon stops itself as well, until it is continued. */
	readonly suspends: readonly SignalNumber[];
	/** Whether signals go to the command's whole process group. */
	readonly toGroup: boolean;
	/** Sent to that group when the command has ended, 0: nothing is, though that is said; null: nothing is said either. */
	readonly finalSignal: SignalNumber | null;
	readonly isSubreaper: boolean;
	/** archon hears it when its own parent ends; null: nothing. */
	readonly parentDeath: SignalNumber | null;
	/** Whether archon gives its terminal up first, so that the command's session can have it. */
	readonly leavesTerminal: boolean;
	/** Whether archon goes to / and keeps no file system busy. */
	readonly leavesDirectory: boolean;
	/** Whether archon keeps nothing open of what it was started with beyond the three streams; the command does. */
	readonly closesOthers: boolean;
	/** Whether sockets that were passed to archon are passed on to the command (sd_listen_fds(3), LISTEN_PID). */
	readonly passesSockets: boolean;
	/** Statuses of the command that become 0. */
	readonly successStatuses: ReadonlySet<number>;
	/** The command's status where it cannot be executed for want of it, of rights, or for another reason. */
	readonly refusal: {readonly missing: number; readonly forbidden: number; readonly other: number};
	readonly describe: Describe;
}

/** What the process `pid` says of what happens. `reasonOf` has an errno in words. */
export type Describe = (event: InitEvent, reasonOf: (errno: number) => string, pid: number) => readonly Line[];

export type InitEvent =
	| {readonly kind: 'begun'}
	/** Orphans will come to archon, or to somebody else. */
	| {readonly kind: 'subreaper'}
	| {readonly kind: 'bystander'}
	/** Its terminal was given up, as the leader of its session or not; or could not be. */
	| {readonly kind: 'detached'; readonly isLeader: boolean}
	| {readonly kind: 'undetached'; readonly errno: number}
	/** No process could be made. */
	| {readonly kind: 'unforked'; readonly errno: number}
	| {readonly kind: 'spawned'; readonly program: string; readonly pid: number}
	/** What the command's process says before it executes: it leads a session, with a terminal or for an errno without one. */
	| {readonly kind: 'leading'; readonly errno: number}
	/** It looks for the terminal at stdin, and is not in the foreground of one. */
	| {readonly kind: 'ttyless'; readonly errno: number}
	| {readonly kind: 'background'; readonly errno: number}
	| {readonly kind: 'refused'; readonly program: string; readonly errno: number}
	| {readonly kind: 'heard'; readonly signal: SignalNumber}
	/** It came of giving the terminal up, and concerns nobody. */
	| {readonly kind: 'skipped'; readonly signal: SignalNumber}
	| {readonly kind: 'sent'; readonly signal: SignalNumber; readonly sent: SignalNumber}
	/** The command is gone, or may not be signalled. */
	| {readonly kind: 'unsent'; readonly signal: SignalNumber; readonly sent: SignalNumber; readonly target: number; readonly errno: number}
	| {readonly kind: 'paused'}
	| {readonly kind: 'reaped'; readonly pid: number; readonly outcome: Outcome; readonly isCommand: boolean}
	/** All that have ended are reaped, and there are others or none. */
	| {readonly kind: 'drained'; readonly isChildless: boolean}
	| {readonly kind: 'over'; readonly status: number};

/** A program to run, and what is the same for all. */
export const run = (options: InitOptions): Parsed => ({kind: 'run', options});

export const say = (fd: 1 | 2, text: string, status: number): Parsed => ({kind: 'say', line: {fd, text}, status});

/** Faults, and what a process does to itself. */
export const PERSONAL: readonly SignalNumber[] = [SIG.ILL, SIG.BUS, SIG.FPE, SIG.SEGV, SIG.TRAP, SIG.ABRT, SIG.SYS];

/**
 * Every signal that can be heard but these, each passed on as it is. SIGCHLD is about archon's own children. A fault among
 * them is one that was sent: the kernel ends archon by one of its own although it is blocked (sigprocmask(2)).
 */
export function everySignalBut(own: readonly SignalNumber[]): Map<SignalNumber, SignalNumber> {
	const without = new Set([SIG.KILL, SIG.STOP, SIG.CHLD, ...own]);
	const all = [...Array.from({length: 31}, (_, i) => i + 1), ...Array.from({length: RTMAX - RTMIN + 1}, (_, i) => RTMIN + i)];
	return new Map(all.filter(signal => !without.has(signal)).map(signal => [signal, signal]));
}
