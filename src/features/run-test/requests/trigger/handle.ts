/** Handles `Trigger`. */
import {OK, refuse} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {createTriggers} from '../triggers.ts';
import {TRIGGER_ROW, type TriggerRequest} from './wire.ts';

export const trigger: Make<TriggerRequest> = ({daemon, watch}) => {
	const triggers = createTriggers(daemon);
	watch(triggers.onEffects);
	return (_, call) => triggers.ask(result => {
		if (!result.ok) return refuse(call, result.error);
		call.row(TRIGGER_ROW.encode(result.value));
		call.reply(OK);
	});
};
