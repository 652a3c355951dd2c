/** What archon is told of processes that it has not started: rules by which they are watched, and what becomes of them. */
import type {Outcome} from '../../../core/outcome.ts';
import type {Result} from '../../../core/result.ts';
import type {Doing, Identity, MonitorSpec} from './kept.ts';
import type {Match} from './match.ts';
import type {Millis} from '../../../core/time.ts';

export type MonitorNews =
	/** The rules of the config in force, in place of those before. */
	| {readonly kind: 'config'; readonly rules: readonly MonitorSpec[]}
	/** A client's rule, for what matches or for one process. Its name is not taken. */
	| {readonly kind: 'add'; readonly name: string; readonly every: Millis; readonly on: Doing; readonly to: Match | Found}
	| {readonly kind: 'remove'; readonly id: number}
	/** Processes that a rule means and that were not known. */
	| {readonly kind: 'met'; readonly rule: number; readonly processes: readonly Found[]}
	/** A process has ended; `outcome`: null where the kernel does not say how. */
	| {readonly kind: 'gone'; readonly process: Identity; readonly outcome: Outcome | null};

/** A process that is there. */
export interface Found extends Identity {
	/** Of its executable; empty where archon may not know it. */
	readonly exe: string;
}

/** Holds processes until they are watched, so that each is the one that was meant. */
export interface Strangers {
	/** The process of a number, as it is now; the error says why that cannot be. */
	hold(pid: number): Result<Found, string>;
	/** The same by a pidfd of a client, which is archon's from now on. */
	adopt(fd: number): Result<Found, string>;
	/** Lets go what is held and not watched. */
	letGo(): void;
}
