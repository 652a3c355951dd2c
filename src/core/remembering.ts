/** How archon begins with what one before it has left: what was asked holds, and what runs goes on. Loaded where anything is kept. */
import {begin} from './demand.ts';
import type {Entry} from './entry.ts';
import type {Run} from './ids.ts';
import {becomeUp} from './lifecycle.ts';
import {onNews} from './news.ts';
import type {Adopted} from './outcome.ts';
import {isAlive, type Phase, type Starting} from './phase.ts';
import type {Remembered} from './remembered.ts';
import {desiredOf} from './resume.ts';
import {freeId, read, write} from './service-table.ts';
import type {Service} from './service.ts';
import {find, isHelper, isToRun, newEntry, type State} from './state.ts';
import {type Instant, NEVER} from './time.ts';
import type {Turn} from './turn.ts';
import {decisionOf, NO_RULINGS, type Rulings, UNASKED} from './wanted.ts';
import {UNPLANNED} from '../features/schedule/core/known.ts';
import {keeping, KEPT} from '../features/state/core.ts';

/** The state with these services as well, which are not to run yet; a name that is taken is left out. */
export function withTransients(state: State, services: readonly Service[], now: Instant): State {
	if (services.length === 0) return state;
	const transients = new Map(state.transients);
	let {table} = state;
	for (const service of services) {
		if (transients.has(service.name) || state.names.has(service.name)) continue;
		const id = freeId(table);
		table = write(table, newEntry(id, service, now));
		transients.set(service.name, id);
	}
	return {...state, table, transients};
}

/** Services are as an archon before this one has left them, as far as that still holds; it is before `boot`, and none of them runs. */
export function remember(turn: Turn, {runs, services, transients}: Remembered): void {
	turn.state = {...turn.state, runs, slices: {...turn.state.slices, [keeping.name]: KEPT}};
	turn.state = withTransients(turn.state, transients, turn.now);
	for (const [name, {asked, starts, rulings, rest, scheduled}] of services) {
		const entry = find(turn.state, name);
		if (!entry || isHelper(entry)) continue;
		turn.put({
			...entry, starts, desired: asked === 'auto' ? entry.desired : asked,
			rulings: rulings === NO_RULINGS ? entry.rulings : together(rulings, entry),
			phase: rest === null ? entry.phase : {kind: 'down', cause: rest},
			timing: scheduled && entry.service.schedule?.isCaughtUp ? {...UNPLANNED, ...scheduled} : null,
		});
	}
	turn.recount();
	// What these need is not remembered: it follows from them.
	for (const name of services.keys()) {
		const entry = find(turn.state, name);
		if (entry?.phase.kind !== 'down' || entry.phase.cause !== 'new' || !isToRun(entry)) continue;
		if (entry.desired === 'start' || decisionOf(entry)) begin(turn, entry);
	}
}

/** Goes on with main processes of an archon that has ended: nothing is done a second time for them. */
export function adoptForeign(turn: Turn, adopted: readonly Adopted[]): void {
	for (const {id, run, pid, isForeign, isOutdated} of adopted) {
		const entry = read(turn.state.table, id);
		if (!entry || !isForeign || isAlive(entry.phase)) continue;
		turn.state = {...turn.state, runs: Math.max(turn.state.runs, run)};
		const begun: Entry = {...entry, desired: desiredOf(entry), starts: Math.max(1, entry.starts), rulings: asItRuns(entry.rulings)};
		turn.write({...begun, phase: underWay(begun, run, pid, turn.now), restartPending: isOutdated === true});
		if (entry.service.type === 'daemon' && entry.service.ready) onNews(turn, id, run, {kind: 'ready'});
	}
}

/**
 * Who decides from outside may have spoken already, and knows better. A test that has not been asked yet has not: what it said last
 * counts until it answers. Of a service that has none any more nothing is kept.
 */
function together({test, ...others}: Rulings, {service, rulings}: Entry): Rulings {
	const isOld = test && service.test && (!rulings.test || rulings.test.why === UNASKED);
	return {...others, ...rulings, ...isOld && {test}};
}

/** What has not been asked yet leaves a service as it is, and it runs. */
const asItRuns = (rulings: Rulings): Rulings =>
	(rulings.test?.why === UNASKED ? {...rulings, test: {...rulings.test, runs: true}} : rulings);

/** The phase of a process that was started long ago: all that is done once for a start was done. */
function underWay(entry: Entry, run: Run, pid: number, now: Instant): Phase {
	const {type, ready, startTimeout} = entry.service;
	const isUnready = type === 'oneshot' || ready !== null;
	const phase: Starting = {
		kind: 'starting', run, pid, isHooked: false, isUnready, handover: null, deadline: now + startTimeout, steadyAt: NEVER, probes: null,
	};
	const {phase: after} = becomeUp(phase, entry, now);
	return after === 'await' ? phase : after;
}
