/** Handles `Trigger`. */
import {OK, refuse} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {byNeed} from '../../../../core/by-need.ts';
import type {Triggers} from '../triggers.ts';
import {TRIGGER_ROW, type TriggerRequest} from './wire.ts';

const triggering = byNeed(() => import('../triggers.ts'));

export const trigger: Make<TriggerRequest> = ({daemon, watch}) => {
	let triggers: Triggers | null = null;
	watch(effects => triggers?.onEffects(effects));
	return (_, call) => {
		triggers ??= triggering().createTriggers(daemon);
		return triggers.ask(result => {
			if (!result.ok) return refuse(call, result.error);
			call.row(TRIGGER_ROW.encode(result.value));
			call.reply(OK);
		});
	};
};
