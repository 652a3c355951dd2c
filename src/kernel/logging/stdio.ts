/**
 * archon's own stdout and stderr as outlets. Their blocking mode is everybody's who shares them, and stays
 * as it is: archon opens them anew for itself where it may, and has a thread of libuv's wait where not.
 */
import {constants, fstatSync, openSync, type Stats, writev} from 'node:fs';
import {EAGAIN, EINTR, EPOLLOUT, sendNow, write} from '../native.ts';
import type {Poller} from '../poller.ts';
import type {Ledger} from '../ledger.ts';
import {createOutlet, type Losses, lossText, type Outlet, type Write} from './outlet.ts';
import {createQueue, type Queue} from './queue.ts';

/** `line` makes a line of archon's own of a text. */
export function createStdio(fd: 1 | 2, poller: Poller, {blocks}: Ledger, line: (text: string) => string): Outlet {
	const name = fd === 1 ? 'stdout' : 'stderr';
	const here = (losses: Losses): string => line(`${lossText(losses, 'dropped')}: nobody reads ${name} fast enough`);
	return createOutlet(createQueue(blocks, name), writerTo(fd, poller), {here});
}

/** One writer for both where they are the same, or a long write to one could be cut in two by a line on the other. */
export function areSame(one: number, other: number): boolean {
	const [a, b] = [statOf(one), statOf(other)];
	return a !== null && b !== null && a.dev === b.dev && a.ino === b.ino && a.rdev === b.rdev;
}

function statOf(fd: number): Stats | null {
	try {
		return fstatSync(fd);
	} catch {
		return null;
	}
}

function writerTo(fd: number, poller: Poller): Write {
	const stat = statOf(fd);
	if (stat?.isSocket()) return directly(fd, poller, bytes => sendNow(fd, bytes));
	if (stat?.isFIFO() || stat?.isCharacterDevice()) {
		try {
			const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
			return directly(own, poller, bytes => write(own, bytes));
		} catch {
			// No /proc, or another user's pipe.
		}
	}
	return byThread(fd);
}

/** At a stretch, before others have their turn. */
const BATCH = 1 << 18;

function directly(fd: number, poller: Poller, write: (bytes: Buffer) => number): Write {
	// What is written is taken, or the next life would write it once more.
	return (queue, resume) => poller.whole(() => {
		for (const bytes of queue.peek(BATCH)) {
			const count = write(bytes);
			if (count === -EAGAIN) {
				poller.watch(fd, EPOLLOUT, () => {
					poller.forget(fd);
					resume();
				});
				return 'later';
			}
			if (count === -EINTR) return 'written';
			if (count < 0) return 'broken';
			queue.take(count);
			if (count < bytes.length) return 'written';
		}
		return 'written';
	});
}

/** After a write that found no room in a descriptor that somebody made non-blocking, in milliseconds. */
const RETRY = 20;
/** What passes: no room in a pipe, and none on a disk. */
const PASSING = new Set(['EAGAIN', 'EINTR', 'ENOSPC', 'EDQUOT']);

function byThread(fd: number): Write {
	let isBroken = false;
	return (queue: Queue, resume) => {
		if (isBroken) return 'broken';
		writev(fd, queue.peek(BATCH), (error, written) => {
			if (!error) {
				queue.take(written);
				return resume();
			}
			if (PASSING.has(error.code ?? '')) return void setTimeout(resume, error.code === 'EAGAIN' ? RETRY : 1000).unref();
			isBroken = true;
			resume();
		});
		return 'later';
	};
}
