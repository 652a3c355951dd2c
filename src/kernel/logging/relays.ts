/**
 * Connections to whoever takes messages: a unix socket, raw, and UDP and TCP by Node's own modules, which are
 * loaded when they are needed. None of them ever waits. Text is latin1 here: one character is one byte.
 */
import type {Syslog} from '../../core/model.ts';
import {errnoOf, errnoText} from '../diagnose.ts';
import {close, dialUnix, EAGAIN, EINTR, EPOLLIN, EPOLLOUT, read, send} from '../native.ts';
import type {Poller} from '../poller.ts';
import {counted, cut} from './rfc5424.ts';

/** One connection, or the attempt at it; it is used once, and what goes wrong with it is its end. */
export interface Relay {
	/** Only after `ready` was called, and once for each of its calls. It takes as many from the front as it likes. */
	send(frames: readonly string[]): void;
	/** Nothing is heard of it any more. */
	close(): void;
}

/** What is heard of a relay. */
export interface RelayListener {
	/** The first `done` of the frames are out, and it takes more. */
	ready(done: number): void;
	/** Frames are known to have gone nowhere, although they were or will be done. */
	lost(count: number, why: string): void;
	/** It is over, after the first `done` of the frames. */
	failed(why: string, done: number): void;
}

type Address = Syslog['address'];
type Internet = Exclude<Address, {readonly kind: 'unix'}>;

const ENOENT = 2;
const EPIPE = 32;
const EMSGSIZE = 90;
const EPROTOTYPE = 91;
const ECONNRESET = 104;
const ECONNREFUSED = 111;

/** Bytes of a message by UDP: what receivers are content with (RFC 5426 section 3.2 asks for 2 KiB at least). */
const UDP_MAX = 8 * 1024;
/** A message that is too long still is cut no further than so. */
const LEAST = 480;
/** Messages by UDP that are on their way at once: few at first, for that nobody listens is heard after the first. */
const WINDOW_MAX = 64;

const scratch = Buffer.alloc(4096);

/** Begins to connect. It may have failed, or be ready, before there is a result. */
export function dial(address: Address, poller: Poller, listener: RelayListener): Relay {
	switch (address.kind) {
		case 'unix': return dialPath(address.path, poller, listener);
		case 'udp': return dialUdp(address, listener);
		case 'tcp': return dialTcp(address, listener);
	}
}

