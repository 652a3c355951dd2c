/** What is decided from outside of the config: rulings of tests, hitlists and manifests, and runs that are due. */
import {begin, hasEnded, isInTheWay, yieldTo} from './demand.ts';
import type {Entry} from './entry.ts';
import type {Event} from './event.ts';
import type {Id} from './ids.ts';
import {read} from './service-table.ts';
import {isToRun} from './state.ts';
import {type Turn} from './turn.ts';
import {withRuling} from './wanted.ts';

/**
 * A decider has spoken of services. One that is to run from now on starts afresh, with what it needs; one that is not stops. What has
 * failed or exited is started again if it is to run and `revive` is set. The same ruling again changes nothing but its reason and time.
 */
export function rule(turn: Turn, {rule: decider, rulings, revive}: Extract<Event, {kind: 'rule'}>): void {
	for (const {id, ruling} of rulings) {
		const entry = read(turn.state.table, id);
		if (!entry || (!ruling && !entry.rulings[decider] && !revive)) continue;
		const after: Entry = {...entry, rulings: withRuling(entry.rulings, decider, ruling && {...ruling, at: turn.now})};
		const [was, is] = [isToRun(entry), isToRun(after)];
		turn.isJudged ||= entry.rulings[decider]?.runs !== ruling?.runs;
		if (was === is && !(revive && is && hasEnded(entry))) turn.put(after);
		else if (is) begin(turn, after);
		else turn.write({...after, restartPending: false, stop: after.service.stop});
	}
}

/**
 * Runs are due: services that are at rest start, and are to run until they are at rest again. What an operator has stopped, or
 * a decider does not let run, does not start. `trigger`: the failure for which they are started; then what conflicts with them stops
 * as by an action, which undoes no operator's start: such a one is waited for.
 */
export function fire(turn: Turn, ids: readonly Id[], trigger: Entry['trigger'] = null): void {
	for (const id of ids) {
		const entry = read(turn.state.table, id);
		if (!entry || entry.phase.kind !== 'down') continue;
		const due: Entry = {...entry, desired: entry.desired === 'auto' ? 'due' : entry.desired};
		if (!isToRun(due)) continue;
		if (trigger) for (const rival of entry.rivals) makeWay(turn, rival, entry, trigger);
		begin(turn, due, trigger);
	}
}

function makeWay(turn: Turn, id: Id, {service: {name}}: Entry, {ARCHON_FAILED_SERVICE: failed}: NonNullable<Entry['trigger']>): void {
	const rival = read(turn.state.table, id);
	if (!rival || !isInTheWay(rival)) return;
	if (rival.desired === 'due') return yieldTo(turn, id);
	const {service: {origin}} = rival;
	if (rival.desired === 'start' && origin !== 'run' && origin !== 'daemon') return;
	const rulings = withRuling(rival.rulings, 'action', {runs: false, why: `${name} was started as ${failed} has failed`, at: turn.now});
	const after: Entry = {...rival, desired: 'auto', rulings, restartPending: false, stop: rival.service.stop};
	if (!isToRun(after)) turn.write(after);
}
