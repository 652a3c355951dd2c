/** Events in memory, as many as a test likes, from the effects of the core. */
import type {Effect} from '../../../src/core/effect.ts';
import {entryOf, type State} from '../../../src/core/state.ts';
import type {Instant} from '../../../src/core/time.ts';
import {
	type Events, eventOfRemoval, eventOfStage, eventsOfChange, type Happening, type KeptEvent, ofArchon,
} from '../../../src/features/events/core.ts';

export class KeptEvents implements Events {
	readonly #wallClock: (instant: Instant | null) => number;
	readonly #most: number;
	readonly #followers = new Set<() => void>();
	#kept: KeptEvent[] = [];
	#last = 0;

	/** `wallClock`: the time of an instant, or now. */
	constructor(wallClock: (instant: Instant | null) => number, most = 1000) {
		this.#wallClock = wallClock;
		this.#most = most;
	}

	add(happening: Happening): void {
		const next = happening.next === null ? null : this.#wallClock(happening.next);
		this.#kept = [...this.#kept, {...happening, number: ++this.#last, at: this.#wallClock(null), next}].slice(-this.#most);
		for (const tell of this.#followers) tell();
	}

	hear(effects: readonly Effect[], state: State): void {
		for (const effect of effects) {
			if (effect.kind === 'changed') eventsOfChange(effect.before, effect.after, id => entryOf(state, id), event => this.add(event));
			if (effect.kind === 'forgotten') this.add(eventOfRemoval(effect.entry));
			if (effect.kind === 'arrived') this.add(ofArchon('all-ready', ''));
			const stage = effect.kind === 'stage' ? eventOfStage(effect.stage) : null;
			if (stage) this.add(stage);
		}
	}

	first(): number {
		return this.#last - this.#kept.length + 1;
	}

	last(): number {
		return this.#last;
	}

	read(from: number, most: number): readonly KeptEvent[] {
		return this.#kept.filter(({number}) => number >= from).slice(0, most);
	}

	follow(callback: () => void): () => void {
		this.#followers.add(callback);
		return () => void this.#followers.delete(callback);
	}

	followers(): number {
		return this.#followers.size;
	}
}
