/**
 * What is known of processes that archon has not started and yet watches: by which rules, which they are, and what depends on them.
 * All of it survives re-execution.
 */
import type {Action} from '../../../core/action.ts';
import type {Instant, Millis} from '../../../core/time.ts';
import type {Dependency} from '../../deps/core/dependency.ts';
import type {Match} from './match.ts';

/** One process: a number is given to others once it has ended, and the time of its start tells them apart. */
export interface Identity {
	readonly pid: number;
	/** In ticks of the kernel's clock (proc_pid_stat(5), field 22). */
	readonly start: number;
}

/** What is done when a process is met, and when it has ended. */
export interface Doing {
	readonly started: readonly Action[];
	readonly exited: readonly Action[];
}

/** What the config says of one rule. */
export interface MonitorSpec {
	readonly name: string;
	readonly match: Match;
	/** From one look for new processes to the next. */
	readonly every: Millis;
	readonly on: Doing;
}

/** A rule by which processes are watched. */
export interface Rule {
	readonly id: number;
	readonly name: string;
	/** `deps`: it is there for a dependency, and goes with it. */
	readonly origin: 'config' | 'client' | 'deps';
	/** Null: it is for the processes that are watched by it already. */
	readonly match: Match | null;
	readonly every: Millis;
	readonly on: Doing;
}

/** A process that is watched, once for each rule. */
export interface Watched extends Identity {
	/** The number of the rule. */
	readonly rule: number;
	/** Of its executable when it was met; empty: not known. */
	readonly exe: string;
	readonly since: Instant;
}

export interface Kept {
	/** The number of the next rule. */
	readonly next: number;
	readonly rules: readonly Rule[];
	readonly watched: readonly Watched[];
	/** The number of the next dependency. */
	readonly nextDependency: number;
	readonly dependencies: readonly Dependency[];
	/** When the next dependency is over. */
	readonly dueAt: Instant;
}

export const NOTHING: Kept = {next: 1, rules: [], watched: [], nextDependency: 1, dependencies: [], dueAt: Infinity};

/** The key of the feature's part of the state. */
export const NAME = 'monitor';

/** What is kept; null: nothing ever was. */
export const keptOf = ({slices}: {readonly slices: Readonly<Record<string, unknown>>}): Kept | null =>
	(slices[NAME] ?? null) as Kept | null;

/** How many rules there may be, and processes that are watched by them. */
export const [RULES_MAX, WATCHED_MAX] = [128, 512];

/** From one look for new processes to the next, where nothing else is said. */
export const EVERY: Millis = 2000;

/** What a rule may be called. */
export const RULE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,63}$/;

export const NO_DOING: Doing = {started: [], exited: []};

/** A process for people: `/usr/sbin/x (pid 71)`. */
export const called = ({exe, pid}: Pick<Watched, 'exe' | 'pid'>): string => (exe === '' ? `pid ${pid}` : `${exe} (pid ${pid})`);
