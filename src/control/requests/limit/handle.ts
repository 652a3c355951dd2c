/** Handles `Limit`. */
import {OK, refuse} from '../../call.ts';
import type {Make} from '../../context.ts';
import type {LimitRequest} from './wire.ts';

export const limit: Make<LimitRequest> = () => ({role, names}, call) => {
	const isLimited = call.limit({role, services: names.length === 0 ? null : names});
	if (isLimited) call.reply(OK);
	else refuse(call, 'Limit: the limits of one connection are too long');
};
