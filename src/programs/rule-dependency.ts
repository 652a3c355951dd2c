/** A dependency that a rule in Lua asks for: what an operator's request `Depend` could make, without paths and commands. */
import {WHOLE} from '../control/scope.ts';
import type {Event} from '../core/event.ts';
import {err, ok, type Result} from '../core/result.ts';
import type {State} from '../core/state.ts';
import {refusal} from '../features/deps/requests/depend/handle.ts';
import {DEPEND} from '../features/deps/requests/depend/wire.ts';
import {keptOf} from '../features/monitor/core/kept.ts';

/** `fields`: those of the request. Null: there is such a one already; the error says why there can be none. */
export function readDependency(state: State, fields: readonly string[]): Result<Event | null, string> {
	const request = DEPEND.decode(fields);
	if (!request.ok) return request;
	const {terms, lasts} = request.value;
	if (terms.target.kind === 'pid') return err('a rule names no process by its pid: match:exe=… does');
	const why = refusal(state, {terms}, {scope: WHOLE, may: role => role !== 'admin'});
	if (why !== null) return err(why);
	const isThere = keptOf(state)?.dependencies.some(({text}) => text === terms.text) ?? false;
	return ok(isThere ? null : {kind: 'depend', terms, lasts, process: null});
}
