/**
 * Relays: connections to a syslog server, as their users see them, and those to unix sockets. None of them ever waits.
 * Text is latin1 here: one character is one byte.
 */
import type {Syslog} from '../core.ts';
import {bytesOfLatin1, latin1Of, newBytes} from '../../../os/bytes.ts';
import {errnoText} from '../../../os/errno.ts';
import type {Poller} from '../../../os/poller.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, MSG_DONTWAIT, type Outcome, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_STREAM, sys} from '../../../os/sys.ts';
import {cut, type Delimit} from './rfc5424.ts';

/** One connection, or the attempt at it; it is used once, and what goes wrong with it is its end. */
export interface Relay {
	/**
	 * Messages, each with a newline behind it, which none of them holds. Only after `ready` was called, and once for each of
	 * its calls. It takes as many from the front as it likes; the bytes must stay as they are until `ready` or `failed`.
	 */
	send(batch: Uint8Array): void;
	/** Nothing is heard of it any more. */
	close(): void;
}

/** What is heard of a relay. */
export interface RelayListener {
	/** The first `done` of the messages are out, and it takes more. */
	ready(done: number): void;
	/** Messages are known to have gone nowhere, although they were or will be done. */
	lost(count: number, why: string): void;
	/** It is over, after the first `done` of the messages. */
	failed(why: string, done: number): void;
}

type Address = Syslog['address'];

/** A message that is too long still is cut no further than so. */
const LEAST = 480;

const scratch = newBytes(4096);

/** The messages of a batch. */
export const framesOf = (batch: Uint8Array): readonly string[] => latin1Of(batch, 0, batch.length - 1).split('\n');

/** `udp://loghost:514`. */
export function placeOf(address: Address): string {
	if (address.kind === 'unix') return `unix://${address.path}`;
	return `${address.kind}://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

/**
 * Begins to connect to a unix socket: datagrams where they are taken, else a stream, as syslog(3) has it. It may have
 * failed, or be ready, before there is a result.
 */
export function dialPath(path: string, delimit: Delimit, poller: Poller, listener: RelayListener): Relay {
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
			const count = isStream ? sys.send(fd, rest, [], MSG_DONTWAIT) : post(fd, rest);
			if (count === -ERRNO.EAGAIN) return poller.change(fd, interest | EPOLLOUT);
			if (count === -ERRNO.EINTR) continue;
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
		send(batch) {
			frames = framesOf(batch);
			go();
		},
		close: shut,
	};
}

/** Sends a datagram, cut as short as it has to be: how many bytes are out, or -errno. */
export function post(fd: number, message: Uint8Array): Outcome {
	let bytes = message;
	for (;;) {
		const count = sys.send(fd, bytes, [], MSG_DONTWAIT);
		if (count === -ERRNO.EMSGSIZE && bytes.length > LEAST) bytes = half(bytes);
		else if (count !== -ERRNO.EINTR) return count;
	}
}

const half = (bytes: Uint8Array): Uint8Array => bytesOfLatin1(cut(latin1Of(bytes), bytes.length >> 1));

/** Why a server is not reached, from an errno. */
export function wordsFor(address: Address, errno: number): string {
	const place = placeOf(address);
	if (errno === ERRNO.ECONNREFUSED || errno === ERRNO.ENOENT) return `nothing listens at ${place}`;
	if (errno === ERRNO.EPIPE || errno === ERRNO.ECONNRESET) return `${place} hung up`;
	return wordsOf(address, errnoText(errno));
}

/** The same from words. */
export const wordsOf = (address: Address, why: string): string => `cannot reach ${placeOf(address)}: ${why}`;
