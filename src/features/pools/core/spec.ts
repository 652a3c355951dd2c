/** What the config says of one pool: the tree of its nodes, their commands, and how they are kept. */
import type {Millis} from '../../../core/time.ts';

/** Whether a node whose action has failed waits for a change, or is tried again by itself. A node that dies is always booted again. */
export type NodeRestart = 'on-change' | 'always';

/** One pool as its master gets it. */
export interface PoolSpec {
	readonly name: string;
	/** The program and arguments of the root's worker. */
	readonly command: readonly string[];
	readonly root: PlanNode;
	/** From the first change of a file to the restart of the nodes that have loaded it. */
	readonly delay: Millis;
	/** Whether commands end with the node that they were forked from, instead of running on. */
	readonly killCommandsOnRestart: boolean;
	readonly restart: NodeRestart;
	/** The names of variables that a command gets from its client's environment, where the worker can take them. */
	readonly envPass: readonly string[];
	/** How long a node may take from its registration until its action has ended. */
	readonly bootTimeout: Millis;
}

/** A process that loads something and forks others. No two nodes of a plan have the same name. */
export interface PlanNode {
	readonly name: string;
	/** The text that a worker with the capability `A` runs; null: it has code of that name. */
	readonly action: string | null;
	readonly nodes: readonly PlanNode[];
	readonly commands: readonly PlanCommand[];
}

/** What clients ask for; each run of it is a fork of its node. */
export interface PlanCommand {
	readonly name: string;
	readonly aliases: readonly string[];
	readonly action: string | null;
}

/** Bounds of a plan, which its reader enforces and the machine takes for granted. */
export const PLAN_MAX = {nodes: 256, depth: 32, commands: 64, nameBytes: 255} as const;

/** How long changes of files are gathered unless the config says otherwise. */
export const DELAY: Millis = 300;

/** How long a node may boot unless the config says otherwise. */
export const BOOT_TIMEOUT: Millis = 300_000;
