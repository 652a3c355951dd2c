/**
 * The helper `archon.web`: health, metrics, an API and a status page by HTTP. PID 1 gives it listening sockets, and connections that have
 * the rights of a visitor already; here HTTP is read, bounded in all that a client can make of it.
 */
import type {Grant} from '../core/access.ts';
import type {Millis} from '../core/time.ts';
import {DOOR, grantId, RENEW, RULES, SOCKET, type WebDoor, type WebRules, WHOLE} from '../core/web.ts';
import {bytesOf, textOf} from '../os/bytes.ts';
import {after, now} from '../os/clock.ts';
import {close} from '../os/descriptors.ts';
import {type Message, RESET} from '../os/helper-wire.ts';
import type {Poller} from '../os/poller.ts';
import {EPOLLIN, ERRNO, sys} from '../os/sys.ts';
import {type Connection, createConnection} from './connection.ts';
import {createComplaints} from './gate/complaints.ts';
import {networkOf} from './gate/attempts.ts';
import {createDispatch} from './web/dispatch.ts';
import {createDoors} from './web/doors.ts';
import {fail} from './web/failure.ts';
import {type Connection as Client, serveConnection} from './web/http/connection.ts';
import {createDeadlines} from './web/http/deadlines.ts';
import {createSessions} from './web/sessions.ts';
import {createTokens} from './web/tokens.ts';

/** Clients at a time; of them, from one address, those that have shown no token. */
const [CLIENTS_MAX, EACH_MAX] = [256, 32];
/**
 * Streams; those that are left to who has shown a token; and those of one address without one: as nothing ends a stream, room is left there
 * for questions.
 */
const [STREAMS_MAX, STREAMS_LEFT, STREAMS_EACH] = [32, 8, 16];
/** Bytes that wait for clients, of all together. */
const QUEUED_MAX = 32 << 20;
/** Clients that are accepted at a stretch, before others have their turn. */
const AT_ONCE = 16;
/** How long no client is accepted after there was no descriptor for one. */
const REST: Millis = 100;

interface Place {
	readonly fd: number;
	isNear: boolean;
}

interface Member {
	readonly client: Client;
	readonly place: string;
	/** Whose share of the connections it takes. */
	readonly network: string;
	/** What it may by a token; null: it has shown none. */
	known: {readonly grant: Grant; readonly token: string} | null;
	/** Its request waits until a token is judged; or to be told that it is wrong. */
	isWaiting: boolean;
	isWrong: boolean;
	isStreaming: boolean;
}

