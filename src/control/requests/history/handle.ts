/** Handles `History`. */
import {exitStatus} from '../../../core/outcome.ts';
import {lastEnd} from '../../../core/status.ts';
import {OK, refuse} from '../../call.ts';
import type {Make} from '../../context.ts';
import {choose} from '../../names.ts';
import {END_ROW, type HistoryRequest} from './wire.ts';

export const history: Make<HistoryRequest> = ({daemon, board}) => ({names}, call) => {
	const choices = choose(daemon.state(), names, call.scope);
	if (!choices.ok) return refuse(call, choices.error);
	call.text(board.rows(`history ${call.scope.key} ${names.join()}`, () => choices.value.flatMap(({entry: {service: {name}, past}}) =>
		past.map(({at, outcome, blame}) => {
			const how = lastEnd({outcome, blame, refusal: null});
			return END_ROW.encode({name, at: daemon.wallClock(at), exit: exitStatus(outcome), how});
		}))));
	call.reply(OK);
};
