/**
 * PID 1's end of HTTP: binds the sockets, which outlive the helper `archon.web` and archon's re-execution, tells it which tokens there
 * are, and makes connections for it, each with no more rights than the config has for a visitor. It reads no byte of HTTP. Loaded
 * with the first config that has `web`.
 */
import type {Grant} from '../core/access.ts';
import type {Event} from '../core/event.ts';
import {HELPER_PREFIX} from '../core/helper-roles.ts';
import {find, type State} from '../core/state.ts';
import type {Millis} from '../core/time.ts';
import {
	DOOR, grantId, isNear, placeName, RENEW, RULES, SHOWN, SOCKET, type Web, type WebDoor, type WebPlace, type WebRules, WHOLE,
} from '../core/web.ts';
import {writeRecord} from '../control/records.ts';
import {LIMIT} from '../control/requests/limit/wire.ts';
import type {SocketSpec} from '../features/sockets/core/spec.ts';
import {bindInet} from '../features/sockets/os/bind.ts';
import {bindUnix, ownUnix, placeOfUnix, unlinkUnix, type UnixPlace} from '../features/sockets/os/unix.ts';
import {bytesOf, textOf} from '../os/bytes.ts';
import {after} from '../os/clock.ts';
import {close} from '../os/descriptors.ts';
import {CONTROL, encodeMessage, LENT, PAYLOAD_MAX, WITHHELD} from '../os/helper-wire.ts';
import type {Link} from '../os/helpers.ts';
import type {Log} from '../os/log.ts';
import type {KeptFds} from '../os/reexec/kept-fds.ts';
import type {Listener} from '../os/sockets/listener.ts';
import {sys} from '../os/sys.ts';
import {lend} from './helper-control.ts';
import {tellStatus} from './helper-status.ts';
import {createTokenFiles} from './token-files.ts';

export interface WebParts {
	readonly link: Link;
	readonly kept: KeptFds;
	readonly log: Log;
	readonly state: () => State;
	readonly dispatch: (event: Event) => void;
	readonly listener: () => Listener | null;
	readonly whole: <T>(act: () => T) => T;
}

export interface WebControl {
	/** What the config says now; files of tokens are read again. Null: nothing is answered any more. */
	set(web: Web | null): void;
}

/** Where it listens, or is to. */
interface Open {
	readonly place: WebPlace;
	/** -1: it does not. */
	readonly fd: number;
	readonly file: UnixPlace | null;
	/** Why it does not; empty: it does. */
	readonly why: string;
	/** Gives the next attempt up. */
	readonly cancel: () => void;
}

const NAME = `${HELPER_PREFIX}web`;
/** Connections that wait while the helper is busy, or starts again. */
const BACKLOG = 512;
/** Between two attempts to listen where that fails: the first, which doubles, and the longest. */
const [AGAIN_FIRST, AGAIN_MAX]: readonly [Millis, Millis] = [1000, 30_000];

const keyOf = (name: string): string => `web ${name}`;

