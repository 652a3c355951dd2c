/** Handles `Plan`. */
import {OK, refuse, refuseForBug} from '../../call.ts';
import type {Make} from '../../context.ts';
import {PLAN_ROW, type PlanRequest} from './wire.ts';

export const plan: Make<PlanRequest> = ({daemon}) => (_, call) =>
	daemon.plan(result => {
		if (!result.ok) return refuse(call, `cannot reload the config: ${result.error}`);
		for (const row of result.value) call.row(PLAN_ROW.encode(row));
		call.reply(OK);
	}, refuseForBug(call));
