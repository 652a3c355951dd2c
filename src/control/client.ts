/** The client's side of the control socket: one question after the other, each with its rows and reply. */
import {err, ok, type Result} from '../core/result.ts';
import type {Instant} from '../core/time.ts';
import {decodeReply, isRepeatable, type Reply} from './protocol.ts';
import {createReader, type Fields, type Reading, writeRecord} from './records.ts';
import type {Channel} from './transport.ts';

export interface Answer {
	/** Without the word `Row`. */
	readonly rows: readonly (readonly string[])[];
	readonly reply: Reply;
}

/**
 * `unsent`: the request cannot be put into a record. `broken`: the connection ended before the reply, and `renew` may
 * help. `anew`: the same, there is another connection, and whether the request was carried out is not known. `lost`:
 * archon is gone, or makes no sense.
 */
export interface Trouble {
	readonly kind: 'unsent' | 'broken' | 'anew' | 'lost';
	readonly reason: string;
}

export interface Client {
	/**
	 * Waits for the answer, however long it takes. Where the connection breaks, as it does when archon is re-executed,
	 * a request that may be repeated is sent once more; the trouble is never `broken`.
	 */
	ask(request: Fields, fds?: readonly number[]): Result<Answer, Trouble>;
	/** Calls back with the rows as they come, all that came at once, to be shown. Sends nothing twice. */
	listen(request: Fields, onRows: (rows: Answer['rows']) => void, fds?: readonly number[]): Result<Reply, Trouble>;
	/** Sends bytes as they are, for `receive` to tell what comes back. */
	send(bytes: Uint8Array): void;
	/** The next record from archon; null at the end. */
	receive(): Reading | null;
	/** In place of a broken connection another one; false: there is none to be had. */
	renew(): boolean;
	close(): void;
}

/**
 * A request that breaks the connection so often may be what archon crashes of, and archon that crashes again and again
 * does less and less. One that has been under way for long is none.
 */
export const TRIES = 4;
const LONG = 10_000;

/** `again`: another connection to the same archon; null: none can be had. `now`: a clock that only goes forward. */
export function createClient(first: Channel, again: () => Channel | null, now: () => Instant): Client {
	let channel: Channel | null = first;
	let reader = createReader();
	let readings: Reading[] = [];

	const close = (): void => {
		channel?.close();
		channel = null;
	};
	const renew = (): boolean => {
		close();
		channel = again();
		reader = createReader();
		readings = [];
		return channel !== null;
	};

	const receive = (isShown: boolean): Reading | null => {
		for (;;) {
			const reading = readings.shift();
			if (reading) return reading;
			const bytes = channel?.receive(isShown);
			if (!bytes) return null;
			readings.push(...reader.read(bytes));
		}
	};
	const listen = (
		request: Fields, onRows: (rows: Answer['rows']) => void, fds: readonly number[], isShown: boolean,
	): Result<Reply, Trouble> => {
		const record = writeRecord(request);
		if (!record.ok) return err({kind: 'unsent', reason: record.error});
		channel?.send(record.value, fds);
		let rows: string[][] = [];
		const tell = (): void => {
			if (rows.length > 0) onRows(rows);
			rows = [];
		};
		for (;;) {
			if (readings.length === 0) tell();
			const reading = receive(isShown);
			const reply = reading?.kind === 'record' ? decodeReply(reading.fields) : null;
			if (reading?.kind === 'record' && !reply && reading.fields[0] === 'Row') {
				rows.push(reading.fields.slice(1));
				continue;
			}
			tell();
			if (reply) return ok(reply);
			if (!reading) return err(BROKEN);
			return err(nonsense(reading.kind === 'fault' ? reading.reason : reading.fields[0]));
		}
	};
	return {
		renew, close,
		receive: () => receive(false),
		listen: (request, onRows, fds = []) => listen(request, onRows, fds, true),
		send: bytes => channel?.send(bytes),
		ask(request, fds) {
			for (let tries = 1;; tries++) {
				const began = now();
				const rows: (readonly string[])[] = [];
				const reply = listen(request, more => void rows.push(...more), fds ?? [], false);
				if (reply.ok) return ok({rows, reply: reply.value});
				if (reply.error.kind !== 'broken') return reply;
				if (now() - began > LONG) tries = 1;
				if (tries === TRIES || !renew()) return err({...BROKEN, kind: 'lost'});
				if (!isRepeatable(request)) return err({...BROKEN, kind: 'anew'});
			}
		},
	};
}

const BROKEN: Trouble = {kind: 'broken', reason: 'it closed the connection without a reply'};

const nonsense = (what: string): Trouble => ({kind: 'lost', reason: `its answer makes no sense: ${what}`});