export function createWebControl({link, kept, log, state, dispatch, listener, whole}: WebParts): WebControl {
	let web: Web | null = null;
	const places = new Map<string, Open>();
	/** Null: they have not been read. */
	let tokens: ReadonlyMap<string, readonly string[]> | null = null;
	/** What is still to be sent, in its order. */
	let waiting: {readonly bytes: Uint8Array; readonly fd: number}[] = [];
	const files = createTokenFiles({
		log, whole, key: 'web',
		found(all) {
			tokens = all;
			tell();
		},
	});

	// ── Sockets ──

	function open(name: string, place: WebPlace, pause: Millis): void {
		const spec = specOf(place);
		const bound = place.kind === 'unix' ? bindUnix(place.path, spec) : bindInet(place.host, place.port, spec);
		if (!bound.ok) {
			const {reason} = bound.error;
			if (places.get(name)?.why !== reason) log.warn(`web: cannot listen at ${name}: ${reason}; it is tried again`);
			const cancel = after(pause, () => whole(() => open(name, place, Math.min(pause * 2, AGAIN_MAX))));
			places.set(name, {place, fd: -1, file: null, why: reason, cancel});
			return say();
		}
		const {fd, place: file} = typeof bound.value === 'number' ? {fd: bound.value, place: null} : bound.value;
		sys.setBlocking(fd, false);
		kept.keep(keyOf(name), [fd]);
		places.set(name, {place, fd, file, why: '', cancel() {}});
		tell();
		say();
	}

	function shut(name: string, {fd, file, cancel}: Open): void {
		places.delete(name);
		cancel();
		if (fd < 0) return;
		// Its number may be another file's at once.
		waiting = waiting.filter(each => each.fd !== fd);
		if (file) unlinkUnix(file);
		kept.release(keyOf(name));
		close(fd);
	}

	function arrange(wanted: readonly WebPlace[]): void {
		for (const [name, each] of places) if (!wanted.some(place => placeName(place) === name)) shut(name, each);
		for (const place of wanted) {
			const name = placeName(place);
			const before = places.get(name);
			if (before) {
				if (before.file) ownUnix(before.file, specOf(place));
				continue;
			}
			const [fd] = kept.inherited(keyOf(name));
			if (fd === undefined) open(name, place, AGAIN_FIRST);
			else places.set(name, {place, fd, file: place.kind === 'unix' ? placeOfUnix(place.path) : null, why: '', cancel() {}});
		}
	}

	// ── What the helper is told ──

	/** All of it: there is little, and it changes seldom. */
	function tell(): void {
		if (!web || !tokens) return;
		waiting = [];
		const listening = [...places].filter(([, {fd}]) => fd >= 0);
		for (const [name, {fd}] of listening) put(SOCKET, 0, name, fd);
		const {hosts, show} = web;
		const rules: WebRules = {hosts, show, places: listening.map(([name, {place}]) => ({name, isNear: isNear(place)}))};
		put(RULES, 0, JSON.stringify(rules));
		for (const [index, {tokenFile, grant}] of web.tokens.entries()) {
			const door: WebDoor = {...grant, tokens: tokens.get(tokenFile) ?? []};
			put(DOOR, index, JSON.stringify(door));
		}
		put(WHOLE, 0, '');
		pump();
	}

	function put(kind: string, id: number, text: string, fd = -1): void {
		const payload = bytesOf(text);
		if (payload.length <= PAYLOAD_MAX) waiting.push({bytes: encodeMessage(kind, id, payload), fd});
	}

	function pump(): void {
		for (let [next] = waiting; next; [next] = waiting) {
			const result = link.post(next.bytes, next.fd < 0 ? [] : [next.fd]);
			if (result === 'full') return;
			if (result === 'down') waiting = [];
			else waiting.shift();
		}
	}

	// ── What it asks ──

	/** Makes a connection whose rights are limited before the helper has it. */
	function connect(id: number, wanted: string): void {
		const why = connectFor(id, grantOf(wanted));
		if (why !== null) link.post(encodeMessage(WITHHELD, id, bytesOf(why)));
	}

	const grantOf = (id: string): Grant | undefined =>
		[SHOWN, ...web?.tokens.map(({grant}) => grant) ?? []].find(each => grantId(each) === id);

	function connectFor(id: number, grant: Grant | undefined): string | null {
		if (!grant) return 'the config of archon has changed; try again';
		const limit = writeRecord([LIMIT.verb, grant.role, ...grant.services ?? []]);
		if (!limit.ok) return `the services of web cannot be told: ${limit.error}`;
		return lend({role: 'web', link, state, listener}, LENT, id, limit.value);
	}

	/** A line of `archonctl status`. */
	function say(): void {
		const all = [...places];
		const good = all.filter(([, {fd}]) => fd >= 0).map(([name]) => name);
		const bad = all.filter(([, {fd}]) => fd < 0).map(([name, {why}]) => `cannot listen at ${name}: ${why}`);
		const text = [...good.length > 0 ? [`listening at ${good.join(', ')}`] : [], ...bad].join('; ');
		// Of a process that is being made nothing can be told: it is said again when the helper has answered.
		tellStatus(dispatch, find(state(), NAME), text);
	}

	link.use({
		opened() {
			tell();
			say();
		},
		heard({kind, id, payload}) {
			if (kind === CONTROL) connect(id, textOf(payload));
			else if (kind === RENEW) files.renew();
		},
		room: pump,
		closed() {
			waiting = [];
		},
	});
	return {
		set(next) {
			web = next;
			arrange(next?.listen ?? []);
			files.set(next?.tokens.map(({tokenFile}) => tokenFile) ?? []);
			say();
		},
	};
}

const specOf = (place: WebPlace): SocketSpec => ({
	name: '', listen: place, type: 'stream', backlog: BACKLOG, mode: place.kind === 'unix' ? place.mode : 0, user: null, reuseport: false,
});
