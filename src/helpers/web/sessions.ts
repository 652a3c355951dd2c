/** Sessions of browsers: who has shown a token once is known by a cookie afterwards. They are in memory only, and end with their token. */
import type {Instant, Millis} from '../../core/time.ts';
import {isSame} from '../../core/token.ts';
import {bytesOf, newBytes} from '../../os/bytes.ts';
import {DIGEST, O, sys} from '../../os/sys.ts';

export interface Session {
	/** By which it was begun. */
	readonly token: string;
	/** What forms of its pages hold. */
	readonly csrf: string;
}

export interface Sessions {
	/** What the cookie holds; null: there is no randomness to be had. */
	begin(token: string): string | null;
	find(id: string): Session | null;
	end(id: string): void;
}

/** How many there are, and how long one lasts. */
const [SESSIONS_MAX, LASTS]: readonly [number, Millis] = [64, 12 * 3_600_000];
const ID_BYTES = 32;

export const COOKIE = 'archon';

/** With SameSite=Strict no other site can make a browser send it. */
export const cookieOf = (id: string): string =>
	`${COOKIE}=${id}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${id === '' ? 0 : LASTS / 1000}`;

/** What the header Cookie says of the session; null where it says several. */
export function sessionIn(cookies: string | undefined): string | null {
	const found = (cookies ?? '').split(';').map(each => each.trim()).filter(each => each.startsWith(`${COOKIE}=`));
	return found.length === 1 ? found[0]?.slice(COOKIE.length + 1) ?? null : null;
}

export function createSessions(now: () => Instant, random: () => string | null = randomId): Sessions {
	/** By what the cookie's value is digested to: how long a search takes tells nothing of a value. In the order of their beginnings. */
	const sessions = new Map<string, Session & {readonly until: Instant}>();

	function forgetOld(): void {
		for (const [key, {until}] of sessions) {
			if (until > now() && sessions.size <= SESSIONS_MAX) return;
			sessions.delete(key);
		}
	}

	return {
		begin(token) {
			const [id, csrf] = [random(), random()];
			if (id === null || csrf === null) return null;
			sessions.set(digestOf(id), {token, csrf, until: now() + LASTS});
			forgetOld();
			return id;
		},
		find(id) {
			forgetOld();
			return sessions.get(digestOf(id)) ?? null;
		},
		end: id => void sessions.delete(digestOf(id)),
	};
}

/** Whether what a form or a header says is the session's word. */
export const isCsrf = ({csrf}: Session, said: string | undefined): boolean => isSame(csrf, said ?? '');

function digestOf(id: string): string {
	const found = sys.digest(DIGEST.sha256, bytesOf(id.slice(0, 256)));
	return typeof found === 'number' ? id : hex(found);
}

function randomId(): string | null {
	const fd = sys.open('/dev/urandom', O.RDONLY, 0);
	if (fd < 0) return null;
	const bytes = newBytes(ID_BYTES);
	const count = sys.read(fd, bytes);
	sys.close(fd);
	return count === ID_BYTES ? hex(bytes) : null;
}

const hex = (bytes: Uint8Array): string => [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('');
