/** A moment in which nothing moves but archon: PID 1 can stop all others by one call, and none can be made meanwhile. */
import {SIG} from '../../core/signal-numbers.ts';
import {pid as ownPid} from '../identity.ts';
import {pids, slurp} from './procfs.ts';
import {sys} from '../sys.ts';

/** Its groups stand before what is looked for, and may be many. */
const STATUS_MAX = 1 << 20;

/** What was stopped before stays so. */
export function whileFrozen(act: () => void): void {
	sys.kill(-1, SIG.STOP);
	try {
		act();
	} finally {
		// Children before their parents, so that a shell does not take a job for stopped.
		for (const pid of pids().toReversed()) if (pid !== ownPid && !wasStopped(pid)) sys.kill(pid, SIG.CONT);
	}
}

/** To a process that is stopped, SIGSTOP is still to come; from one that it has stopped it is gone (proc_pid_status(5)). */
function wasStopped(pid: number): boolean {
	const status = slurp(`/proc/${pid}/status`, STATUS_MAX) ?? '';
	// The first 32 signals are the last 8 figures.
	const pending = /^ShdPnd:\t[0-9a-f]*([0-9a-f]{8})$/m.exec(status)?.[1] ?? '';
	return /^State:\tT/m.test(status) && (Number.parseInt(pending, 16) >>> (SIG.STOP - 1) & 1) === 1;
}
