/**
 * The helper `archon.gate`: control by TCP. Of a client it reads nothing but a token until that was right. Then it gets from
 * PID 1 a connection that has the rights of the token already, and passes bytes both ways.
 */
import {CONNECT, CONNECTED, type Door, DOORS, placeOf, REFUSED, RENEW, STATUS} from '../core/remote.ts';
import type {Millis} from '../core/time.ts';
import {isSame} from '../core/token.ts';
import {bytesOf, newBytes, textOf} from '../os/bytes.ts';
import {after, now, soon} from '../os/clock.ts';
import {close} from '../os/descriptors.ts';
import {errnoText} from '../os/errno.ts';
import {type Message, RESET} from '../os/helper-wire.ts';
import type {Poller} from '../os/poller.ts';
import {splice} from '../os/splice.ts';
import {EPOLLIN, ERRNO, MSG_DONTWAIT, sys} from '../os/sys.ts';
import {type Connection, createConnection} from './connection.ts';
import {createAttempts, TOO_MANY} from './gate/attempts.ts';
import {createComplaints} from './gate/complaints.ts';
import {awaitGreeting, dismiss} from './gate/greeting.ts';

/** Clients whose token was right; and others, together and from one address. */
const [CLIENTS_MAX, STRANGERS_MAX, EACH_MAX] = [100, 64, 8];
/** Clients that are accepted at a stretch, before others have their turn. */
const AT_ONCE = 16;
/** How long tokens that were read are good for; and how long PID 1 may take to answer. */
const [FRESH, ANSWER]: readonly [Millis, Millis] = [1000, 10_000];
/** How long after the end of its requests a client still gets answers: whether it listens, TCP does not say. */
const LINGER: Millis = 10_000;
/** Between two attempts to listen where that fails: the first, which doubles, and the longest. */
const [AGAIN_FIRST, AGAIN_MAX]: readonly [Millis, Millis] = [1000, 30_000];
/** How long no client is accepted after there was no descriptor for one. */
const REST: Millis = 100;
/** Of the first reply on a connection. */
const REPLY_MAX = 4096;

/** A place where clients come in, or are to. */
interface Place {
	fd: number;
	/** Why it cannot listen; empty: it does. */
	why: string;
	stop: () => void;
}

/** A client without rights. */
interface Stranger {
	readonly fd: number;
	readonly address: string;
	readonly place: string;
	/** Its token was wrong: it waits to be told. */
	isWrong: boolean;
	/** Ends what it waits for. */
	stop: () => void;
}

/** A client whose token was right. */
interface Client {
	readonly token: string;
	readonly door: string;
	readonly end: () => void;
}

