/** The trial of a reload: whether the services that it starts become ready. */
import type {Millis} from './time.ts';

/** How a reload is tried. */
export interface TrialRules {
	/** Whether the config before it is put back if it fails. */
	readonly rollsBack: boolean;
	/** How long all services together may take to become ready. */
	readonly timeout: Millis;
}

/** Why a trial has failed, in words, and the service that did not become ready; null: no single one. */
export interface Failure {
	readonly name: string | null;
	readonly why: string;
}
