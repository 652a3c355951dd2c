/** `PoolRestart`: the nodes of a pool, or one with those below it, are booted again. */
import {NAME, one, optional, type Pages, type RequestOf, wire} from '../../../../control/wire.ts';

export const POOL_RESTART = wire('pool-restart', {name: one('name', NAME), node: optional('node', NAME)}, {
	verb: 'PoolRestart', role: 'operate', isScoped: true, isRepeatable: false,
});

export type PoolRestartRequest = RequestOf<typeof POOL_RESTART>;

export const pages: Pages = {
	PoolRestart: {
		help: 'end all nodes of a pool, or one and those below it, and boot them again; also those that are crashed',
		rows: [],
		reply: '`Ok` when they are told to end; `Error` where the pool does not run, or has no such node',
		examples: [['PoolRestart,app', 'Ok'], ['PoolRestart,app,nope', 'Error,there is no node nope']],
	},
};
