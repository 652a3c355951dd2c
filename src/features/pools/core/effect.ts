/** What the machine of a pool asks of its hands. */
import type {SignalNumber} from '../../../core/signal-numbers.ts';
import type {Peer, Run} from './event.ts';
import type {NodeOrder} from './wire.ts';

/** What a node is shown as: `waiting` for its turn or its parent, `booting`, `ready`, or `crashed`. */
export type NodeStatus = 'waiting' | 'booting' | 'ready' | 'crashed';

/** How loud a line on the log is. */
export type Level = 'info' | 'warn' | 'error';

export type Effect =
	/** Make the root's process; `spawned` or `refused` answers. It is tracked from then on. */
	| {readonly kind: 'spawn'}
	/** Write an order to a node. */
	| {readonly kind: 'send'; readonly peer: Peer; readonly message: NodeOrder}
	/** The next descriptor on that NODE is this run's COMMAND; without this one, a descriptor there is wrong. */
	| {readonly kind: 'watchRun'; readonly peer: Peer; readonly run: Run}
	/** `group`: and all of the process group that it leads. It is not sent to a process that was tracked and has ended. */
	| {readonly kind: 'signal'; readonly pid: number; readonly signal: SignalNumber; readonly group: boolean}
	/** Close a NODE and its FEATURE, after reading what is in the latter. */
	| {readonly kind: 'drop'; readonly peer: Peer}
	/** Watch the end of a process, which `exited` tells; at once where no process has that pid. */
	| {readonly kind: 'track'; readonly pid: number}
	/** Files that a node has loaded, of which changes are to be told; a path may be added again. */
	| {readonly kind: 'files'; readonly node: string; readonly add: readonly string[]}
	/** All files of a node are its own no more; those of other nodes stay. */
	| {readonly kind: 'forget'; readonly node: string}
	/** Hand a run's argc, ARGS, STDIO and STDERR to its COMMAND; `hasEnv`: its worker takes an environment, too. */
	| {readonly kind: 'hand'; readonly run: Run; readonly hasEnv: boolean}
	/**
	 * Tell a client: first a pid where there is one, then a text on the stream that `on` names, then the status, which ends the run: all
	 * that the hands have of it is closed. There is exactly one status for each run, also for one whose client is gone.
	 */
	| {
		readonly kind: 'answer'; readonly run: Run; readonly pid: number | null; readonly text: string | null;
		readonly on: 'stdio' | 'stderr'; readonly status: number | null;
	}
	/** A node is seen to be in another status; `why`: of a crash, else null. */
	| {readonly kind: 'changed'; readonly node: string; readonly status: NodeStatus; readonly pid: number | null; readonly why: string | null}
	/** A run of a command has begun, or ended with a status. */
	| {
		readonly kind: 'command'; readonly run: Run; readonly node: string; readonly command: string; readonly pid: number | null;
		readonly client: number; readonly status: number | null;
	}
	/** Part of the tree restarts; `node`: the topmost that does; `why`: `lib/a.py changed`, `SIGUSR1`. */
	| {readonly kind: 'restarted'; readonly node: string; readonly why: string}
	/** The tree has another plan from now on: all nodes of the old one are gone. */
	| {readonly kind: 'planned'}
	/** All nodes have been ready at one time, for the first time. */
	| {readonly kind: 'ready'}
	| {readonly kind: 'log'; readonly level: Level; readonly text: string}
	/** The pool has stopped: no node is left, and each client has its status. */
	| {readonly kind: 'over'};
