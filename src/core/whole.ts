/** The whole with its features: how it begins, and when it wants to be woken. */
import {featureDeadline, initialSlices} from './features.ts';
import {earliest, EMPTY, write} from './service-table.ts';
import type {Service} from './service.ts';
import type {Stage} from './stage.ts';
import {connect, countAwaited, newEntry, type Settings, type State} from './state.ts';
import {type Instant, NEVER} from './time.ts';

/** The state before `boot`. Names are unique, needs name services, and there is no cycle: the config saw to it. */
export function create(services: readonly Service[], settings: Settings): State {
	const names = new Map(services.map((service, id) => [service.name, id]));
	const {needs, dependents, demanded} = connect(services, names);
	const table = services.reduce((before, service, id) => {
		const own = needs.get(id) ?? [];
		// Before boot nothing is wanted: only hard needs hold anything back.
		const unmetNeeds = own.filter(({strength}) => strength === 'hard').length;
		const desired = demanded.get(id) ?? 'auto';
		return write(before, {...newEntry(id, service), needs: own, dependents: dependents.get(id) ?? [], unmetNeeds, desired});
	}, EMPTY);
	const bucket = {level: settings.startRate.burst, at: 0};
	return {
		settings, stage: {kind: 'boot'}, table, names, transients: new Map(), runs: 0, living: 0, held: 0,
		awaited: countAwaited(table), bucket, slices: initialSlices(),
	};
}

/** When the kernel should send the next `tick`; NEVER if there is nothing to wait for. */
export const nextDeadline = (state: State): Instant =>
	Math.min(earliest(state.table), stageDeadline(state.stage), featureDeadline(state));

const stageDeadline = (stage: Stage): Instant => ('deadline' in stage ? stage.deadline : NEVER);
