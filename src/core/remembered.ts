/** What archon knows of its services from an archon before it, by what that one has left in its `state_dir`. */
import type {Run} from './ids.ts';
import type {Service} from './service.ts';
import type {Desired, Rulings} from './wanted.ts';
import type {Timing} from '../features/schedule/core/known.ts';

/** What an operator may have asked of a service; the rest follows from the config. */
export type Asked = Extract<Desired, 'auto' | 'start' | 'stop'>;

/** The schedule, and until when all that it names is done with. */
export type Scheduled = Pick<Timing, 'of' | 'since'>;

/** What is remembered of one service. */
export interface RememberedService {
	readonly asked: Asked;
	/** How often it was started. */
	readonly starts: number;
	/** Of those who will rule again, and of this boot of the machine only. */
	readonly rulings: Rulings;
	/** It has done its work, and is not to do it again; null: it has not, or that was in another boot. */
	readonly rest: 'completed' | 'exited' | null;
	/** What of its schedule is done with, if what is missed is caught up; in any boot. */
	readonly scheduled?: Scheduled | null;
}

export interface Remembered {
	/** Runs given out so far, so that none is given out twice. */
	readonly runs: Run;
	/** By name. */
	readonly services: ReadonlyMap<string, RememberedService>;
	/** Services that no config has (`daemon`, manifests), whose processes live. */
	readonly transients: readonly Service[];
}
