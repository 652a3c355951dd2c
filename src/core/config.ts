/** A config as it is put in force: its services, and how the whole behaves. */
import type {Service} from './service.ts';
import type {SignalRules} from './signals.ts';
import type {Millis} from './time.ts';
import type {Logging} from '../features/logging/core.ts';

/** So many restarts at once, and so many each second after that. */
export interface StartRate {
	readonly perSecond: number;
	readonly burst: number;
}

/** When the container ends because no service is running or about to start: after a failure, always, or never. */
export const WHEN_IDLE = ['failed', 'always', 'never'] as const;

export type WhenIdle = (typeof WHEN_IDLE)[number];

/** How the whole behaves, whatever its services. */
export interface Rules {
	/** From the first word of shutdown until everything is killed: all must fit into the runtime's own patience. */
	readonly shutdownGrace: Millis;
	/** Restarts of services that ended by themselves. */
	readonly startRate: StartRate;
	readonly whenIdle: WhenIdle;
}

/** A config as far as the core goes by it. */
export interface CoreConfig extends Rules {
	/** Each after all that it needs. */
	readonly services: readonly Service[];
}

/** What may change while archon runs. */
export interface Config extends CoreConfig {
	/** Of what clients start; with blanks, as `tailor` fills them in. */
	readonly logging: Logging;
	/** Of what archon itself has to say. */
	readonly events: Logging;
	/** The least of that. */
	readonly level: 'info' | 'warn' | 'error';
	/** What signals to archon mean, over what they usually mean. */
	readonly signals: SignalRules;
}
