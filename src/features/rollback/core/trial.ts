/** How a reload is tried: what becomes of the services that it has started, and what follows from that. */
import {duration} from '../../../core/duration.ts';
import type {Entry} from '../../../core/entry.ts';
import type {Reconfigured, View} from '../../../core/feature.ts';
import {listed} from '../../../core/listed.ts';
import {entryOf, isToRun, isUnderWay, isWanted} from '../../../core/state.ts';
import {lastEnd} from '../../../core/status.ts';
import type {Failure, TrialRules} from '../../../core/trial.ts';
import type {Change} from '../../../core/turn.ts';
import type {Rollback, Trial} from './part.ts';

/** How many services are remembered by name. */
const NAMES_MAX = 100;

/** A service has changed, perhaps one that is tried. */
export function judge(own: Rollback, trial: Trial, {before, after}: Change, view: View): Rollback {
	const starts = trial.starts[after.id];
	if (starts === undefined) return own;
	const why = lossOf({before, after}, starts);
	if (why !== null) return concludeTrial(own, trial, view, {name: after.service.name, why});
	const left = trial.left + Number(hasCome(before, starts)) - Number(hasCome(after, starts));
	const next = {...trial, left};
	return left === 0 ? concludeTrial(own, next, view, null) : {...own, trial: next};
}

/** The trial ends without a verdict, and the config stays. */
export const breakOff = (own: Rollback, trial: Trial, view: View, why: string): Rollback =>
	concludeTrial(own, {...trial, rollsBack: false}, view, {name: null, why});

/** Another config is in force. */
export function reconfigured(own: Rollback, view: View, {started, trial: rules, isRollback, dropped}: Reconfigured): Rollback {
	if (isRollback) return putBack(own, view);
	const ended = own.trial ? breakOff(own, own.trial, view, 'another config has been put in force') : own;
	const fresh = {...ended, due: null, undone: null, names: [], dropped: {}};
	return rules ? beginTrial({...fresh, dropped}, rules, started, view) : fresh;
}

/** Its time is over. */
export function late(own: Rollback, trial: Trial, view: View): Rollback {
	const open = openIn(trial, view);
	const [first = null] = open;
	const names = open.length > 0 ? listed(open, 1) : 'a service';
	return concludeTrial(own, trial, view, {name: first, why: `${names} did not become ready within ${duration(trial.timeout)}`});
}

function beginTrial(own: Rollback, rules: TrialRules, started: Reconfigured['started'], view: View): Rollback {
	// With those that are restarted together with one of them.
	const ids = new Set(started);
	const tried: Entry[] = [];
	for (const id of ids) {
		const entry = entryOf(view.state, id);
		if (!entry || !isWanted(entry, view.state.stage)) continue;
		tried.push(entry);
		if (isUnderWay(entry.phase)) for (const edge of entry.dependents) if (edge.restart) ids.add(edge.id);
	}
	const trial: Trial = {
		...rules, deadline: view.now + rules.timeout, left: tried.length,
		starts: Object.fromEntries(tried.map(({id, starts}) => [id, starts])),
	};
	if (tried.length === 0) return concludeTrial(own, trial, view, null);
	return {...own, trial, names: tried.slice(0, NAMES_MAX).map(({service}) => service.name)};
}

function concludeTrial(own: Rollback, {rollsBack}: TrialRules, view: View, failure: Failure | null): Rollback {
	view.emit({kind: 'tried', failure, rollsBack: failure !== null && rollsBack});
	return {...own, trial: null, due: rollsBack ? failure : null};
}

function putBack(own: Rollback, view: View): Rollback {
	if (!own.due) return own;
	return {trial: null, due: null, undone: {...own.due, at: view.now, names: own.names}, names: [], dropped: {}};
}

function openIn({starts}: Trial, {state}: View): readonly string[] {
	return Object.entries(starts).flatMap(([id, before]) => {
		const entry = entryOf(state, Number(id));
		return entry && !hasCome(entry, before) ? [entry.service.name] : [];
	});
}

/** Whether a run is ready or done, or was skipped, that was begun after `before` others; or it is not to run any more. */
export function hasCome(entry: Entry, before: number): boolean {
	const {phase, starts, leaving} = entry;
	if (phase.kind === 'down' && phase.cause === 'stopped') return !isToRun(entry);
	if (phase.kind === 'down' && phase.cause === 'skipped') return true;
	if (starts <= before || leaving) return false;
	if (phase.kind === 'up') return phase.isReady && phase.health !== 'starting' && phase.health !== 'unhealthy';
	return phase.kind === 'done' || (phase.kind === 'down' && phase.cause === 'completed');
}

/** Why the reload has failed with this change of a service; null: it may still become ready, or is. */
function lossOf({before, after}: Change, starts: number): string | null {
	const {phase, service: {name}} = after;
	if (!isToRun(after)) return null;
	if (phase.kind === 'waiting' && phase.isBlocked) return `${name}: waits for a service that has failed`;
	if (phase.kind === 'down' && phase.cause === 'failed' && after.starts <= starts) return `${name}: ${lastEnd(after)}`;
	// What was asked to end has not failed.
	if (after.starts <= starts || before.leaving) return null;
	if (phase.kind === 'up' && phase.health === 'unhealthy') return `${name}: unhealthy`;
	if (phase.kind === 'stopping') return phase.blame === null ? null : `${name}: ${phase.blame}`;
	const hasEnded = phase.kind === 'backoff' || (phase.kind === 'waiting' && 'run' in before.phase)
		|| (phase.kind === 'down' && (phase.cause === 'failed' || phase.cause === 'exited'));
	return hasEnded ? `${name}: ${lastEnd(after)}` : null;
}
