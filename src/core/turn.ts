/**
 * One step while it is computed: the state and the effects so far, and the entries that are still to be examined. Entries
 * are changed by `write` only, which keeps the counters that others rely on.
 */
import type {Effect} from './effect.ts';
import type {Entry} from './entry.ts';
import type {Event} from './event.ts';
import type {Id, Run} from './ids.ts';
import type {Transition} from './lifecycle.ts';
import {isAlive, isPreparing, WAITING} from './phase.ts';
import {entries as all, read, write} from './service-table.ts';
import {countAwaited, holds, isAwaited, isGoingDown, isFailedNeed, isLiving, isRunning, isWanted, type State} from './state.ts';
import {startupAfter} from './startup.ts';
import {type Instant, NEVER} from './time.ts';
import {DECIDERS, type Rulings} from './wanted.ts';

/** A service that is in another phase. */
export interface Change {
	readonly before: Entry;
	readonly after: Entry;
}

/** One step while it is computed. */
export class Turn {
	state: State;
	readonly effects: Effect[] = [];
	readonly raised: Event[] = [];
	readonly now: Instant;
	/** Services to be examined, as a change may let them start or stop. */
	readonly toExamine = new Set<Id>();
	/** Services that are restarted with a need (`restart: true`), and one of their needs has ended. */
	readonly toRestart = new Set<Id>();
	/** As of `View`. */
	isJudged = false;
	readonly #tellOfChange: (change: Change, turn: Turn) => void;

	constructor(state: State, now: Instant, tellOfChange: (change: Change, turn: Turn) => void) {
		this.state = state;
		this.now = now;
		this.#tellOfChange = tellOfChange;
	}

	/** Adds effects. */
	emit(...effects: readonly Effect[]): void {
		this.effects.push(...effects);
	}

	/** As of `View`. */
	get isAtRest(): boolean {
		return this.raised.length === 0 && this.toExamine.size === 0;
	}

	/** Adds an event that is handled in this step, after all features have been told of this one. */
	raise(event: Event): void {
		this.raised.push(event);
	}

	/** Marks a service to be examined. */
	examine(id: Id): void {
		this.toExamine.add(id);
	}

	/** The number of a new run. */
	nextRun(): Run {
		const run = this.state.runs + 1;
		this.state = {...this.state, runs: run};
		return run;
	}

	/** The service is to run: it waits for its needs from now on, for each no longer than its timeout. */
	awaitNeeds(entry: Entry): void {
		const deadline = Math.min(NEVER, ...entry.needs.map(({timeout}) => this.now + timeout));
		this.write({...entry, phase: deadline === NEVER ? WAITING : {...WAITING, deadline}});
	}

	/**
	 * The only way to change an entry: it updates the counters of its needs and dependents and those of the whole, marks
	 * what is to be examined, and tells features and log.
	 */
	write(wanted: Entry): void {
		const before = read(this.state.table, wanted.id) ?? wanted;
		const isOver = wanted.desired === 'due' && wanted.phase.kind === 'down' && before.phase.kind !== 'down' && !before.restartPending;
		const due = isOver ? {...wanted, desired: 'auto' as const} : wanted;
		const leaving = due.restartPending || !isWanted(due, this.state.stage);
		const after: Entry = before.phase.kind === wanted.phase.kind
			? {...due, leaving}
			: {...due, since: this.now, stalled: 0, startup: startupAfter(before, wanted, this.now), leaving};
		const living = Number(isLiving(after)) - Number(isLiving(before));
		const awaited = this.state.awaited + Number(isAwaited(after)) - Number(isAwaited(before));
		const held = this.state.held + Number(after.phase.kind === 'done') - Number(before.phase.kind === 'done');
		const {table} = this.state;
		this.isJudged ||= before.desired !== after.desired || !ruleAlike(before.rulings, after.rulings);
		this.state = {...this.state, table: write(table, after), living: this.state.living + living, held, awaited};
		this.examine(after.id);
		this.#tellDependents(before, after);
		this.#tellNeeds(before, after);
		if (isAlive(before.phase) && !isAlive(after.phase)) after.rivals.forEach(id => this.examine(id));
		if (!before.leaving) this.#withdraw(after);
		if (before.phase === after.phase) return;
		this.emit({kind: 'changed', before, after});
		this.#tellOfChange({before, after}, this);
	}

	/** Applies what the life table says. */
	apply(entry: Entry, {phase, also, effects}: Transition): void {
		if (effects) this.emit(...effects);
		if (phase === 'await') this.awaitNeeds({...entry, ...also});
		else this.write({...entry, ...also, phase});
	}

	/** Writes an entry whose change does not affect others. */
	put(entry: Entry): void {
		this.state = {...this.state, table: write(this.state.table, entry)};
	}

	/** Computes all that `write` keeps from scratch, and marks every service to be examined. */
	recount(): void {
		const list = [...all(this.state.table)];
		let {table} = this.state;
		for (const entry of list) {
			const after = {...entry, leaving: entry.restartPending || !isWanted(entry, this.state.stage)};
			table = write(table, after);
			if (!entry.leaving) this.#withdraw(after);
		}
		for (const {id} of list) {
			const entry = read(table, id);
			if (!entry) continue;
			const unmetNeeds = entry.needs.filter(edge => {
				const need = read(table, edge.id);
				return need !== undefined && !holds(need, edge);
			}).length;
			const stoppingDependents = entry.dependents.filter(edge => {
				const dependent = read(table, edge.id);
				return dependent !== undefined && isGoingDown(dependent);
			}).length;
			const failedNeeds = entry.needs.filter(edge => {
				const need = read(table, edge.id);
				return need !== undefined && isFailedNeed(need, edge);
			}).length;
			table = write(table, {...entry, unmetNeeds, failedNeeds, stoppingDependents});
			this.examine(id);
		}
		this.state = {...this.state, table, awaited: countAwaited(table)};
	}

	/** Cancels the spawn of a service that has to stop before its process was started. */
	#withdraw({id, leaving, phase}: Entry): void {
		if (leaving && phase.kind === 'spawning' && !isPreparing(phase)) this.emit({kind: 'withdraw', id, run: phase.run});
	}

	#tellDependents(before: Entry, after: Entry): void {
		const hasEnded = isRunning(before.phase) && !isRunning(after.phase);
		for (const edge of after.dependents) {
			if (edge.restart && hasEnded) this.toRestart.add(edge.id);
			const unmet = Number(holds(before, edge)) - Number(holds(after, edge));
			const lost = Number(isFailedNeed(after, edge)) - Number(isFailedNeed(before, edge));
			const entry = unmet === 0 && lost === 0 ? undefined : read(this.state.table, edge.id);
			if (!entry) continue;
			this.put({...entry, unmetNeeds: entry.unmetNeeds + unmet, failedNeeds: entry.failedNeeds + lost});
			this.examine(edge.id);
		}
	}

	#tellNeeds(before: Entry, after: Entry): void {
		const change = Number(isGoingDown(after)) - Number(isGoingDown(before));
		if (change === 0) return;
		for (const {id} of after.needs) {
			const entry = read(this.state.table, id);
			if (!entry) continue;
			this.put({...entry, stoppingDependents: entry.stoppingDependents + change});
			this.examine(id);
		}
	}
}

/** Said again is nothing new. */
const ruleAlike = (before: Rulings, after: Rulings): boolean =>
	before === after || DECIDERS.every(decider => before[decider]?.runs === after[decider]?.runs);
