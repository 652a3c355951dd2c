/** Control by TCP, through the helper `archon.gate`: what the config says of it, and what PID 1 and the helper say to each other. */
import type {Grant} from './access.ts';

/** Where clients of a network may come in, by which tokens, and what they may do. */
export interface Remote {
	/** An address in figures. */
	readonly host: string;
	readonly port: number;
	/** A file of the tokens, each on a line. */
	readonly tokenFile: string;
	readonly grant: Grant;
}

/** The same for the helper, which reads no files and grants nothing. */
export interface Door {
	/** All that the config says of it: as soon as that changes it is another door. */
	readonly id: string;
	readonly host: string;
	readonly port: number;
	/** Empty where they cannot be read. */
	readonly tokens: readonly string[];
}

export const doorId = ({host, port, tokenFile, grant}: Remote): string => JSON.stringify([host, port, tokenFile, grant]);

/** `127.0.0.1:7070`, `[::1]:7070`. */
export const placeOf = ({host, port}: Pick<Door, 'host' | 'port'>): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** To the helper: all doors there are, as JSON; a connection for a client, with its descriptor; why it gets none. */
export const [DOORS, CONNECTED, REFUSED] = ['D', 'c', 'r'];
/** From it: it wants to know the tokens as they are now; a connection for a client of the door; what it does, in words. */
export const [RENEW, CONNECT, STATUS] = ['N', 'C', 'S'];

/** What a client says first, before the token. */
export const GREETING = 'Token';
