/** The state of the whole: how it begins, and when its next deadline is. */
import {featureDeadline, initialSlices} from './features.ts';
import {earliest, EMPTY, write} from './service-table.ts';
import type {Service} from './service.ts';
import type {Stage} from './stage.ts';
import {connect, countAwaited, newEntry, NO_RIVALS, type Settings, type State} from './state.ts';
import {type Instant, NEVER} from './time.ts';

/** The state before `boot`. Names are unique, needs name services, and there is no cycle: the config has checked that. */
export function create(services: readonly Service[], settings: Settings, now: Instant = 0): State {
	const names = new Map(services.map((service, id) => [service.name, id]));
	const {needs, dependents, rivals, demanded} = connect(services, names, ({autostart, test}) => autostart && test === null);
	const table = services.reduce((before, service, id) => {
		const own = needs.get(id) ?? [];
		// Before boot no service is to run, and so only hard needs are unmet.
		const unmetNeeds = own.filter(({strength}) => strength === 'hard').length;
		const desired = demanded.get(id) ?? 'auto';
		const edges = {needs: own, dependents: dependents.get(id) ?? [], rivals: rivals.get(id) ?? NO_RIVALS};
		return write(before, {...newEntry(id, service, now), ...edges, unmetNeeds, desired});
	}, EMPTY);
	const bucket = {level: settings.startRate.burst, at: 0};
	return {
		settings, stage: {kind: 'boot'}, table, names, transients: new Map(), runs: 0, living: 0, held: 0,
		awaited: countAwaited(table), bucket, slices: initialSlices(),
	};
}

/** When `os/` should send the next `tick`; NEVER: no deadline is set. */
export const nextDeadline = (state: State): Instant =>
	Math.min(earliest(state.table), stageDeadline(state.stage), featureDeadline(state));

const stageDeadline = (stage: Stage): Instant => ('deadline' in stage ? stage.deadline : NEVER);
