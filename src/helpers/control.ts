/**
 * A helper as a client of the control protocol: PID 1 lends it connections, with the rights that its service has. What it asks
 * waits until there is one, over re-executions of archon.
 */
import {createLive, type Hears, type Live} from '../control/live-client.ts';
import {ok} from '../core/result.ts';
import {decodeEventRow, type EventRow} from '../features/events/requests/subscribe/rows.ts';
import {SUBSCRIBE} from '../features/events/requests/subscribe/wire.ts';
import {textOf} from '../os/bytes.ts';
import {after, now} from '../os/clock.ts';
import {close} from '../os/descriptors.ts';
import {CONTROL, LENT, type Message, WITHHELD} from '../os/helper-wire.ts';
import type {Poller} from '../os/poller.ts';
import {type Stream, type StreamListener, streamOn} from '../os/sockets/stream.ts';
import type {Connection} from './connection.ts';

export interface HelperControl extends Pick<Live, 'ask' | 'close'> {
	/** Whether the message was about connections of this one; then its descriptors are used. */
	heard(message: Message, fds: readonly number[]): boolean;
	/** To be called when RESET was answered: what another instance of archon was asked for is asked for again. */
	reset(): void;
	/** Events from now on, or after one of this number; over all that may happen to the connection. The result ends that. */
	follow(choice: EventChoice, hears: HearsEvents): () => void;
}

export interface EventChoice {
	/** Names, groups and patterns of services, and `archon`; empty: all. */
	readonly names: readonly string[];
	/** Kinds; empty: all. */
	readonly kinds: readonly string[];
	/** The number of an event; null: only new ones. */
	readonly since: number | null;
}

export interface HearsEvents {
	/** All that came at once. */
	events(events: readonly EventRow[]): void;
	/** How many are not kept any more, of all kinds and services. */
	missed(count: number): void;
	/** All that was kept is told, up to this number: at the beginning, and whenever the connection was another one. */
	live?(last: number): void;
	/** Why they are not told; it is tried again. */
	failed(why: string): void;
}

/** How long PID 1 may take to answer, and the pause until it is asked again (ms). */
const [PATIENCE, AGAIN] = [5000, 1000];

interface Asked {
	readonly id: number;
	readonly listener: StreamListener;
	/** What is to be sent as soon as there is a connection. */
	readonly queue: Uint8Array[];
	stream: Stream | null;
	cancel: () => void;
}

/** `withheld`: why it has no connection, in words; null: it has one. */
export function createHelperControl(
	connection: Connection, poller: Poller, withheld: (why: string | null) => void = () => {},
): HelperControl {
	let last = 0;
	let asked: Asked | null = null;

	function ask(listener: StreamListener, queue: Uint8Array[]): Asked {
		const id = ++last;
		connection.send(CONTROL, id);
		return asked = {id, listener, queue, stream: null, cancel: after(PATIENCE, again)};
	}

	function again(): void {
		if (!asked || asked.stream) return;
		asked.cancel();
		ask(asked.listener, asked.queue);
	}

	function begin(own: Asked, fd: number): void {
		own.cancel();
		own.stream = streamOn(poller, fd, own.listener);
		for (const bytes of own.queue.splice(0)) own.stream.send(bytes);
		withheld(null);
	}

	const live = createLive({
		open(listener) {
			const own = {listener, queue: [] as Uint8Array[], isOpen: true};
			// There is one at a time: that of before is closed by now.
			ask(listener, own.queue);
			return ok({
				send(bytes) {
					if (!own.isOpen) return;
					if (asked?.listener === listener && asked.stream) asked.stream.send(bytes);
					else own.queue.push(bytes);
				},
				close() {
					own.isOpen = false;
					if (asked?.listener !== listener) return;
					asked.cancel();
					asked.stream?.close();
					asked = null;
				},
			});
		},
		isOver: () => false,
		now, after,
		told() {},
	});

	const control: HelperControl = {
		ask: live.ask,
		close: live.close,
		reset: again,
		heard({kind, id, payload}, fds) {
			if (kind !== LENT && kind !== WITHHELD) return false;
			const isMeant = asked?.id === id && !asked.stream;
			const [fd] = fds;
			if (kind === LENT && isMeant && asked && fd !== undefined) {
				begin(asked, fd);
				fds.slice(1).forEach(close);
				return true;
			}
			fds.forEach(close);
			if (kind === WITHHELD && isMeant && asked) {
				withheld(textOf(payload));
				asked.cancel();
				asked.cancel = after(AGAIN, again);
			}
			return true;
		},
		follow(choice, hears) {
			let since = choice.since;
			let isOver = false;
			let stop = (): void => {};
			const fields = (): readonly string[] => [
				...choice.names, `archon.since=${since ?? 'now'}`, 'archon.follow=yes',
				...choice.kinds.length > 0 ? [`archon.kinds=${choice.kinds.join('+')}`] : [],
			];
			const begin = (): void => {
				if (!isOver) stop = live.ask(SUBSCRIBE, fields(), hearing);
			};
			const hearing: Hears = {
				rows(rows) {
					let events: EventRow[] = [];
					// From there on none is lost, whatever becomes of the connection. With another archon numbers begin again.
					const tell = (): void => {
						since = events.at(-1)?.number ?? since;
						if (events.length > 0) hears.events(events);
						events = [];
					};
					for (const fields of rows) {
						const row = decodeEventRow(fields);
						if (row?.kind === 'event') {
							events.push(row);
							continue;
						}
						tell();
						if (row?.kind === 'missed') hears.missed(row.count);
						if (row?.kind === 'live') hears.live?.(since = row.last);
					}
					tell();
				},
				done(result) {
					if (isOver) return;
					const why = result.ok ? ('reason' in result.value ? result.value.reason : '') : result.error.reason;
					if (why !== '' && (result.ok || result.error.kind !== 'broken')) hears.failed(why);
					after(result.ok ? AGAIN : 0, begin);
				},
			};
			begin();
			return () => {
				isOver = true;
				stop();
			};
		},
	};
	return control;
}
