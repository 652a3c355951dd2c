/** What the hands tell the machine of a pool. */
import type {SignalNumber} from '../../../core/signal-numbers.ts';
import type {PoolSpec} from './spec.ts';
import type {NodeMessage} from './wire.ts';

/** The number of one NODE connection, given by the hands and never used twice. */
export type Peer = number;

/** The number of one client's command, given by the hands and never used twice. */
export type Run = number;

/**
 * Order matters where a process has done several things before it ended: its messages come first, then `closed`, then `exited`; and what
 * was read of its FEATURE pipe comes before the `said` that it wrote afterwards.
 */
export type Event =
	/** A deadline has passed. What can be read is told before. */
	| {readonly kind: 'tick'}
	/** The root's process was made. */
	| {readonly kind: 'spawned'; readonly pid: number}
	/** The root's process could not be made. */
	| {readonly kind: 'refused'; readonly why: string}
	/**
	 * A NODE connection has said `P:` and handed its FEATURE pipe. `pid` is that of the socket's maker by the kernel, and what `P:` says. A
	 * `K:` that came before the pipe follows as `said`.
	 */
	| {readonly kind: 'registered'; readonly peer: Peer; readonly pid: number; readonly parent: number; readonly name: string}
	| {readonly kind: 'said'; readonly peer: Peer; readonly message: NodeMessage}
	/** A NODE connection is no more; `why`: null at its end, else what was wrong with it. The hands have closed it. */
	| {readonly kind: 'closed'; readonly peer: Peer; readonly why: string | null}
	/** A process that is tracked has ended; both null: how is not known, as another process was its parent. */
	| {readonly kind: 'exited'; readonly pid: number; readonly status: number | null; readonly signal: SignalNumber | null}
	/** A node has loaded files, by absolute path. */
	| {readonly kind: 'loaded'; readonly peer: Peer; readonly paths: readonly string[]}
	/** Files were written, made, removed or renamed, or had been before they were watched. */
	| {readonly kind: 'changed'; readonly paths: readonly string[]}
	/** A client has asked for a command, and handed its three descriptors. */
	| {readonly kind: 'asked'; readonly run: Run; readonly clientPid: number; readonly argc: number; readonly command: string}
	/** A client's connection has ended. */
	| {readonly kind: 'gone'; readonly run: Run}
	/**
	 * The COMMAND descriptor of a run has come on the NODE that was asked; `pid`: its maker by the kernel. For a run that has its status the
	 * hands close it; where one came before, they close that one.
	 */
	| {readonly kind: 'runner'; readonly run: Run; readonly pid: number}
	/** A runner has said the pid of its command, which is not the master's own. */
	| {readonly kind: 'begun'; readonly run: Run; readonly pid: number}
	/** A runner has said the exit status of its command. */
	| {readonly kind: 'done'; readonly run: Run; readonly status: number}
	/** A runner has said what is no message, or too much: it is ended. */
	| {readonly kind: 'garbled'; readonly run: Run; readonly why: string}
	/** Somebody asks for a restart; `node` null: of all; `by` is said on the log. */
	| {readonly kind: 'restart'; readonly node: string | null; readonly by: string}
	/** The config was read again: the tree is torn down and built as it says now. */
	| {readonly kind: 'plan'; readonly spec: PoolSpec}
	| {readonly kind: 'stop'};
