/** Handles `NeedsRestart`. */
import {OK, refuse, refuseForBug} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {choose, within} from '../../../../control/names.ts';
import {NEEDS_RESTART_ROW, type NeedsRestartRequest} from './wire.ts';

export const needsRestart: Make<NeedsRestartRequest> = ({daemon}) => ({names}, call) => {
	const choices = choose(daemon.state(), names, call.scope);
	if (!choices.ok) return refuse(call, choices.error);
	const meant = names.length === 0 ? within(daemon.state(), call.scope) : choices.value.map(({entry}) => entry);
	const known = new Set(meant.map(({service}) => service.name));
	daemon.needsRestart(name => known.has(name), rows => {
		for (const row of rows) call.row(NEEDS_RESTART_ROW.encode(row));
		call.reply(OK);
	}, refuseForBug(call));
};
