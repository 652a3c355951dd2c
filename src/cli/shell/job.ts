/** A command of the shell's under way: a copy of the shell's process, which ends with it. */
import {SIG} from '../../core/signal-numbers.ts';
import type {Outcome as Ended} from '../../core/outcome.ts';
import {BrokenPipe} from '../../os/errno.ts';
import {startOver} from '../../os/reactor.ts';
import {newReport, outcomeOf, pidOf} from '../../os/reap/outcome.ts';
import {type Keeper, lend} from '../../os/sockets/lent.ts';
import {type Outcome, sys} from '../../os/sys.ts';

const FAILED = 111;
const BROKEN_PIPE = 141;

export interface JobParts {
	readonly canSuspend: boolean;
	readonly complain: (why: string) => void;
	/** Of the connection that commands have one after the other; `mayAsk`: this one has it. */
	readonly keeper: Keeper;
	readonly mayAsk: boolean;
}

/**
 * Its pid, or -errno. It is in the shell's process group, and signals of the keyboard come to it as to any program; where
 * `canSuspend` is false, ^Z does nothing.
 */
export function begin(act: () => Promise<number>, {canSuspend, complain, keeper, mayAsk}: JobParts): Outcome {
	const connection = mayAsk ? keeper.ready() : null;
	const pid = sys.fork();
	if (pid !== 0) return pid;
	sys.restoreSignals();
	if (!canSuspend) sys.ignoreSignal(SIG.TSTP);
	startOver();
	lend(connection);
	act().then(status => {
		keeper.leave();
		sys.exit(status);
	}, (error: unknown) => {
		if (error instanceof BrokenPipe) sys.exit(BROKEN_PIPE);
		complain(error instanceof Error ? error.message : String(error));
		sys.exit(FAILED);
	});
	return 0;
}

const report = newReport();

/** How it ended; null: it has not. What else has ended is an ssh that carried a connection. */
export function endOf(pid: number): Ended | null {
	while (sys.waitAny(report, false) >= 0 && pidOf(report) > 0) {
		if (pidOf(report) === pid) return outcomeOf(report);
	}
	return null;
}
