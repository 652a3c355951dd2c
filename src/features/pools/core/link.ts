/** What PID 1 and the master of a pool say to each other, over the link of helpers: kinds of messages, and the JSON in them. */
import type {NodeStatus} from './effect.ts';
import type {NodeRow} from './rows.ts';

/**
 * From the master: a node's row, as `NodeRow` (after RESET all of them, in the order of the plan, and then TREE); all rows are told, and
 * those of nodes that were not named since RESET, or since TREE_NEW, are no more; the tree is another one; something has happened, as
 * `PoolEvent`. To a question: a row as JSON, and the end of the answer, with its number; the payload of the end says what is wrong.
 */
export const [NODE, TREE, TREE_NEW, HAPPENED, ROW, ANSWER] = ['N', 'T', 't', 'E', 'r', 'a'];

/** To the master: a question, as `Question`, with a number. */
export const ASK = 'Q';

/** How many rows of nodes PID 1 keeps of a pool, and how many rows of one answer it hears. */
export const [ROWS_MAX, ANSWER_MAX] = [256, 100_000];

/** Questions of one pool that wait for their answers. */
export const QUESTIONS_MAX = 64;

/** Of a text in a row or event, in characters: the rest is cut off. */
export const TEXT_MAX = 4000;

export type {NodeRow};

export type PoolEventKind = 'node-ready' | 'node-crashed' | 'node-ended' | 'command-started' | 'command-ended' | 'pool-restarted';

/** What happened in a pool. */
export interface PoolEvent {
	readonly kind: PoolEventKind;
	readonly node: string;
	readonly pid: number | null;
	readonly command: string | null;
	/** The pid of the client. */
	readonly client: number | null;
	/** The exit status of the command. */
	readonly status: number | null;
	readonly why: string | null;
}

/** `tree`: `TreeRow`s; `commands`: `CommandRow`s; `features`: `FeatureRow`s; `restart`: no rows. `node` null: all. */
export interface Question {
	readonly ask: 'tree' | 'commands' | 'features' | 'restart';
	readonly node: string | null;
	/** Who asks, for the log. */
	readonly by: string;
	/** `tree`: the memory of each process is read. */
	readonly memory: boolean;
}

/** A node, or a command that runs, in the order of the tree: each after its parent. */
export interface TreeRow extends NodeRow {
	/** The name of the command that runs; null: it is a node. */
	readonly command: string | null;
	/** Of its memory: its share of what it shares, and what is its own alone, in KiB (proc(5), smaps_rollup); null: not read. */
	readonly pss: number | null;
	readonly own: number | null;
	/** How many files it has loaded that its parent has not. */
	readonly features: number;
	/** How many commands it has in the plan. */
	readonly commands: number;
}

export interface CommandRow {
	readonly command: string;
	readonly aliases: readonly string[];
	readonly node: string;
	/** Of its node. */
	readonly status: NodeStatus;
	/** How many run of it. */
	readonly running: number;
}

export interface FeatureRow {
	readonly node: string;
	readonly path: string;
}
