/** Programs that a helper runs: what they say, and how they end. Nothing here waits. */
import {exitStatus} from '../core/outcome.ts';
import {newBytes} from '../os/bytes.ts';
import {close} from '../os/descriptors.ts';
import type {Poller} from '../os/poller.ts';
import {newReport, outcomeOf} from '../os/reap/outcome.ts';
import {EPOLLIN, ERRNO, sys} from '../os/sys.ts';

const READ = 64 * 1024;
/** As a shell tells of a command that is not there. */
export const NOT_FOUND = 127;

/** Until all that had it open have closed it. */
export function drain(fd: number, poller: Poller, heard: (bytes: Uint8Array) => void): Promise<void> {
	return new Promise(resolve => {
		const bytes = newBytes(READ);
		poller.watch(fd, EPOLLIN, () => {
			const count = sys.read(fd, bytes);
			if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
			if (count > 0) return heard(bytes.subarray(0, count));
			poller.forget(fd);
			close(fd);
			resolve();
		});
	});
}

/** Its exit status, or 128 and the signal that ended it. */
export function endOf(pid: number, poller: Poller): Promise<number> {
	return new Promise(resolve => {
		const reap = (): void => {
			const report = newReport();
			resolve(sys.waitPid(pid, report) < 0 ? NOT_FOUND : exitStatus(outcomeOf(report)));
		};
		const fd = sys.pidfdOpen(pid);
		if (fd < 0) return reap();
		poller.watch(fd, EPOLLIN, () => {
			poller.forget(fd);
			close(fd);
			reap();
		});
	});
}
