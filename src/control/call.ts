/** One request under way, as its handler sees it. */
import type {Grant, Role} from '../core/access.ts';
import type {Reply} from './protocol.ts';
import type {Scope} from './scope.ts';
import type {Peer} from './transport.ts';

export interface Call {
	readonly peer: Peer;
	/** The services that the asker has the request's role for: it sees and steers no others. */
	readonly scope: Scope;
	/** Whether the asker has a role for all services, as it is now. */
	may(role: Role): boolean;
	/** From now on no request of the connection goes beyond this, for good. False: that is more than is remembered of one. */
	limit(to: Grant): boolean;
	/** The three standard streams that came with it, or null. The taker owns them. */
	takeStreams(): readonly [number, number, number] | null;
	/** The descriptor that came with a request for one, or null. The taker owns it. */
	takeDescriptor(): number | null;
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

/** Replies that what was to carry it out has thrown: a bug costs its request, and nothing that is around it. */
export const refuseForBug = (call: Call) => (error: unknown): void => refuse(call, `a bug in archon: ${String(error)}`);
