/** What a feature may be in the core: a part of the state of its own, which it changes by what the whole tells it. */
import type {Effect} from './effect.ts';
import type {Event} from './event.ts';
import type {State} from './state.ts';
import type {Instant} from './time.ts';
import type {Change} from './turn.ts';

/** What a feature sees of a step, and what it may do in it. */
export interface View {
	readonly state: State;
	readonly now: Instant;
	emit(effect: Effect): void;
	/** Heard in the same step, after everybody was told. */
	raise(event: Event): void;
}

/**
 * Each function gives the feature's part of the state as it is from then on: the same (===) where nothing has changed.
 * The part is written down for the next instance, and so must be JSON but for numbers without end.
 */
export interface Feature<Own> {
	/** Its part's name in the state. */
	readonly name: string;
	readonly initial: Own;
	/** A service is in another phase. */
	readonly changed?: (own: Own, change: Change, view: View) => Own;
	/** The whole is in another stage. */
	readonly staged?: (own: Own, view: View) => Own;
	/** The config is another one. */
	readonly reconfigured?: (own: Own, view: View) => Own;
	/** An event has been heard, and nothing moves any more. */
	readonly settled?: (own: Own, view: View) => Own;
	/** When `due` is to be called; NEVER: not before something has changed. */
	readonly nextDeadline?: (own: Own) => Instant;
	readonly due?: (own: Own, view: View) => Own;
}
