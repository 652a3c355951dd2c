/** Schedules as a part of the core's state: what the clock on the wall says, and whether it is to be watched. */
import type {Entry} from '../../../core/entry.ts';
import type {Feature, View} from '../../../core/feature.ts';
import {entries} from '../../../core/service-table.ts';
import type {State} from '../../../core/state.ts';
import {type Millis, NEVER} from '../../../core/time.ts';

/** The feature's part of the state. */
export interface Scheduling {
	/** What the clock says at the instant 0, in ms since 1970; null: no service has a schedule, or that is not known yet. */
	readonly epoch: Millis | null;
	/** It was asked for, and schedules are planned as soon as it is told. */
	readonly isAwaited: boolean;
}

export const schedule: Feature<Scheduling> = {
	name: 'schedule',
	initial: {epoch: null, isAwaited: false},
	staged(own, view) {
		return view.state.stage.kind === 'running' && hasSchedules(view) ? ask(view) : own;
	},
	resumed(own, view) {
		if (hasSchedules(view)) view.emit({kind: 'watch-clock', isOn: true});
		return own;
	},
	reconfigured(own, view) {
		if (own.epoch !== null) view.raise({kind: 'clock', epoch: own.epoch});
		return own.epoch === null && hasSchedules(view) ? ask(view) : own;
	},
};

function ask(view: View): Scheduling {
	view.emit({kind: 'watch-clock', isOn: true});
	return {epoch: null, isAwaited: true};
}

/** Whether some service is about to have a time at which it starts. */
export const isPlanning = ({slices}: Pick<State, 'slices'>): boolean => (slices[schedule.name] as Scheduling).isAwaited;

function hasSchedules({state: {table}}: View): boolean {
	for (const {service, retired} of entries(table)) if (service.schedule && !retired) return true;
	return false;
}

/** When a service's schedule is due next, in ms since 1970; null: it has none, or never is. */
export function nextRun({slices}: Pick<State, 'slices'>, {timing}: Pick<Entry, 'timing'>): number | null {
	const {epoch} = slices[schedule.name] as Scheduling;
	return !timing || epoch === null || timing.at === NEVER ? null : Math.round(timing.at + epoch);
}
