/** The helper `archon.syslog`: looks names up, connects to syslog servers in a network, and delivers what archon gives it. */
import type {Relay} from '../features/logging/os/relays.ts';
import {CLOSE, ENDING, FAILED, LAST, LOST, OPEN, READY, type RemoteTarget, SOME} from '../features/logging/os/remote.ts';
import {bytesOf, concat, textOf} from '../os/bytes.ts';
import {type Message, RESET} from '../os/helper-wire.ts';
import type {Poller} from '../os/poller.ts';
import {type Connection, createConnection} from './connection.ts';
import {dialInet} from './inet-relays.ts';

/** What archon has asked for, and the beginning of a batch whose end has not come yet. */
interface Order {
	relay: Relay | null;
	parts: Uint8Array[];
}

/** Serves until `ended` is called. The result asks it to end as soon as archon wants no relay any more. */
export function serveSyslog(fd: number, poller: Poller, ended: () => void): () => void {
	const orders = new Map<number, Order>();
	let isEnding = false;
	const connection: Connection = createConnection(fd, poller, heard, ended);

	function heard({kind, id, payload}: Message): void {
		if (kind === RESET) return reset();
		if (kind === OPEN) return open(id, JSON.parse(textOf(payload)) as RemoteTarget);
		const order = orders.get(id);
		// It has failed, and archon will hear of that.
		if (!order) return;
		if (kind === SOME || kind === LAST) order.parts.push(payload.slice());
		if (kind === LAST) order.relay?.send(concat(order.parts.splice(0)));
		if (kind === CLOSE) close(id);
	}

	function open(id: number, target: RemoteTarget): void {
		const order: Order = {relay: null, parts: []};
		const tell = (kind: string, count: number, why = ''): void => connection.send(kind, id, bytesOf(`${count} ${why}`));
		orders.set(id, order);
		order.relay = dialInet(target, poller, {
			ready: done => tell(READY, done),
			lost: (count, why) => tell(LOST, count, why),
			failed(why, done) {
				orders.delete(id);
				tell(FAILED, done, why);
				endIfDone();
			},
		});
	}

	function close(id: number): void {
		orders.get(id)?.relay?.close();
		orders.delete(id);
		endIfDone();
	}

	function reset(): void {
		for (const {relay} of orders.values()) relay?.close();
		orders.clear();
		connection.send(RESET);
	}

	function endIfDone(): void {
		if (isEnding && orders.size === 0) ended();
	}

	return () => {
		isEnding = true;
		connection.send(ENDING);
		endIfDone();
	};
}
