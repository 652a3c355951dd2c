/** Handles `Limit`. */
import {OK} from '../../call.ts';
import type {Make} from '../../context.ts';
import type {LimitRequest} from './wire.ts';

export const limit: Make<LimitRequest> = () => ({role, names}, call) => {
	call.limit({role, services: names.length === 0 ? null : names});
	call.reply(OK);
};
