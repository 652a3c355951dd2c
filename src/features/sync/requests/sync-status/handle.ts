/** Handles `SyncStatus`. */
import {OK, refuse} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {NO_SYNC} from '../syncing.ts';
import {SYNC_ROW, type SyncStatusRequest} from './wire.ts';

export const syncStatus: Make<SyncStatusRequest> = ({daemon}) => (_, call) => {
	const sync = daemon.sync();
	if (!sync || sync.source === '') return refuse(call, NO_SYNC);
	const {source, dest, form} = sync;
	const report = sync.report();
	const facts = {
		source, dest, form, version: report?.version ?? null, others: report?.others.join(' ') ?? null, held: report?.held ?? null,
		doing: report?.doing ?? null, looked: report?.looked ?? null, outcome: report?.outcome ?? null,
		failed: report ? (report.failed ? 'yes' : 'no') : null, next: report?.next ?? null, expires: report?.expires ?? null,
	};
	for (const [fact, value] of Object.entries(facts)) call.row(SYNC_ROW.encode({fact, value: value === null ? null : String(value)}));
	call.reply(OK);
};
