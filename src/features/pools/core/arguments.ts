/** What the master of a pool is started with: the one argument of `archon.pool`, as JSON. */
import type {PoolSpec} from './spec.ts';

/** What a config says of a pool beside its tree. */
export type PoolRules = Pick<PoolSpec, 'delay' | 'killCommandsOnRestart' | 'restart' | 'envPass' | 'bootTimeout'>;

export interface PoolArguments {
	readonly name: string;
	/** Where its processes begin; null: where the master does. */
	readonly dir: string | null;
	/** Where clients find it; relative paths begin in `dir`. */
	readonly socket: string;
	readonly socketMode: number;
	/** The file of the tree, which the master reads at each start and rebuild; null: `spec` has the tree. Relative to `dir`. */
	readonly config: string | null;
	/** Null: the tree is that of `config`. */
	readonly spec: PoolSpec | null;
	readonly rules: PoolRules;
	/** The port of a monitor of files in a network; null: files are watched here. */
	readonly network: number | null;
}

/** The same where the config is read: the name of the pool is that of its service. */
export type PoolSettings = Omit<PoolArguments, 'name'>;