/** `udp://loghost:514`. */
export function placeOf(address: Address): string {
	if (address.kind === 'unix') return `unix://${address.path}`;
	return `${address.kind}://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Datagrams where they are taken, else a stream, as syslog(3) has it. */
function dialPath(path: string, poller: Poller, listener: RelayListener): Relay {
	const first = dialUnix(path, 'datagram');
	const isStream = first === -EPROTOTYPE;
	const fd = isStream ? dialUnix(path, 'stream') : first;
	const interest = isStream ? EPOLLIN : 0;
	let frames: readonly string[] = [];
	let done = 0;
	/** What is not out of the frame after those that are done. */
	let rest: Buffer | null = null;
	let isOver = false;

	function shut(): void {
		if (isOver) return;
		isOver = true;
		poller.forget(fd);
		close(fd);
	}

	function fail(errno: number): void {
		shut();
		listener.failed(wordsFor({kind: 'unix', path}, errno, errnoText(errno)), done);
	}

	function go(): void {
		while (done < frames.length) {
			const frame = frames[done] ?? '';
			rest ??= Buffer.from(isStream ? counted(frame) : frame, 'latin1');
			const count = send(fd, rest);
			if (count === -EAGAIN) return poller.change(fd, interest | EPOLLOUT);
			if (count === -EINTR) continue;
			if (count === -EMSGSIZE && rest.length > LEAST) {
				rest = half(rest);
				continue;
			}
			if (count < 0) return fail(-count);
			rest = isStream && count < rest.length ? rest.subarray(count) : null;
			if (rest === null) done++;
		}
		const out = done;
		[frames, done] = [[], 0];
		listener.ready(out);
	}

	function hear(events: number): void {
		if (events & EPOLLOUT) {
			poller.change(fd, interest);
			return go();
		}
		const count = read(fd, scratch);
		if (count <= 0 && count !== -EAGAIN) fail(count === 0 ? EPIPE : -count);
	}

	if (fd < 0) {
		isOver = true;
		listener.failed(wordsFor({kind: 'unix', path}, -fd, errnoText(-fd)), 0);
	} else {
		poller.watch(fd, interest, hear);
		listener.ready(0);
	}
	return {
		send(taken) {
			frames = taken;
			go();
		},
		close: shut,
	};
}

function dialUdp(address: Internet, listener: RelayListener): Relay {
	const {createSocket} = process.getBuiltinModule('node:dgram');
	let socket: ReturnType<typeof createSocket> | null = null;
	let isOver = false;
	let window = 1;
	/** How many frames are on their way, and of how many the fate is not known. */
	let size = 0;
	let pending = 0;
	const faults: Error[] = [];

	function shut(): void {
		isOver = true;
		socket?.close();
	}

	function fail(error: Error): void {
		shut();
		listener.failed(wordsOf(address, error), size);
	}

	/** An error may speak of an earlier message than the one that it comes with: each costs one message. */
	function blame(error: Error): void {
		faults.push(error);
		if (pending === 0) settle();
	}

	function settle(): void {
		const [first] = faults;
		if (first) {
			listener.lost(faults.length, wordsOf(address, first));
			return fail(first);
		}
		const out = size;
		size = 0;
		listener.ready(out);
	}

	function post(bytes: Buffer): void {
		socket?.send(bytes, error => {
			if (isOver) return;
			if (error && errnoOf(error) === EMSGSIZE && bytes.length > LEAST) return post(half(bytes));
			pending--;
			if (error) blame(error);
			else if (pending === 0) settle();
		});
	}

	process.getBuiltinModule('node:dns').lookup(address.host, (error, host, family) => {
		if (isOver) return;
		if (error) return fail(error);
		socket = createSocket(family === 6 ? 'udp6' : 'udp4');
		socket.once('connect', () => {
			if (!isOver) listener.ready(0);
		});
		socket.on('error', error => {
			if (isOver) return;
			// Before the first message there is none that it could have cost.
			if (window === 1) fail(error);
			else blame(error);
		});
		socket.connect(address.port, host);
		socket.unref();
	});
	return {
		send(frames) {
			const taken = frames.slice(0, window);
			window = Math.min(WINDOW_MAX, window * 2);
			size = taken.length;
			pending = size;
			for (const frame of taken) post(Buffer.from(cut(frame, UDP_MAX), 'latin1'));
		},
		close() {
			if (!isOver) shut();
		},
	};
}

function dialTcp(address: Internet, listener: RelayListener): Relay {
	const socket = process.getBuiltinModule('node:net').connect({host: address.host, port: address.port});
	let isOver = false;

	/** How much of what was written last is out nobody knows: all of it is told again. */
	function fail(why: string): void {
		if (isOver) return;
		isOver = true;
		socket.destroy();
		listener.failed(why, 0);
	}

	socket.unref();
	// What it says is of no interest, but that it has hung up is.
	socket.resume();
	socket.once('connect', () => {
		if (!isOver) listener.ready(0);
	});
	socket.on('error', error => fail(wordsOf(address, error)));
	socket.on('close', () => fail(wordsFor(address, EPIPE, '')));
	return {
		send(frames) {
			socket.write(Buffer.from(frames.map(counted).join(''), 'latin1'), error => {
				if (!error && !isOver) listener.ready(frames.length);
			});
		},
		close() {
			isOver = true;
			socket.destroySoon();
		},
	};
}

const half = (bytes: Buffer): Buffer => Buffer.from(cut(bytes.toString('latin1'), bytes.length >> 1), 'latin1');

/** A name that has several addresses fails once for each of them: the first speaks for all. */
function wordsOf(address: Address, error: Error): string {
	const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
	const errno = errnoOf(first);
	return wordsFor(address, errno, errno === 0 ? error.message : errnoText(errno));
}

function wordsFor(address: Address, errno: number, text: string): string {
	const place = placeOf(address);
	if (errno === ECONNREFUSED || errno === ENOENT) return `nobody listens at ${place}`;
	if (errno === EPIPE || errno === ECONNRESET) return `${place} hung up`;
	return `cannot reach ${place}: ${text}`;
}
