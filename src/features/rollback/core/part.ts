/** What the core keeps about a reload that is on trial, or that was undone. */
import type {Reconfigured} from '../../../core/feature.ts';
import type {Instant} from '../../../core/time.ts';
import type {Failure, TrialRules} from '../../../core/trial.ts';

export interface Trial extends TrialRules {
	readonly deadline: Instant;
	/** By id: how often the service had been started before. */
	readonly starts: Readonly<Record<string, number>>;
	/** How many of them are not ready. */
	readonly left: number;
}

/** The feature's part of the state. */
export interface Rollback {
	readonly trial: Trial | null;
	/** A trial has failed, and the config before it is not in force yet. */
	readonly due: Failure | null;
	/** The last reload was undone, and the files of the config still say what it said; `names`: what it had started. */
	readonly undone: (Failure & {readonly at: Instant; readonly names: readonly string[]}) | null;
	/** The services of the trial that has failed. */
	readonly names: readonly string[];
	/** What operators had asked of services before the trial (`Reconfigured.dropped`): it holds again if the config before is put back. */
	readonly dropped?: Reconfigured['dropped'];
}
