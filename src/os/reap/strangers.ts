/**
 * Processes that archon cares for and whose parent is another one: above all those that an archon before it has started. Their
 * end is told by a pidfd, and what they leave behind does not come to archon: it is found by its tag.
 */
import type {Run} from '../../core/ids.ts';
import type {Outcome} from '../../core/outcome.ts';
import type {Millis} from '../../core/time.ts';
import {after, soon} from '../clock.ts';
import type {Poller} from '../poller.ts';
import {outcomeOfStatus} from './outcome.ts';
import {exitOf, pids, statOf} from './procfs.ts';
import {runTagged} from './run-tag.ts';
import {isAmong, type TrackedRun} from './tracked-run.ts';
import {EPOLLIN, ERRNO, sys} from '../sys.ts';

/** How long archon waits until the parent has heard of the end, which the kernel then tells of to others as well. */
const PATIENCE: Millis = 3000;

/** How long archon waits until it may have a descriptor for a process, of which there were none. */
const AGAIN: Millis = 1000;

/** Calls back once, when the process has ended: with how, or null where that cannot be known. */
export function watch(pid: number, poller: Poller, told: (outcome: Outcome | null) => void): void {
	const fd = sys.pidfdOpen(pid);
	if (fd === -ERRNO.ESRCH) return soon(() => poller.whole(() => told(null)));
	if (fd < 0) {
		const began = statOf(pid)?.start;
		// By then the number may be another's.
		return void after(AGAIN, () => (statOf(pid)?.start === began ? watch(pid, poller, told) : poller.whole(() => told(null))));
	}
	watchHeld(fd, pid, poller, outcome => {
		sys.close(fd);
		told(outcome);
	});
}

/** The same by a descriptor of the process, which stays open; the result gives up. */
export function watchHeld(fd: number, pid: number, poller: Poller, told: (outcome: Outcome | null) => void): () => void {
	let giveUp = (): void => {};
	const finish = (status: number): void => {
		giveUp();
		poller.forget(fd);
		told(status < 0 ? null : outcomeOfStatus(status));
	};
	poller.watch(fd, EPOLLIN, () => {
		const exit = exitOf(pid);
		if (exit !== null) return finish(exit);
		const status = sys.pidfdStatus(fd);
		if (status !== -ERRNO.EAGAIN) return finish(status);
		// It has ended, and its parent has not waited for it yet: with that comes EPOLLHUP, which is always told.
		poller.forget(fd);
		giveUp = after(PATIENCE, () => poller.whole(() => finish(-ERRNO.ETIMEDOUT)));
		poller.watch(fd, 0, () => finish(sys.pidfdStatus(fd)));
	});
	return () => {
		giveUp();
		poller.forget(fd);
	};
}

/** The living processes of a run beside its main one; `isTree`: those that have left its groups as well. */
export function* othersOf({run, pid: main, groups}: TrackedRun, isTree: boolean): Generator<number> {
	for (const pid of pids()) {
		if (pid === main) continue;
		const isTagged = isTree && runTagged(pid) === run;
		const stat = statOf(pid);
		if (stat && !stat.isZombie && (isTagged || isAmong(groups, stat.group))) yield pid;
	}
}

/** Whether there are any. */
export const hasOthers = (tracked: TrackedRun, isTree: boolean): boolean => !othersOf(tracked, isTree).next().done;

const watched = new Set<`${Run} ${number}`>();

/** Calls back with the end of each of them, also of those that they make meanwhile: by then it may have been the last. */
export function watchOthers(tracked: TrackedRun, poller: Poller, ended: () => void): void {
	for (const pid of othersOf(tracked, true)) {
		const key = `${tracked.run} ${pid}` as const;
		if (watched.has(key)) continue;
		watched.add(key);
		watch(pid, poller, () => {
			watched.delete(key);
			watchOthers(tracked, poller, ended);
			ended();
		});
	}
}
