/** The end of archon: what the services left behind is swept away, and the last words are written. */
import type {Log} from './log.ts';
import type {Output} from '../features/logging/os/output.ts';
import {SIG} from '../core/signal-numbers.ts';
import {pid} from './identity.ts';
import type {Owner} from './owners.ts';
import type {Reaper} from './reap/reaper.ts';
import {writeTermination} from './termination.ts';

export interface ShutdownParts {
	readonly reaper: Reaper;
	readonly output: Output;
	readonly log: Log;
	/** Reaps what has ended, and tells whether that was the last process of all. */
	readonly reapAll: () => void;
	/** The last thing that archon does. */
	readonly exit: (status: number) => void;
	/** The last thing that it does where it begins again. */
	readonly reboot: (why: string) => void;
}

export function createShutdown({reaper, output, log, reapAll, exit, reboot}: ShutdownParts): Owner<'sweep' | 'exit'> {
	return {
		arms: {
			sweep({signal}) {
				if (pid === 1 || signal === SIG.CONT || !reaper.isAlone()) reaper.sweep(signal);
				reapAll();
			},
			exit({why, status, reboots = false}) {
				if (reboots) return output.finish(() => reboot(why));
				const orphans = reaper.reaped();
				if (orphans > 0) log.info(`reaped ${orphans} ${orphans === 1 ? 'orphan' : 'orphans'}`);
				writeTermination(`archon: ${why}; status ${status}`);
				output.finish(() => exit(status));
			},
		},
	};
}
