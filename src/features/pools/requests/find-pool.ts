/** The pool that a request names. */
import {err, ok, type Result} from '../../../core/result.ts';
import {find, isPool} from '../../../core/state.ts';
import type {Daemon} from '../../../control/daemon.ts';
import {choose} from '../../../control/names.ts';
import type {Scope} from '../../../control/scope.ts';
import type {Pooling} from './pooling.ts';

/** The error says why it cannot be asked. */
export function findPool(daemon: Daemon, name: string, scope: Scope): Result<Pooling, string> {
	const chosen = choose(daemon.state(), [name], scope);
	if (!chosen.ok) return chosen;
	const entry = find(daemon.state(), name);
	const pooling = daemon.pools();
	return entry && isPool(entry) && pooling ? ok(pooling) : err(`${name} is no pool`);
}
