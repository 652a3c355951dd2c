/** A config as it is put in force: the services, and the settings of archon itself. */
import type {AccessRule} from './access.ts';
import {isEqual} from './equal.ts';
import type {LuaRules} from './lua-rules.ts';
import type {Alerts} from './alerts.ts';
import type {Remote} from './remote.ts';
import type {Service} from './service.ts';
import type {SignalRules} from './signals.ts';
import type {Sync} from './sync.ts';
import type {Web} from './web.ts';
import type {Millis} from './time.ts';
import type {BootScript} from '../features/boot/core.ts';
import type {ManifestRules} from '../features/manifest/core/rules.ts';
import type {BindRules} from '../features/bind/core/rules.ts';
import type {PortRules} from '../features/ports/core/spec.ts';
import type {MonitorSpec} from '../features/monitor/core/kept.ts';
import type {Logging} from '../features/logging/core.ts';

/** The rate limit of restarts: `burst` at once, and `perSecond` after that (a token bucket). */
export interface StartRate {
	readonly perSecond: number;
	readonly burst: number;
}

/** When the container ends because no service is running or about to start: after a failure, always, or never. */
export const WHEN_IDLE = ['failed', 'always', 'never'] as const;

export type WhenIdle = (typeof WHEN_IDLE)[number];

/** Settings of archon itself. */
export interface Rules {
	/** From the begin of a shutdown until everything is killed; it must be shorter than the runtime's own grace period. */
	readonly shutdownGrace: Millis;
	/** The rate limit of automatic restarts. */
	readonly startRate: StartRate;
	readonly whenIdle: WhenIdle;
}

/** The part of a config that the core uses. */
export interface CoreConfig extends Rules {
	/** Each comes after all that it needs. */
	readonly services: readonly Service[];
	/** The lists that say which programs run; null: there are none. */
	readonly manifest?: ManifestRules | null;
}

/** All that a reload can change. */
export interface Config extends CoreConfig {
	/** For transient services; with placeholders, which `forService` fills in. */
	readonly logging: Logging;
	/** For archon's own log. */
	readonly events: Logging;
	/** The lowest level that is logged. */
	readonly level: 'info' | 'warn' | 'error';
	/** Meanings of signals that replace the default ones. */
	readonly signals: SignalRules;
	/** The config is reloaded when its files have changed and have been left alone for so long; null: they are not watched. */
	readonly watchConfig: Millis | null;
	/** What users may ask on the control socket, beside root and archon's own user, who may all. */
	readonly access: readonly AccessRule[];
	/** The lists that say which programs run; null: there are none. */
	readonly manifest: ManifestRules | null;
	/** By which processes that archon has not started are watched. */
	readonly monitor: readonly MonitorSpec[];
	/** Where clients of a network come in. */
	readonly remote: readonly Remote[];
	/** The folder of what outlives archon; null: nothing does. */
	readonly stateDir: string | null;
	/** Services that are given archon's sockets for what they bind. */
	readonly bind: BindRules;
	/** Where ports come from that archon chooses. */
	readonly ports: PortRules;
	/** Programs pulled from a master; null: none are. */
	readonly sync: Sync | null;
	/** What runs before all services; null: nothing does. */
	readonly boot: BootScript | null;
	/** Rules in Lua; null: there are none. */
	readonly rules: LuaRules | null;
	/** Who is told of what goes wrong; null: no one is. */
	readonly alerts: Alerts | null;
	/** What is answered by HTTP; null: nothing is. */
	readonly web: Web | null;
}

/** What a config says of the whole, beside its services. */
export type Whole = Omit<Config, 'services'>;

/** What each setting of the whole is called in a config. */
const WORDS: Readonly<Record<keyof Whole, string>> = {
	logging: 'archon.logging', events: 'archon.events', level: 'archon.log_level', shutdownGrace: 'shutdown.grace_period',
	whenIdle: 'shutdown.when_idle', startRate: 'start_rate', signals: 'signals', watchConfig: 'watch_config', access: 'access',
	remote: 'remote', stateDir: 'archon.state_dir', manifest: 'manifest', monitor: 'monitor', sync: 'sync', boot: 'boot',
	rules: 'rules', alerts: 'alerts', web: 'web', ports: 'ports', bind: 'bind',
};

/** The settings of the whole that differ, as a config calls them. */
export function changedSettings(before: Whole, after: Whole): readonly string[] {
	const keys = Object.keys(WORDS) as (keyof Whole)[];
	return keys.filter(key => !isEqual(before[key], after[key])).map(key => WORDS[key]);
}
