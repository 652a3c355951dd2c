/** What archon and a helper say to each other: short messages on a socket that keeps them apart, each about one of the things at hand. */
import {type Bytes, newBytes} from './bytes.ts';

/** The helper's end of the connection. */
export const CONNECTION = 3;

/** Bytes of a message at most: some of them fit into a socket's buffer wherever archon runs. */
export const MESSAGE_MAX = 32 * 1024;

/** Kind and number. */
const HEAD = 5;

/** What one message can carry beside its head. */
export const PAYLOAD_MAX = MESSAGE_MAX - HEAD;

/**
 * The first message of each instance of archon: the helper lets go of all that it was told before, and answers with the same.
 * What came before the answer was meant for another instance.
 */
export const RESET = 'R';

/**
 * A helper as a client of the control protocol. From it: it wants a connection, by a number of its own. To it, with that number: a
 * connection, whose rights are those of the helper's service; why it gets none.
 */
export const [CONTROL, LENT, WITHHELD] = ['Y', 'y', 'z'];

export interface Message {
	/** One character. */
	readonly kind: string;
	/** What it is about; 0 where it is about all. */
	readonly id: number;
	readonly payload: Uint8Array;
}

const NOTHING = newBytes(0);

export function encodeMessage(kind: string, id = 0, payload: Uint8Array = NOTHING): Bytes {
	const bytes = newBytes(HEAD + payload.length);
	bytes[0] = kind.charCodeAt(0);
	new DataView(bytes.buffer).setUint32(1, id, true);
	bytes.set(payload, HEAD);
	return bytes;
}

/** The payload is a view of the bytes. Null: it is no message. */
export function decodeMessage(bytes: Uint8Array): Message | null {
	if (bytes.length < HEAD) return null;
	const id = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(1, true);
	return {kind: String.fromCharCode(bytes[0] ?? 0), id, payload: bytes.subarray(HEAD)};
}
