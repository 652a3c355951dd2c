/** Handles `Health`. */
import {illness} from '../../../core/wellness.ts';
import {OK, refuse} from '../../call.ts';
import type {Make} from '../../context.ts';
import {choose} from '../../names.ts';
import type {HealthRequest} from './wire.ts';

export const health: Make<HealthRequest> = ({daemon}) => ({what, names}, call) => {
	const state = daemon.state();
	const chosen = names.length === 0 ? null : choose(state, names);
	if (chosen && !chosen.ok) return refuse(call, chosen.error);
	const why = illness(state, what, chosen && chosen.value.map(({entry}) => entry));
	if (why !== null) return refuse(call, why);
	call.reply(OK);
};
