/**
 * Connections to whoever takes messages: a unix socket, UDP and TCP. None of them ever waits. Text is latin1 here: one
 * character is one byte.
 */
import type {Millis} from '../../../core/time.ts';
import type {Syslog} from '../core.ts';
import {bytesOfLatin1, latin1Of, newBytes} from '../../../os/bytes.ts';
import {after, soon} from '../../../os/clock.ts';
import {errnoText, resolverText} from '../../../os/errno.ts';
import {start, textsOf} from '../../../os/jobs.ts';
import type {Poller} from '../../../os/poller.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, MSG_DONTWAIT, type Outcome, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_STREAM, sys} from '../../../os/sys.ts';
import {cut, type Delimit} from './rfc5424.ts';

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

/** Bytes of a message by UDP: what receivers are content with (RFC 5426 section 3.2 asks for 2 KiB at least). */
const UDP_MAX = 8 * 1024;
/** A message that is too long still is cut no further than so. */
const LEAST = 480;
/** Messages by UDP that are on their way at once: few at first, for that nobody listens is heard after the first. */
const WINDOW_MAX = 64;
/** So long one address has where there are others to be tried after it. */
const ATTEMPT: Millis = 1000;

const scratch = newBytes(4096);

/** Begins to connect. It may have failed, or be ready, before there is a result. */
export function dial(address: Address, delimit: Delimit, poller: Poller, listener: RelayListener): Relay {
	switch (address.kind) {
		case 'unix': return dialPath(address.path, delimit, poller, listener);
		case 'udp': return dialUdp(address, poller, listener);
		case 'tcp': return dialTcp(address, delimit, poller, listener);
	}
}

