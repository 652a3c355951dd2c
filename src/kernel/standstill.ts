/** A moment in which nothing moves but archon: PID 1 can stop all others by one call, and none can be made meanwhile. */
import {SIG} from '../core/model.ts';
import {kill} from './native.ts';
import {pids, slurp} from './procfs.ts';

/** Whoever was stopped before stays so. */
export function standStill(act: () => void): void {
	kill(-1, SIG.STOP);
	try {
		act();
	} finally {
		// Children before their parents, so that a shell does not take a job for stopped.
		for (const pid of pids().toReversed()) if (pid !== process.pid && !wasStopped(pid)) kill(pid, SIG.CONT);
	}
}

/** To a process that is stopped, SIGSTOP is still to come; from one that it has stopped it is gone (proc_pid_status(5)). */
function wasStopped(pid: number): boolean {
	const status = slurp(`/proc/${pid}/status`) ?? '';
	const pending = /^ShdPnd:\t([0-9a-f]+)/m.exec(status)?.[1];
	return /^State:\tT/m.test(status) && pending !== undefined && (BigInt(`0x${pending}`) >> BigInt(SIG.STOP - 1) & 1n) === 1n;
}
