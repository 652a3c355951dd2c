/** Handles `Sync`. */
import {OK, refuse} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {NO_SYNC} from '../syncing.ts';
import {SYNCED_ROW, type SyncRequest} from './wire.ts';

export const sync: Make<SyncRequest> = ({daemon}) => ({what}, call) => {
	const sync = daemon.sync();
	if (!sync || sync.source === '') return refuse(call, NO_SYNC);
	return sync.ask(what, ({ok, text}) => {
		if (!ok) return refuse(call, text);
		call.row(SYNCED_ROW.encode({text}));
		call.reply(OK);
	});
};
