/**
 * How long the last start of a service took, and which of its needs it waited for longest. A start is one that boot, a
 * config or an operator asked for: the attempts and restarts that follow by themselves belong to it.
 */
import type {Entry, Startup} from './entry.ts';
import {entries, entryOf, type State} from './state.ts';
import type {Instant, Millis} from './time.ts';

/** What is known of a start when the service comes to another phase. */
export function startupAfter(from: Entry, {phase, ends}: Entry, now: Instant): Startup {
	const before = from.startup;
	const [asked, begun, ready] = before;
	switch (phase.kind) {
		case 'waiting': return isByItself(from, ends) ? before : [now, null, null];
		case 'spawning': return [asked, begun ?? now, ready];
		case 'up':
		case 'done': return ready === null ? [asked, begun, now] : before;
		case 'down': return phase.cause === 'completed' && ready === null ? [asked, begun, now] : before;
		case 'starting':
		case 'stopping':
		case 'backoff': return before;
	}
}

/** Whether it waits again because a run or an attempt has ended. An operator's start in a backoff forgets earlier ends. */
const isByItself = ({phase: {kind}}: Entry, ends: Entry['ends']): boolean =>
	kind === 'backoff' ? ends.length > 0 : kind !== 'down' && kind !== 'done';

/** The last start of a service that has been started. */
export interface Start {
	readonly entry: Entry;
	readonly asked: Instant;
	/** From then until its needs were met. */
	readonly waited: Millis;
	/** From then until it was ready, or had completed; null: it is not. */
	readonly took: Millis | null;
	/** The need that was ready last between asked and begun; null: it waited for none. */
	readonly after: Entry | null;
}

/** The last start of each service that has been started. */
export const starts = (state: State): readonly Start[] => [...entries(state)].flatMap((entry): readonly Start[] => {
	const [asked, begun, ready] = entry.startup;
	if (asked === null || begun === null) return [];
	return [{entry, asked, waited: begun - asked, took: ready === null ? null : ready - begun, after: lastNeed(state, entry, asked, begun)}];
});

function lastNeed(state: State, {needs}: Entry, asked: Instant, begun: Instant): Entry | null {
	let [last, at]: [Entry | null, Instant] = [null, -Infinity];
	for (const {id} of needs) {
		const need = entryOf(state, id);
		const ready = need?.startup[2] ?? null;
		if (need && ready !== null && asked <= ready && ready <= begun && ready > at) [last, at] = [need, ready];
	}
	return last;
}
