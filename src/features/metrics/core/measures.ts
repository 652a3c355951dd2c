/** What is measured and counted of services, and is no part of their state: the request `Metrics` asks for it. */
import type {Purpose} from '../../../core/event.ts';
import type {Id} from '../../../core/ids.ts';
import type {Millis} from '../../../core/time.ts';

/** What the processes of a service use. */
export interface Used {
	readonly processes: number;
	/** What they and those before them have computed; it never gets less. */
	readonly cpu: Millis;
	/** Resident, in bytes. */
	readonly memory: number;
	/** When its main process was made, in milliseconds since 1970; null: it has none. */
	readonly started: number | null;
}

/** The probes of one kind. */
export interface Checked {
	readonly purpose: Purpose;
	/** Of the last one, and how long it took. */
	readonly passed: boolean;
	readonly took: Millis;
	/** How many passed and failed since this instance of archon began. */
	readonly passes: number;
	readonly failures: number;
}

export interface Measures {
	/** Of a service; null: of archon itself. */
	used(service: string | null): Used;
	/** The output that archon has read of a service since this instance began; null: it reads none. */
	output(id: Id): {readonly lines: number; readonly bytes: number} | null;
	/** Lines of a service that were read and reached not all of the places where they were to go. */
	dropped(service: string): number;
	checks(id: Id): readonly Checked[];
	readonly orphans: number;
	/** Reloads that put a config in force, and those that did not. */
	readonly reloads: number;
	readonly failedReloads: number;
	/** As images are named: `amd64`, `arm64`. */
	readonly arch: string;
}
