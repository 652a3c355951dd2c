/**
 * The server's side of the control socket: bytes of each connection → requests → the handlers → replies.
 * Sees to it that every whole record gets exactly one reply, that replies to untagged requests keep
 * their order, and that no client makes archon hold more than a bounded amount for it.
 */
import type {Effect} from '../core/effect.ts';
import type {Call} from './call.ts';
import {createHandlers, type Handlers} from './handlers.ts';
import type {Daemon} from './daemon.ts';
import {encodeReply, encodeRow} from './protocol.ts';
import {createReader, joinRecord, type Reading} from './records.ts';
import {decodeRequest, type Request} from './registry.ts';
import type {Accept, Connection, ConnectionListener} from './transport.ts';

export interface Server {
	readonly accept: Accept;
	/** To be told every batch of effects, after they were performed. */
	watch(effects: readonly Effect[]): void;
}

export function createServer(daemon: Daemon): Server {
	const handlers = createHandlers(daemon);
	const store: Store = {held: 0};
	return {
		accept: connection => serve(connection, handlers, daemon, store),
		watch: effects => handlers.onEffects(effects),
	};
}

/** Only root and archon's own user. */
const mayAsk = ({peer}: Connection, {ownUid}: Daemon): boolean => peer.uid === 0 || peer.uid === ownUid;

const stranger = ({peer}: Connection): string => `request refused: uid ${peer.uid} is neither root nor archon's own user`;

/** What of all connections waits for its turn, in characters. */
interface Store {
	held: number;
}

const HELD_MAX = 16 << 20;

/** Bytes of replies that a client may leave unread before its next request is begun. */
const UNREAD_MAX = 64 << 10;

