/**
 * The server's side of the control socket: bytes of each connection → requests → the handlers → replies.
 * Every whole record gets exactly one reply, replies to untagged requests keep their order, and what archon holds for a
 * client is bounded.
 */
import type {Grant} from '../core/access.ts';
import type {Effect} from '../core/effect.ts';
import type {Result} from '../core/result.ts';
import {type Call, refuseForBug} from './call.ts';
import {createHandlers, type Handlers} from './handlers.ts';
import type {Daemon} from './daemon.ts';
import {encodeReply, encodeRow} from './protocol.ts';
import {createReader, joinRecord, type Reading} from './records.ts';
import {namesIn, permit, principalOf} from './principals.ts';
import {createQueue, createStores, type Order, type Stores, TOO_MANY} from './queue.ts';
import {createRefusals, type Refusals} from './refusals.ts';
import {decodeRequest, wireOf} from './registry.ts';
import type {Scope} from './scope.ts';
import type {Connection, ConnectionListener, Peer, Reception} from './transport.ts';

export interface Server extends Reception {
	/** To be called with every batch of effects, after they were performed. */
	watch(effects: readonly Effect[]): void;
	/** To be called when another config is in force: what is under way and would not be begun any more is ended. */
	review(): void;
}

interface Parts {
	readonly daemon: Daemon;
	readonly handlers: Handlers;
	readonly stores: Stores;
	readonly refused: Refusals;
	readonly sessions: Set<Session>;
}

export function createServer(daemon: Daemon): Server {
	const handlers = createHandlers(daemon);
	const refused = createRefusals(daemon);
	const sessions = new Set<Session>();
	const parts: Parts = {daemon, handlers, stores: createStores(), refused, sessions};
	return {
		accept: connection => serve(connection, parts),
		turnAway(peer) {
			const reason = strangerIn(peer, daemon);
			if (reason === null) return null;
			refused(reason);
			return bytesOf(encodeReply({kind: 'Error', reason}, null));
		},
		watch: effects => handlers.onEffects(effects),
		review() {
			for (const session of sessions) session.review();
		},
	};
}

/** Why someone may ask nothing at all; null: something. */
function strangerIn(peer: Peer, daemon: Daemon): string | null {
	const {who, grants} = principalOf(peer, daemon);
	return grants.length > 0 ? null : `request refused: ${who} has no role; see access in the config`;
}

/** Bytes of replies that a client may leave unread before its next request is begun. */
const UNREAD_MAX = 64 << 10;

function serve(connection: Connection, parts: Parts): ConnectionListener {
	const {daemon, stores, sessions} = parts;
	const {uid} = connection.peer;
	const store = uid === 0 || uid === daemon.ownUid ? stores.own : stores.of(uid);
	const reader = createReader();
	/** No more is read: the connection ends with the last reply. */
	let isEnding = false;
	let hasEnded = false;
	let isGone = false;

	const end = (): void => {
		if (!isEnding || hasEnded || isGone) return;
		hasEnded = true;
		connection.end();
	};
	const mayBegin = (): boolean => connection.pending() <= UNREAD_MAX;
	const session = createSession(connection, parts, () => {
		isEnding = true;
		if (queue.isIdle()) end();
	});
	sessions.add(session);
	const queue = createQueue({begin: session.carryOut, idle: end, soon: daemon.soon, mayBegin, store});
	const take = (readings: readonly Reading[]): void => {
		for (const reading of readings) {
			if (isGone) return;
			const order = orderOf(reading, connection);
			if (!queue.push(order)) {
				drop(order, connection);
				queue.push(errorOrder(reading, TOO_MANY));
			}
		}
	};
	const takeLast = (readings: readonly Reading[]): void => {
		take(readings);
		isEnding = true;
		if (queue.isIdle()) end();
	};

	return {
		data(bytes) {
			if (isEnding || isGone) return;
			const readings = reader.read(bytes);
			const last = readings.at(-1);
			if (last?.kind === 'fault' && last.fatal) return takeLast(readings);
			take(readings);
			if (!isGone && reader.isIdle()) closeFds(connection);
		},
		ended() {
			if (!isEnding && !isGone) takeLast(reader.end());
		},
		drained() {
			session.drained();
			queue.goOn();
		},
		isIdle: queue.isIdle,
		closed() {
			isGone = true;
			sessions.delete(session);
			for (const order of queue.clear()) drop(order, connection);
			session.leave();
		},
	};
}

/** Carries out the orders of one connection. */
interface Session {
	carryOut(order: Order, done: () => void): void;
	/** All that was sent is out. */
	drained(): void;
	/** Ends what would not be begun any more, and the connection if nothing would. */
	review(): void;
	/** The client is gone: what was begun for it alone is ended, and there are no more replies. */
	leave(): void;
}

/** Of what a connection has given up, in characters: all of it, and one limit beside its names. */
const [LIMITS_SIZE_MAX, LIMIT_SIZE] = [4096, 64];

