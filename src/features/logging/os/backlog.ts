/**
 * Messages that wait for a syslog server, each with a newline behind it, in blocks that outlive this instance of archon. Where
 * it ended in the middle of a change the pieces of a message are told by that.
 */
import {concat, latin1Of, type Bytes, bytesOfLatin1} from '../../../os/bytes.ts';
import {sys} from '../../../os/sys.ts';
import type {Queue} from './queue.ts';

export interface Backlog {
	/** How many messages wait, and how many bytes of them. */
	count(): number;
	size(): number;
	put(messages: readonly string[]): void;
	/** The first messages: at least one, and no more than fit into the given bytes; empty if no message waits. */
	first(most: number): Bytes;
	/** Removes the given number of first messages for good. */
	take(count: number): void;
}

/** RFC 5424 and RFC 3164: each message begins with its priority. */
const BEGINNING = /^<\d{1,3}>/;
const NEWLINE = 10;

export function createBacklog(queue: Queue): Backlog {
	let count = 0;
	/** What was looked at last, while it is in front. */
	let front: Bytes | null = null;

	function first(most: number): Bytes {
		for (let bytes = most; ; bytes *= 2) {
			const found = concat(queue.peek(bytes));
			const length = Math.min(found.length, bytes);
			const end = found.lastIndexOf(NEWLINE, length - 1) + 1;
			if (end > 0 || length === queue.size()) return front = found.subarray(0, end);
		}
	}

	function take(taken: number): void {
		for (let left = taken; left > 0;) {
			const batch = front ?? first(BATCH);
			front = null;
			const there = sys.countLines(batch);
			if (there === 0) return;
			const done = Math.min(left, there);
			queue.take(sys.endOfLines(batch, done));
			count -= done;
			left -= done;
		}
	}

	/** What the last instance left behind. */
	function inherit(): void {
		const last = queue.peek(queue.size()).at(-1);
		if (!last) return;
		if (last.at(-1) !== NEWLINE) queue.put(Uint8Array.of(NEWLINE));
		count = queue.peek(queue.size()).reduce((sum, piece) => sum + sys.countLines(piece), 0);
		if (!BEGINNING.test(latin1Of(first(1)))) take(1);
	}

	inherit();
	return {
		count: () => count,
		size: () => queue.size() - count,
		put(messages) {
			if (messages.length === 0) return;
			queue.put(bytesOfLatin1(`${messages.join('\n')}\n`));
			count += messages.length;
		},
		first, take,
	};
}

/** Bytes that are looked at together. */
const BATCH = 1 << 16;
