/** How services start: they wait for their needs, processes are spawned, and operators start and restart them. */
import {beginning} from './beginning.ts';
import {afresh, asNeed, yieldTo} from './demand.ts';
import {byNeed} from './by-need.ts';
import {duration} from './duration.ts';
import type {Edge, Entry} from './entry.ts';
import type {Id} from './ids.ts';
import type {Spawning} from './phase.ts';
import {exitVariables, resultOf} from './restart.ts';
import {read} from './service-table.ts';
import {holds, isFailedNeed, isToRun, isUnderWay, isWanted, meets} from './state.ts';
import {lastEnds} from './status.ts';
import {type Millis, NEVER} from './time.ts';
import type {Change, Turn} from './turn.ts';
import {withRuling} from './wanted.ts';

/** How many of the unmet needs have timed out and are not waited for any more. */
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

/** A need has timed out: without a hard need the service has failed, other needs are waived. */
export function onLate(turn: Turn, entry: Entry): void {
	const {phase, needs} = entry;
	if (phase.kind !== 'waiting') return;
	// Computed as the deadline was, so that rounding cannot make the two differ.
	const since = entry.since + entry.stalled;
	const late = needs.filter(edge => since + edge.timeout <= turn.now && !isHeld(turn, edge));
	const hard = late.find(({strength}) => strength === 'hard');
	if (hard) {
		return failStart(turn, entry, `waited ${duration(hard.timeout)} for ${read(turn.state.table, hard.id)?.service.name}`);
	}
	const later = needs.map(({timeout}) => since + timeout).filter(deadline => deadline > turn.now);
	turn.write({...entry, phase: {...phase, deadline: Math.min(NEVER, ...later), waived: late.map(({id}) => id)}});
}

/** The service has failed without a start; the outcome of its last run does not belong to this. */
export function failStart(turn: Turn, entry: Entry, blame: string): void {
	turn.write({...entry, phase: {kind: 'down', cause: 'failed'}, blame, outcome: null, refusal: null});
}

/** Starts a service whose needs are met: its `pre_start` commands, or its process; or delays it by the rate limit. */
export function spawn(turn: Turn, entry: Entry): void {
	const wait = entry.ends.length > 0 ? takeToken(turn) : 0;
	if (wait > 0) return turn.write({...entry, phase: {kind: 'backoff', deadline: turn.now + wait}});
	const {onlyIf, hooks, startTimeout} = entry.service;
	const isHooked = hooks.preStart.length > 0;
	const deadline = isHooked ? turn.now + startTimeout : NEVER;
	const phase: Spawning = {kind: 'spawning', run: turn.nextRun(), isConditional: onlyIf !== null, isHooked, deadline};
	turn.emit(beginning(entry, phase, turn.now));
	turn.write({...entry, phase, starts: entry.starts + 1});
}

/** How long a restart must wait for a token of the rate limit (ms); 0: it can start now, and has taken one. */
function takeToken(turn: Turn): Millis {
	const {bucket, settings: {startRate: {perSecond, burst}}} = turn.state;
	const level = Math.min(burst, bucket.level + ((turn.now - bucket.at) / 1000) * perSecond);
	const isFree = level >= 1;
	turn.state = {...turn.state, bucket: {level: isFree ? level - 1 : level, at: turn.now}};
	// One millisecond more, so that rounding cannot make it come too early again and again.
	return isFree ? 0 : ((1 - level) / perSecond) * 1000 + 1;
}

/** Starts services, and those of their needs that are not met; what conflicts with them is stopped. */
export const start = (turn: Turn, ids: readonly Id[]): void => startAll(turn, new Set(ids), new Set(ids), () => 'start');

/** `named`: those of them that were asked for; the others are only needed. */
function startAll(turn: Turn, ids: Set<Id>, named: ReadonlySet<Id>, desiredOf: (entry: Entry) => Entry['desired']): void {
	for (const id of ids) {
		const entry = read(turn.state.table, id);
		if (!entry) continue;
		const rulings = withRuling(entry.rulings, 'action', null);
		const fresh: Entry = named.has(id) ? {...entry, desired: desiredOf(entry), rulings} : asNeed(entry);
		afresh(turn, fresh);
		if (!isToRun(fresh)) continue;
		for (const need of entry.needs) {
			const needed = read(turn.state.table, need.id);
			if (needed && need.strength !== 'order' && !meets(needed, need.condition)) ids.add(need.id);
		}
		for (const rival of entry.rivals) yieldTo(turn, rival);
	}
}

