/** Programs pulled from a master, by the helper `archon.sync`: what the config says, and what PID 1 and the helper say to each other. */
import {HELPER_PREFIX} from './helper-roles.ts';
import type {Need, Service, UserSpec} from './service.ts';
import type {Millis} from './time.ts';

/** How a master says what a release holds: a signed list of SHA-256, or quesofiesta's list with MD5. */
export const FORMS = ['signed', 'quesofiesta'] as const;

export type Form = (typeof FORMS)[number];

export interface Sync {
	/** The folder of the list, as a URL of http, https or file, without a slash at its end. */
	readonly source: string;
	/** The folder that is the helper's own. */
	readonly dest: string;
	/** From the end of one look at the master to the next. */
	readonly every: Millis;
	readonly form: Form;
	/** Public keys of minisign, as in the second line of a file `.pub`; one of them must have signed. */
	readonly keys: readonly string[];
	/** Until services are ready that were started again from a new release. */
	readonly readyTimeout: Millis;
	/** Of a release in all, in bytes. */
	readonly maxSize: number;
	/** Of a release. */
	readonly maxFiles: number;
	/** Releases that stay, with the one in force. */
	readonly keep: number;
}

/** The user of the helper where archon is root: by a number that no other user has, so that no service can write what is pulled. */
export const SYNC_USER: UserSpec = {user: '65525', group: '65525'};

/** What programs look at to find proxies and certificates; the helper and `curl` inherit it. */
export const NETWORK_VARIABLES: readonly string[] = [
	'http_proxy', 'https_proxy', 'no_proxy', 'all_proxy', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'SSL_CERT_FILE', 'SSL_CERT_DIR',
	'CURL_CA_BUNDLE', 'PATH',
];

/** What runs from a release waits until there is one. */
export const RELEASE: Need = {
	name: `${HELPER_PREFIX}sync`, condition: 'service_healthy', strength: 'soft', restart: false, timeout: Infinity,
};

/** Whether a service runs from what is pulled: its program, an argument or its directory lies there. */
export const runsBelow = (dest: string, {exec: {argv, cwd}}: Pick<Service, 'exec'>): boolean =>
	[...argv, cwd ?? ''].some(word => word.startsWith(`${dest}/`));

/** The release in force, below the folder: a link that services name in their commands. */
export const CURRENT = 'current';

/** To it: look at the master now; go back to the release before; the services that it had started again are ready; are not, and why. */
export const [NOW, ROLLBACK, STARTED, UNREADY] = ['N', 'B', 's', 'u'];
/** From it: start what runs from the release in force again; how it is (`Report`); the answer to what it was asked for (`Answer`). */
export const [RESTART, REPORT, ANSWER] = ['C', 'S', 'A'];

/** How the helper is, for `archonctl sync status`. Instants are in milliseconds since 1970. */
export interface Report {
	/** The release in force; null: none was pulled yet. */
	readonly version: string | null;
	/** Others that are there, the newest first. */
	readonly others: readonly string[];
	/** A release that is not taken again by itself: its services were not ready, or an operator went back. */
	readonly held: string | null;
	/** What it does; empty: it waits. */
	readonly doing: string;
	/** When the master was looked at last, and what came of it; null: not yet. */
	readonly looked: number | null;
	readonly outcome: string;
	readonly failed: boolean;
	readonly next: number | null;
	/** When the list of the release in force is good for nothing any more; null: it does not say. */
	readonly expires: number | null;
}

/** The answer to what the helper was asked for. */
export interface Answer {
	readonly ok: boolean;
	/** One sentence. */
	readonly text: string;
}