function serve(connection: Connection, handlers: Handlers, daemon: Daemon, store: Store): ConnectionListener {
	const isAllowed = mayAsk(connection, daemon);
	const reader = createReader();
	const session = createSession(connection, handlers);
	/** No more is heard: the connection ends with the last reply. */
	let isEnding = false;
	let hasEnded = false;
	let isGone = false;

	const end = (): void => {
		if (!isEnding || hasEnded || isGone) return;
		hasEnded = true;
		connection.end();
	};
	const mayBegin = (): boolean => connection.pending() <= UNREAD_MAX;
	const queue = createQueue({begin: session.carryOut, idle: end, soon: daemon.soon, mayBegin, store});
	const hear = (readings: readonly Reading[]): void => {
		for (const reading of readings) {
			if (isGone) return;
			const order = isAllowed ? orderOf(reading, connection) : wrong(reading, stranger(connection));
			if (!queue.push(order)) {
				drop(order, connection);
				queue.push(wrong(reading, TOO_MANY));
			}
		}
	};
	const hearLast = (readings: readonly Reading[]): void => {
		hear(readings);
		isEnding = true;
		if (queue.isIdle()) end();
	};

	return {
		data(bytes) {
			if (isEnding || isGone) return;
			const readings = reader.read(bytes);
			const last = readings.at(-1);
			if (last?.kind === 'fault' && last.fatal) return hearLast(readings);
			hear(readings);
			if (!isGone && reader.isIdle()) closeFds(connection);
		},
		ended() {
			if (!isEnding && !isGone) hearLast(reader.end());
		},
		drained() {
			session.drained();
			queue.goOn();
		},
		isIdle: queue.isIdle,
		closed() {
			isGone = true;
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
	/** The client is gone: what was begun for it alone is ended, and nothing is replied any more. */
	leave(): void;
}

function createSession(connection: Connection, handlers: Handlers): Session {
	/** What to do about the calls under way if the client leaves. */
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
		let cancel: (() => void) | null = null;
		let isDone = false;
		const call = createCall(connection, order, drains, () => {
			isDone = true;
			if (cancel) cancels.delete(cancel);
			if (!isGone) done();
		});
		try {
			const leave = handlers.take(order.request, call);
			if (leave) cancel = () => leave();
		} catch (error) {
			call.reply({kind: 'Error', reason: `a bug in archon: ${String(error)}`});
		}
		if (!cancel || isDone) return;
		// To answer may have shown that the client is gone.
		if (isGone) cancel();
		else cancels.add(cancel);
	};
	return {
		carryOut,
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

type Streams = readonly [number, number, number];

/** What one record calls for. */
type Order =
	| {
		readonly kind: 'request';
		readonly tag: string | null;
		readonly request: Request;
		readonly streams: Streams | null;
		/** Characters of its fields. */
		readonly size: number;
	}
	/** Replies that are known already, and wait for their turn. */
	| {readonly kind: 'error'; readonly tag: string | null; readonly reason: string; count: number};

const wrong = ({tag}: Reading, reason: string): Order => ({kind: 'error', tag, reason, count: 1});

function orderOf(reading: Reading, connection: Connection): Order {
	if (reading.kind === 'fault') return wrong(reading, reading.reason);
	const request = decodeRequest(reading.fields);
	if (!request.ok) return wrong(reading, request.error);
	const size = reading.fields.reduce((sum, {length}) => sum + length, 0);
	if (!request.value.takesStreams) {
		return {kind: 'request', tag: reading.tag, request: request.value, streams: null, size};
	}
	const fds = [connection.takeFd(), connection.takeFd(), connection.takeFd()].filter(fd => fd !== null);
	const [stdin, stdout, stderr] = fds;
	if (stdin === undefined || stdout === undefined || stderr === undefined) {
		for (const fd of fds) connection.closeFd(fd);
		return wrong(reading, `archon.stdio=passed: three descriptors come with the request, not ${fds.length}`);
	}
	return {kind: 'request', tag: reading.tag, request: request.value, streams: [stdin, stdout, stderr], size};
}

/** Closes what came with an order that will not be carried out. */
function drop(order: Order, connection: Connection): void {
	if (order.kind === 'request') order.streams?.forEach(fd => connection.closeFd(fd));
}

/** Descriptors that no request asked for. */
function closeFds(connection: Connection): void {
	for (let fd = connection.takeFd(); fd !== null; fd = connection.takeFd()) connection.closeFd(fd);
}

function createCall(
	connection: Connection, order: Extract<Order, {kind: 'request'}>, drains: Set<() => void>, done: () => void,
): Call {
	let {streams} = order;
	const rows: string[] = [];
	let isOpen = true;
	let drained: (() => void) | null = null;
	const mark = (line: string): string => (order.tag === null ? line : `@${order.tag},${line}`);
	return {
		peer: connection.peer,
		takeStreams() {
			const taken = streams;
			streams = null;
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
			connection.send(bytesOf(rows.join('') + encodeReply(reply, order.tag)));
			done();
		},
	};
}

const encoder = new TextEncoder();
const bytesOf = (text: string): Uint8Array => encoder.encode(text);

// ── The order of things ──────────────────────────────────────────────────────────────────────────

/** Requests of one connection that may wait for their turn, and tagged ones that may be under way. */
const MAX_WAITING = 64;
const TOO_MANY = `too many requests at once: ${MAX_WAITING} are under way`;

interface Queue {
	/** Tagged orders begin at once, others one after the other. False if there is no room but for TOO_MANY. */
	push(order: Order): boolean;
	/** What was to be read has been read: who waited for that waits no longer. */
	goOn(): void;
	isIdle(): boolean;
	/** Forgets what waits, and returns it. */
	clear(): readonly Order[];
}

interface QueueParts {
	readonly begin: (order: Order, done: () => void) => void;
	readonly idle: () => void;
	readonly soon: Daemon['soon'];
	/** Whether the client reads what it is told: nobody is told more than it reads. */
	readonly mayBegin: () => boolean;
	readonly store: Store;
}

function createQueue({begin, idle, soon, mayBegin, store}: QueueParts): Queue {
	let waiting: Order[] = [];
	/** Tagged ones, which wait for nothing but their client. */
	let held: Order[] = [];
	let tagged = 0;
	let isBusy = false;
	let isLooping = false;

	const isIdle = (): boolean => !isBusy && tagged === 0 && waiting.length === 0 && held.length === 0;
	const keep = (orders: Order[], order: Order): void => {
		store.held += sizeOf(order);
		orders.push(order);
	};
	const next = (orders: Order[]): Order | undefined => {
		const order = mayBegin() ? orders.shift() : undefined;
		if (order) store.held -= sizeOf(order);
		return order;
	};
	const beginTagged = (order: Order): void => {
		tagged += 1;
		begin(order, () => {
			tagged -= 1;
			if (isIdle()) idle();
		});
	};
	const advance = (): void => {
		isLooping = true;
		while (!isBusy) {
			const order = next(waiting);
			if (!order) break;
			isBusy = true;
			begin(order, () => {
				isBusy = false;
				// Done later, and perhaps while the core's effects are told: no request may begin in there.
				if (!isLooping) soon(advance);
			});
		}
		isLooping = false;
		if (isIdle()) idle();
	};
	const goOn = (): void => {
		for (let order = next(held); order; order = next(held)) beginTagged(order);
		if (!isBusy && !isLooping) advance();
	};
	return {
		isIdle, goOn,
		push(order) {
			const hasRoom = store.held + sizeOf(order) <= HELD_MAX;
			if (order.tag !== null) {
				if (order.kind === 'request' && (tagged + held.length >= MAX_WAITING || !hasRoom)) return false;
				if (order.kind === 'request' && !mayBegin()) keep(held, order);
				else beginTagged(order);
				return true;
			}
			if (waiting.length < MAX_WAITING && (hasRoom || order.kind === 'error')) {
				keep(waiting, order);
				if (!isBusy && !isLooping) advance();
				return true;
			}
			if (order.kind !== 'error' || order.reason !== TOO_MANY) return false;
			// However many there are too many of, they are one order that waits.
			const last = waiting.at(-1);
			if (last?.kind === 'error' && last.reason === TOO_MANY) last.count += 1;
			else keep(waiting, order);
			return true;
		},
		clear() {
			const orders = [...waiting, ...held];
			for (const order of orders) store.held -= sizeOf(order);
			waiting = [];
			held = [];
			return orders;
		},
	};
}

/** About how many characters an order holds, however few its fields. */
const sizeOf = (order: Order): number => 100 + (order.kind === 'request' ? order.size : order.reason.length);
