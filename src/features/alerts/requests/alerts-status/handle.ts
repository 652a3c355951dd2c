/** Handles `AlertsStatus`. */
import {OK, refuse} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {NO_ALERTS} from '../alerting.ts';
import {ALERTS_ROW, type AlertsStatusRequest} from './wire.ts';

const NOTHING = {firing: 0, waiting: 0, delivered: 0, dropped: 0, last: null, next: null, why: ''};

export const alertsStatus: Make<AlertsStatusRequest> = ({daemon}) => (_, call) => {
	const alerts = daemon.alerts();
	if (!alerts || alerts.receivers().length === 0) return refuse(call, NO_ALERTS);
	const report = alerts.report();
	for (const {name, target: {kind}} of alerts.receivers()) {
		const known = report?.receivers.find(each => each.name === name);
		const state = known ? (known.why === '' ? 'ok' : 'failing') : 'unknown';
		call.row(ALERTS_ROW.encode({...NOTHING, ...known, name, kind, state}));
	}
	call.reply(OK);
};
