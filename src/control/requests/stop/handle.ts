/** What is done about `Stop`. */
import {refuse} from '../../call.ts';
import type {Make} from '../../context.ts';
import {choose} from '../../names.ts';
import {awaitAll} from '../services.ts';
import type {StopRequest} from './wire.ts';

export const stop: Make<StopRequest> = ({daemon, waiters}) => ({names}, call) => {
	const chosen = choose(daemon.state(), names);
	if (!chosen.ok) return refuse(call, chosen.error);
	daemon.dispatch({kind: 'stop', ids: chosen.value.map(({entry}) => entry.id)});
	return awaitAll(waiters, 'stop', chosen.value, call);
};