/** Restarts services: those that run stop first, the others just start. What is to run anyway is as it was asked for before. */
export function restart(turn: Turn, ids: readonly Id[]): void {
	const others = new Set<Id>();
	const lost = new Set<Id>();
	const desiredOf = (entry: Entry): Entry['desired'] => (isToRun(entry) ? entry.desired : 'start');
	for (const id of ids) {
		const entry = read(turn.state.table, id);
		if (!entry) continue;
		if (!isUnderWay(entry.phase)) {
			others.add(id);
			continue;
		}
		// Without these needs it could not start again.
		for (const edge of entry.needs) if (isNeedLost(turn, edge)) lost.add(edge.id);
		turn.write({...entry, desired: desiredOf(entry), restartPending: true});
	}
	startAll(turn, new Set([...others, ...lost]), others, desiredOf);
}

const ruling = byNeed(() => import('./rulings.ts'));

/** Services start because others have failed for good (`on_failure`). */
export function startForFailures(turn: Turn, change: Change): void {
	startOnFailure(turn, change);
	startForNext(turn, change);
}

/** A service has failed for good: the services that it names start, with variables that tell of it. */
function startOnFailure(turn: Turn, {after}: Change): void {
	const {phase, service: {onFailure}} = after;
	if (onFailure.length === 0 || phase.kind !== 'down' || phase.cause !== 'failed' || turn.state.stage.kind !== 'running') return;
	const trigger = triggerOf(after);
	for (const id of onFailure.flatMap(name => turn.state.names.get(name) ?? [])) {
		const entry = read(turn.state.table, id);
		const isBusy = entry?.service.type === 'oneshot' && entry.phase.kind !== 'down';
		if (!isBusy) ruling().fire(turn, [id], trigger);
		else if (entry.laterTriggers.length < TRIGGERS_MAX) turn.put({...entry, laterTriggers: [...entry.laterTriggers, trigger]});
	}
}

/** How many failures are kept for a service that is still busy with an earlier one. */
const TRIGGERS_MAX = 16;

/** A oneshot that has come to rest is started for the next failure; one that an operator has stopped is not. */
function startForNext(turn: Turn, {after: {id, phase}}: Change): void {
	const entry = phase.kind === 'down' ? read(turn.state.table, id) : undefined;
	if (!entry || phase.kind !== 'down' || entry.laterTriggers.length === 0) return;
	const [next, ...laterTriggers] = entry.laterTriggers;
	if (!next) return;
	if (phase.cause === 'stopped' || turn.state.stage.kind !== 'running') return turn.put({...entry, laterTriggers: []});
	turn.put({...entry, laterTriggers});
	ruling().fire(turn, [id], next);
}

/** What a service knows of the failure for which it was started; MONITOR_* as in systemd.exec(5). */
function triggerOf(entry: Entry): Readonly<Record<string, string>> {
	const {service: {name, restart: {success}}, outcome, blame} = entry;
	const result = outcome ? resultOf({isRequested: false, killed: false, blame}, outcome, success) : 'resources';
	const ends = outcome ? exitVariables(outcome) : null;
	return {
		ARCHON_FAILED_SERVICE: name, ARCHON_FAILED_REASON: lastEnds(entry), MONITOR_UNIT: name, MONITOR_SERVICE_RESULT: result,
		...ends && {MONITOR_EXIT_CODE: ends.EXIT_CODE, MONITOR_EXIT_STATUS: ends.EXIT_STATUS},
	};
}

/** Whether dependents with `restart: true` must stop first; they are told to. */
export function restartsDependents(turn: Turn, {dependents}: Entry): boolean {
	const along = dependents.filter(({id, restart}) => {
		const entry = restart ? read(turn.state.table, id) : undefined;
		return entry && isUnderWay(entry.phase) && !entry.leaving;
	});
	for (const {id} of along) turn.toRestart.add(id);
	return along.length > 0;
}

/** Restarts a dependent whose need has ended or is restarted. */
export function restartWithNeed(turn: Turn, id: Id): void {
	const entry = read(turn.state.table, id);
	if (!entry || !isWanted(entry, turn.state.stage)) return;
	if (isUnderWay(entry.phase)) turn.write({...entry, restartPending: true});
}
