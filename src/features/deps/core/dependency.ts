/** A dependency that was made while archon runs: what it looks at, when it acts, and what it does. */
import type {Action} from '../../../core/action.ts';
import type {Instant} from '../../../core/time.ts';
import type {Match} from '../../monitor/core/match.ts';

/** What a dependency looks at. */
export type Target =
	| {readonly kind: 'service'; readonly name: string}
	/** A rule of `monitor`, by its name. */
	| {readonly kind: 'monitor'; readonly name: string}
	| {readonly kind: 'pid'; readonly pid: number}
	| {readonly kind: 'match'; readonly match: Match}
	| {readonly kind: 'path'; readonly path: string}
	/** Whether something listens on this port (tcp). */
	| {readonly kind: 'port'; readonly port: number};

/**
 * What must happen. `exit`: a process ends, a path is gone, nothing listens any more. `ready`: a service is ready, a process is met, a
 * path is there, something listens. `fail`: it ends with failure, fails for good or becomes unhealthy. `change`: another status, another
 * content, any of these.
 */
export const OCCASIONS = ['exit', 'ready', 'change', 'fail'] as const;
export type Occasion = (typeof OCCASIONS)[number];

/** `start`: it starts after its target, and stops before it, if that is started at all (as `after` in the config). */
export const ORDERS = ['none', 'start'] as const;
export type Order = (typeof ORDERS)[number];

/** What a dependency says. */
export interface Terms {
	/** The name of a service. */
	readonly dependent: string;
	readonly target: Target;
	readonly on: Occasion;
	readonly actions: readonly Action[];
	readonly order: Order;
	/** As it was written, for people. */
	readonly text: string;
}

export interface Dependency extends Terms {
	readonly id: number;
	/** The number of the rule of `monitor` that tells of its target; null: its target is no process. */
	readonly rule: number | null;
	/** When it is over; NEVER: not by itself. */
	readonly until: Instant;
	/** How often it has acted. */
	readonly times: number;
}

/** How many there may be. */
export const DEPENDENCIES_MAX = 256;

/** A target as it is written: `pid:71`. */
export function targetText(target: Target): string {
	switch (target.kind) {
		case 'service': return target.name;
		case 'monitor': return `monitor:${target.name}`;
		case 'pid': return `pid:${target.pid}`;
		case 'match': return `match:${target.match.exe === null ? `command=${target.match.command}` : `exe=${target.match.exe}`}`;
		case 'path': return `path:${target.path}`;
		case 'port': return `port:${target.port}`;
	}
}

/** The kinds of targets, for messages. */
export const TARGETS = 'a service, pid:N, match:exe=PATH, monitor:NAME, path:PATH or port:N';
