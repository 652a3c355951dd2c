/** The files that services find where they look for them; what writes them is loaded with the first service that has one. */
import {byNeed} from '../../core/by-need.ts';
import type {Owner} from '../owners.ts';
import type {Placing, PlacingParts} from './placed-files.ts';

const writing = byNeed(() => import('./placed-files.ts'));

export function ownPlacing(placing: Placing): Owner<'forgotten' | 'exit'> {
	return {arms: {forgotten: ({entry}) => placing.forget(entry.id), exit: () => placing.removeAll()}};
}

export function createPlacing(parts: PlacingParts): Placing {
	// The previous instance may have written some.
	let made = parts.handoff.past.size > 0 ? writing().createWriting(parts) : null;
	return {
		place(id, service) {
			if (service.exec.files.length > 0) made ??= writing().createWriting(parts);
			return made?.place(id, service) ?? null;
		},
		renew: (id, service) => made?.renew(id, service),
		forget: id => made?.forget(id),
		removeAll: () => made?.removeAll(),
	};
}
