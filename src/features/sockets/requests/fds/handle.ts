/** Handles `Fds`. */
import {OK} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {entries} from '../../../../core/state.ts';
import {FD_ROW, type FdsRequest} from './wire.ts';

export const fds: Make<FdsRequest> = ({daemon}) => (_, call) => {
	for (const {id, service} of entries(daemon.state())) {
		if (!call.scope.has(service)) continue;
		for (const held of daemon.heldFor(id, service)) call.row(FD_ROW.encode({service: service.name, ...held}));
	}
	call.reply(OK);
};
