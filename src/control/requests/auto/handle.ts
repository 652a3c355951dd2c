/** Handles `Auto`. */
import {isHelper} from '../../../core/state.ts';
import {OK, refuse} from '../../call.ts';
import type {Make} from '../../context.ts';
import {choose} from '../../names.ts';
import type {AutoRequest} from './wire.ts';

export const auto: Make<AutoRequest> = ({daemon}) => ({names}, call) => {
	const state = daemon.state();
	const chosen = choose(state, names, call.scope);
	if (!chosen.ok) return refuse(call, chosen.error);
	const isInConfig = ({service: {name, origin}, id}: (typeof chosen.value)[number]['entry']): boolean =>
		state.names.get(name) === id || origin === 'manifest';
	const other = chosen.value.find(({entry, isNamed}) => isNamed && (isHelper(entry) || !isInConfig(entry)));
	if (other) return refuse(call, `cannot let the config decide about ${other.entry.service.name}: it does not have this service`);
	daemon.dispatch({kind: 'auto', ids: chosen.value.filter(({entry}) => !isHelper(entry)).map(({entry}) => entry.id)});
	call.reply(OK);
};