/** `udp://loghost:514`. */
export function placeOf(address: Address): string {
	if (address.kind === 'unix') return `unix://${address.path}`;
	return `${address.kind}://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Datagrams where they are taken, else a stream, as syslog(3) has it. */
function dialPath(path: string, delimit: Delimit, poller: Poller, listener: RelayListener): Relay {
	const first = sys.connectUnix(path, SOCK_DGRAM | SOCK_NONBLOCK);
	const isStream = first === -ERRNO.EPROTOTYPE;
	const fd = isStream ? sys.connectUnix(path, SOCK_STREAM | SOCK_NONBLOCK) : first;
	const interest = isStream ? EPOLLIN : 0;
	let frames: readonly string[] = [];
	let done = 0;
	/** What is not out of the frame after those that are done. */
	let rest: Uint8Array | null = null;
	let isOver = false;

	function shut(): void {
		if (isOver) return;
		isOver = true;
		poller.forget(fd);
		sys.close(fd);
	}

	function fail(errno: number): void {
		shut();
		listener.failed(wordsFor({kind: 'unix', path}, errno), done);
	}

	function go(): void {
		while (done < frames.length) {
			const frame = frames[done] ?? '';
			rest ??= bytesOfLatin1(isStream ? delimit(frame) : frame);
			const count = sys.send(fd, rest, [], MSG_DONTWAIT);
			if (count === -ERRNO.EAGAIN) return poller.change(fd, interest | EPOLLOUT);
			if (count === -ERRNO.EINTR) continue;
			if (count === -ERRNO.EMSGSIZE && rest.length > LEAST) {
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

	function onReadable(events: number): void {
		if (events & EPOLLOUT) {
			poller.change(fd, interest);
			return go();
		}
		const count = sys.read(fd, scratch);
		if (count <= 0 && count !== -ERRNO.EAGAIN) fail(count === 0 ? ERRNO.EPIPE : -count);
	}

	if (fd < 0) {
		isOver = true;
		listener.failed(wordsFor({kind: 'unix', path}, -fd), 0);
	} else {
		poller.watch(fd, interest, onReadable);
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

function dialUdp(address: Internet, poller: Poller, listener: RelayListener): Relay {
	let fd = -1;
	let isOver = false;
	let window = 1;
	/** What is being sent, and how much of it is. */
	let frames: readonly string[] = [];
	let done = 0;
	const faults: number[] = [];

	function shut(): void {
		isOver = true;
		if (fd < 0) return;
		poller.forget(fd);
		sys.close(fd);
	}

	function fail(why: string): void {
		shut();
		listener.failed(why, frames.length);
	}

	/** An error may speak of an earlier message than the one that it comes with: each costs one message. */
	function settle(): void {
		if (isOver) return;
		const [first] = faults;
		if (first !== undefined) {
			listener.lost(faults.length, wordsFor(address, first));
			return fail(wordsFor(address, first));
		}
		const {length} = frames;
		[frames, done] = [[], 0];
		listener.ready(length);
	}

	function go(): void {
		for (; done < frames.length; done++) {
			const sent = post(fd, bytesOfLatin1(cut(frames[done] ?? '', UDP_MAX)));
			if (sent === -ERRNO.EAGAIN) return poller.change(fd, EPOLLIN | EPOLLOUT);
			if (sent < 0) faults.push(-sent);
		}
		// An answer that nobody listens comes at once from this machine, and is heard before that.
		soon(settle);
	}

	function onReadable(events: number): void {
		if (events & EPOLLOUT && done < frames.length) {
			poller.change(fd, EPOLLIN);
			go();
		}
		// What it says is of no interest, but that nobody listens is.
		const count = sys.read(fd, scratch);
		if (count >= 0 || count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
		// Before the first message there is none that it could have cost.
		if (window === 1) return fail(wordsFor(address, -count));
		faults.push(-count);
		if (frames.length === 0) settle();
	}

	lookUp(address.host, SOCK_DGRAM, (addresses, why) => {
		if (isOver) return;
		let errno = 0;
		for (const each of addresses) {
			fd = sys.connectInet(each, address.port, SOCK_DGRAM);
			if (fd >= 0) break;
			errno ||= -fd;
		}
		if (fd < 0) return fail(errno > 0 ? wordsFor(address, errno) : wordsOf(address, why));
		poller.watch(fd, EPOLLIN, onReadable);
		listener.ready(0);
	});
	return {
		send(waiting) {
			frames = waiting.slice(0, window);
			window = Math.min(WINDOW_MAX, window * 2);
			go();
		},
		close() {
			if (!isOver) shut();
		},
	};
}

/** How many bytes of a message are out, or -errno; it is cut as short as it has to be. */
function post(fd: number, message: Uint8Array): Outcome {
	let bytes = message;
	for (;;) {
		const count = sys.send(fd, bytes, [], MSG_DONTWAIT);
		if (count === -ERRNO.EMSGSIZE && bytes.length > LEAST) bytes = half(bytes);
		else if (count !== -ERRNO.EINTR) return count;
	}
}

function dialTcp(address: Internet, delimit: Delimit, poller: Poller, listener: RelayListener): Relay {
	let fd = -1;
	let isOver = false;
	let isConnected = false;
	let isFull = false;
	let endAttempt = (): void => {};
	let frames: readonly string[] = [];
	/** What is not out of them. */
	let rest: Uint8Array = newBytes(0);

	function shut(): void {
		endAttempt();
		if (fd < 0) return;
		poller.forget(fd);
		sys.close(fd);
		fd = -1;
	}

	/** How much of what was written last is out nobody knows: all of it is told again. */
	function fail(why: string): void {
		if (isOver) return;
		isOver = true;
		shut();
		listener.failed(why, 0);
	}

	/** One address after the other; where none answers, the first speaks for all. */
	function attempt(addresses: readonly string[], first: number): void {
		const [next, ...others] = addresses;
		if (next === undefined) return fail(wordsFor(address, first));
		const tryOthers = (errno: number): void => {
			shut();
			attempt(others, first || errno);
		};
		const made = sys.connectInet(next, address.port, SOCK_STREAM);
		if (made < 0) return tryOthers(-made);
		fd = made;
		if (others.length > 0) endAttempt = after(ATTEMPT, () => tryOthers(ERRNO.ETIMEDOUT));
		poller.watch(fd, EPOLLOUT, () => {
			if (isConnected) return onReadable();
			const errno = sys.socketError(fd);
			if (errno > 0) return tryOthers(errno);
			endAttempt();
			isConnected = true;
			poller.change(fd, EPOLLIN);
			listener.ready(0);
		});
	}

	function onReadable(): void {
		// What it says is of no interest, but that it has hung up is.
		const count = sys.read(fd, scratch);
		if (count === 0) return fail(wordsFor(address, ERRNO.EPIPE));
		if (count < 0 && count !== -ERRNO.EAGAIN && count !== -ERRNO.EINTR) return fail(wordsFor(address, -count));
		if (rest.length > 0) go();
	}

	function listen(alsoForRoom: boolean): void {
		isFull = alsoForRoom;
		poller.change(fd, isFull ? EPOLLIN | EPOLLOUT : EPOLLIN);
	}

	function go(): void {
		while (rest.length > 0) {
			const count = sys.send(fd, rest, [], MSG_DONTWAIT);
			if (count === -ERRNO.EAGAIN) return listen(true);
			if (count < 0 && count !== -ERRNO.EINTR) return fail(wordsFor(address, -count));
			rest = rest.subarray(Math.max(0, count));
		}
		if (isFull) listen(false);
		const {length} = frames;
		frames = [];
		listener.ready(length);
	}

	lookUp(address.host, SOCK_STREAM, (addresses, why) => {
		if (isOver) return;
		if (addresses.length === 0) return fail(wordsOf(address, why));
		attempt(addresses, 0);
	});
	return {
		send(waiting) {
			frames = waiting;
			rest = bytesOfLatin1(waiting.map(delimit).join(''));
			go();
		},
		close() {
			if (isOver) return;
			isOver = true;
			shut();
		},
	};
}

/** The addresses of a host, or none and why. Calls back at once where nobody has to be asked. */
function lookUp(host: string, type: number, told: (addresses: readonly string[], why: string) => void): void {
	if (host === 'localhost') return told(['127.0.0.1', '::1'], '');
	if (sys.isAddress(host)) return told([host], '');
	start('resolve', {text: host, numbers: [type]}, done => told(textsOf(done), resolverText(done.result)));
}

const half = (bytes: Uint8Array): Uint8Array => bytesOfLatin1(cut(latin1Of(bytes), bytes.length >> 1));

function wordsFor(address: Address, errno: number): string {
	const place = placeOf(address);
	if (errno === ERRNO.ECONNREFUSED || errno === ERRNO.ENOENT) return `nobody listens at ${place}`;
	if (errno === ERRNO.EPIPE || errno === ERRNO.ECONNRESET) return `${place} hung up`;
	return wordsOf(address, errnoText(errno));
}

const wordsOf = (address: Address, why: string): string => `cannot reach ${placeOf(address)}: ${why}`;
