/**
 * The control socket: a listener and its connections as raw descriptors, for Node's own sockets lose
 * the descriptors and the credentials that come with a message. Knows bytes, not requests.
 */
import {chmodSync, openSync, statSync, unlinkSync} from 'node:fs';
import {dirname} from 'node:path';
import {err, ok, type Result} from '../core/model.ts';
import {errnoText} from './diagnose.ts';
import {makeFolder} from './folders.ts';
import type {Keeper} from './guard.ts';
import type {Ledger} from './ledger.ts';
import {
	acceptUnix, awaitReadable, close, connectUnix, type Credentials, EAGAIN, EPOLLHUP, EPOLLIN, EPOLLOUT, listenUnix, peerOf, read,
	receive, send, SOCKET_PATH_MAX,
} from './native.ts';
import type {Poller} from './poller.ts';

/** What the listener lives with, and is left to the next life by. */
export interface ServeParts {
	readonly poller: Poller;
	readonly ledger: Ledger;
	readonly guard: Keeper;
}

export interface Socket {
	readonly peer: Credentials;
	/** Queues bytes; a client that does not read them is closed when too many wait. */
	send(bytes: Uint8Array): void;
	/** Bytes that wait in the queue. */
	pending(): number;
	/** Closes when what was sent is out; no more data is told. */
	end(): void;
	/** The oldest descriptor that came so far, or null. The taker owns it. */
	takeFd(): number | null;
	closeFd(fd: number): void;
}

export interface SocketListener {
	data(bytes: Uint8Array): void;
	/** The client sends no more but still reads. */
	ended(): void;
	/** What waited to be sent is out. */
	drained(): void;
	closed(): void;
}

/** Replies that may wait for a client, in bytes. */
const QUEUE_MAX = 4 << 20;
const FDS_MAX = 16;
const CONNECTIONS_MAX = 1024;

const ENFILE = 23;
const EMFILE = 24;
const EADDRINUSE = 98;
const ECONNREFUSED = 111;

const bytes = Buffer.alloc(64 * 1024);

/**
 * Listens, in a directory that is made where it is missing. A socket that an earlier archon left is
 * removed, one that somebody answers is not.
 */
export function serve(
	path: string, {poller, ledger, guard}: ServeParts, accept: (socket: Socket) => SocketListener,
): Result<{readonly close: () => void}, string> {
	const listening = listen(path, ledger);
	if (!listening.ok) return listening;
	const fd = listening.value;
	guard.keep(fd, true);
	ledger.put(KEY, JSON.stringify({path, fd} satisfies Listening));
	let connections = 0;
	// Given up to take a client off the queue and turn it away when no descriptor is left: it would be told of for ever.
	let spare = openNothing();
	poller.watch(fd, EPOLLIN, () => {
		for (;;) {
			const client = acceptUnix(fd);
			if (client === -EMFILE || client === -ENFILE) {
				close(spare);
				close(acceptUnix(fd));
				spare = openNothing();
				return;
			}
			if (client < 0) return;
			if (connections >= CONNECTIONS_MAX) close(client);
			else if (open(client, poller, accept, () => connections--)) connections++;
		}
	});
	return ok({
		close() {
			poller.forget(fd);
			close(fd);
			try {
				unlinkSync(path);
			} catch {
				// A read-only or vanished directory: the socket is dead all the same.
			}
		},
	});
}

/** The descriptor; the one on which the last life listened, where that was here. */
function listen(path: string, ledger: Ledger): Result<number, string> {
	const last = pastOf(ledger);
	if (last?.path === path) return ok(last.fd);
	if (Buffer.byteLength(path) > SOCKET_PATH_MAX) return err(`${path}: longer than ${SOCKET_PATH_MAX} bytes`);
	const place = prepare(dirname(path));
	if (!place.ok) return place;
	let fd = listenUnix(path);
	if (fd === -EADDRINUSE && isStale(path)) {
		unlinkSync(path);
		fd = listenUnix(path);
	}
	if (fd < 0) return err(`${path}: ${fd === -EADDRINUSE ? 'another archon answers there' : errnoText(-fd)}`);
	chmodSync(path, 0o600);
	return ok(fd);
}

/** Where the last life listened nobody does any more; the next one may. */
export function forgetListener(ledger: Ledger): void {
	const last = pastOf(ledger);
	if (last) close(last.fd);
	ledger.delete(KEY);
}

const pastOf = ({past}: Ledger): Listening | null => JSON.parse(past.get(KEY) ?? 'null') as Listening | null;

const KEY = 'listener';

interface Listening {
	readonly path: string;
	readonly fd: number;
}

