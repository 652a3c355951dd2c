/**
 * A group of keys: all that there is to know of some keys that belong together, in one file. The schema, `archon help
 * config`, the planner and the hints for unknown keys collect the groups from `schema/`.
 */
import type {Exec, Service, UserSpec} from '../core/service.ts';
import type {Millis} from '../core/time.ts';
import type {Argv} from './command-service.ts';
import type {Words} from './glossary.ts';
import type {Merge, Merges} from './merge.ts';
import type {Lookups, Planning, Whole} from './planning.ts';
import type {Collector, Place, Report} from './problems.ts';
import type {Keys, Shape} from './shape.ts';
import type {Mapping, Value} from './values.ts';
import type {ActionsAt} from './written-action.ts';

/** A service as it is written. */
export interface Written<S> {
	readonly name: string;
	/** What it is called in messages: `services.web`. */
	readonly path: string;
	readonly key: Place;
	readonly map: Mapping;
	/** Of its first instance. */
	readonly settings: S;
}

/** What keys of a service come to. */
export type Part = Partial<Omit<Service, 'exec'>> & {readonly exec?: Partial<Exec>};

/** A user or group that a service names. */
export interface Account {
	readonly spec: UserSpec;
	/** As in messages, below the service: `pre_start.user`. */
	readonly key: string;
	readonly at: Value;
}

/** What advice on a service that runs has to go on. */
export interface Advising {
	readonly notes: Collector;
	readonly lookups: Lookups;
	readonly argv: Argv;
	/** For all services together. */
	readonly shutdownGrace: Millis;
}

export interface Group {
	/** In the order in which people read of them. */
	readonly keys: Keys;
	/** What other programs call them. */
	readonly words?: () => Words;
	/** The maps that may stand in them, each with its title in `archon help config`. */
	readonly maps?: readonly (readonly [title: string, shape: Shape])[];
	/** How a key is laid over the same one below it, where that is not key by key or as a whole. */
	readonly merge?: Merges;
}

/** `S`: the settings that its functions ask for; its own, and those of `reads`. */
export interface ServiceGroup<S = never> extends Group {
	/** Keys of other groups on which `plan` depends. It is called if one of all these keys is written: else the defaults hold. */
	readonly reads?: readonly string[];
	/** Whether all instances of a service have the same, so that words for one instance stand for themselves. */
	readonly isForAll?: true;
	/** Reports keys of one service that exclude each other, or need each other. */
	readonly conflicts?: (service: Written<S>, planning: Planning) => void;
	/** The same of several services. */
	readonly rivals?: (services: readonly Written<S>[], planning: Planning) => void;
	/** Notes what is valid and yet may surprise; only where nothing is wrong with the service's command. */
	readonly advise?: (service: Written<S>, advising: Advising) => void;
	/** Which users and groups must be there. */
	readonly accounts?: (service: Written<S>) => readonly Account[];
	/** Actions in it, whose names are judged when all services are known. */
	readonly actions?: (service: Written<S>) => readonly ActionsAt[];
	readonly plan?: (settings: S) => Part;
}

/** What planning the whole has to go on. */
export interface WholePlanning {
	/** How many instances each service has that is written. */
	readonly scales: ReadonlyMap<string, number>;
	readonly report: Report;
}

/** Keys at the top that say how the whole behaves, in every format. */
export interface WholeGroup<S = never> extends Group {
	/** As of `ServiceGroup`. */
	readonly actions?: (settings: S) => readonly ActionsAt[];
	readonly plan: (settings: S, planning: WholePlanning) => Partial<Whole>;
}

/** The intersection of a union's members. */
export type Intersection<U> = (U extends unknown ? (each: U) => void : never) extends (each: infer I) => void ? I : never;

/** The keys of several groups, in their order. */
export const keysOf = <G extends {readonly keys: Keys}>(groups: readonly G[]): Intersection<G['keys']> =>
	Object.assign({}, ...groups.map(({keys}) => keys)) as Intersection<G['keys']>;

/** How a key of these groups is merged; undefined: as any value is. */
export function mergesOf(groups: readonly Group[]): (key: string) => Merge | undefined {
	return key => groups.find(({keys}) => Object.hasOwn(keys, key))?.merge?.[key];
}
