/** The end of everything: how long it may take at worst, and who is waited for meanwhile. */
import {type ServiceTable, entries, read} from './service-table.ts';
import {duration} from './duration.ts';
import type {Entry} from './entry.ts';
import type {Id} from './ids.ts';
import {isAlive} from './phase.ts';
import {signalName} from './signal-numbers.ts';
import type {Instant, Millis} from './time.ts';

/** More lines at once would help nobody. */
const LINES_MAX = 5;

/**
 * The sum of the grace periods along the longest way from a dependent down to what it needs, among the
 * services that live: what a shutdown in order takes if each of them is deaf.
 */
export function longestEnd(table: ServiceTable): Millis {
	const longest = new Map<Id, Millis>();
	let most = 1;
	for (const start of entries(table)) {
		// By hand and not by recursion: a chain of needs may be as long as the config.
		const path = [start];
		for (let entry = path.at(-1); entry; entry = path.at(-1)) {
			const next = entry.needs.find(({id}) => !longest.has(id));
			const need = next && read(table, next.id);
			if (need) {
				path.push(need);
				continue;
			}
			path.pop();
			const below = Math.max(0, ...entry.needs.map(({id}) => longest.get(id) ?? 0));
			const way = below + (isAlive(entry.phase) ? entry.stop.grace * gracesOf(entry) : 0);
			longest.set(entry.id, way);
			most = Math.max(most, way);
		}
	}
	return Number.isFinite(most) ? most : 1;
}

/** Commands `post_stop` have a grace period of their own after the end. */
const gracesOf = ({service: {hooks}}: Entry): number => (hooks.postStop.length > 0 ? 2 : 1);

/** A line for each service that is being ended: `waiting for redis (pid 31, 3.1 s, KILL in 1.9 s), needed by nobody`. */
export function whoIsAwaited(table: ServiceTable, now: Instant): string[] {
	const ending: string[] = [];
	let others = 0;
	for (const entry of entries(table)) {
		const {phase, since, service: {name}, stop} = entry;
		if (phase.kind !== 'stopping') continue;
		if (ending.length === LINES_MAX) {
			others++;
			continue;
		}
		const pid = phase.finish ? phase.finish.hook : phase.outcome ? 'what it left behind' : `pid ${phase.pid}`;
		const then = phase.killed ? 'SIGKILL was sent' : `KILL in ${duration(Math.max(0, phase.deadline - now))}`;
		const what = phase.isHooked ? ', pre_stop' : phase.killed || phase.finish ? '' : `, ${signalName(stop.signal)}`;
		ending.push(`waiting for ${name} (${pid}${what}, ${duration(now - since)}, ${then}), needed by ${neededBy(table, entry)}`);
	}
	return others > 0 ? [...ending, `and for ${others} more`] : ending;
}

function neededBy(table: ServiceTable, {dependents}: Entry): string {
	const names = dependents.flatMap(({id}) => {
		const entry = read(table, id);
		return entry && isAlive(entry.phase) ? [entry.service.name] : [];
	});
	return names.length > 0 ? names.slice(0, 3).join(', ') : 'nobody';
}
