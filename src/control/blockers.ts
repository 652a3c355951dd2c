/** Whether a service waits in vain: it has a need, near or far, that will not come up by itself. */
import type {Entry} from '../core/entry.ts';
import type {Id} from '../core/ids.ts';
import {entryOf, holds, type State} from '../core/state.ts';
import {unmetNeeds as describeUnmet} from '../core/status.ts';

/** Which services wait in vain, in one state. */
export interface Blockers {
	/** Whether a waiting service has a need, near or far, that will not come up by itself. */
	isStuck(entry: Entry): boolean;
	waitsFor(entry: Entry): string;
}

export function createBlockers(state: State): Blockers {
	const known = new Map<Id, boolean>();
	const unmetNeeds = ({needs}: Entry): Entry[] => needs.flatMap(edge => {
		const need = entryOf(state, edge.id);
		return need && !holds(need, edge) ? [need] : [];
	});
	const explore = (entry: Entry): void => {
		// With a stack of its own and not by recursion: a chain of needs may be as long as the config.
		const path = [entry];
		for (let top = path.at(-1); top; top = path.at(-1)) {
			const unmet = known.has(top.id) ? [] : unmetNeeds(top);
			const unknown = unmet.filter(({id, phase}) => phase.kind === 'waiting' && !known.has(id));
			const isLost = unmet.some(({id, phase}) => phase.kind === 'down' || known.get(id) === true);
			if (isLost || unknown.length === 0) {
				path.pop();
				if (!known.has(top.id)) known.set(top.id, isLost);
			} else {
				for (const need of unknown) path.push(need);
			}
		}
	};
	return {
		isStuck(entry) {
			if (!known.has(entry.id)) explore(entry);
			return known.get(entry.id) === true;
		},
		waitsFor: entry => describeUnmet(state, entry),
	};
}
