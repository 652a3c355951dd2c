/** A program on this terminal, in place of the one that waits for it: a pager. */
import type {Command} from '../core/service.ts';
import {close} from './descriptors.ts';
import {CHILD_REPORT} from './layouts.ts';
import {forget, watch} from './reactor.ts';
import {execute} from './spawn/execute.ts';
import {EPOLLIN, sys} from './sys.ts';

/** As a shell tells of a command that is not there. */
const NOT_FOUND = 127;

/** Calls back when it has ended; only for a program of one thread. The result is 0, or -errno where none was made. */
export function runInForeground(command: Command, ended: () => void): number {
	const pid = sys.fork();
	if (pid < 0) return pid;
	if (pid === 0) {
		sys.restoreSignals();
		execute(command);
		sys.exit(NOT_FOUND);
	}
	const fd = sys.pidfdOpen(pid);
	watch(fd, EPOLLIN, () => {
		forget(fd);
		close(fd);
		sys.waitPid(pid, new Int32Array(Object.keys(CHILD_REPORT).length));
		ended();
	});
	return 0;
}