/** `banned`: the client may ask nothing any more. */
function createSession(connection: Connection, {daemon, handlers, refused}: Parts, banned: () => void): Session {
	/** What the connection has given up. */
	const limits: Grant[] = [];
	let limitsSize = 0;
	const underWay = new Set<() => void>();
	/** What ends the calls under way when the client leaves. */
	const cancels = new Set<() => void>();
	const drains = new Set<() => void>();
	let isGone = false;

	const carryOut = (order: Order, done: () => void): void => {
		if (isGone) return;
		if (order.kind === 'error') {
			const reply = encodeReply({kind: 'Error', reason: order.reason}, order.tag);
			connection.send(bytesOf(reply.repeat(order.count)));
			return done();
		}
		const judge = (): Result<Scope, string> =>
			permit({wire: order.wire, names: namesIn(order.request)}, principalOf(connection.peer, daemon), limits, refused);
		const scope = judge();
		if (!scope.ok) {
			refused(scope.error);
			drop(order, connection);
			connection.send(bytesOf(encodeReply({kind: 'Error', reason: scope.error}, order.tag)));
			return done();
		}
		let cancel: (() => void) | null = null;
		let isDone = false;
		const call = createCall(connection, order, drains, () => {
			isDone = true;
			underWay.delete(review);
			if (cancel) cancels.delete(cancel);
			if (!isGone) done();
		}, {
			scope: scope.value,
			may: role => permit({wire: {verb: order.wire.verb, role}, names: []}, principalOf(connection.peer, daemon), limits, refused).ok,
			limit(grant) {
				limitsSize += LIMIT_SIZE + (grant.services?.join().length ?? 0);
				if (limitsSize <= LIMITS_SIZE_MAX) limits.push(grant);
				return limitsSize <= LIMITS_SIZE_MAX;
			},
		});
		const review = (): void => {
			const again = judge();
			if (again.ok && (again.value.isWhole || again.value.key === scope.value.key)) return;
			if (cancel) cancels.delete(cancel);
			cancel?.();
			call.reply({kind: 'Error', reason: again.ok ? 'request ended: the services that it may concern are others now' : again.error});
		};
		try {
			const leave = handlers.take(order.request, call);
			if (leave) cancel = () => leave();
		} catch (error) {
			refuseForBug(call)(error);
		}
		if (isDone) return;
		underWay.add(review);
		if (!cancel) return;
		// The client may have been found gone when the answer was sent.
		if (isGone) cancel();
		else cancels.add(cancel);
	};
	return {
		carryOut,
		review() {
			for (const each of [...underWay]) each();
			if (!isGone && strangerIn(connection.peer, daemon) !== null) banned();
		},
		drained() {
			for (const callback of drains) callback();
		},
		leave() {
			isGone = true;
			for (const cancel of cancels) cancel();
			cancels.clear();
		},
	};
}

// ── From readings to orders ──────────────────────────────────────────────────────────────────────

const errorOrder = ({tag}: Reading, reason: string): Order => ({kind: 'error', tag, reason, count: 1});

function orderOf(reading: Reading, connection: Connection): Order {
	if (reading.kind === 'fault') return errorOrder(reading, reading.reason);
	const request = decodeRequest(reading.fields);
	if (!request.ok) return errorOrder(reading, request.error);
	const wire = wireOf(reading.fields[0]);
	if (!wire) return errorOrder(reading, `unknown request: ${reading.fields[0]}`);
	const size = reading.fields.reduce((sum, {length}) => sum + length, 0);
	if (request.value.takesDescriptor) {
		return {kind: 'request', tag: reading.tag, wire, request: request.value, streams: null, descriptor: connection.takeFd(), size};
	}
	if (!request.value.takesStreams) {
		return {kind: 'request', tag: reading.tag, wire, request: request.value, streams: null, size};
	}
	const fds = [connection.takeFd(), connection.takeFd(), connection.takeFd()].filter(fd => fd !== null);
	const [stdin, stdout, stderr] = fds;
	if (stdin === undefined || stdout === undefined || stderr === undefined) {
		for (const fd of fds) connection.closeFd(fd);
		return errorOrder(reading, `archon.stdio=passed: three descriptors come with the request, not ${fds.length}`);
	}
	return {kind: 'request', tag: reading.tag, wire, request: request.value, streams: [stdin, stdout, stderr], size};
}

/** Closes the descriptors of an order that will not be carried out. */
function drop(order: Order, connection: Connection): void {
	if (order.kind !== 'request') return;
	order.streams?.forEach(fd => connection.closeFd(fd));
	if (typeof order.descriptor === 'number') connection.closeFd(order.descriptor);
}

/** Descriptors that no request asked for. */
function closeFds(connection: Connection): void {
	for (let fd = connection.takeFd(); fd !== null; fd = connection.takeFd()) connection.closeFd(fd);
}

function createCall(
	connection: Connection, order: Extract<Order, {kind: 'request'}>, drains: Set<() => void>, done: () => void,
	rights: Pick<Call, 'scope' | 'may' | 'limit'>,
): Call {
	let {streams, descriptor = null} = order;
	const rows: string[] = [];
	let isOpen = true;
	let drained: (() => void) | null = null;
	const mark = (line: string): string => (order.tag === null ? line : `@${order.tag},${line}`);
	return {
		...rights,
		peer: connection.peer,
		takeStreams() {
			const taken = streams;
			streams = null;
			return taken;
		},
		takeDescriptor() {
			const taken = descriptor;
			descriptor = null;
			return taken;
		},
		row(row) {
			rows.push(encodeRow(row, order.tag));
		},
		text(lines) {
			rows.push(...(order.tag === null ? [lines.join('')] : lines.map(mark)));
		},
		send(rows) {
			connection.send(bytesOf(rows.map(row => joinRecord(['Row', ...row], order.tag)).join('')));
		},
		pending: connection.pending,
		whenDrained(callback) {
			drained = callback;
			drains.add(callback);
		},
		reply(reply) {
			if (!isOpen) return;
			isOpen = false;
			if (drained) drains.delete(drained);
			streams?.forEach(fd => connection.closeFd(fd));
			if (descriptor !== null) connection.closeFd(descriptor);
			connection.send(bytesOf(rows.join('') + encodeReply(reply, order.tag)));
			done();
		},
	};
}

const encoder = new TextEncoder();
const bytesOf = (text: string): Uint8Array => encoder.encode(text);
