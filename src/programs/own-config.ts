/** The config as an instance of archon begins with it, and what of it is handed over to the next one beside the state. */
import type {Config} from '../core/config.ts';
import {LOGGING, START_RATE} from '../core/defaults.ts';
import type {State} from '../core/state.ts';
import {create} from '../core/whole.ts';
import {NO_BIND} from '../features/bind/core/rules.ts';
import {PORT_RULES} from '../features/ports/core/spec.ts';
import {now} from '../os/clock.ts';
import {pid} from '../os/identity.ts';
import type {Problem} from '../config/problems.ts';
import type {ConfigSource, Reading} from './config-source.ts';

/** What is handed over to the next instance beside the state. */
export type HandedOver = Pick<
	Config,
	'logging' | 'events' | 'level' | 'signals' | 'watchConfig' | 'access' | 'remote' | 'stateDir'
	| 'manifest' | 'monitor' | 'sync' | 'boot' | 'rules' | 'ports' | 'alerts' | 'bind' | 'web'
>;

export const handedOver = ({
	logging, events, level, signals, watchConfig, access, remote, stateDir, manifest, monitor, sync, boot, rules, ports, alerts, bind, web,
}: HandedOver): HandedOver => ({
	logging, events, level, signals, watchConfig, access, remote, stateDir, manifest, monitor, sync, boot, rules, ports, alerts, bind, web,
});

/** How long the remaining processes may take to end after the last service (ms). */
const SWEEP_GRACE = 2000;

export const NO_CONFIG: Config = {
	services: [], shutdownGrace: 9000, startRate: START_RATE, whenIdle: 'never',
	logging: LOGGING, events: LOGGING, level: 'info', signals: [], watchConfig: null, access: [], remote: [], stateDir: null,
	manifest: null, monitor: [], sync: null, boot: null, rules: null, alerts: null, web: null, ports: PORT_RULES, bind: NO_BIND,
};

/** A config, and all that was read for it, as text; null: nothing was. */
export interface Given {
	readonly config: Config;
	readonly kept: string | null;
	/** What is wrong with what was read, so that another config is in its place; null: nothing. */
	readonly problems: readonly Problem[] | null;
}

/**
 * The given config, else the one that is read again; if that has problems, the one that was in force, of which `before` is the
 * text, or one without services.
 */
export function given(config: Config | null, kept: string | null, source: ConfigSource | null, before: string | null): Given {
	if (config) return {config, kept, problems: null};
	const read: Reading[] = [];
	source?.read(reading => read.push(reading));
	const [again] = read;
	if (again?.config.ok) return {config: again.config.value, kept: again.kept, problems: null};
	if (before !== null) source?.replay(before, reading => read.push(reading));
	const problems = again && !again.config.ok ? again.config.error : null;
	const last = read.at(-1);
	return last?.config.ok ? {config: last.config.value, kept: before, problems} : {config: NO_CONFIG, kept: null, problems};
}

/** The state that a first instance begins with. */
export const firstState = ({services, shutdownGrace, startRate, whenIdle, manifest}: Config): State => create(
	services, {shutdownGrace, sweepGrace: SWEEP_GRACE, startRate, whenIdle, seed: pid ^ Date.now(), hasManifest: manifest !== null}, now(),
);
