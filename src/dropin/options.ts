/** The options of a small init as data: what to run, what to do about each signal, and its messages. */
import type {Outcome} from '../core/outcome.ts';
import type {Command} from '../core/service.ts';
import {RTMAX, RTMIN, SIG, type SignalNumber} from '../core/signal-numbers.ts';

/** How the init was called, apart from its arguments. */
export interface Invocation {
	/** argv[0]. */
	readonly name: string;
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly pid: number;
	/** archon's own version. */
	readonly version: string;
}

/** The result of reading the arguments: a text to print, or a command to run. */
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
	/** Null: no command is run, and SIGINT or SIGTERM ends the init with status 0. */
	readonly argv: Command | null;
	/**
	 * `foreground`: the command is in a process group of its own, in the foreground of the terminal if stdin is one.
	 * `attached`: in a session of its own, with stdin as controlling terminal if possible. `beside`: in archon's own group.
	 */
	readonly placement: 'foreground' | 'attached' | 'beside';
	/** Whether /dev/tty is tried as terminal first. */
	readonly opensTty: boolean;
	/** The signals that are caught, and the one that is sent for each; 0: none is sent. */
	readonly signals: ReadonlyMap<SignalNumber, SignalNumber>;
	readonly ignored: readonly SignalNumber[];
	/** After these signals archon stops itself as well, until SIGCONT. */
	readonly suspends: readonly SignalNumber[];
	/** Whether signals go to the command's whole process group. */
	readonly toGroup: boolean;
	/** The signal to the group after the command has ended; 0: none, but it is told as sent; null: none, and nothing is told. */
	readonly finalSignal: SignalNumber | null;
	readonly isSubreaper: boolean;
	/** The signal that archon gets when its parent ends (prctl(2)); null: none. */
	readonly parentDeath: SignalNumber | null;
	/** Whether archon detaches from its terminal, so that the command's session can have it. */
	readonly leavesTerminal: boolean;
	/** Whether archon changes its own directory to /, so that it keeps no file system busy. */
	readonly leavesDirectory: boolean;
	/** Whether archon closes all inherited descriptors but the three streams; the command keeps them. */
	readonly closesOthers: boolean;
	/** Whether sockets that were passed to archon are passed on to the command (sd_listen_fds(3), LISTEN_PID). */
	readonly passesSockets: boolean;
	/** Exit statuses of the command that become 0. */
	readonly successStatuses: ReadonlySet<number>;
	/** The exit status where the command is not found, may not be executed, or fails to execute for another reason. */
	readonly refusal: {readonly missing: number; readonly forbidden: number; readonly other: number};
	readonly describe: Describe;
}

/** The messages of process `pid` about an event; `reasonOf` is strerror(3). */
export type Describe = (event: InitEvent, reasonOf: (errno: number) => string, pid: number) => readonly Line[];

export type InitEvent =
	| {readonly kind: 'begun'}
	/** archon is a subreaper (prctl(2)), or orphans go to another process. */
	| {readonly kind: 'subreaper'}
	| {readonly kind: 'bystander'}
	/** archon has detached from its terminal, or could not. */
	| {readonly kind: 'detached'; readonly isLeader: boolean}
	| {readonly kind: 'undetached'; readonly errno: number}
	/** fork(2) failed. */
	| {readonly kind: 'unforked'; readonly errno: number}
	| {readonly kind: 'spawned'; readonly program: string; readonly pid: number}
	/** The command's process leads a session; errno: it has no terminal. */
	| {readonly kind: 'leading'; readonly errno: number}
	/** /dev/tty cannot be opened, and stdin is used; the command cannot be put in the foreground. */
	| {readonly kind: 'ttyless'; readonly errno: number}
	| {readonly kind: 'background'; readonly errno: number}
	| {readonly kind: 'refused'; readonly program: string; readonly errno: number}
	| {readonly kind: 'heard'; readonly signal: SignalNumber}
	/** A signal that detaching from the terminal has caused; it is not forwarded. */
	| {readonly kind: 'skipped'; readonly signal: SignalNumber}
	| {readonly kind: 'sent'; readonly signal: SignalNumber; readonly sent: SignalNumber}
	/** The signal could not be sent. */
	| {readonly kind: 'unsent'; readonly signal: SignalNumber; readonly sent: SignalNumber; readonly target: number; readonly errno: number}
	| {readonly kind: 'paused'}
	| {readonly kind: 'reaped'; readonly pid: number; readonly outcome: Outcome; readonly isCommand: boolean}
	/** All ended children are reaped; other children run, or archon has no more children. */
	| {readonly kind: 'drained'; readonly isChildless: boolean}
	| {readonly kind: 'over'; readonly status: number};

/** A command to run. */
export const run = (options: InitOptions): Parsed => ({kind: 'run', options});

/** A text to print, and the exit status. */
export const say = (fd: 1 | 2, text: string, status: number): Parsed => ({kind: 'say', line: {fd, text}, status});

/** Signals of faults, which a process causes itself. */
export const PERSONAL: readonly SignalNumber[] = [SIG.ILL, SIG.BUS, SIG.FPE, SIG.SEGV, SIG.TRAP, SIG.ABRT, SIG.SYS];

/**
 * Forwards every catchable signal but these as itself. SIGCHLD is about archon's own children. A fault signal among them
 * was sent by a process: after a fault of its own the kernel ends archon although the signal is blocked (sigprocmask(2)).
 */
export function everySignalBut(own: readonly SignalNumber[]): Map<SignalNumber, SignalNumber> {
	const without = new Set([SIG.KILL, SIG.STOP, SIG.CHLD, ...own]);
	const all = [...Array.from({length: 31}, (_, i) => i + 1), ...Array.from({length: RTMAX - RTMIN + 1}, (_, i) => RTMIN + i)];
	return new Map(all.filter(signal => !without.has(signal)).map(signal => [signal, signal]));
}
