/** The client's side of the control socket: one question after the other, each with its rows and reply. */
import {err, ok, type Result} from '../core/model.ts';
import {decodeReply, type Reply} from './protocol.ts';
import {createReader, type Fields, type Reading, writeRecord} from './records.ts';
import type {Channel} from './transport.ts';

export interface Answer {
	/** Without the word `Row`. */
	readonly rows: readonly (readonly string[])[];
	readonly reply: Reply;
}

/** `unsent`: the request cannot be put into a record. `lost`: archon is gone, or makes no sense. */
export interface Trouble {
	readonly kind: 'unsent' | 'lost';
	readonly reason: string;
}

export interface Client {
	/** Waits for the answer, however long it takes. */
	ask(request: Fields, fds?: readonly number[]): Result<Answer, Trouble>;
	/** The same, and calls back with the rows as they come, all that came at once. */
	listen(request: Fields, hear: (rows: Answer['rows']) => void, fds?: readonly number[]): Result<Reply, Trouble>;
	/** Sends bytes as they are, for `receive` to tell what comes back. */
	send(bytes: Uint8Array): void;
	/** The next record from archon; null at the end. */
	receive(): Reading | null;
	close(): void;
}

export function createClient(channel: Channel): Client {
	const reader = createReader();
	const readings: Reading[] = [];

	const receive = (): Reading | null => {
		for (;;) {
			const reading = readings.shift();
			if (reading) return reading;
			const bytes = channel.receive();
			if (!bytes) return null;
			readings.push(...reader.read(bytes));
		}
	};
	const listen: Client['listen'] = (request, hear, fds = []) => {
		const record = writeRecord(request);
		if (!record.ok) return err({kind: 'unsent', reason: record.error});
		channel.send(record.value, fds);
		let rows: string[][] = [];
		const tell = (): void => {
			if (rows.length > 0) hear(rows);
			rows = [];
		};
		for (;;) {
			if (readings.length === 0) tell();
			const reading = receive();
			const reply = reading?.kind === 'record' ? decodeReply(reading.fields) : null;
			if (reading?.kind === 'record' && !reply && reading.fields[0] === 'Row') {
				rows.push(reading.fields.slice(1));
				continue;
			}
			tell();
			if (reply) return ok(reply);
			if (!reading) return err({kind: 'lost', reason: 'it closed the connection without a reply'});
			return err(nonsense(reading.kind === 'fault' ? reading.reason : reading.fields[0]));
		}
	};
	return {
		receive, listen,
		send: bytes => channel.send(bytes),
		close: () => channel.close(),
		ask(request, fds) {
			const rows: (readonly string[])[] = [];
			const reply = listen(request, more => void rows.push(...more), fds);
			return reply.ok ? ok({rows, reply: reply.value}) : reply;
		},
	};
}

const nonsense = (what: string): Trouble => ({kind: 'lost', reason: `its answer makes no sense: ${what}`});
