/**
 * The heart: inbox → step → perform → arm. Events are heard one by one, to the end; the clock is heard
 * only when there is no news; processes are made between events, so that a fan-out of thousands never
 * keeps a signal or a request waiting.
 */
import type {Event} from '../core/event.ts';
import type {Instant} from '../core/time.ts';
import {entryOf, type State} from '../core/state.ts';
import {nextDeadline} from '../core/whole.ts';
import {step} from '../core/supervisor.ts';
import {createTimer, now, soon} from './clock.ts';
import type {ArmKind, EffectKind, EffectOf} from './owners.ts';

type Spawn = EffectOf<'spawn'>;

/** The hands of the loop, which do and decide nothing. */
export interface Hands {
	perform(effect: EffectOf<ArmKind>): void;
	/** Fetches what a process is made with and may take long. True: that is there; else `ready` is called, once. */
	prepare(effect: Spawn, ready: () => void): boolean;
	/** Begins to make a process; what came of it is asked for before anything else is collected. Neither ever throws. */
	spawn(effect: Spawn): () => Event;
	/** The process will not be made: what was handed over for it is let go. */
	withdraw(effect: Spawn): void;
	/** Fetches what has happened and was not told yet: exits, above all. */
	collect(): void;
	/** A turn is over: what the next instance of archon must know of the state is written down. */
	commit(before: State, after: State): void;
	/** A bug of ours. Where a step threw, the state is as if its event had not been heard; archon lives on. */
	bug(error: unknown, where: string): void;
}

export interface Loop {
	state(): State;
	/** When it returns, the state has heard the event; processes may still have to be made. */
	dispatch(event: Event): void;
	/**
	 * Tells the effects of some kinds of each event that has any, after all its effects were performed, in their order: above
	 * all changes of services. The result ends the subscription.
	 */
	subscribe<K extends EffectKind>(kinds: readonly K[], listener: (effects: readonly EffectOf<K>[]) => void): () => void;
}

/**
 * When archon is late by this many milliseconds, that is a stall: it was frozen or stopped, or the machine had no time
 * for it. The kernel does not say when it froze. That it did is seen by a deadline that was slept through, or by a turn
 * that took so long. A stall is then all the time since archon was last seen to run: no less is sure to be enough for
 * all services, and what is too much comes to no more than the sleep before. A stall that is over before the next deadline
 * is not noticed: for that archon would have to wake up for nothing.
 */
const STALL = 1000;

/** How long processes are made at a stretch before the machine is listened to again, in milliseconds. */
const SLICE = 4;

/** `whole`: what keeps a turn together, so that nothing is done of which nothing is known. */
export function createLoop(initial: State, hands: Hands, whole: <T>(act: () => T) => T = act => act()): Loop {
	let state = initial;
	let committed = initial;
	let isBusy = false;
	let resumes = false;
	/** When archon was last seen to run. */
	let ranAt = now();
	const inbox: Event[] = [];
	const spawns: Spawn[] = [];
	const subscribers = new Set<(effects: readonly EffectOf<EffectKind>[]) => void>();

	const timer = createTimer(() => whole(() => {
		hands.collect();
		dispatch({kind: 'tick'});
	}));

	function dispatch(event: Event): void {
		inbox.push(event);
		if (!isBusy) whole(turn);
	}

	function turn(): void {
		isBusy = true;
		const end = wake(false) + SLICE;
		for (;;) {
			for (const event of inbox) take(event); // An array iterator visits what is pushed meanwhile.
			inbox.length = 0;
			commit();
			// What is heard between two slices makes none of its own: a burst of news would add them all up.
			if (spawns.length === 0 || resumes || now() > end) break;
			// While one executes the next is prepared.
			const begun = spawns.splice(0, 4).map(make);
			for (const end of begun) inbox.push(end());
		}
		isBusy = false;
		if (spawns.length > 0 && !resumes) {
			resumes = true;
			soon(() => {
				resumes = false;
				whole(turn);
			});
		}
		wake(true);
		timer.arm(nextDeadline(state));
	}

	/** The time; and if archon has stalled before it, the core hears of that first. `wasAwake`: it did not mean to sleep. */
	function wake(wasAwake: boolean): Instant {
		const at = now();
		const millis = at - ranAt;
		ranAt = at;
		if (millis > STALL && (wasAwake || at - nextDeadline(state) > STALL)) {
			attempt('hearing stalled', () => {
				[state] = step(state, {kind: 'stalled', millis}, at);
			});
		}
		return at;
	}

	/** A service that is to be removed before its turn needs no process: so a shutdown ends a fan-out. */
	function make(effect: Spawn): () => Event {
		const {id, run} = effect;
		if (!entryOf(state, id)?.leaving) return hands.spawn(effect);
		attempt('withdrawing a process', () => hands.withdraw(effect));
		return () => ({kind: 'news', id, run, news: {kind: 'withdrawn'}});
	}

	function commit(): void {
		if (state === committed) return;
		attempt('writing the state down', () => hands.commit(committed, state));
		committed = state;
	}

	function take(event: Event): void {
		const effects = attempt(`hearing ${event.kind}`, () => {
			const at = wake(true);
			const [after, effects] = step(state, event, at);
			state = after;
			return effects;
		});
		if (!effects || effects.length === 0) return;
		for (const effect of effects) {
			if (effect.kind === 'spawn') prepare(effect);
			else attempt(`performing ${effect.kind}`, () => hands.perform(effect));
		}
		for (const hear of subscribers) attempt('telling of effects', () => hear(effects));
	}

	function subscribe<K extends EffectKind>(kinds: readonly K[], listener: (effects: readonly EffectOf<K>[]) => void): () => void {
		const wanted: ReadonlySet<EffectKind> = new Set<EffectKind>(kinds);
		const isWanted = (effect: EffectOf<EffectKind>): effect is EffectOf<K> => wanted.has(effect.kind);
		const hear = (effects: readonly EffectOf<EffectKind>[]): void => {
			const some = effects.filter(isWanted);
			if (some.length > 0) listener(some);
		};
		subscribers.add(hear);
		return () => void subscribers.delete(hear);
	}

	function prepare(effect: Spawn): void {
		const isReady = attempt('preparing a process', () => hands.prepare(effect, () => {
			spawns.push(effect);
			if (!isBusy) whole(turn);
		}));
		if (isReady !== false) spawns.push(effect);
	}

	/** One thing that goes wrong takes nothing else with it. */
	function attempt<T>(where: string, act: () => T): T | undefined {
		try {
			return act();
		} catch (error) {
			hands.bug(error, where);
			return undefined;
		}
	}

	return {state: () => state, dispatch, subscribe};
}
