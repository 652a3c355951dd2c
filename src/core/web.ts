/** HTTP, by the helper `archon.web`: what the config says of it, and what PID 1 and the helper say to each other. */
import type {Grant} from './access.ts';
import type {UserSpec} from './service.ts';

/** What a visitor without a token may be shown. */
export const AREAS = ['health', 'metrics', 'api', 'page'] as const;

export type Area = (typeof AREAS)[number];

export interface Web {
	readonly listen: readonly WebPlace[];
	/** Names by which it may be asked for, beside `localhost`, addresses in figures and whatever comes by a unix socket; small letters. */
	readonly hosts: readonly string[];
	/** Null: all where only this machine comes in, health elsewhere. */
	readonly show: readonly Area[] | null;
	readonly tokens: readonly WebToken[];
}

/** `host`: an address in figures. `path`: an absolute one; `mode`: the permissions of the socket. */
export type WebPlace =
	| {readonly kind: 'inet'; readonly host: string; readonly port: number}
	| {readonly kind: 'unix'; readonly path: string; readonly mode: number};

/** Who has a token of the file has the grant. */
export interface WebToken {
	/** A file of tokens, each on a line. */
	readonly tokenFile: string;
	readonly grant: Grant;
}

/** The same for the helper, which reads no files and grants nothing. */
export interface WebDoor extends Grant {
	/** Empty where they cannot be read. */
	readonly tokens: readonly string[];
}

/** What the helper is told of the rest. */
export interface WebRules {
	readonly hosts: readonly string[];
	readonly show: readonly Area[] | null;
	readonly places: readonly {readonly name: string; readonly isNear: boolean}[];
}

/** The user of the helper where archon is root. */
export const WEB_USER: UserSpec = {user: '65522', group: '65522'};

/** A visitor without a token may look, as far as it is shown anything. */
export const SHOWN: Grant = {role: 'observe', services: null};

/** By which the helper asks for connections with the rights of a grant: as soon as it is another one, it is another door. */
export const grantId = ({role, services}: Grant): string => JSON.stringify([role, services]);

/** As people read it: `http://127.0.0.1:9180`, `unix:///run/archon/web.sock`. */
export function placeName(place: WebPlace): string {
	if (place.kind === 'unix') return `unix://${place.path}`;
	return `http://${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`;
}

/** Whether only this machine comes in there. */
export const isNear = (place: WebPlace): boolean => place.kind === 'unix' || /^127\.|^::1$/.test(place.host);

/**
 * To the helper: a listening socket, with its name and its descriptor; rules, and one by one the doors, by number, as JSON; that all
 * was told. It wants a connection by the message for that, with the grant's id.
 */
export const [SOCKET, RULES, DOOR, WHOLE] = ['L', 'W', 'D', 'w'];
/** From it: it wants to know the tokens as they are now. */
export const RENEW = 'N';
