/** All that the machine of a pool knows. It is a value: a step makes another one, and leaves this one as it was. */
import {NEVER, type Instant} from '../../../core/time.ts';
import type {Peer, Run} from './event.ts';
import {deadlineOf, type Phase} from './life.ts';
import {type Plan, planOf} from './plan.ts';
import {runDeadlineOf, type RunPhase} from './run.ts';
import type {PoolSpec} from './spec.ts';
import {type Table, tables} from './table.ts';
import type {Capability} from './wire.ts';

/** What changes of a node. */
export interface Node {
	readonly id: number;
	readonly phase: Phase;
	/** Since when it has the status that it is shown with. */
	readonly since: Instant;
	readonly failures: number;
	readonly can: readonly Capability[];
	/** The child node that it was told to make: it is told of one after the other. */
	readonly child: number | null;
	/** The run for which it was told to fork a runner. The next descriptor is for this one, and so there is one at a time. */
	readonly call: Run | null;
	/** Orders in a row for new nodes that it has not obeyed. */
	readonly unanswered: number;
	/** The runs that wait for it, in order. */
	readonly queue: readonly Run[];
	/** The files that it has loaded in this boot, and no node above it. */
	readonly files: Table<string>;
	/**
	 * Those of boots before, down to the last one that made it ready: they count again when a boot fails, as what is missing now was there
	 * then.
	 */
	readonly earlier: Table<string>;
	/** One of them has changed. */
	readonly isStale: boolean;
}

/** One client's command. */
export interface RunState {
	readonly run: Run;
	/** The node's number in the plan; while it is queued or called that is the plan in force. */
	readonly node: number;
	readonly nodeName: string;
	readonly command: string;
	readonly client: number;
	/** How often its node has ended before there was a runner. */
	readonly tries: number;
	/** When it began to run; before that, when it was asked for. */
	readonly since: Instant;
	readonly phase: RunPhase;
}

/** Whose process it is. */
export type Owner = {readonly pid: number; readonly node: number} | {readonly pid: number; readonly run: Run};

/** Changes of files that are gathered until the restart. */
export interface Batch {
	readonly at: Instant;
	readonly path: string;
	/** How many others have changed. */
	readonly more: number;
}

export interface Pool {
	readonly spec: PoolSpec;
	readonly plan: Plan;
	readonly stage: 'running' | 'stopping' | 'over';
	readonly nodes: Table<Node>;
	readonly runs: Table<RunState>;
	readonly owners: Table<Owner>;
	readonly peers: Table<{readonly peer: Peer; readonly node: number}>;
	readonly batch: Batch | null;
	/** What is built once all nodes of the plan in force have ended. */
	readonly next: PoolSpec | null;
	/** How many nodes are ready. */
	readonly ready: number;
	/** Whether all have been at one time. */
	readonly wasReady: boolean;
	/** How many runs have not been told a status. */
	readonly open: number;
	/** How many files the nodes have loaded. */
	readonly files: number;
	/** How many they have loaded in boots before. */
	readonly earlier: number;
	/** Whether a path was left out because of FILES_MAX. */
	readonly isFull: boolean;
}

/** Clients at one time. */
export const CLIENTS_MAX = 1024;

/** Files of all nodes of a pool. */
export const FILES_MAX = 100_000;

export const nodeTables = tables<number, Node>({keyOf: ({id}) => id, deadlineOf: ({phase}) => deadlineOf(phase)});
export const runTables = tables<Run, RunState>({keyOf: ({run}) => run, deadlineOf: ({phase}) => runDeadlineOf(phase)});
export const ownerTables = tables<number, Owner>({keyOf: ({pid}) => pid});
export const peerTables = tables<Peer, {readonly peer: Peer; readonly node: number}>({keyOf: ({peer}) => peer});
export const pathTables = tables<string, string>({keyOf: path => path});

/** A pool of which nothing runs yet: the first event starts it, a `tick` if there is no other. */
export function createPool(spec: PoolSpec): Pool {
	return {
		...treeOf(spec, 0), stage: 'running', runs: runTables.empty, owners: ownerTables.empty, peers: peerTables.empty,
		next: null, wasReady: false, open: 0, isFull: false,
	};
}

/** All nodes of a plan, without a process. */
export function treeOf(spec: PoolSpec, now: Instant): Pick<Pool, 'spec' | 'plan' | 'nodes' | 'ready' | 'files' | 'earlier' | 'batch'> {
	const plan = planOf(spec.root);
	let nodes = nodeTables.empty;
	for (const {id} of plan.places) {
		nodes = nodeTables.write(nodes, {
			id, phase: {kind: 'down'}, since: now, failures: 0, can: [], child: null, call: null, unanswered: 0, queue: [],
			files: pathTables.empty, earlier: pathTables.empty, isStale: false,
		});
	}
	return {spec, plan, nodes, ready: 0, files: 0, earlier: 0, batch: null};
}

/** When the pool wants a `tick`. */
export const nextDeadline = ({nodes, runs, batch, stage}: Pool): Instant =>
	(stage === 'over' ? NEVER : Math.min(nodes.deadline, runs.deadline, batch?.at ?? NEVER));
