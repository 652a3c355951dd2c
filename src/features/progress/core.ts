/** The progress of a shutdown: every second a line for each service that is still stopping. */
import {duration} from '../../core/duration.ts';
import type {Entry} from '../../core/entry.ts';
import type {Feature} from '../../core/feature.ts';
import {isAlive} from '../../core/phase.ts';
import {entries, read, type ServiceTable} from '../../core/service-table.ts';
import {signalName} from '../../core/signal-numbers.ts';
import {type Instant, type Millis, NEVER} from '../../core/time.ts';

/** The time between two reports. */
const INTERVAL: Millis = 1000;

/** How many services are named in one report. */
const LINES_MAX = 5;

/** The feature's part of the state. */
export interface Progress {
	/** When the next report is due. */
	readonly reportAt: Instant;
}

export const progress: Feature<Progress> = {
	name: 'progress',
	initial: {reportAt: NEVER},
	staged: (_, {state: {stage}, now}) => ({reportAt: stage.kind === 'stopping' ? now + INTERVAL : NEVER}),
	nextDeadline: ({reportAt}) => reportAt,
	due(_, view) {
		const {state, now} = view;
		for (const text of report(state.table, now)) view.emit({kind: 'say', level: 'info', text});
		return {reportAt: now + INTERVAL};
	},
};

/** A line for each service that is stopping: `waiting for redis (pid 31, SIGTERM, 3.1 s, SIGKILL in 1.9 s), needed by web`. */
function report(table: ServiceTable, now: Instant): string[] {
	const ending: string[] = [];
	let others = 0;
	for (const entry of entries(table)) {
		const {phase, since, service: {name}, stop} = entry;
		if (phase.kind !== 'stopping') continue;
		if (ending.length === LINES_MAX) {
			others++;
			continue;
		}
		const pid = phase.finish ? `running ${phase.finish.hook}` : phase.outcome ? 'remaining processes' : `pid ${phase.pid}`;
		const then = phase.killed ? 'sent SIGKILL' : `SIGKILL in ${duration(Math.max(0, phase.deadline - now))}`;
		const what = phase.isHooked ? ', running pre_stop' : phase.killed || phase.finish ? '' : `, ${signalName(stop.signal)}`;
		ending.push(`waiting for ${name} (${pid}${what}, ${duration(now - since)}, ${then})${neededBy(table, entry)}`);
	}
	return others > 0 ? [...ending, `waiting for ${others} more ${others === 1 ? 'service' : 'services'}`] : ending;
}

/** `, needed by web, app`; empty if no dependent runs. */
function neededBy(table: ServiceTable, {dependents}: Entry): string {
	const names = dependents.flatMap(({id}) => {
		const entry = read(table, id);
		return entry && isAlive(entry.phase) ? [entry.service.name] : [];
	});
	return names.length > 0 ? `, needed by ${names.slice(0, 3).join(', ')}` : '';
}
