/** Handles `RunNow`. */
import {byNeed} from '../../../../core/by-need.ts';
import {refuse} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {choose} from '../../../../control/names.ts';
import {awaitAll, isRunning, summary} from '../../../../control/requests/services.ts';
import {whyNothingStarts} from '../../../../core/stage.ts';
import type {RunNowRequest} from './wire.ts';

const timing = byNeed(() => import('../../core/timing.ts'));

export const runNow: Make<RunNowRequest> = ({daemon, waiters}) => ({names}, call) => {
	if (!isRunning(daemon)) return refuse(call, whyNothingStarts(daemon.state()));
	const state = daemon.state();
	const chosen = choose(state, names, call.scope);
	if (!chosen.ok) return refuse(call, chosen.error);
	const choices = chosen.value.filter(({entry, isNamed}) => isNamed || entry.service.schedule);
	const refusals = choices.flatMap(({entry}) => {
		const {service: {name, schedule}} = entry;
		// The client waits for the end of the service's own run, and not for that of one beside it.
		const isBusy = schedule?.overlap === 'allow' && schedule.action === 'run' && entry.phase.kind !== 'down';
		const refusal = schedule ? timing().refusalOf({state}, entry, schedule) : `it has no schedule; archonctl start ${name} starts it`;
		const why = isBusy ? 'a run is under way' : refusal;
		return why === null ? [] : [`cannot run ${name}: ${why}`];
	});
	if (refusals.length > 0) return refuse(call, summary(refusals));
	daemon.dispatch({kind: 'run-now', ids: choices.map(({entry}) => entry.id)});
	return awaitAll(waiters, 'restart', choices, call, 'run');
};
