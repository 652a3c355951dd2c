/** What a handler of the web helper is given of a request, and how it answers: HTTP itself is no business of a handler's. */
import type {Visitor} from '../visitor.ts';

export interface Request {
	/** HEAD is answered by the handler of GET; its body is left out. */
	readonly method: 'GET' | 'HEAD' | 'POST';
	/** Decoded once, without empty and dot segments and control characters. */
	readonly path: string;
	/** What stands at the places of a route's path: `name` of `/services/{name}`. */
	readonly parameters: ReadonlyMap<string, string>;
	/** Decoded; of a name that comes twice, the first. */
	readonly query: ReadonlyMap<string, string>;
	/** All pairs of the query, in their order: for names that may come more than once. */
	readonly pairs: readonly (readonly [name: string, value: string])[];
	/** The name in small letters. */
	header(name: string): string | undefined;
	/** At most 64 KiB. */
	readonly body: Uint8Array;
	/** The fields of a body that is a form; empty for other bodies. */
	readonly form: ReadonlyMap<string, string>;
	/** From where the request came, as text: an address, or `unix`. */
	readonly address: string;
	readonly visitor: Visitor;
}

/** Names in small letters. What is not said of security and caching is added, also its length. */
export type Headers = Readonly<Record<string, string>>;

/** One of both, once. What comes after the end, or after the client is gone, is dropped. */
export interface Answer {
	whole(status: number, headers: Headers, body: string | Uint8Array): void;
	/** A body whose length is not known: server-sent events, lines that follow. There are few at a time; else the client hears 503. */
	stream(status: number, headers: Headers): Streaming;
}

export interface Streaming {
	write(text: string): void;
	/** Bytes that the client has not taken. It is dropped when they are more than 1 MiB. */
	backlog(): number;
	/** Calls back once when all of it is taken. */
	whenTaken(callback: () => void): void;
	end(): void;
}

/** Begins the answer; the result is called once when the client is gone before the answer has ended. It may throw: that is a 500. */
export type Handler = (request: Request, answer: Answer) => () => void;
