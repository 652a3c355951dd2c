/** While everything ends, people are told every second who is waited for. */
import {duration} from '../../core/duration.ts';
import type {Entry} from '../../core/entry.ts';
import type {Feature} from '../../core/feature.ts';
import {isAlive} from '../../core/phase.ts';
import {entries, read, type ServiceTable} from '../../core/service-table.ts';
import {signalName} from '../../core/signal-numbers.ts';
import {type Instant, type Millis, NEVER} from '../../core/time.ts';

/** How often a shutdown says whom it waits for. */
const SAY_EVERY: Millis = 1000;

/** More lines at once would help nobody. */
const LINES_MAX = 5;

export interface Progress {
	/** When to say next who is waited for. */
	readonly sayAt: Instant;
}

export const progress: Feature<Progress> = {
	name: 'progress',
	initial: {sayAt: NEVER},
	staged: (_, {state: {stage}, now}) => ({sayAt: stage.kind === 'stopping' ? now + SAY_EVERY : NEVER}),
	nextDeadline: ({sayAt}) => sayAt,
	due(_, view) {
		const {state, now} = view;
		for (const text of whoIsAwaited(state.table, now)) view.emit({kind: 'say', level: 'info', text});
		return {sayAt: now + SAY_EVERY};
	},
};

/** A line for each service that is being ended: `waiting for redis (pid 31, 3.1 s, KILL in 1.9 s), needed by nobody`. */
function whoIsAwaited(table: ServiceTable, now: Instant): string[] {
	const ending: string[] = [];
	let others = 0;
	for (const entry of entries(table)) {
		const {phase, since, service: {name}, stop} = entry;
		if (phase.kind !== 'stopping') continue;
		if (ending.length === LINES_MAX) {
			others++;
			continue;
		}
		const pid = phase.finish ? phase.finish.hook : phase.outcome ? 'remaining processes' : `pid ${phase.pid}`;
		const then = phase.killed ? 'sent SIGKILL' : `SIGKILL in ${duration(Math.max(0, phase.deadline - now))}`;
		const what = phase.isHooked ? ', pre_stop' : phase.killed || phase.finish ? '' : `, ${signalName(stop.signal)}`;
		ending.push(`waiting for ${name} (${pid}${what}, ${duration(now - since)}, ${then})${neededBy(table, entry)}`);
	}
	return others > 0 ? [...ending, `waiting for ${others} more services`] : ending;
}

function neededBy(table: ServiceTable, {dependents}: Entry): string {
	const names = dependents.flatMap(({id}) => {
		const entry = read(table, id);
		return entry && isAlive(entry.phase) ? [entry.service.name] : [];
	});
	return names.length > 0 ? `, needed by ${names.slice(0, 3).join(', ')}` : '';
}
