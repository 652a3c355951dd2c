/**
 * A reload that is on trial: whether each service that it has started becomes ready. If one does not, the reload has
 * failed, and where that was asked for the config before it is put back.
 */
import type {Entry} from '../../core/entry.ts';
import {listed} from '../../core/listed.ts';
import type {Feature, Reconfigured, View} from '../../core/feature.ts';
import {duration} from '../../core/duration.ts';
import {lastEnd} from '../../core/status.ts';
import {entryOf, isToRun, isUnderWay, isWanted} from '../../core/state.ts';
import type {Change} from '../../core/turn.ts';
import {type Instant, NEVER} from '../../core/time.ts';
import type {Failure, TrialRules} from '../../core/trial.ts';

interface Trial extends TrialRules {
	readonly deadline: Instant;
	/** By id: how often the service had been started before. */
	readonly starts: Readonly<Record<string, number>>;
	/** How many of them are not ready. */
	readonly left: number;
}

/** The feature's part of the state. */
export interface Rollback {
	readonly trial: Trial | null;
	/** A trial has failed, and the config before it is not in force yet. */
	readonly due: Failure | null;
	/** The last reload was undone, and the files of the config still say what it said; `names`: what it had started. */
	readonly undone: (Failure & {readonly at: Instant; readonly names: readonly string[]}) | null;
	/** The services of the trial that has failed. */
	readonly names: readonly string[];
	/** What operators had asked of services before the trial (`Reconfigured.dropped`): it holds again if the config before is put back. */
	readonly dropped?: Reconfigured['dropped'];
}

/** How many services are remembered by name. */
const NAMES_MAX = 100;

export const rollback: Feature<Rollback> = {
	name: 'rollback',
	initial: {trial: null, due: null, undone: null, names: []},
	changed(own, {before, after}, view) {
		const {trial} = own;
		const starts = trial?.starts[after.id];
		if (!trial || starts === undefined) return own;
		const why = lossOf({before, after}, starts);
		if (why !== null) return concludeTrial(own, trial, view, {name: after.service.name, why});
		const left = trial.left + Number(hasCome(before, starts)) - Number(hasCome(after, starts));
		const next = {...trial, left};
		return left === 0 ? concludeTrial(own, next, view, null) : {...own, trial: next};
	},
	staged: (own, view) => (own.trial && view.state.stage.kind !== 'running'
		? concludeTrial(own, {...own.trial, rollsBack: false}, view, {name: null, why: 'archon is shutting down'}) : own),
	reconfigured(own, view, {started, trial: rules, isRollback, dropped}) {
		if (isRollback) return putBack(own, view);
		const ended = own.trial
			? concludeTrial(own, {...own.trial, rollsBack: false}, view, {name: null, why: 'another config has been put in force'}) : own;
		const fresh = {...ended, due: null, undone: null, names: [], dropped: {}};
		return rules ? beginTrial({...fresh, dropped}, rules, started, view) : fresh.trial === own.trial && isEmpty(own) ? own : fresh;
	},
	stalled: (own, millis) => (own.trial ? {...own, trial: {...own.trial, deadline: own.trial.deadline + millis}} : own),
	nextDeadline: ({trial}) => trial?.deadline ?? NEVER,
	due(own, view) {
		const {trial} = own;
		if (!trial) return own;
		const open = openIn(trial, view);
		const [first = null] = open;
		const names = open.length > 0 ? listed(open, 1) : 'a service';
		return concludeTrial(own, trial, view, {name: first, why: `${names} did not become ready within ${duration(trial.timeout)}`});
	},
};

const isEmpty = ({due, undone}: Rollback): boolean => due === null && undone === null;

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
