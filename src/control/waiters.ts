/**
 * What requests wait for: each waiter is for one service to reach one aim. They are judged after a change of the core's
 * state, and only those that the change can concern.
 */
import type {Effect} from '../core/effect.ts';
import type {Entry} from '../core/entry.ts';
import type {Id} from '../core/ids.ts';
import {exitStatus, refusalStatus} from '../core/outcome.ts';
import {describeRefusal, lastEnd} from '../core/status.ts';
import {SHUTTING_DOWN} from '../core/stage.ts';
import {entryOf, isToRun, type State} from '../core/state.ts';
import {type Blockers, createBlockers} from './blockers.ts';
import {because, judgeGoal, type Verdict} from './reaching.ts';
import type {Goal} from './requests/wait/wire.ts';

/**
 * `start`: up, or completed. `restart`: the same, by a new process. `stop`: no process. `spawn`: a process,
 * no matter how it goes on. `end`: at rest; the verdict carries an exit status. The others are those of `Wait`.
 */
export type Aim = 'start' | 'restart' | 'stop' | 'spawn' | 'end' | Goal;

export interface Waiter {
	readonly aim: Aim;
	readonly id: Id;
	readonly name: string;
	/** How often the service had been started before the request. */
	readonly starts: number;
	/** A start that was skipped, as its conditions do not hold, is well: it was meant only as one of several. */
	readonly maySkip?: boolean;
	/** What was asked for, in a refusal; else as its aim is called. */
	readonly verb?: string;
	/** Called once. */
	readonly resolve: (verdict: Verdict) => void;
}

export interface Waiters {
	/** Judges the waiters at once and keeps those that are still open. */
	add(waiters: readonly Waiter[]): void;
	drop(waiter: Waiter): void;
	onEffects(effects: readonly Effect[]): void;
	/** After a request that may have made open waiters impossible without a change of phase. */
	review(): void;
}

export function createWaiters(stateOf: () => State): Waiters {
	const open = new Map<Id, Set<Waiter>>();

	const resolve = (waiter: Waiter, verdict: Verdict): void => {
		drop(waiter);
		waiter.resolve(verdict);
	};
	const drop = (waiter: Waiter): void => {
		const waiters = open.get(waiter.id);
		waiters?.delete(waiter);
		if (waiters?.size === 0) open.delete(waiter.id);
	};
	const judgeAll = (waiters: Iterable<Waiter>, entry: Entry | undefined, blockers: Blockers): void => {
		for (const waiter of [...waiters]) {
			const verdict = judge(waiter, entry, blockers);
			if (verdict) resolve(waiter, verdict);
		}
	};
	const review = (): void => {
		const blockers = createBlockers(stateOf());
		for (const [id, waiters] of [...open]) judgeAll(waiters, entryOf(stateOf(), id), blockers);
	};

	/** What depends on a service that came to rest may now wait in vain. */
	const reviewDependents = (entry: Entry, blockers: Blockers): void => {
		const seen = new Set(entry.dependents.map(({id}) => id));
		for (const id of seen) {
			const dependent = entryOf(stateOf(), id);
			if (dependent?.phase.kind !== 'waiting') continue;
			judgeAll(open.get(id) ?? [], dependent, blockers);
			for (const next of dependent.dependents) seen.add(next.id);
		}
	};

	return {
		drop, review,
		add(waiters) {
			const blockers = createBlockers(stateOf());
			for (const waiter of waiters) {
				const verdict = judge(waiter, entryOf(stateOf(), waiter.id), blockers);
				if (verdict) waiter.resolve(verdict);
				else open.set(waiter.id, (open.get(waiter.id) ?? new Set()).add(waiter));
			}
		},
		onEffects(effects) {
			if (open.size === 0) return;
			const blockers = createBlockers(stateOf());
			for (const effect of effects) {
				if (effect.kind === 'stage' && effect.stage.kind !== 'running') {
					for (const waiter of [...open.values()].flatMap(waiters => [...waiters])) {
						if (needsStart(waiter)) resolve(waiter, {kind: 'missed', reason: SHUTTING_DOWN});
					}
				} else if (effect.kind === 'changed') {
					judgeAll(open.get(effect.after.id) ?? [], effect.after, blockers);
					// Not when it is on its way up again: a restart of many services would review all for each.
					if (entryOf(stateOf(), effect.after.id)?.phase.kind === 'down') reviewDependents(effect.after, blockers);
				} else if (effect.kind === 'forgotten') {
					judgeAll(open.get(effect.entry.id) ?? [], undefined, blockers);
				}
			}
		},
	};
}