/** The directory, made where it is missing. In one that another user owns, that user could put another socket in place. */
function prepare(directory: string): Result<void, string> {
	try {
		makeFolder(directory, 0o700);
		const {uid} = statSync(directory);
		return uid === 0 || uid === process.getuid?.() ? ok(undefined) : err(`${directory}: belongs to uid ${uid}`);
	} catch (error) {
		return err(`${directory}: ${errnoText(-((error as NodeJS.ErrnoException).errno ?? 0))}`);
	}
}

function openNothing(): number {
	try {
		return openSync('/dev/null', 'r');
	} catch {
		return -1;
	}
}

function isStale(path: string): boolean {
	const probe = connectUnix(path);
	if (probe >= 0) close(probe);
	return probe === -ECONNREFUSED;
}

function open(
	fd: number, poller: Poller, accept: (socket: Socket) => SocketListener, closed: () => void,
): boolean {
	const peer = peerOf(fd);
	if (!peer) {
		close(fd);
		return false;
	}
	let queue: Uint8Array[] = [];
	let queued = 0;
	let isEnding = false;
	let isClosed = false;
	const fds: number[] = [];

	function shut(): void {
		if (isClosed) return;
		isClosed = true;
		poller.forget(fd);
		close(fd);
		fds.forEach(close);
		closed();
		listener.closed();
	}

	function flush(): void {
		for (let head = queue[0]; head && !isClosed; head = queue[0]) {
			const count = send(fd, head);
			if (count === -EAGAIN) return poller.change(fd, interest | EPOLLOUT);
			if (count < 0) return shut();
			queued -= count;
			if (count < head.length) queue[0] = head.subarray(count);
			else queue.shift();
		}
		if (isClosed) return;
		if (isEnding) shut();
		else poller.change(fd, interest);
	}

	/** What the client is listened for: nothing more once it has said its last, a hang-up always. */
	let interest = EPOLLIN;

	function hear(events: number): void {
		const count = receive(fd, bytes, passed => void (fds.length < FDS_MAX ? fds.push(passed) : close(passed)));
		if (count === -EAGAIN) return;
		if (count < 0 || (count === 0 && events & EPOLLHUP)) return shut();
		if (count === 0) {
			interest = 0;
			poller.change(fd, queue.length > 0 ? EPOLLOUT : 0);
			return listener.ended();
		}
		// What the listener keeps must be its own: the buffer is used again.
		if (!isEnding) listener.data(Uint8Array.prototype.slice.call(bytes, 0, count));
	}

	const listener = accept({
		peer,
		send(data) {
			if (isClosed || data.length === 0) return;
			const wasEmpty = queue.length === 0;
			queue.push(data);
			queued += data.length;
			if (queued > QUEUE_MAX) shut();
			else if (wasEmpty) flush();
		},
		pending: () => queued,
		end() {
			isEnding = true;
			interest = 0;
			if (queue.length === 0) shut();
			else poller.change(fd, EPOLLOUT);
		},
		takeFd: () => fds.shift() ?? null,
		closeFd: passed => void close(passed),
	});
	poller.watch(fd, EPOLLIN, events => {
		if (!(events & EPOLLOUT)) return hear(events);
		flush();
		if (!isClosed && queue.length === 0) listener.drained();
	});
	return true;
}

const STDOUT = 1;

/** A blocking connection for a client that does one thing and ends. */
export interface Channel {
	send(bytes: Uint8Array, fds?: readonly number[]): void;
	/**
	 * The next bytes, or null at the end. What `isShown` goes to stdout: when nobody reads that any more, it throws what
	 * writing there would (EPIPE), and does not wait for something to write.
	 */
	receive(isShown: boolean): Uint8Array | null;
	close(): void;
}

export function connect(path: string): Result<Channel, string> {
	if (Buffer.byteLength(path) > SOCKET_PATH_MAX) return err(`longer than ${SOCKET_PATH_MAX} bytes`);
	const fd = connectUnix(path);
	if (fd < 0) return err(errnoText(-fd));
	return ok({
		send(data, fds = []) {
			let left = data;
			for (let passed = fds; left.length > 0; passed = []) {
				const count = send(fd, left, passed);
				if (count < 0) return; // The other end is gone, and the next receive says so.
				left = left.subarray(count);
			}
		},
		receive(isShown) {
			if (isShown && !awaitReadable(fd, STDOUT)) throw Object.assign(new Error('nobody reads stdout'), {code: 'EPIPE'});
			const count = read(fd, bytes);
			return count > 0 ? Uint8Array.prototype.slice.call(bytes, 0, count) : null;
		},
		close: () => void close(fd),
	});
}
