/** Schedules as a part of the core's state: what the clock on the wall says, and whether it is to be watched. */
import type {Entry} from '../../../core/entry.ts';
import type {Feature, View} from '../../../core/feature.ts';
import {entries} from '../../../core/service-table.ts';
import type {Id} from '../../../core/ids.ts';
import type {State} from '../../../core/state.ts';
import {type Millis, NEVER} from '../../../core/time.ts';

/** The feature's part of the state. */
export interface Scheduling {
	/** What the clock says at the instant 0, in ms since 1970; null: no service has a schedule, or that is not known yet. */
	readonly epoch: Millis | null;
	/** It was asked for, and schedules are planned as soon as it is told. */
	readonly isAwaited: boolean;
	/** Transient services that are further runs beside one that is under way: at rest they are forgotten. */
	readonly copies: readonly Id[];
}

/** One object for all, as most have none. */
const NONE: readonly Id[] = [];

export const schedule: Feature<Scheduling> = {
	name: 'schedule',
	initial: {epoch: null, isAwaited: false, copies: NONE},
	changed(own, {after: {id, phase}}, view) {
		if (phase.kind !== 'down' || !own.copies.includes(id)) return own;
		view.raise({kind: 'remove', id});
		return {...own, copies: own.copies.filter(each => each !== id)};
	},
	staged(own, view) {
		return view.state.stage.kind === 'running' && hasSchedules(view) ? ask(own, view) : own;
	},
	resumed(own, view) {
		if (hasSchedules(view)) view.emit({kind: 'watch-clock', isOn: true});
		return own;
	},
	reconfigured(own, view) {
		if (own.epoch !== null) view.raise({kind: 'clock', epoch: own.epoch});
		return own.epoch === null && hasSchedules(view) ? ask(own, view) : own;
	},
};

function ask(own: Scheduling, view: View): Scheduling {
	view.emit({kind: 'watch-clock', isOn: true});
	return {...own, epoch: null, isAwaited: true};
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