const needsStart = ({aim}: Waiter): boolean => NEEDS_START.has(aim);

const NEEDS_START: ReadonlySet<Aim> = new Set(['start', 'restart', 'spawn', 'ready', 'healthy', 'running']);

/** What an entry means for a waiter; null while it can still go either way. */
function judge(waiter: Waiter, entry: Entry | undefined, blockers: Blockers): Verdict | null {
	switch (waiter.aim) {
		case 'start':
		case 'restart': return judgeStart(waiter, entry, blockers);
		case 'stop': return judgeStop(waiter, entry);
		case 'spawn': return judgeSpawn(waiter, entry);
		case 'end': return judgeEnd(waiter, entry);
		default: return judgeGoal(waiter.aim, waiter.starts, entry, blockers);
	}
}

const REACHED: Verdict = {kind: 'reached', status: 0};

const VERBS = {start: 'start', restart: 'restart', stop: 'stop', spawn: 'start', end: 'run'} as const;

const missed = ({aim, name, verb = VERBS[aim as keyof typeof VERBS]}: Waiter, why: string): Verdict =>
	({kind: 'missed', reason: `cannot ${verb} ${name}: ${why}`});

function judgeStart(waiter: Waiter, entry: Entry | undefined, blockers: Blockers): Verdict | null {
	if (!entry) return missed(waiter, 'it was removed');
	const isNew = waiter.aim === 'start' || entry.starts > waiter.starts;
	const {phase} = entry;
	switch (phase.kind) {
		case 'up': return isNew && !entry.leaving ? REACHED : null;
		case 'waiting':
			return blockers.isStuck(entry) ? missed(waiter, `it is waiting for ${blockers.waitsFor(entry)}`) : null;
		case 'done': return isNew && !entry.leaving ? REACHED : null;
		case 'backoff': return missed(waiter, `${lastEnd(entry)}; it will be started again`);
		case 'down': {
			// The core will start it in the same step: it came down to be started again.
			if (phase.cause === 'new' || (phase.cause === 'stopped' && isToRun(entry))) return null;
			if (phase.cause === 'stopped') return missed(waiter, `it was stopped${because(entry)}`);
			if (phase.cause === 'completed') return isNew ? REACHED : null;
			if (phase.cause === 'skipped') return waiter.maySkip ? REACHED : missed(waiter, `skipped: ${lastEnd(entry)}`);
			return missed(waiter, lastEnd(entry));
		}
		case 'spawning':
		case 'starting':
		case 'stopping': return null;
	}
}

function judgeStop(waiter: Waiter, entry: Entry | undefined): Verdict | null {
	if (!entry || entry.phase.kind === 'down') return REACHED;
	return isToRun(entry) ? missed(waiter, 'it was started again') : null;
}

function judgeSpawn(waiter: Waiter, entry: Entry | undefined): Verdict | null {
	if (!entry) return missed(waiter, 'it was removed');
	const {phase, refusal} = entry;
	if (phase.kind === 'spawning' || phase.kind === 'waiting') return null;
	if (refusal) return missed(waiter, describeRefusal(refusal));
	return phase.kind === 'down' && !entry.outcome ? missed(waiter, 'it was stopped') : REACHED;
}

function judgeEnd(waiter: Waiter, entry: Entry | undefined): Verdict | null {
	if (!entry) return missed(waiter, 'it was removed');
	const {phase, refusal, outcome} = entry;
	if (phase.kind !== 'down' && phase.kind !== 'done') return null;
	if (refusal) return {kind: 'reached', status: refusalStatus(refusal)};
	if (outcome) return {kind: 'reached', status: exitStatus(outcome)};
	return missed(waiter, 'it was stopped before it was started');
}
