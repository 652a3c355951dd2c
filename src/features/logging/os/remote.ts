/** Messages for syslog servers in a network: given to the helper `archon.syslog`, which says what becomes of them. */
import type {Syslog} from '../core.ts';
import {HELPER_PREFIX} from '../../../core/helper-roles.ts';
import type {Millis} from '../../../core/time.ts';
import {bytesOf, textOf} from '../../../os/bytes.ts';
import {after, soon} from '../../../os/clock.ts';
import {encodeMessage, PAYLOAD_MAX} from '../../../os/helper-wire.ts';
import type {Link} from '../../../os/helpers.ts';
import type {Relay, RelayListener} from './relays.ts';

/** An address in a network, and the form that messages have there. */
export interface RemoteTarget {
	readonly address: Exclude<Syslog['address'], {readonly kind: 'unix'}>;
	readonly format: Syslog['format'];
}

/** To the helper: a new relay with its target, some bytes of a batch, its last bytes, and that a relay is not wanted any more. */
export const [OPEN, SOME, LAST, CLOSE] = ['O', 'S', 'L', 'C'];
/** From it: as of `RelayListener`, each with a number of messages, and behind a space why. */
export const [READY, LOST, FAILED] = ['r', 'l', 'f'];
/** From it: it ends as soon as no relay is wanted of it any more. */
export const ENDING = 'e';

/** Begins to connect by way of the helper. */
export type DialRemote = (target: RemoteTarget, listener: RelayListener) => Relay;

/** How long a helper that is being started again is waited for before that is a failure. */
const PATIENCE: Millis = 1000;

/** Characters of a reason that are logged. */
const WHY_MAX = 300;

/** Messages about a relay that are still to be given to the helper, in order. */
interface Pending {
	readonly id: number;
	readonly kind: string;
	payload: Uint8Array;
}

interface Client {
	readonly target: RemoteTarget;
	readonly listener: RelayListener;
	/** `waiting`: for a helper; `busy`: the helper connects, or has messages in its hands; `idle`: it takes messages. */
	state: 'waiting' | 'busy' | 'idle';
	forgetTime: () => void;
}

export function createRemote(link: Link): DialRemote {
	const clients = new Map<number, Client>();
	let queue: Pending[] = [];
	/** Whether a helper takes new relays. */
	let isUp = false;
	let isEnding = false;
	let last = 0;

	function give(id: number, kind: string, payload: Uint8Array = bytesOf('')): void {
		queue.push({id, kind, payload});
		if (queue.length === 1) pump();
	}

	function pump(): void {
		for (let item = queue[0]; item; item = queue[0]) {
			const {id, kind, payload} = item;
			const isWanted = kind === CLOSE || clients.has(id);
			const isCut = payload.length > PAYLOAD_MAX;
			const piece = isCut ? payload.subarray(0, PAYLOAD_MAX) : payload;
			if (isWanted && link.post(encodeMessage(isCut ? SOME : kind, id, piece)) !== 'sent') return;
			if (isWanted && isCut) item.payload = payload.subarray(PAYLOAD_MAX);
			else queue.shift();
		}
	}

	function open(id: number, client: Client): void {
		client.state = 'busy';
		give(id, OPEN, bytesOf(JSON.stringify(client.target)));
	}

	function fail(id: number, why: string, done: number): void {
		const client = clients.get(id);
		if (!clients.delete(id)) return;
		client?.forgetTime();
		client?.listener.failed(why, done);
	}

	/** What has no messages in its hands leaves a helper that ends; the others may send all that they have. */
	function leave(): void {
		for (const [id, {state}] of [...clients]) {
			if (state !== 'idle' || !isEnding) continue;
			fail(id, `${HELPER_PREFIX}syslog is ending`, 0);
			give(id, CLOSE);
		}
	}

	link.use({
		opened() {
			[isUp, isEnding] = [true, false];
			for (const [id, client] of clients) {
				client.forgetTime();
				open(id, client);
			}
		},
		heard({kind, id, payload}) {
			if (kind === ENDING) {
				[isUp, isEnding] = [false, true];
				return leave();
			}
			const client = clients.get(id);
			if (!client) return;
			const [, count = '0', said = ''] = /^(\d{1,9}) ?(.*)$/s.exec(textOf(payload)) ?? [];
			// One line of the log, whatever the helper says.
			const why = said.replaceAll(/[\0-\x1f\x7f-\x9f]/g, ' ').slice(0, WHY_MAX);
			if (kind === READY) {
				client.state = 'idle';
				client.listener.ready(Number(count));
				// What is waiting follows in the next turn.
				if (isEnding) soon(() => soon(leave));
			} else if (kind === LOST) client.listener.lost(Number(count), why);
			else if (kind === FAILED) fail(id, why, Number(count));
		},
		room: pump,
		closed() {
			[isUp, isEnding] = [false, false];
			queue = [];
			// How much of what it had in its hands is out is not known: all of it is sent again.
			for (const id of [...clients.keys()]) fail(id, `${HELPER_PREFIX}syslog has ended`, 0);
		},
	});

	return (target, listener) => {
		const id = ++last;
		const client: Client = {target, listener, state: 'waiting', forgetTime: () => {}};
		clients.set(id, client);
		if (isUp) open(id, client);
		else client.forgetTime = after(PATIENCE, () => fail(id, `${HELPER_PREFIX}syslog does not run`, 0));
		return {
			send(batch) {
				client.state = 'busy';
				give(id, LAST, batch);
			},
			close() {
				client.forgetTime();
				if (clients.delete(id) && (isUp || isEnding)) give(id, CLOSE);
			},
		};
	};
}
