/** One request under way, as its handler sees it. */
import type {Reply} from './protocol.ts';
import type {Peer} from './transport.ts';

export interface Call {
	readonly peer: Peer;
	/** The three standard streams that came with it, or null. The taker owns them. */
	takeStreams(): readonly [number, number, number] | null;
	/** Sends a row with the reply, as printable ASCII. */
	row(row: readonly string[]): void;
	/** Sends rows with the reply that `encodeRow` has made without a tag. */
	text(rows: readonly string[]): void;
	/** Sends rows at once, as they are: their fields must be what the grammar allows. */
	send(rows: readonly (readonly string[])[]): void;
	/** Bytes that the client has not taken yet. */
	pending(): number;
	/** Calls back, until the reply, each time that the client has taken all of them. */
	whenDrained(callback: () => void): void;
	/** Ends the call. Only the first reply counts. */
	reply(reply: Reply): void;
}

export const OK: Reply = {kind: 'Ok'};

export const refuse = (call: Call, reason: string): void => call.reply({kind: 'Error', reason});
