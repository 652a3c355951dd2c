/** What the shell knows of archon while a person types: its services' states, and what of its events is worth a line. */
import type {Live, LiveState} from '../../control/live-client.ts';
import {STATUS, STATUS_ROW, type StatusRow} from '../../control/requests/status/wire.ts';
import {HELPER_PREFIX} from '../../core/helper-roles.ts';
import {plainText} from '../../core/plain.ts';
import {decodeEventRow, type EventRow} from '../../features/events/requests/subscribe/rows.ts';
import {SUBSCRIBE} from '../../features/events/requests/subscribe/wire.ts';
import {after} from '../../os/reactor.ts';
import type {Standing} from './prompt.ts';

export interface Watcher {
	standing(): Standing;
	/** Names that a command may be given. */
	names(): readonly string[];
	/** Asks how things are, and calls back when that is known, or after a moment: then what was known before counts. */
	refresh(done: () => void): void;
	/** Of the connection, as the live client tells it. */
	told(state: LiveState): void;
}

/** How long a person is kept waiting for a prompt that is true, how soon many events are one, and between tries to find archon. */
const [MOMENT, PAUSE, RETRY] = [200, 50, 2000];

/** `changed`: the standing may be another one. `noted`: something happened that is worth a line. */
export function createWatcher(live: () => Live, changed: () => void, noted: (line: string) => void): Watcher {
	let standing: Standing = {kind: 'unknown'};
	let rows: readonly StatusRow[] = [];
	let isSubscribed = false;
	let isDue = false;
	/** Everything that waits for the answer under way. */
	let waiting: (() => void)[] = [];
	let isAsked = false;

	const settle = (next: Standing): void => {
		standing = next;
		changed();
	};
	const ask = (): void => {
		isAsked = true;
		const found: StatusRow[] = [];
		live().ask(STATUS, [], {
			rows: more => void found.push(...more.map(STATUS_ROW.decode)),
			done(result) {
				isAsked = false;
				const isKnown = result.ok && result.value.kind === 'Ok';
				rows = isKnown ? found : [];
				if (isKnown) settle({kind: 'up', statuses: found.filter(({name}) => !name.startsWith(HELPER_PREFIX)).map(({status}) => status)});
				else if (result.ok) settle({kind: 'unknown'});
				if (result.ok && !isSubscribed) subscribe();
				const callbacks = waiting;
				waiting = [];
				for (const each of callbacks) each();
			},
		});
	};
	const subscribe = (): void => {
		isSubscribed = true;
		live().ask(SUBSCRIBE, ['archon.since=now', 'archon.follow=yes'], {
			rows(rows) {
				for (const fields of rows) {
					const row = decodeEventRow(fields);
					if (row?.kind === 'event') heard(row);
				}
			},
			done(result) {
				isSubscribed = false;
				if (!result.ok && result.error.kind !== 'lost' && result.error.kind !== 'unsent') subscribe();
			},
		});
	};
	const heard = (event: EventRow): void => {
		const line = noteOf(event);
		if (line !== null) noted(line);
		if (isDue) return;
		isDue = true;
		after(PAUSE, () => {
			isDue = false;
			if (!isAsked) ask();
		});
	};
	const retry = (): void => {
		if (standing.kind !== 'gone') return;
		if (!isAsked) ask();
		after(RETRY, retry);
	};
	return {
		standing: () => standing,
		names: () => [...new Set([...rows.flatMap(({name, groups}) => [name, ...name.split(':', 1), ...groups]), 'all'])],
		refresh(done) {
			let isDone = false;
			const finish = (): void => {
				if (!isDone) done();
				isDone = true;
			};
			waiting.push(finish);
			after(MOMENT, finish);
			if (!isAsked) ask();
		},
		told(state) {
			const was = standing.kind;
			if (state.kind === 'broken') settle({kind: 'reconnecting'});
			if (state.kind === 'connected') {
				noted(was === 'gone' ? 'archon is running again' : 'archon was re-executed');
				settle({kind: 'unknown'});
				if (!isAsked) ask();
			}
			if (state.kind === 'lost' && was !== 'gone') {
				noted('archon has ended');
				rows = [];
				settle({kind: 'gone'});
				after(RETRY, retry);
			}
		},
	};
}

/** Only what a person would want to be interrupted for. */
function noteOf({event, service, reason}: EventRow): string | null {
	const because = reason === '' ? '' : `: ${plainText(reason)}`;
	switch (event) {
		case 'failed': return `${service} has failed${because}`;
		case 'unhealthy': return `${service} is unhealthy${because}`;
		case 'shutdown': return `archon shuts down${because}`;
		case 'reload-failed': return `a reload has failed${because}`;
		default: return null;
	}
}
