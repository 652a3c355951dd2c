/** Sockets as a part of the core's state: which services wait for their first connection. What decides about them is loaded by need. */
import {byNeed} from '../../../core/by-need.ts';
import type {Feature} from '../../../core/feature.ts';
import type {State} from '../../../core/state.ts';
import {entries} from '../../../core/service-table.ts';
import {NEVER} from '../../../core/time.ts';
import {type Listening, NAME} from './listening.ts';

const lazily = byNeed(() => import('./lazy.ts'));

export const sockets: Feature<Listening> = {
	name: NAME,
	initial: {isHeld: false, lazy: [], armed: [], allowances: {}, resting: null},
	staged: (own, view) => (view.state.stage.kind === 'running' && (own.isHeld || hasHolders(view.state)) ? lazily().hold(own, view) : own),
	resumed: (own, view) => (own.isHeld ? lazily().hold(own, view) : own),
	reconfigured: (own, view) => (own.isHeld || hasHolders(view.state) ? lazily().hold(own, view) : own),
	changed: (own, change, view) => (own.lazy.length > 0 && change.after.service.isLazy ? lazily().changed(own, change, view) : own),
	settled: (own, view) => (own.lazy.length > 0 && view.isJudged ? lazily().review(own, view) : own),
	stalled: (own, millis) => (own.resting === null ? own : lazily().postpone(own, millis)),
	nextDeadline: ({resting}) => (resting === null ? NEVER : Math.min(...Object.values(resting))),
	due: (own, view) => lazily().due(own, view),
};

function hasHolders({table}: State): boolean {
	for (const {service: {sockets, fdStoreMax}} of entries(table)) if (sockets.length > 0 || fdStoreMax > 0) return true;
	return false;
}

/** Whether archon waits for a connection that starts a service. */
export const isListening = ({slices}: Pick<State, 'slices'>): boolean => (slices[NAME] as Listening).armed.length > 0;