/** Serves until `ended` is called, which it is as soon as archon asks for it. */
export function serveWeb(fd: number, poller: Poller, ended: () => void): () => void {
	const places = new Map<string, Place>();
	/** In the order in which they came. */
	const members = new Set<Member>();
	const deadlines = createDeadlines(now, after);
	const complain = createComplaints(now, text => void sys.write(2, bytesOf(`${text}\n`)));
	let rules: WebRules = {hosts: [], show: [], places: []};
	let coming: {rules: WebRules; doors: WebDoor[]} = {rules, doors: []};
	let [queued, streams] = [0, 0];
	sys.raiseFdLimit();
	const connection: Connection = createConnection(fd, poller, heard, ended);
	const doors = createDoors(connection, poller);
	const tokens = createTokens({
		now, after, renew: () => connection.send(RENEW), failed: (address, count) => complain.count(address, count, 'a wrong token'),
	});
	const dispatch = createDispatch({rules: () => rules, tokens, sessions: createSessions(now), asking: doors.asking});

	function heard(message: Message, fds: readonly number[]): void {
		if (doors.heard(message, fds)) return;
		const {kind, payload} = message;
		const [given, ...others] = fds;
		others.forEach(close);
		if (kind === SOCKET && given !== undefined) return setPlace(textOf(payload), given);
		if (given !== undefined) close(given);
		if (kind === RESET) {
			connection.send(RESET);
			doors.reset();
		} else if (kind === RULES) {
			coming = {rules: JSON.parse(textOf(payload)) as WebRules, doors: []};
		} else if (kind === DOOR) {
			coming.doors.push(JSON.parse(textOf(payload)) as WebDoor);
		} else if (kind === WHOLE) {
			adopt();
		}
	}

	// ── Places ──

	function setPlace(name: string, given: number): void {
		const before = places.get(name);
		if (before) shutPlace(name, before);
		const place: Place = {fd: given, isNear: false};
		places.set(name, place);
		// What waits there is accepted as soon as it is known who may what.
		poller.watch(given, 0, () => accept(name, place));
	}

	function shutPlace(name: string, place: Place): void {
		places.delete(name);
		poller.forget(place.fd);
		close(place.fd);
	}

	function adopt(): void {
		rules = coming.rules;
		tokens.set(coming.doors);
		for (const [name, place] of [...places]) {
			const told = rules.places.find(each => each.name === name);
			if (told) {
				place.isNear = told.isNear;
				poller.change(place.fd, EPOLLIN);
			} else {
				shutPlace(name, place);
			}
		}
		for (const {client, place, known} of [...members]) {
			const grant = known && tokens.grantOf(known.token);
			// What was granted by a token that holds no more ends with it; what came in elsewhere ends when it is answered.
			if (known && (!grant || grantId(grant) !== grantId(known.grant))) client.end(true);
			else if (!places.has(place)) client.end(false);
		}
	}

	// ── Clients ──

	function accept(name: string, place: Place): void {
		for (let left = AT_ONCE; left > 0 && places.get(name) === place; left--) {
			const made = sys.accept(place.fd);
			if (made === -ERRNO.EMFILE || made === -ERRNO.ENFILE) {
				poller.change(place.fd, 0);
				after(REST, () => places.get(name) === place && poller.change(place.fd, EPOLLIN));
				return;
			}
			if (made < 0) return;
			receive(name, place, made);
		}
	}

	function receive(name: string, {isNear}: Place, made: number): void {
		const isUnix = name.startsWith('unix:');
		const peer = isUnix ? 'unix' : sys.peerAddress(made);
		if (typeof peer === 'number') return void close(made);
		// An address of IPv4 may come as one of IPv6.
		const address = peer.replace(/^::ffff:(?=\d+\.)/, '');
		const network = /^127\./.test(address) ? '127' : networkOf(address);
		if (!isUnix) sys.tuneTcp(made);
		if (!makeRoom(network)) return void close(made);
		const member: Member = {
			place: name, network, known: null, isWaiting: false, isWrong: false, isStreaming: false,
			client: serveConnection({
				fd: made, poller, deadlines,
				handle: (incoming, answer) => dispatch(incoming, answer, {
					address, isNear,
					waits(isWrong) {
						member.isWaiting = true;
						member.isWrong = isWrong;
					},
					known(who) {
						member.isWaiting = member.isWrong = false;
						if (who) member.known = who;
					},
				}),
				refuse: ({status, why}, answer) => fail({header: () => undefined}, answer, status, why),
				hasRoom: bytes => queued + bytes <= QUEUED_MAX,
				queued(bytes) {
					queued += bytes;
				},
				beginStream() {
					if (streams >= STREAMS_MAX) return null;
					if (!member.known && (streams >= STREAMS_MAX - STREAMS_LEFT || streamsOf(network) >= STREAMS_EACH)) return null;
					streams += 1;
					member.isStreaming = true;
					return () => {
						streams -= 1;
						member.isStreaming = false;
					};
				},
				over: () => void members.delete(member),
			}),
		};
		members.add(member);
	}

	function streamsOf(network: string): number {
		let count = 0;
		// By a unix socket comes a proxy, for all its clients.
		if (network === 'unix') return 0;
		for (const member of members) if (member.isStreaming && member.network === network && !member.known) count += 1;
		return count;
	}

	/** Who has waited longest with nothing under way makes room for who comes: slow clients never keep others out. */
	function makeRoom(network: string): boolean {
		let [own, first, firstOwn, firstWrong]: [number, Member | null, Member | null, Member | null] = [0, null, null, null];
		for (const member of members) {
			const isOwn = member.network === network && !member.known;
			if (isOwn) own += 1;
			if (member.client.isBusy() && !member.isWaiting) continue;
			first ??= member;
			if (isOwn) firstOwn ??= member;
			if (isOwn && member.isWrong) firstWrong ??= member;
		}
		// By a unix socket comes a proxy, for all its clients.
		const isFull = own >= EACH_MAX && network !== 'unix';
		if (members.size < CLIENTS_MAX && !isFull) return true;
		// Who guesses goes before who was not heard yet.
		const leaves = isFull ? firstWrong ?? firstOwn : first;
		leaves?.client.end(true);
		return leaves !== null;
	}

	return ended;
}
