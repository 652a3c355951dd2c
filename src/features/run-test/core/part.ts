/** What is known of tests that run or are to be asked. */
import type {Id} from '../../../core/ids.ts';
import type {State} from '../../../core/state.ts';
import {type Instant, type Millis, NEVER} from '../../../core/time.ts';

/** The feature's part of the state. It does not grow with the services: a round is a place in their order. */
export interface RunTests {
	/**
	 * The round under way: which service is next. `revives`: what has failed is started again, as a trigger asked for it. `asked`:
	 * those whose tests have begun for the same trigger already.
	 */
	readonly round: {readonly from: Id; readonly revives: boolean; readonly asked?: readonly Id[]} | null;
	/** Services whose tests are asked before. */
	readonly queue: readonly Id[];
	/** Tests that run. */
	readonly running: readonly Asked[];
	/** Tests with the same interval, which are asked one after the other, evenly over it. */
	readonly groups: readonly Group[];
	/** When the next of them is due. */
	readonly next: Instant;
	/** The number of the last test that was begun. */
	readonly last: number;
	/** What a trigger has asked for is not done. */
	readonly isTriggered: boolean;
}

/** A test that runs. */
export interface Asked {
	readonly id: Id;
	readonly number: number;
	/** Its interval was over: no round waits for it. */
	readonly isDue: boolean;
	readonly revives: boolean;
}

export interface Group {
	readonly interval: Millis;
	/** The first service from which the next one is looked for. */
	readonly from: Id;
	/** When the next one is asked. */
	readonly at: Instant;
}

export const NO_TESTS: RunTests =
	{round: null, queue: [], running: [], groups: [], next: NEVER, last: 0, isTriggered: false};

/** How many tests run at the same time. */
export const RUNNING_MAX = 8;

/** By which the state knows it. */
export const NAME = 'run-test';

/** Whether tests are asked for more than that their interval is over: what they decide is not known yet. */
export function isAsking({slices}: Pick<State, 'slices'>): boolean {
	const {round, queue, running} = slices[NAME] as RunTests;
	return round !== null || queue.length > 0 || running.some(({isDue}) => !isDue);
}
