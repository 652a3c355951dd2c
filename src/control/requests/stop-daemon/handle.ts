/** Handles `StopDaemon`. */
import {isHelper} from '../../../core/state.ts';
import {refuse} from '../../call.ts';
import type {Make} from '../../context.ts';
import {chooseProcesses} from '../../names.ts';
import {awaitAll, refuseForHelper} from '../services.ts';
import type {StopDaemonRequest} from './wire.ts';

export const stopDaemon: Make<StopDaemonRequest> = ({daemon, waiters}) => ({target, signal, grace}, call) => {
	const chosen = chooseProcesses(daemon.state(), [target], call.scope);
	if (!chosen.ok) return refuse(call, chosen.error);
	const [choice] = chosen.value;
	if (!choice?.isNamed) return refuse(call, 'StopDaemon: takes one name or pid, and no pattern');
	if (isHelper(choice.entry)) return refuseForHelper('stop', choice, call);
	const {stop} = choice.entry.service;
	const policy = {signal: signal ?? stop.signal, grace: grace ?? stop.grace};
	daemon.dispatch({kind: 'stop', ids: [choice.entry.id], policy});
	return awaitAll(waiters, 'stop', [choice], call);
};
