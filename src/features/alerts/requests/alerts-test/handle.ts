/** Handles `AlertsTest`. */
import {OK, refuse} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {clip} from '../../../../control/records.ts';
import {listed} from '../../../../core/listed.ts';
import {NO_ALERTS} from '../alerting.ts';
import {type AlertsTestRequest, TRIED_ROW} from './wire.ts';

export const alertsTest: Make<AlertsTestRequest> = ({daemon}) => ({name}, call) => {
	const alerts = daemon.alerts();
	const names = alerts?.receivers().map(each => each.name) ?? [];
	if (!alerts || names.length === 0) return refuse(call, NO_ALERTS);
	if (name !== null && !names.includes(name)) return refuse(call, `alerts has no receiver ${clip(name, 40)}: there is ${listed(names, 8)}`);
	return alerts.test(name, tried => {
		if (!tried) return refuse(call, 'archon.alerts does not run: archonctl status and the log say why');
		for (const each of tried) call.row(TRIED_ROW.encode({name: each.name, why: each.why ?? ''}));
		call.reply(OK);
	});
};
