/** Handles `Attach`: a command of archon's last instance has its client again. */
import {refuse} from '../../call.ts';
import type {Make} from '../../context.ts';
import {clip} from '../../records.ts';
import {awaitEnd} from '../run/handle.ts';
import {type AttachRequest, UNHEARD} from './wire.ts';

export const attach: Make<AttachRequest> = context => ({name}, call) => {
	const {transients} = context;
	const entry = transients.claim(name);
	if (!entry) {
		if (transients.isPatient()) call.row([UNHEARD]);
		return refuse(call, `no command ${clip(name, 64)} waits for its client`);
	}
	if (entry.phase.kind === 'down') transients.forget(entry);
	return awaitEnd(context, entry, call);
};
