/** The way up: needs are waited for, processes are made, and operators start and restart services. */
import {duration} from './duration.ts';
import type {Edge, Entry} from './entry.ts';
import type {Id} from './ids.ts';
import {hookOf} from './lifecycle.ts';
import type {Spawning} from './phase.ts';
import {read} from './service-table.ts';
import {holds, isFailedNeed, isUnderWay, isWanted, meets} from './state.ts';
import {type Millis, NEVER} from './time.ts';
import {type Turn} from './turn.ts';

/** Needs that do not hold and are waited for no longer. */
export function waivers(turn: Turn, {phase, needs}: Entry): number {
	if (phase.kind !== 'waiting' || phase.waived.length === 0) return 0;
	const {waived} = phase;
	return needs.filter(edge => waived.includes(edge.id) && !isHeld(turn, edge)).length;
}

function isHeld(turn: Turn, edge: Edge): boolean {
	const need = read(turn.state.table, edge.id);
	return need !== undefined && holds(need, edge);
}

function isNeedLost(turn: Turn, edge: Edge): boolean {
	const need = read(turn.state.table, edge.id);
	return need !== undefined && isFailedNeed(need, edge);
}

/** Some need has been waited for long enough: a hard one has failed its dependent, others are waived. */
export function onLate(turn: Turn, entry: Entry): void {
	const {phase, needs} = entry;
	if (phase.kind !== 'waiting') return;
	// As its deadline was told, so that no rounding parts the two.
	const since = entry.since + entry.stalled;
	const late = needs.filter(edge => since + edge.timeout <= turn.now && !isHeld(turn, edge));
	const hard = late.find(({strength}) => strength === 'hard');
	if (hard) {
		return failStart(turn, entry, `waited ${duration(hard.timeout)} for ${read(turn.state.table, hard.id)?.service.name}`);
	}
	const later = needs.map(({timeout}) => since + timeout).filter(deadline => deadline > turn.now);
	turn.write({...entry, phase: {...phase, deadline: Math.min(NEVER, ...later), waived: late.map(({id}) => id)}});
}

/** It has failed without having been started; how it ended before has nothing to do with that. */
export function failStart(turn: Turn, entry: Entry, blame: string): void {
	turn.write({...entry, phase: {kind: 'down', cause: 'failed'}, blame, outcome: null, refusal: null});
}

export function spawn(turn: Turn, entry: Entry): void {
	const wait = entry.ends.length > 0 ? takeToken(turn) : 0;
	if (wait > 0) return turn.write({...entry, phase: {kind: 'backoff', deadline: turn.now + wait}});
	const {id, service} = entry;
	const run = turn.nextRun();
	const isHooked = service.hooks.preStart.length > 0;
	const phase: Spawning = {kind: 'spawning', run, isHooked, deadline: isHooked ? turn.now + service.startTimeout : NEVER};
	turn.emit(isHooked ? hookOf(entry, phase, turn.now) : {kind: 'spawn', id, run, service});
	turn.write({...entry, phase, starts: entry.starts + 1});
}

/** How long until a restart may be made; 0: now, and it is counted. So a storm leaves the machine usable. */
function takeToken(turn: Turn): Millis {
	const {bucket, settings: {startRate: {perSecond, burst}}} = turn.state;
	const level = Math.min(burst, bucket.level + ((turn.now - bucket.at) / 1000) * perSecond);
	const isFree = level >= 1;
	turn.state = {...turn.state, bucket: {level: isFree ? level - 1 : level, at: turn.now}};
	// A little more than it takes, so that no rounding makes it come too early again and again.
	return isFree ? 0 : ((1 - level) / perSecond) * 1000 + 1;
}

/** Starts the services, and whatever they need that is not there. */
export function start(turn: Turn, ids: readonly Id[]): void {
	const seen = new Set(ids);
	for (const id of seen) {
		const entry = read(turn.state.table, id);
		if (!entry) continue;
		for (const need of entry.needs) {
			const needed = read(turn.state.table, need.id);
			if (needed && need.strength !== 'order' && !meets(needed, need.condition)) seen.add(need.id);
		}
		const fresh: Entry = {...entry, desired: 'start', stop: entry.service.stop};
		const rests = entry.phase.kind === 'down' || entry.phase.kind === 'backoff';
		if (rests) turn.awaitNeeds({...fresh, ends: [], restartPending: false, blame: null});
		else turn.write(fresh);
	}
}

export function restart(turn: Turn, ids: readonly Id[]): void {
	const others: Id[] = [];
	for (const id of ids) {
		const entry = read(turn.state.table, id);
		if (!entry) continue;
		if (!isUnderWay(entry.phase)) {
			others.push(id);
			continue;
		}
		// Without them it would not come back.
		for (const edge of entry.needs) if (isNeedLost(turn, edge)) others.push(edge.id);
		turn.write({...entry, desired: 'start', restartPending: true});
	}
	start(turn, others);
}

/** Whether some that are restarted with this one must end before it does; they are told to. */
export function restartsDependents(turn: Turn, {dependents}: Entry): boolean {
	const along = dependents.filter(({id, restart}) => {
		const entry = restart ? read(turn.state.table, id) : undefined;
		return entry && isUnderWay(entry.phase) && !entry.leaving;
	});
	for (const {id} of along) turn.toRestart.add(id);
	return along.length > 0;
}

export function restartWithNeed(turn: Turn, id: Id): void {
	const entry = read(turn.state.table, id);
	if (!entry || !isWanted(entry, turn.state.stage)) return;
	if (isUnderWay(entry.phase)) turn.write({...entry, restartPending: true});
}
