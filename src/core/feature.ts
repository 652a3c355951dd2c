/** A feature in the core: it has a part of the state, and changes it on the occasions that it registers for. */
import type {Effect} from './effect.ts';
import type {Entry} from './entry.ts';
import type {Event} from './event.ts';
import type {State} from './state.ts';
import type {Id} from './ids.ts';
import type {TrialRules} from './trial.ts';
import type {Instant, Millis} from './time.ts';
import type {Change} from './turn.ts';

/** What a feature sees of a step, and what it can do in it. */
export interface View {
	readonly state: State;
	readonly now: Instant;
	/** Whether what decides over a service has changed in this step: what is desired, or what is said of it. */
	readonly isJudged: boolean;
	/** Whether nothing is left to be done in this step: else all are told of rest once more. */
	readonly isAtRest: boolean;
	emit(effect: Effect): void;
	/** Handles another event in the same step, after all features have been told of this one. */
	raise(event: Event): void;
}

/** What a new config has done. */
export interface Reconfigured {
	/** Services that are new, or are to be started again. */
	readonly started: readonly Id[];
	/** Services whose test is another one, or is gone. */
	readonly retested: readonly Id[];
	/** It is tried whether they become ready. */
	readonly trial: TrialRules | null;
	/** What operators had asked of services whose definition has changed: it holds no more. */
	readonly dropped: Readonly<Record<Id, Entry['desired']>>;
	/** It is the config before a trial that has failed. */
	readonly isRollback: boolean;
}

/**
 * Each function returns the feature's new part of the state; the same object means that nothing has changed. The part
 * survives re-execution, and so must be JSON; Infinity is allowed.
 */
export interface Feature<Own> {
	/** The key of its part of the state. */
	readonly name: string;
	readonly initial: Own;
	/** Called when a service is in another phase. */
	readonly changed?: (own: Own, change: Change, view: View) => Own;
	/** Called when archon is in another stage. */
	readonly staged?: (own: Own, view: View) => Own;
	/** Called when a new config is in force. */
	readonly reconfigured?: (own: Own, view: View, what: Reconfigured) => Own;
	/** Called when the lists of a manifest were read. */
	readonly reconcile?: (own: Own, event: Extract<Event, {kind: 'reconcile'}>, view: View) => Own;
	/** Called when all that decides from outside is to be asked again; it emits `triggered` when it has done so. `since`: as of the event. */
	readonly triggered?: (own: Own, view: View, since: number | undefined) => Own;
	/** Whether what a trigger has asked for is not done yet. */
	readonly isBusy?: (own: Own) => boolean;
	/** Called when the test of a service has ended. */
	readonly tested?: (own: Own, event: Extract<Event, {kind: 'tested'}>, view: View) => Own;
	/** Called when archon was re-executed: effects of the instance before have no answer. */
	readonly resumed?: (own: Own, view: View) => Own;
	/** Called when an event has been handled and no service moves any more. */
	readonly settled?: (own: Own, view: View) => Own;
	/** Called when archon itself did not run for so long: its deadlines move. */
	readonly stalled?: (own: Own, millis: Millis) => Own;
	/** When `due` is to be called; NEVER: not until something changes. */
	readonly nextDeadline?: (own: Own) => Instant;
	readonly due?: (own: Own, view: View) => Own;
}
