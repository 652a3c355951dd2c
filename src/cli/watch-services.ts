/** Keeps what a client knows of services as it is: all of them first, and then those to which archon says that something happened. */
import type {Live} from '../control/live-client.ts';
import {STATUS, STATUS_ROW, type StatusRow} from '../control/requests/status/wire.ts';
import type {Millis} from '../core/time.ts';
import {decodeEventRow} from '../features/events/requests/subscribe/rows.ts';
import {SUBSCRIBE} from '../features/events/requests/subscribe/wire.ts';

export interface ServicesListener {
	/** All services that were named, as they are now, in the order of the config. */
	services(rows: readonly StatusRow[]): void;
	/** archon does not answer that; nothing more is told. */
	refused(reason: string): void;
}

/** Events of some milliseconds lead to one question. */
const GATHER: Millis = 40;

/** It is shorter to ask for all than for more than these. */
const NAMES_MAX = 200;

/** Without names: all services. `after` calls back once after this time. */
export function watchServices(
	live: Live, after: (millis: Millis, callback: () => void) => void, names: readonly string[], listener: ServicesListener,
): void {
	let known: readonly StatusRow[] = [];
	let changed = new Set<string>();
	/** Whether all are to be asked for. */
	let isVague = false;
	let isAsking = false;

	const look = (): void => {
		const asked = isVague || names.length > 0 || changed.size > NAMES_MAX ? null : changed;
		[changed, isVague] = [new Set(), false];
		ask(asked);
	};
	const lookSoon = (): void => {
		isAsking = true;
		after(GATHER, look);
	};
	const ask = (asked: ReadonlySet<string> | null): void => {
		const rows: StatusRow[] = [];
		isAsking = true;
		live.ask(STATUS, asked ? [...asked] : names, {
			rows: more => void rows.push(...more.map(STATUS_ROW.decode)),
			done(result) {
				isAsking = false;
				if (result.ok && result.value.kind === 'Ok') {
					known = asked ? merged(known, asked, rows) : rows;
					listener.services(known);
				} else if (asked || !result.ok) {
					// One of them is gone, or what was asked has no answer.
					isVague = true;
				} else {
					// So are all that were named.
					known = [];
					listener.services(known);
				}
				if (!result.ok && result.error.kind !== 'broken') return;
				if (changed.size > 0 || isVague) lookSoon();
			},
		});
	};
	const subscribe = (): void => void live.ask(SUBSCRIBE, [...names, 'archon.since=now', 'archon.follow=yes'], {
		rows(rows) {
			let isBegun = false;
			for (const fields of rows) {
				const row = decodeEventRow(fields);
				if (row?.kind === 'event' && row.service !== '' && row.event !== 'removed') changed.add(row.service);
				else isVague = true;
				isBegun ||= row?.kind === 'live';
			}
			if (isAsking) return;
			// At first a person waits for it.
			if (isBegun) look();
			else lookSoon();
		},
		done(result) {
			if (result.ok && result.value.kind === 'Error') listener.refused(result.value.reason);
			// There is another archon to ask, or the same one again.
			if (!result.ok && result.error.kind === 'broken') subscribe();
		},
	});
	subscribe();
}

/** With other rows for some services; those that are new come last, as in archon's own order. */
function merged(known: readonly StatusRow[], asked: ReadonlySet<string>, rows: readonly StatusRow[]): readonly StatusRow[] {
	const changed = new Map(rows.map(row => [row.name, row]));
	const services: StatusRow[] = [];
	for (const service of known) {
		const row = changed.get(service.name);
		changed.delete(service.name);
		if (row) services.push(row);
		else if (!asked.has(service.name)) services.push(service);
	}
	return [...services, ...changed.values()];
}