/** Serves until `ended` is called, which it is as soon as archon asks for it. */
export function serveGate(fd: number, poller: Poller, ended: () => void): () => void {
	const places = new Map<string, Place>();
	const strangers = new Set<Stranger>();
	const clients = new Set<Client>();
	/** Strangers for whom PID 1 was asked for a connection, by number. */
	const asked = new Map<number, (given: number | string) => void>();
	const attempts = createAttempts();
	const complain = createComplaints(now, text => void sys.write(2, bytesOf(`${text}\n`)));
	let doors: readonly Door[] = [];
	let renewedAt = -Infinity;
	/** What waits for tokens that were just read. */
	let renewing: (() => void)[] = [];
	let said = '';
	let last = 0;
	sys.raiseFdLimit();
	const connection: Connection = createConnection(fd, poller, heard, ended);

	function heard({kind, id, payload}: Message, fds: readonly number[]): void {
		const [given, ...others] = fds;
		others.forEach(close);
		if (kind === RESET) {
			// Doors stay open until the new instance has told which there are.
			said = '';
			connection.send(RESET);
		} else if (kind === DOORS) {
			setDoors(JSON.parse(textOf(payload)) as readonly Door[]);
		}
		const answer = asked.get(id);
		if (answer && (kind === CONNECTED || kind === REFUSED)) {
			asked.delete(id);
			answer(kind === CONNECTED && given !== undefined ? given : textOf(payload));
		} else if (given !== undefined) {
			close(given);
		}
	}

	// ── Places ──

	function setDoors(next: readonly Door[]): void {
		doors = next;
		renewedAt = now();
		const wanted = new Map(next.map(door => [placeOf(door), door]));
		for (const [name, place] of places) {
			if (wanted.has(name)) continue;
			places.delete(name);
			place.stop();
		}
		for (const [name, door] of wanted) if (!places.has(name)) openPlace(name, door);
		for (const client of [...clients]) {
			const stillHas = next.some(({id, tokens}) => id === client.door && tokens.includes(client.token));
			if (!stillHas) client.end();
		}
		for (const stranger of [...strangers]) if (!places.has(stranger.place)) stranger.stop();
		renewed();
		tell();
	}

	function openPlace(name: string, {host, port}: Door): void {
		const place: Place = {fd: -1, why: '', stop: () => {}};
		places.set(name, place);
		let pause = AGAIN_FIRST;
		const attempt = (): void => {
			const made = sys.listenInet(host, port);
			if (made < 0) {
				const why = whyNot(-made);
				if (why !== place.why) complain.say(`cannot listen at ${name}: ${why}; trying again`);
				place.why = why;
				place.stop = after(pause, attempt);
				pause = Math.min(pause * 2, AGAIN_MAX);
			} else {
				[place.fd, place.why] = [made, ''];
				poller.watch(made, EPOLLIN, () => accept(name, place));
				place.stop = () => {
					place.fd = -1;
					poller.forget(made);
					close(made);
				};
			}
			tell();
		};
		attempt();
	}

	/** What `archonctl status` shows. */
	function tell(): void {
		const words = [...places].map(([name, {fd, why}]) => {
			if (fd < 0) return `cannot listen at ${name}: ${why}`;
			const hasToken = doors.some(door => placeOf(door) === name && door.tokens.length > 0);
			return `listening at ${name}${hasToken ? '' : ' without a token, see the log'}`;
		}).join('; ');
		if (words !== said) connection.send(STATUS, 0, bytesOf(words));
		said = words;
	}

	// ── Strangers ──

	function accept(name: string, place: Place): void {
		for (let left = AT_ONCE; left > 0 && place.fd >= 0; left--) {
			const made = sys.accept(place.fd);
			if (made === -ERRNO.EMFILE || made === -ERRNO.ENFILE) {
				const {fd} = place;
				poller.change(fd, 0);
				after(REST, () => place.fd === fd && poller.change(fd, EPOLLIN));
				return;
			}
			if (made < 0) return;
			const address = sys.peerAddress(made);
			if (typeof address === 'number') close(made);
			else receive(made, address, name);
		}
	}

	function receive(fd: number, address: string, place: string): void {
		const stranger: Stranger = {fd, address, place, isWrong: false, stop: () => {}};
		const fromThere = [...strangers].filter(each => each.address === address);
		// Who has been here for the longest has had its time, and before it who guesses.
		const crowd = fromThere.length >= EACH_MAX ? fromThere : strangers.size >= STRANGERS_MAX ? [...strangers] : [];
		(crowd.find(({isWrong}) => isWrong) ?? crowd[0])?.stop();
		strangers.add(stranger);
		sys.tuneTcp(fd);
		const forget = awaitGreeting(fd, poller, {
			gone: () => void strangers.delete(stranger),
			failed: why => refuse(stranger, why),
			heard: (token, rest) => hear(stranger, token, rest),
		});
		stranger.stop = () => {
			forget();
			leave(stranger);
		};
	}

	function leave(stranger: Stranger): void {
		strangers.delete(stranger);
		close(stranger.fd);
	}

	function refuse(stranger: Stranger, why: string, reply = `Error,"${why}"`): void {
		stranger.stop = dismiss(stranger.fd, poller, reply, () => void strangers.delete(stranger));
	}

	/** As it is not watched meanwhile, a client that leaves is noticed when its turn has come. */
	function refuseLater(stranger: Stranger, why: string, wait: Millis): void {
		if (wait === 0) return refuse(stranger, why);
		stranger.isWrong = true;
		const cancel = after(wait, () => refuse(stranger, why));
		stranger.stop = () => {
			cancel();
			leave(stranger);
		};
	}

	function hear(stranger: Stranger, token: string | null, rest: Uint8Array): void {
		let isOver = false;
		stranger.stop = () => {
			isOver = true;
			leave(stranger);
		};
		renew(() => !isOver && judge(stranger, token, rest));
	}

	/** Calls back when the tokens are known as they are now, or PID 1 does not say. */
	function renew(done: () => void): void {
		if (now() - renewedAt < FRESH) return soon(done);
		renewing.push(done);
		if (renewing.length > 1) return;
		connection.send(RENEW);
		const own = renewing;
		after(FRESH, () => own === renewing && renewed());
	}

	function renewed(): void {
		const waiting = renewing;
		renewing = [];
		for (const each of waiting) each();
	}

	function judge(stranger: Stranger, token: string | null, rest: Uint8Array): void {
		const {address, place} = stranger;
		let found: Door | null = null;
		// All are compared, whichever it is.
		for (const door of doors) {
			for (const each of door.tokens) if (isSame(each, token ?? '') && placeOf(door) === place) found ??= door;
		}
		if (!found) {
			const {wait, count} = attempts.failed(address, now());
			if (wait !== null) complain.count(address, count, token === null ? 'no token' : 'a wrong token');
			const why = wait === null ? 'too many attempts from your address have failed; try again later'
				: token === null ? 'the first line must be Token and the token with a comma between them' : 'wrong token';
			return refuseLater(stranger, why, wait ?? TOO_MANY);
		}
		if (clients.size + asked.size >= CLIENTS_MAX) return refuse(stranger, 'too many connections');
		ask(stranger, found.id, token ?? '', rest);
	}

	/** Asks PID 1 for a connection with the rights of the door. */
	function ask(stranger: Stranger, door: string, token: string, rest: Uint8Array): void {
		const id = ++last;
		let given = -1;
		const shut = (): void => {
			cancel();
			asked.delete(id);
			if (given < 0) return;
			poller.forget(given);
			close(given);
		};
		const cancel = after(ANSWER, () => {
			shut();
			refuse(stranger, 'archon does not answer');
		});
		stranger.stop = () => {
			shut();
			leave(stranger);
		};
		asked.set(id, answer => {
			if (typeof answer === 'string') {
				shut();
				return refuse(stranger, answer);
			}
			given = answer;
			let reply = newBytes(0);
			// Its rights were limited by PID 1; it is the client's as soon as that was confirmed.
			poller.watch(given, EPOLLIN, () => {
				const more = newBytes(REPLY_MAX);
				const count = sys.read(given, more);
				if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
				reply = bytesOf(textOf(reply) + textOf(more, 0, Math.max(0, count)));
				const line = /^(.*)\n/.exec(textOf(reply))?.[1];
				if (line === 'Ok') {
					cancel();
					poller.forget(given);
					strangers.delete(stranger);
					return admit(stranger.fd, given, {door, token, rest});
				}
				if (line === undefined && count > 0 && reply.length < REPLY_MAX) return;
				shut();
				refuse(stranger, '', line ?? 'Error,archon has closed the connection');
			});
		});
		connection.send(CONNECT, id, bytesOf(door));
	}

	// ── Clients ──

	function admit(fd: number, archon: number, {door, token, rest}: {door: string; token: string; rest: Uint8Array}): void {
		sys.send(fd, bytesOf('Ok\n'), [], MSG_DONTWAIT);
		let endLinger = (): void => {};
		let isOver = false;
		const client: Client = {door, token, end: () => end()};
		clients.add(client);
		const end = splice({
			poller, input: fd, output: fd, archon, first: rest,
			ended() {
				endLinger = after(LINGER, () => end());
			},
			over() {
				isOver = true;
				endLinger();
				clients.delete(client);
			},
		});
		if (isOver) clients.delete(client);
	}

	return ended;
}

function whyNot(errno: number): string {
	const text = errnoText(errno);
	return errno === ERRNO.EACCES ? `${text}: a port below 1024 takes a right that the helper does not have` : text;
}
