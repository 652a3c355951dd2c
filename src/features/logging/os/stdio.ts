/**
 * archon's own stdout and stderr as outlets. All processes with these streams share their blocking mode, so archon leaves it
 * as it is: archon opens them again for itself where it may, and has a thread wait where not.
 */
import {after} from '../../../os/clock.ts';
import {start} from '../../../os/jobs.ts';
import type {Handoff} from '../../../os/reexec/handoff.ts';
import type {Poller} from '../../../os/poller.ts';
import {STAT} from '../../../os/layouts.ts';
import {
	EPOLLOUT, ERRNO, isCharacterDevice, isFifo, isSocket, MSG_DONTWAIT, newStat, O, type Outcome, type Stat, sys,
} from '../../../os/sys.ts';
import {createOutlet, type Losses, lossText, type Outlet, type Write} from './outlet.ts';
import {createQueue, type Queue} from './queue.ts';

/** `line` makes a line of archon's own of a text. */
export function createStdio(fd: 1 | 2, poller: Poller, {blocks}: Handoff, line: (text: string) => string): Outlet {
	const name = fd === 1 ? 'stdout' : 'stderr';
	const here = (losses: Losses): string => line(`${lossText(losses, 'dropped')}: ${name} is not read fast enough`);
	return createOutlet(createQueue(blocks, name), writerTo(fd, poller), {here});
}

/** One writer for both where they are the same, or a long write to one could be cut in two by a line on the other. */
export function areSame(one: number, other: number): boolean {
	const [a, b] = [statOf(one), statOf(other)];
	return a !== null && b !== null && [STAT.device, STAT.inode, STAT.special].every(field => a[field] === b[field]);
}

function statOf(fd: number): Stat | null {
	const stat = newStat();
	return sys.fstat(fd, stat) < 0 ? null : stat;
}

function writerTo(fd: number, poller: Poller): Write {
	const stat = statOf(fd);
	if (stat && isSocket(stat)) return directly(fd, poller, bytes => sys.send(fd, bytes, [], MSG_DONTWAIT));
	if (stat && (isFifo(stat) || isCharacterDevice(stat))) {
		const own = sys.open(`/proc/self/fd/${fd}`, O.WRONLY | O.NONBLOCK | O.NOCTTY, 0);
		// Else there is no /proc, or it is another user's pipe.
		if (own >= 0) return directly(own, poller, bytes => sys.write(own, bytes));
	}
	return byThread(fd);
}

/** At a stretch, before others have their turn. */
const BATCH = 1 << 18;

function directly(fd: number, poller: Poller, write: (bytes: Uint8Array) => Outcome): Write {
	// What is written is taken, or the next instance would write it once more.
	return (queue, resume) => poller.whole(() => {
		for (const bytes of queue.peek(BATCH)) {
			const count = write(bytes);
			if (count === -ERRNO.EAGAIN) {
				poller.watch(fd, EPOLLOUT, () => {
					poller.forget(fd);
					resume();
				});
				return 'later';
			}
			if (count === -ERRNO.EINTR) return 'written';
			if (count < 0) return 'broken';
			queue.take(count);
			if (count < bytes.length) return 'written';
		}
		return 'written';
	});
}

/** After a write that found no room in a descriptor that another process made non-blocking, in milliseconds. */
const RETRY = 20;
/** What passes: no room in a pipe, and none on a disk. */
const PASSING: readonly number[] = [ERRNO.EAGAIN, ERRNO.EINTR, ERRNO.ENOSPC, ERRNO.EDQUOT];

function byThread(fd: number): Write {
	let isBroken = false;
	return (queue: Queue, resume) => {
		if (isBroken) return 'broken';
		start('write', {fd, pieces: queue.peek(BATCH)}, ({result}) => {
			if (result >= 0) {
				queue.take(result);
				return resume();
			}
			if (PASSING.includes(-result)) return void after(result === -ERRNO.EAGAIN ? RETRY : 1000, resume);
			isBroken = true;
			resume();
		});
		return 'later';
	};
}
