/** How a process ended, or why it could not be made; and whom of a run a signal reaches. */
import type {Id, Run} from './ids.ts';
import type {KillMode} from './service.ts';
import type {SignalNumber} from './signal-numbers.ts';

/**
 * Whom of a run a signal reaches: its main process; its process groups; those and, where the main process has ended or
 * the signal is SIGKILL, all that it made; or of that what is in none of its groups.
 */
export type Scope = KillMode | 'strays';

/** How a process ended (waitid(2)). */
export type Outcome =
	| {readonly kind: 'code'; readonly code: number}
	| {
		readonly kind: 'signal'; readonly signal: SignalNumber; readonly core: boolean;
		/** The kernel killed it for want of memory. */
		readonly oom?: boolean;
	};

/** Why a process could not be made: the step between clone and exec that failed, and its errno. */
export interface Refusal {
	/** What was being done, as words: `changing directory to /srv`. */
	readonly stage: string;
	readonly errno: number;
	/** The errno in words: `no such file or directory`, with a hint where one helps. */
	readonly reason: string;
	/** Whether trying again may help (EAGAIN, ENOMEM, …). */
	readonly temporary: boolean;
}

/** A shell's exit status of a refusal: 127 where the program was not found (ENOENT, ENOTDIR), else 126. */
export const refusalStatus = ({errno}: Refusal): number => (errno === 2 || errno === 20 ? 127 : 126);

/** A shell's exit status of an outcome: the code, or 128 and the signal. */
export const exitStatus = (outcome: Outcome): number =>
	outcome.kind === 'code' ? outcome.code : 128 + outcome.signal;

/** A process that archon did not make in this life, and whose it is. */
export interface Adopted {
	readonly id: Id;
	readonly run: Run;
	readonly pid: number;
}
