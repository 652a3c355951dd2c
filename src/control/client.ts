/** The client's side of the control socket: one question after the other, each with its rows and reply. */
import {err, ok, type Result} from '../core/result.ts';
import type {Instant, Millis} from '../core/time.ts';
import {decodeReply, type Reply} from './protocol.ts';
import {createReader, type Reading, writeRecord} from './records.ts';
import type {Channel} from './transport.ts';
import type {Decoded, Wire} from './wire.ts';

/** What a client has to know of a request, beside its fields. */
export type Verb = Pick<Wire<Decoded>, 'verb' | 'isRepeatable'>;

export interface Answer {
	/** Without the field `Row`. */
	readonly rows: readonly (readonly string[])[];
	readonly reply: Reply;
}

/**
 * `unsent`: the request cannot be put into a record. `broken`: the connection ended before the reply, and `reconnect` may
 * help. `unanswered`: the same, there is another connection, and whether the request was carried out is not known.
 * `lost`: archon is gone, or its answer is invalid.
 */
export interface Trouble {
	readonly kind: 'unsent' | 'broken' | 'unanswered' | 'lost';
	readonly reason: string;
}

export interface Client {
	/**
	 * Waits for the answer, however long it takes. Where the connection breaks, as it does when archon is re-executed,
	 * a request that may be repeated is sent once more; the trouble is never `broken`.
	 */
	ask(request: Verb, fields: readonly string[], fds?: readonly number[]): Result<Answer, Trouble>;
	/** Calls back with the rows as they come, all that came at once, to be shown. Sends nothing twice. */
	listen(request: Verb, fields: readonly string[], onRows: (rows: Answer['rows']) => void): Result<Reply, Trouble>;
	/** Sends bytes as they are, for `receive` to tell what comes back. */
	send(bytes: Uint8Array): void;
	/** The next record from archon; null at the end. */
	receive(): Reading | null;
	/** Replaces a broken connection by another one; false: there is no archon to connect to. */
	reconnect(): boolean;
	close(): void;
}

/**
 * How often a request is sent. One that breaks the connection each time may be what archon crashes of, and after a few
 * crashes archon does nothing but keep services running.
 */
export const TRIES = 4;

/** A request that has been under way for this many milliseconds is not what archon crashed of. */
export const LONG = 10_000;

/** How long archon may not listen while it is re-executed, and the pause between two tries, in milliseconds. */
export const PATIENCE: Millis = 3000;
export const PAUSE: Millis = 20;

/** `another`: another connection to the same archon; null: there is no archon. `now`: a clock that only goes forward. */
export function createClient(first: Channel, another: () => Channel | null, now: () => Instant): Client {
	let channel: Channel | null = first;
	let reader = createReader();
	let readings: Reading[] = [];
	/** Whether all that was asked on this connection is answered, and nothing else has come or was sent. */
	let isWhole = true;
	/** Whether what came last ends with a line. */
	let endsWhole = true;

	const close = (): void => {
		channel?.close(isWhole && readings.length === 0);
		channel = null;
	};
	const reconnect = (): boolean => {
		close();
		channel = another();
		isWhole = true;
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
			endsWhole = bytes.at(-1) === LF;
			readings.push(...reader.read(bytes));
		}
	};
	const listen = (
		{verb}: Verb, fields: readonly string[], onRows: (rows: Answer['rows']) => void, fds: readonly number[], isShown: boolean,
	): Result<Reply, Trouble> => {
		const record = writeRecord([verb, ...fields]);
		if (!record.ok) return err({kind: 'unsent', reason: record.error});
		const wasWhole = isWhole;
		isWhole = false;
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
			if (reply) {
				// Descriptors that were not taken wait at archon for the next who passes some.
				isWhole = wasWhole && endsWhole && fds.length === 0;
				return ok(reply);
			}
			if (!reading) return err(BROKEN);
			return err(invalid(reading.kind === 'fault' ? reading.reason : reading.fields[0]));
		}
	};
	return {
		reconnect, close,
		receive: () => receive(false),
		listen: (request, fields, onRows) => listen(request, fields, onRows, [], true),
		send(bytes) {
			isWhole = false;
			channel?.send(bytes);
		},
		ask(request, fields, fds = []) {
			for (let tries = 1;; tries++) {
				const began = now();
				const rows: (readonly string[])[] = [];
				const reply = listen(request, fields, more => void rows.push(...more), fds, false);
				if (reply.ok) return ok({rows, reply: reply.value});
				if (reply.error.kind !== 'broken') return reply;
				if (now() - began > LONG) tries = 1;
				if (tries === TRIES || !reconnect()) return err({...BROKEN, kind: 'lost'});
				if (!request.isRepeatable) return err({...BROKEN, kind: 'unanswered'});
			}
		},
	};
}

const LF = 10;

export const BROKEN: Trouble = {kind: 'broken', reason: 'archon closed the connection without a reply'};

export const invalid = (what: string): Trouble => ({kind: 'lost', reason: `archon's answer is invalid: ${what}`});
