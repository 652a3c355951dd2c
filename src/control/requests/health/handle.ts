/** Handles `Health`. */
import {isToRun} from '../../../core/state.ts';
import {illness} from '../../../core/wellness.ts';
import {OK, refuse} from '../../call.ts';
import type {Make} from '../../context.ts';
import {choose, within} from '../../names.ts';
import type {HealthRequest} from './wire.ts';

export const health: Make<HealthRequest> = ({daemon}) => ({what, names}, call) => {
	const state = daemon.state();
	const chosen = names.length === 0 ? null : choose(state, names, call.scope);
	if (chosen && !chosen.ok) return refuse(call, chosen.error);
	// Where the whole is not the asker's to see, its own that are to run stand for it.
	const own = call.scope.isWhole ? null : within(state, call.scope).filter(isToRun);
	const why = illness(state, what, chosen ? chosen.value.map(({entry}) => entry) : own);
	if (why !== null) return refuse(call, why);
	call.reply(OK);
};
