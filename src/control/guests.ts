/** Services that clients made: a `Run` is forgotten at its end, a daemon is remembered for a while. */
import type {Effect, Entry, Id} from '../core/model.ts';
import {entryOf} from '../core/state.ts';
import type {Host} from './host.ts';

/** Daemons of clients that are at rest and still shown; of more, the one that rests longest is forgotten. */
const MAX_RESTING = 1000;

export interface Guests {
	hear(effects: readonly Effect[]): void;
	forget(entry: Entry): void;
	/** Forgets now what was to be forgotten later. Not while effects are told. */
	sweep(): void;
}

export function createGuests(host: Host): Guests {
	const resting = new Map<Id, Entry>();
	let leaving: Entry[] = [];

	const sweep = (): void => {
		const entries = leaving;
		leaving = [];
		for (const {id, service} of entries) {
			// A place may have a new tenant by now.
			if (entryOf(host.state(), id)?.service === service) host.hear({kind: 'remove', id});
		}
	};
	const forget = (entry: Entry): void => {
		if (leaving.push(entry) === 1) setImmediate(sweep);
	};
	const changed = (after: Entry): void => {
		const {id, phase, service: {origin}} = after;
		if (origin === 'run' && phase.kind === 'down') forget(after);
		if (origin !== 'daemon') return;
		resting.delete(id);
		if (phase.kind === 'down') resting.set(id, after);
		const [oldest] = resting.size > MAX_RESTING ? resting.values() : [];
		if (!oldest) return;
		resting.delete(oldest.id);
		forget(oldest);
	};
	return {
		forget, sweep,
		hear(effects) {
			for (const effect of effects) {
				if (effect.kind === 'changed') changed(effect.after);
				if (effect.kind === 'forgotten') resting.delete(effect.entry.id);
			}
		},
	};
}
