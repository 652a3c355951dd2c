/**
 * A reload that is on trial: whether each service that it has started becomes ready. If one does not, the reload has
 * failed, and where that was asked for the config before it is put back. What judges it is loaded with the first trial.
 */
import {byNeed} from '../../../core/by-need.ts';
import type {Feature} from '../../../core/feature.ts';
import {NEVER} from '../../../core/time.ts';
import type {Rollback} from './part.ts';

const trying = byNeed(() => import('./trial.ts'));

export const rollback: Feature<Rollback> = {
	name: 'rollback',
	initial: {trial: null, due: null, undone: null, names: []},
	changed: (own, change, view) => (own.trial ? trying().judge(own, own.trial, change, view) : own),
	staged: (own, view) => (own.trial && view.state.stage.kind !== 'running'
		? trying().breakOff(own, own.trial, view, 'archon is shutting down') : own),
	reconfigured: (own, view, what) => (isPlain(own) && !what.isRollback && !what.trial ? own : trying().reconfigured(own, view, what)),
	stalled: (own, millis) => (own.trial ? {...own, trial: {...own.trial, deadline: own.trial.deadline + millis}} : own),
	nextDeadline: ({trial}) => trial?.deadline ?? NEVER,
	due: (own, view) => (own.trial ? trying().late(own, own.trial, view) : own),
};

/** Nothing is on trial, nor has been undone. */
const isPlain = ({trial, due, undone}: Rollback): boolean => trial === null && due === null && undone === null;
