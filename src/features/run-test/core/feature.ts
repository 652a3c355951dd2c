/** Tests that say whether services are to run: when they are asked is decided in `rounds.ts`, which is loaded where there are any. */
import {byNeed} from '../../../core/by-need.ts';
import type {Feature} from '../../../core/feature.ts';
import {entries, type State} from '../../../core/state.ts';
import {NAME, NO_TESTS, type RunTests} from './part.ts';

const rounds = byNeed(() => import('./rounds.ts'));

const hasTests = (state: State): boolean => {
	for (const {service} of entries(state)) if (service.test) return true;
	return false;
};

export const runTest: Feature<RunTests> = {
	name: NAME,
	initial: NO_TESTS,
	staged(own, view) {
		const {state} = view;
		if (state.stage.kind !== 'running') return own === NO_TESTS ? own : {...NO_TESTS, last: own.last};
		return hasTests(state) ? rounds().begin(own, view) : own;
	},
	reconfigured: (own, view, what) => (own.last > 0 || hasTests(view.state) ? rounds().renew(own, view, what) : own),
	triggered: (own, view, since) => (view.state.stage.kind === 'running' ? rounds().trigger(own, view, since) : own),
	isBusy: ({isTriggered}) => isTriggered,
	tested: (own, event, view) => rounds().hear(own, event, view),
	resumed: (own, view) => (own.running.length > 0 ? rounds().resume(own, view) : own),
	nextDeadline: ({next}) => next,
	due: (own, view) => rounds().go(own, view),
};
