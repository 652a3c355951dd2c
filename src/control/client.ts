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
	return {
		receive,
		send: bytes => channel.send(bytes),
		close: () => channel.close(),
		ask(request, fds = []) {
			const record = writeRecord(request);
			if (!record.ok) return err({kind: 'unsent', reason: record.error});
			channel.send(record.value, fds);
			const rows: string[][] = [];
			for (;;) {
				const reading = receive();
				if (!reading) return err({kind: 'lost', reason: 'it closed the connection without a reply'});
				if (reading.kind === 'fault') return err(nonsense(reading.reason));
				const [verb, ...fields] = reading.fields;
				const reply = decodeReply(reading.fields);
				if (reply) return ok({rows, reply});
				if (verb !== 'Row') return err(nonsense(verb));
				rows.push(fields);
			}
		},
	};
}

const nonsense = (what: string): Trouble => ({kind: 'lost', reason: `its answer makes no sense: ${what}`});
