/** Reads the config again and puts it in force; a config with a problem changes nothing. */
import type {Config} from '../core/config.ts';
import {compare, describe} from '../core/reconfigure.ts';
import {partOf} from '../core/features.ts';
import {err, ok, type Result} from '../core/result.ts';
import {entryOf} from '../core/state.ts';
import {arrival} from '../features/service-manager/core.ts';
import type {Log} from '../os/log.ts';
import type {Loop} from '../os/loop.ts';
import type {Manager} from '../os/service-manager.ts';

/** Reads the config again, and calls `done` with it or with all of its problems, at once or later. */
export type Reread = (done: (again: Result<Config, readonly string[]>) => void) => void;

export interface ReloadParts {
	readonly loop: Pick<Loop, 'state' | 'dispatch'>;
	readonly log: Log;
	readonly manager: Manager;
	/** Null: archon was started without a config. */
	readonly reread: Reread | null;
	readonly whole: <T>(act: () => T) => T;
	/** Puts in force what the core does not know. */
	readonly adopt: (config: Config) => void;
}

/** Reloads the config, and calls `done` with what has changed or why not. */
export type Reload = (done: (result: Result<string, string>) => void) => void;

export function createReload({loop, log, manager, reread, whole, adopt}: ReloadParts): Reload {
	return done => {
		// Before READY=1, and in a shutdown, RELOADING=1 would have no meaning.
		const isTold = partOf(loop.state(), arrival).hasArrived && loop.state().stage.kind === 'running';
		if (isTold) manager.reloading();
		const take = (config: Result<Config, readonly string[]>): void => whole(() => {
			const result = enforce(config);
			if (isTold) manager.ready(result.ok ? 'config reloaded' : 'cannot reload the config; nothing has changed');
			if (result.ok) log.info(result.value);
			else log.error(`cannot reload the config: ${result.error}; nothing has changed`);
			done(result);
		});
		if (reread) reread(take);
		else take(err(['archon was started without one']));
	};

	function enforce(config: Result<Config, readonly string[]>): Result<string, string> {
		const state = loop.state();
		if (state.stage.kind !== 'running') return err('archon is shutting down');
		if (!config.ok) return err(config.error.join('\n'));
		const taken = config.value.services.find(({name}) => state.transients.has(name));
		if (taken) return err(`the name ${taken.name} is taken by a daemon that a client started`);
		const before = [...state.names.values()].flatMap(id => {
			const entry = entryOf(state, id);
			return entry && !entry.retired ? [entry.service] : [];
		});
		adopt(config.value);
		loop.dispatch({kind: 'reconfigure', ...config.value});
		return ok(`config reloaded: ${describe(compare(before, config.value.services))}`);
	}
}
