/** A command of the shell's under way: a copy of the shell's process, which ends with it. */
import {SIG} from '../../core/signal-numbers.ts';
import type {Outcome as Ended} from '../../core/outcome.ts';
import {BrokenPipe} from '../../os/errno.ts';
import {startOver} from '../../os/reactor.ts';
import {newReport, outcomeOf, pidOf} from '../../os/reap/outcome.ts';
import {type Outcome, sys} from '../../os/sys.ts';

const FAILED = 111;
const BROKEN_PIPE = 141;

/**
 * Its pid, or -errno. It is in the shell's process group, and signals of the keyboard come to it as to any program; where
 * `canSuspend` is false, ^Z does nothing.
 */
export function begin(act: () => Promise<number>, canSuspend: boolean, complain: (why: string) => void): Outcome {
	const pid = sys.fork();
	if (pid !== 0) return pid;
	sys.restoreSignals();
	if (!canSuspend) sys.ignoreSignal(SIG.TSTP);
	startOver();
	act().then(sys.exit, (error: unknown) => {
		if (error instanceof BrokenPipe) sys.exit(BROKEN_PIPE);
		complain(error instanceof Error ? error.message : String(error));
		sys.exit(FAILED);
	});
	return 0;
}

const report = newReport();

/** How it ended; null: it has not. */
export function endOf(pid: number): Ended | null {
	const result = sys.waitPid(pid, report);
	return result >= 0 && pidOf(report) === pid ? outcomeOf(report) : null;
}
