/** How services are made to run, alone or with what they need, and what makes room for them. */
import type {Edge, Entry} from './entry.ts';
import type {Id} from './ids.ts';
import {read} from './service-table.ts';
import {isToRun, isUnderWay, isWanted, meets} from './state.ts';
import {type Turn} from './turn.ts';

/** A service is to run from now on: it starts afresh, and so do those of its needs that are not met and have ended, or did not run. */
export function begin(turn: Turn, entry: Entry, trigger: Entry['trigger'] = null): void {
	afresh(turn, entry, trigger);
	bringNeeds(turn, entry);
}

/** Those of its needs that are not met and have ended, or did not run, start. */
function bringNeeds(turn: Turn, entry: Entry): void {
	const ids = new Set<Id>();
	const demand = (edge: Edge): void => {
		const need = read(turn.state.table, edge.id);
		if (need && edge.strength !== 'order' && !meets(need, edge.condition)) ids.add(edge.id);
	};
	entry.needs.forEach(demand);
	for (const id of ids) {
		const need = read(turn.state.table, id);
		// What an operator has stopped is waited for.
		if (!need || need.desired === 'stop') continue;
		const needed = asNeed(need);
		if (needed !== need || hasEnded(need)) afresh(turn, needed);
		if (isToRun(needed)) need.needs.forEach(demand);
	}
}

/** A service that is to run is started again by its config's own will: what an operator has asked of its needs stays. */
export function again(turn: Turn, entry: Entry): void {
	if (!isUnderWay(entry.phase)) return begin(turn, entry);
	turn.write({...entry, restartPending: true});
	bringNeeds(turn, entry);
}

/** A service that is to run as another one needs it, as soon as all deciders let it; what an operator has asked is forgotten. */
export function asNeed(entry: Entry): Entry {
	if (isToRun(entry)) return entry;
	const {desired, service: {autostart}} = entry;
	const free: Entry = desired === 'stop' ? {...entry, desired: 'auto'} : entry;
	return autostart || isToRun(free) || desired === 'needed' ? free : {...free, desired: 'needed'};
}

/** Writes an entry; if it is to run, and is at rest or waits for its next attempt, it starts with all restarts. */
export function afresh(turn: Turn, entry: Entry, trigger: Entry['trigger'] = null): void {
	const {phase} = entry;
	const fresh: Entry = {...entry, stop: entry.service.stop};
	const rests = phase.kind === 'down' || phase.kind === 'backoff';
	if (!rests || !isWanted(fresh, turn.state.stage)) turn.write(fresh);
	else turn.awaitNeeds({...fresh, ends: [], restartPending: false, blame: null, trigger});
}

/** Whether it is at rest by itself, and not as its work is done. */
export const hasEnded = ({phase}: Entry): boolean => phase.kind === 'down' && (phase.cause === 'failed' || phase.cause === 'exited');

/** Whether a service that conflicts with it cannot run as long as nothing else is asked of it. */
export const isInTheWay = (entry: Entry): boolean =>
	isToRun(entry) && !(entry.phase.kind === 'down' && entry.phase.cause !== 'new' && entry.phase.cause !== 'stopped');

/** A service that conflicts with one that is started stops, and stays stopped; a run that was due is over. */
export function yieldTo(turn: Turn, id: Id): void {
	const rival = read(turn.state.table, id);
	if (!rival || !isInTheWay(rival)) return;
	const isDue = rival.desired === 'due' && !isToRun({...rival, desired: 'auto'});
	turn.write({...rival, desired: isDue ? 'auto' : 'stop', restartPending: false, stop: rival.service.stop});
}
