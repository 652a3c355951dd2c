/** What comes in on a stream socket that carries descriptors beside messages, and what is written to it. */
import {cutMessages} from '../../features/pools/core/wire.ts';
import {bytesOf, concat, newBytes} from '../../os/bytes.ts';
import {ANCILLARY} from '../../os/layouts.ts';
import type {Poller} from '../../os/poller.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, MSG_DONTWAIT, newAncillary, sys} from '../../os/sys.ts';

/** What is done with what comes; each says why the peer is not to be heard any more, or null. */
export interface Hearing {
	/** Something has been read, and is told now. */
	came?(): void;
	/** A message without its NUL; never an empty one, which is what comes with a descriptor. */
	text(text: string): string | null;
	/** A descriptor, which is the hearer's own from now on. */
	fd(fd: number): string | null;
	/** Nothing more is read. Null: the other end was closed. */
	ended(why: string | null): void;
}

export interface Framing {
	/** Text with its NUL; it waits for room. False: so much waits already that the peer does not read. */
	send(text: string): boolean;
	/** Reads what is there, as when the peer's process has ended. */
	drain(): void;
	/** Nothing more is read, and the socket is closed with all that was passed and not read. */
	close(): void;
}

/** What a peer may say in a second (bytes, messages). */
const [BYTES_EACH_SECOND, TEXTS_EACH_SECOND] = [64 * 1024 * 1024, 20_000];
const SECOND = 1000;
/** Bytes that may wait for a peer to read. */
const WAITING_MAX = 256 * 1024;
/** Reads at a stretch, before others have their turn; and all that a socket's buffer may hold, of one that has ended. */
const [AT_ONCE, AT_END] = [8, 4096];

const buffer = newBytes(64 * 1024);
const beside = newAncillary();

/** What is not UTF-8 is kept, as paths may have it. */
export const decode = (bytes: Uint8Array, from: number, to: number): string => sys.decodeUtf8(bytes, from, to, true);

export function createFraming(fd: number, poller: Poller, hearing: Hearing): Framing {
	const cutter = cutMessages(decode);
	let isOver = false;
	let waiting: Uint8Array = newBytes(0);
	let [since, bytes, texts] = [0, 0, 0];

	function end(why: string | null): void {
		if (isOver) return;
		close();
		hearing.ended(why);
	}

	function close(): void {
		if (isOver) return;
		isOver = true;
		poller.forget(fd);
		sys.closeInbox(fd);
	}

	function hear(chunk: Uint8Array): string | null {
		const parts = cutter.push(chunk);
		hearing.came?.();
		if (parts === null) return 'said too long a message';
		texts += parts.length;
		if (texts > TEXTS_EACH_SECOND) return 'said more than anybody can hear';
		for (const text of parts) {
			const why = hearing.text(text);
			if (why !== null || isOver) return why;
		}
		return null;
	}

	/** One read; whether there may be more. */
	function read(): boolean {
		const count = sys.receive(fd, buffer, beside);
		if (count === -ERRNO.EAGAIN) return false;
		// That something was left unread at its end is told before what it had said (unix(7)).
		if (count === -ERRNO.EINTR || count === -ERRNO.ECONNRESET) return true;
		const passed = count > 0 ? [...beside.subarray(ANCILLARY.fds, ANCILLARY.fds + (beside[ANCILLARY.count] ?? 0))] : [];
		if (count <= 0) {
			end(null);
			return false;
		}
		const now = sys.now();
		if (now - since > SECOND) [since, bytes, texts] = [now, 0, 0];
		bytes += count;
		// The kernel ends a read behind what came with descriptors, so that messages in it came before.
		let why = bytes > BYTES_EACH_SECOND ? 'said more than anybody can hear' : hear(buffer.subarray(0, count));
		for (const each of passed) {
			if (why === null && !isOver) why = hearing.fd(each);
			else sys.closeForeign(each);
		}
		if (why !== null) end(why);
		return !isOver;
	}

	function drain(most: number): void {
		for (let left = most; left > 0 && !isOver && read(); left--);
	}

	function flush(): void {
		while (waiting.length > 0) {
			const count = sys.send(fd, waiting, [], MSG_DONTWAIT);
			if (count === -ERRNO.EINTR) continue;
			// What is wrong with it is heard where it is read.
			if (count < 0) break;
			waiting = waiting.subarray(count);
		}
	}

	poller.watch(fd, EPOLLIN, events => {
		if (events & EPOLLOUT) {
			flush();
			if (waiting.length === 0) poller.change(fd, EPOLLIN);
		}
		drain(AT_ONCE);
	});
	return {
		drain: () => drain(AT_END),
		close,
		send(text) {
			if (isOver) return true;
			const isIdle = waiting.length === 0;
			waiting = concat([waiting, bytesOf(text)]);
			if (!isIdle) return waiting.length <= WAITING_MAX;
			flush();
			if (waiting.length > 0) poller.change(fd, EPOLLIN | EPOLLOUT);
			return true;
		},
	};
}
