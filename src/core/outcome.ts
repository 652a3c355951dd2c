/** How a process ended, why it could not be started, and which processes of a run a signal reaches. */
import type {Id, Run} from './ids.ts';
import type {KillMode} from './service.ts';
import type {SignalNumber} from './signal-numbers.ts';

/**
 * Which processes of a run a signal reaches. `main`: the main process. `group`: its process group. `tree`: its process
 * groups and, after the main process has ended or with SIGKILL, all descendants. `strays`: the descendants outside of
 * its groups.
 */
export type Scope = KillMode | 'strays';

/** How a process ended (waitid(2)). */
export type Outcome =
	| {readonly kind: 'code'; readonly code: number}
	| {
		readonly kind: 'signal'; readonly signal: SignalNumber; readonly core: boolean;
		/** The kernel's OOM killer sent the signal. */
		readonly oom?: boolean;
	};

/** Why a process could not be started: the step between clone(2) and execve(2) that failed, and its errno. */
export interface Refusal {
	/** The step as text: `changing directory to /srv`. */
	readonly stage: string;
	readonly errno: number;
	/** The errno as text: `no such file or directory`, with a hint where one helps. */
	readonly reason: string;
	/** Whether another attempt may succeed (EAGAIN, ENOMEM, …). */
	readonly temporary: boolean;
}

/** A shell's exit status of a refusal: 127 where the program was not found (ENOENT, ENOTDIR), else 126. */
export const refusalStatus = ({errno}: Refusal): number => (errno === 2 || errno === 20 ? 127 : 126);

/** A shell's exit status of an outcome: the code, or 128 and the signal. */
export const exitStatus = (outcome: Outcome): number =>
	outcome.kind === 'code' ? outcome.code : 128 + outcome.signal;

/** A main process that an earlier instance of archon started, and its service. */
export interface Adopted {
	readonly id: Id;
	readonly run: Run;
	readonly pid: number;
	/** It is of an archon that has ended: nothing is done a second time for a process that was started long ago. */
	readonly isForeign?: true;
	/** It was started from another definition of its service. */
	readonly isOutdated?: true;
}
