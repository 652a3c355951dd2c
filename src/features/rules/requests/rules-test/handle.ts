/** Handles `RulesTest`. */
import {OK, refuse} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {NO_RULES} from '../ruling.ts';
import {type RulesTestRequest, TRIED_ROW} from './wire.ts';

/** Fields that are numbers. */
const NUMBERS: ReadonlySet<string> = new Set(['instance', 'pid', 'code', 'time', 'count', 'port']);

export const rulesTest: Make<RulesTestRequest> = ({daemon}) => ({rule, fields}, call) => {
	const rules = daemon.rules();
	if (!rules) return refuse(call, NO_RULES);
	const event: Record<string, string | number | boolean> = {time: daemon.wallClock(0)};
	for (const [name, text] of fields) {
		const isNumber = NUMBERS.has(name) && text !== '' && Number.isFinite(Number(text));
		event[name] = isNumber ? Number(text) : name === 'open' ? text === 'true' : text;
	}
	if (event['event'] === undefined) return refuse(call, 'which event is not said: event=exited');
	return rules.attempt(rule === 'all' ? null : rule, event, tried => {
		if (!tried.ok) return refuse(call, tried.error);
		if (tried.value.length === 0) return refuse(call, rule === 'all' ? 'there are no rules' : `there is no rule ${rule}`);
		for (const row of tried.value) call.row(TRIED_ROW.encode(row));
		call.reply(OK);
	});
};
