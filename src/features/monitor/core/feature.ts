/**
 * Processes that archon has not started, and dependencies that were made while it runs, as a part of the core's state. Where there are
 * none, nothing of either is loaded.
 */
import {byNeed} from '../../../core/by-need.ts';
import type {Feature} from '../../../core/feature.ts';
import {NEVER} from '../../../core/time.ts';
import type {Kept} from './kept.ts';

const depending = byNeed(() => import('../../deps/core/deps.ts'));

/** Null: there is nothing of the kind, and there was nothing. */
export const monitor: Feature<Kept | null> = {
	name: 'monitor',
	initial: null,
	changed: (own, change, view) => (own && own.dependencies.length > 0 ? depending().changed(own, change, view) : own),
	resumed(own, view) {
		if (own) view.emit({kind: 'watch-strangers', kept: own});
		return own;
	},
	nextDeadline: own => own?.dueAt ?? NEVER,
	due: (own, view) => {
		const ids = own?.dependencies.filter(({until}) => until <= view.now).map(({id}) => id);
		if (ids) view.raise({kind: 'undepend', ids});
		return own && {...own, dueAt: NEVER};
	},
};
