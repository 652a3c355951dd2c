/** Handles `Status`. */
import type {Entry} from '../../../core/entry.ts';
import {exitStatus} from '../../../core/outcome.ts';
import {entries, type State} from '../../../core/state.ts';
import {statusOf} from '../../../core/status.ts';
import {OK, refuse} from '../../call.ts';
import type {Make} from '../../context.ts';
import type {Daemon} from '../../daemon.ts';
import {choose} from '../../names.ts';
import {STATUS_ROW, type StatusRequest} from './wire.ts';

export const status: Make<StatusRequest> = ({daemon, board}) => ({names}, call) => {
	const state = daemon.state();
	const chosen = names.length === 0 ? null : choose(state, names);
	if (chosen && !chosen.ok) return refuse(call, chosen.error);
	call.text(board.rows(`status ${names.join()}`, () => {
		const list = chosen ? chosen.value.map(({entry}) => entry) : [...entries(state)];
		return list.map(entry => rowOf(daemon, state, entry));
	}));
	call.reply(OK);
};

function rowOf(daemon: Daemon, state: State, entry: Entry): readonly string[] {
	const {starts, outcome, service: {name, type, groups}} = entry;
	return STATUS_ROW.encode({
		name, type, groups, ...statusOf(state, entry),
		since: Math.round(daemon.wallClock(entry.since)),
		restarts: Math.max(0, starts - 1),
		exit: outcome ? exitStatus(outcome) : null,
	});
}
