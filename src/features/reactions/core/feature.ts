/** Actions, and the events of services for which there are some: who acts too often is kept here, and all else is loaded by need. */
import {byNeed} from '../../../core/by-need.ts';
import type {Feature} from '../../../core/feature.ts';
import type {State} from '../../../core/state.ts';
import type {Change} from '../../../core/turn.ts';
import {NO_PACES, type Paces} from './pace.ts';

const reacting = byNeed(() => import('./react.ts'));

/** The feature's part of the state. */
export interface Reactions {
	/** Of causes that are about no service; the others are kept with their services. */
	readonly paces: Paces;
	/** Changes of this step for which there may be actions, until the whole has settled. */
	readonly changes: readonly Change[];
	/** How many commands run, or wait for their turn. */
	readonly commands: number;
}

const NONE: readonly Change[] = [];

export const reactions: Feature<Reactions> = {
	name: 'reactions',
	initial: {paces: NO_PACES, changes: NONE, commands: 0},
	changed: (own, change) => (change.after.service.on ? {...own, changes: [...own.changes, change]} : own),
	settled(own, view) {
		if (own.changes === NONE) return own;
		reacting().react(own.changes, view);
		return {...own, changes: NONE};
	},
};

/** How many commands of actions have not come to their end. */
export const commandsOf = ({slices}: Pick<State, 'slices'>): number => (slices[reactions.name] as Reactions).commands;
