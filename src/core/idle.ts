/** What has come to rest for good: why a service cannot start, and what is told when nothing runs and nothing will. */
import {type ServiceTable, entries, read} from './service-table.ts';
import type {Entry} from './entry.ts';
import {isLostTo, type State} from './state.ts';
import {lastEnd, waitsFor} from './status.ts';

/** So many services are named in one line. */
const NAMED = 3;

/** Why an entry is lost: itself, or the first need, near or far, that has failed for good. */
export function rootOf(table: ServiceTable, entry: Entry): Entry {
	let root = entry;
	for (let need = lostNeed(table, entry); need; need = need.phase.kind === 'waiting' ? lostNeed(table, need) : undefined) root = need;
	return root;
}

/** Why one that waits in vain does so: `db has failed (exit 1)`, `app waits for db: db has failed (exit 1)`. */
export function cannotStart(table: ServiceTable, entry: Entry): string {
	const [near, root] = [lostNeed(table, entry), rootOf(table, entry)];
	return near === root ? endOf(root) : `${near?.service.name} waits for ${root.service.name}: ${endOf(root)}`;
}

/** The first hard need of an entry that will not hold by itself any more. */
function lostNeed(table: ServiceTable, {needs}: Entry): Entry | undefined {
	for (const edge of needs) {
		const need = read(table, edge.id);
		if (need && isLostTo(need, edge)) return need;
	}
	return undefined;
}

interface Idleness {
	readonly why: string;
	/** The one that failed last; null: none has. */
	readonly failed: Entry | null;
	/** An operator has stopped something, and the container with it is his. */
	readonly isKept: boolean;
}

/** All services at rest, in one look; it is taken once each time that the last of them came to rest. */
export function aboutIdleness(state: State): Idleness {
	const ranks: readonly string[][] = [[], [], []];
	let failed: Entry | null = null;
	let isKept = false;
	for (const entry of entries(state.table)) {
		const {service: {name, origin}, desired, since, phase} = entry;
		// What clients started for themselves is not what the container is for.
		if (origin === 'run' || origin === 'daemon') continue;
		isKept ||= desired === 'stop';
		const hasFailed = phase.kind === 'down' && phase.cause === 'failed';
		if (hasFailed && (failed === null || since >= failed.since)) failed = entry;
		const [rank, text] = hasFailed ? [0, endOf(entry)]
			: phase.kind === 'waiting' ? [1, `${name} waits for ${waitsFor(state, entry)}`] : [2, endOf(entry)];
		ranks[rank]?.push(text);
	}
	const all = ranks.flat();
	const more = all.length > NAMED ? ` and ${all.length - NAMED} more` : '';
	const reasons = all.length > 0 ? all.slice(0, NAMED).join(', ') + more : 'there are no services';
	return {why: `nothing runs and nothing will start by itself: ${reasons}`, failed, isKept};
}

function endOf(entry: Entry): string {
	const {phase, service: {name}} = entry;
	if (phase.kind !== 'down') return phase.kind === 'done' ? `${name} has completed` : `${name} is ${phase.kind}`;
	const how = lastEnd(entry);
	const more = how === '' ? '' : ` (${how})`;
	switch (phase.cause) {
		case 'failed': return `${name} has failed${more}`;
		case 'completed': return `${name} has completed`;
		case 'exited': return `${name} has ended${more}`;
		case 'stopped': return `${name} was stopped`;
		case 'new': return `${name} was not started`;
	}
}
