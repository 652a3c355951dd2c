/** What a supervisor is to the bench: how N services are written down for it, and how it is started, asked and ended. */

export type Command = readonly [string, ...string[]];

/** What is to be run. */
export interface Job {
	/** Exists, and is empty. */
	readonly folder: string;
	/** The service's program. Its number is its argument, or the name of its working directory. */
	readonly program: string;
	readonly count: number;
	/** Where the lines of the services go. Null: as the supervisor has it by default. */
	readonly log: Log | null;
	/** archon's executable where PID 1 sees it. */
	readonly archon: string;
	/** The same where the bench sees it, with `archonctl` beside it. */
	readonly archonHere: string;
	/** The folder of the npm package pm2. */
	readonly pm2: string;
	/** A copy of Node of its own, whose pages it shares with no other process. */
	readonly node: string;
}

export type Log =
	/** Into `files` files of at most `size` bytes. */
	| {readonly kind: 'file'; readonly folder: string; readonly size: number; readonly files: number}
	/** To PID 1's own stdout, in whatever form the supervisor has for it. */
	| {readonly kind: 'pipe'};

/** PID 1. */
export interface Start {
	readonly command: Command;
	readonly environment?: Readonly<Record<string, string>>;
}

/** How the whole is asked to end gracefully. */
export interface End {
	/** Before the signal, where the signal alone would end PID 1 and leave the services to SIGKILL. */
	readonly command?: (job: Job) => Command;
	readonly signal: NodeJS.Signals;
}

export interface Supervisor {
	readonly name: string;
	/** Debian packages that it needs, itself first; empty: it comes from elsewhere. */
	readonly packages: readonly string[];
	/** Programs that must be on PATH, its main one first. */
	readonly programs: readonly string[];
	/** What the figures depend on: how a crash is followed by a restart, and what was chosen for it here. */
	readonly manner: string;
	/** How many services it can have. */
	readonly most: number;
	/** Writes the config; or says why it cannot do this. */
	start(job: Job): Start | string;
	/** Tells of all services; null: it has no such thing. */
	readonly status: ((job: Job) => Command) | null;
	/** A socket of its own, and a record that it answers with one that ends with `Ok`. */
	readonly requests?: {readonly path: (job: Job) => string; readonly record: (job: Job) => string};
	readonly end: End;
	/** What it can do with lines. */
	readonly logs: readonly Log['kind'][];
}

/** The numbers of a job's services. */
export const numbers = ({count}: Pick<Job, 'count'>): readonly number[] => Array.from({length: count}, (_, number) => number);
