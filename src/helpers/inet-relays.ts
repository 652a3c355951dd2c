/** Relays to syslog servers in a network, by UDP and TCP. None of them ever waits. Text is latin1 here: one character is one byte. */
import type {Millis} from '../core/time.ts';
import {framesOf, post, type Relay, type RelayListener, wordsFor, wordsOf} from '../features/logging/os/relays.ts';
import type {RemoteTarget} from '../features/logging/os/remote.ts';
import {cut, type Delimit, delimiting} from '../features/logging/os/rfc5424.ts';
import {bytesOfLatin1, newBytes} from '../os/bytes.ts';
import {after, soon} from '../os/clock.ts';
import {resolverText} from '../os/errno.ts';
import {start, textsOf} from '../os/jobs.ts';
import type {Poller} from '../os/poller.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, MSG_DONTWAIT, SOCK_DGRAM, SOCK_STREAM, sys} from '../os/sys.ts';

type Address = RemoteTarget['address'];

/** Bytes of a message by UDP: what receivers are content with (RFC 5426 section 3.2 asks for 2 KiB at least). */
const UDP_MAX = 8 * 1024;
/** Messages by UDP that are on their way at once: few at first, as a refusal comes after the first. */
const WINDOW_MAX = 64;
/** So long one address has where there are others to be tried after it. */
const ATTEMPT: Millis = 1000;

const scratch = newBytes(4096);

/** Begins to connect. It may have failed before there is a result. */
export function dialInet(target: RemoteTarget, poller: Poller, listener: RelayListener): Relay {
	const {address} = target;
	return address.kind === 'udp' ? dialUdp(address, poller, listener) : dialTcp(address, delimiting(target), poller, listener);
}

function dialUdp(address: Address, poller: Poller, listener: RelayListener): Relay {
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
		// A refusal by this machine comes at once, and is read before that.
		soon(settle);
	}

	function onReadable(events: number): void {
		if (events & EPOLLOUT && done < frames.length) {
			poller.change(fd, EPOLLIN);
			go();
		}
		// Its content is of no interest, but a refusal is.
		const count = sys.read(fd, scratch);
		if (count >= 0 || count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
		// Before the first message it cannot have cost one.
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
		send(batch) {
			frames = framesOf(batch).slice(0, window);
			window = Math.min(WINDOW_MAX, window * 2);
			go();
		},
		close() {
			if (!isOver) shut();
		},
	};
}

function dialTcp(address: Address, delimit: Delimit, poller: Poller, listener: RelayListener): Relay {
	let fd = -1;
	let isOver = false;
	let isConnected = false;
	let isFull = false;
	let endAttempt = (): void => {};
	/** How many messages were given, and what is not out of them. */
	let count = 0;
	let rest: Uint8Array = newBytes(0);

	function shut(): void {
		endAttempt();
		if (fd < 0) return;
		poller.forget(fd);
		sys.close(fd);
		fd = -1;
	}

	/** How much of the last write was sent is not known: all of it is told again. */
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
			const sent = sys.send(fd, rest, [], MSG_DONTWAIT);
			if (sent === -ERRNO.EAGAIN) return listen(true);
			if (sent < 0 && sent !== -ERRNO.EINTR) return fail(wordsFor(address, -sent));
			rest = rest.subarray(Math.max(0, sent));
		}
		if (isFull) listen(false);
		const done = count;
		count = 0;
		listener.ready(done);
	}

	lookUp(address.host, SOCK_STREAM, (addresses, why) => {
		if (isOver) return;
		if (addresses.length === 0) return fail(wordsOf(address, why));
		attempt(addresses, 0);
	});
	return {
		send(batch) {
			const frames = framesOf(batch);
			count = frames.length;
			rest = bytesOfLatin1(frames.map(delimit).join(''));
			go();
		},
		close() {
			if (isOver) return;
			isOver = true;
			shut();
		},
	};
}

/** The addresses of a host, or an empty list and why. Calls back at once where no name server has to be asked. */
function lookUp(host: string, type: number, told: (addresses: readonly string[], why: string) => void): void {
	if (host === 'localhost') return told(['127.0.0.1', '::1'], '');
	if (sys.isAddress(host)) return told([host], '');
	start('resolve', {text: host, numbers: [type]}, done => told(textsOf(done), resolverText(done.result)));
}
