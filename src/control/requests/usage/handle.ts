/** Handles `Usage`. */
import {OK, refuseForBug} from '../../call.ts';
import type {Make} from '../../context.ts';
import {hasName} from '../../scope.ts';
import {USAGE_ROW, type UsageRequest} from './wire.ts';

export const usage: Make<UsageRequest> = ({daemon}) => (_, call) => daemon.usage(rows => {
	const isShown = hasName(call.scope, daemon.state());
	for (const row of rows) if (isShown(row.service)) call.row(USAGE_ROW.encode(row));
	call.reply(OK);
}, refuseForBug(call));
