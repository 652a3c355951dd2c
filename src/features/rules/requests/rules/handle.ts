/** Handles `Rules`. */
import {OK, refuse} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {NO_RULES} from '../ruling.ts';
import {RULE_ROW, type RulesRequest} from './wire.ts';

export const rules: Make<RulesRequest> = ({daemon}) => (_, call) => {
	const rules = daemon.rules();
	if (!rules) return refuse(call, NO_RULES);
	return rules.list(found => {
		if (!found.ok) return refuse(call, found.error);
		for (const row of found.value) call.row(RULE_ROW.encode(row));
		call.reply(OK);
	});
};
