/** Alerts, by the helper `archon.alerts`: what the config says of them, and what PID 1 and the helper say to each other. */
import type {Command} from './command.ts';
import type {EventKind} from './event-kinds.ts';
import type {UserSpec} from './service.ts';
import type {Millis} from './time.ts';

/** Where a message goes. */
export type Target =
	| {
		readonly kind: 'http'; readonly url: string; readonly headers: Readonly<Record<string, string>>;
		/** The body, with placeholders; null: JSON of all there is. */
		readonly template: string | null;
		readonly contentType: string;
		/** Holds what the body is signed with. */
		readonly secretFile: string | null;
		/** Holds what is sent as `Authorization: Bearer`. */
		readonly tokenFile: string | null;
	}
	| {
		readonly kind: 'mail'; readonly to: readonly string[];
		/** Null: archon at this host. */
		readonly from: string | null; readonly server: MailServer;
		readonly user: string | null; readonly passwordFile: string | null;
	}
	| {readonly kind: 'syslog'; readonly address: SyslogAddress; readonly facility: number}
	| {readonly kind: 'command'; readonly argv: Command};

export interface MailServer {
	readonly host: string;
	readonly port: number;
	/** `starttls`: it must be had; `tls`: from the first byte on. Both take curl. */
	readonly security: 'none' | 'starttls' | 'tls';
}

/** As of `Syslog`. */
export type SyslogAddress =
	| {readonly kind: 'unix'; readonly path: string}
	| {readonly kind: 'udp' | 'tcp'; readonly host: string; readonly port: number};

/** Who is told of what. */
export interface Receiver {
	readonly name: string;
	/** Kinds of events. */
	readonly on: readonly EventKind[];
	/** Names and patterns of services; empty: all, and archon as a whole. */
	readonly services: readonly string[];
	/** How long one attempt may take. */
	readonly timeout: Millis;
	readonly target: Target;
}

export interface Alerts {
	/** From the first thing that is to be told until it is told, with all that comes meanwhile. */
	readonly groupWait: Millis;
	/** What lasts is told again after so long. */
	readonly repeat: Millis;
	readonly receivers: readonly Receiver[];
}

/** The user of the helper where archon is root: by a number that no other user has, as it has passwords. */
export const ALERTS_USER: UserSpec = {user: '65524', group: '65524'};

/** A receiver with what its files hold. */
export interface Told extends Receiver {
	/** What bodies are signed with; a password or a token. Null: it has none. */
	readonly key: string | null;
	readonly token: string | null;
	/** Why it cannot be told anything; null: it can. */
	readonly flaw: string | null;
}

/** To it: the memory in which it keeps what is not done; the rules; a receiver, by its index; the last of these was told. */
export const [MEMORY, RULES, RECEIVER, WHOLE] = ['M', 'U', 'V', 'W'];
/** To it: what an action or a rule wants told (`Wanted`); a message for trial, by a number, to one receiver or to all. */
export const [ALERT, TRY] = ['A', 'T'];
/** To it: archon is about to end, and what waits is to be told now. From it: it is, or cannot be. */
export const [FLUSH, FLUSHED] = ['L', 'l'];
/** From it: how it is (`Report`); what came of a trial (`Tried`). */
export const [REPORT, TRIED] = ['S', 't'];

/** What an action or a rule wants told. */
export interface Wanted {
	/** Empty: it is about no service. */
	readonly service: string;
	readonly text: string;
	/** In ms since 1970. */
	readonly at: number;
}

/** How a receiver is. */
export interface ReceiverReport {
	readonly name: string;
	readonly kind: string;
	/** Services with which something is wrong, as far as it was told of them. */
	readonly firing: number;
	/** Messages that wait to be delivered, that were, and that were given up. */
	readonly waiting: number;
	readonly delivered: number;
	readonly dropped: number;
	/** When the last message was delivered, in ms since 1970; null: none was. */
	readonly last: number | null;
	/** Why the last attempt has failed; empty: it has not. */
	readonly why: string;
	/** When the next attempt is; null: nothing waits. */
	readonly next: number | null;
}

export interface Report {
	readonly receivers: readonly ReceiverReport[];
	/** Why the helper hears of no events; empty: it does. */
	readonly why: string;
}

/** What came of a trial, for each receiver; null: it was delivered. */
export type Tried = readonly {readonly name: string; readonly why: string | null}[];

/** How many receivers there may be. */
export const RECEIVERS_MAX = 8;

/** Bytes of the memory in which the helper keeps what is not done: two copies, of which one is whole. */
export const MEMORY_SIZE = 4 << 20;
