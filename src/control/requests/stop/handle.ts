/** Handles `Stop`. */
import {isHelper} from '../../../core/state.ts';
import {refuse} from '../../call.ts';
import type {Make} from '../../context.ts';
import {choose} from '../../names.ts';
import {awaitAll, refuseForHelper} from '../services.ts';
import type {StopRequest} from './wire.ts';

export const stop: Make<StopRequest> = ({daemon, waiters}) => ({names}, call) => {
	const chosen = choose(daemon.state(), names, call.scope);
	if (!chosen.ok) return refuse(call, chosen.error);
	const helper = chosen.value.find(({entry, isNamed}) => isNamed && isHelper(entry));
	if (helper) return refuseForHelper('stop', helper, call);
	// A person who stops all services does so from a shell.
	const choices = chosen.value.filter(({entry, isNamed}) => !isHelper(entry) && (isNamed || entry.service.origin !== 'shell'));
	daemon.dispatch({kind: 'stop', ids: choices.map(({entry}) => entry.id)});
	return awaitAll(waiters, 'stop', choices, call);
};
