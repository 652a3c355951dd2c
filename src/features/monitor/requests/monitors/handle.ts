/** Handles `Monitors`. */
import {OK} from '../../../../control/call.ts';
import type {Make} from '../../../../control/context.ts';
import {keptOf} from '../../core/kept.ts';
import {matchText} from '../../core/match.ts';
import {MONITOR_ROW, type MonitorRow, type MonitorsRequest} from './wire.ts';

export const monitors: Make<MonitorsRequest> = ({daemon}) => (_, call) => {
	const row = (each: MonitorRow): void => call.row(MONITOR_ROW.encode(each));
	const kept = keptOf(daemon.state());
	for (const {id, name, origin, match} of kept?.rules ?? []) {
		if (origin === 'deps') continue;
		row({kind: 'rule', name, origin, match: match ? matchText(match) : ''});
		for (const {rule, pid, exe, since} of kept?.watched ?? []) {
			if (rule === id) row({kind: 'process', name, pid, exe, since: daemon.wallClock(since)});
		}
	}
	call.reply(OK);
};
