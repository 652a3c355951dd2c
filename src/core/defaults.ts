/** The defaults of a service, for the config, foreign formats and clients. */
import type {Command, Ends, Exec, Hooks, Limits, RestartPolicy, Service, Sourced, StopPolicy} from './service.ts';
import {SIG} from './signal-numbers.ts';
import type {Logging} from '../features/logging/core.ts';

export const NO_ENDS: Ends = {codes: [], signals: []};

export const RESTART: RestartPolicy = {
	policy: 'always', growth: 'exponential', delay: 100, factor: 2, maxDelay: 10_000, jitter: 0.1,
	attempts: 8, counts: 'all', window: 60_000, resetAfter: 60_000,
	success: {codes: [0], signals: []},
	force: NO_ENDS,
	// 126 and 127 say that a program could not be executed (sh(1)), which a restart does not change.
	fatal: {codes: [126, 127], signals: []},
};

export const NO_HOOKS: Hooks = {preStart: [], postStart: [], preStop: [], postStop: [], down: []};

export const STOP: StopPolicy = {signal: SIG.TERM, grace: 5000};

export const LIMITS: Limits = {
	rlimits: [], nice: null, ionice: null, oomScoreAdj: null, groups: [], capAdd: [], capDrop: [],
	noNewPrivileges: false, cgroup: null,
};

/** With several services: lines with the service's name before them, on archon's own streams. */
export const LOGGING: Logging = {
	drivers: [{kind: 'prefix', timestamps: false, streams: ['stdout', 'stderr']}],
	onFull: 'drop', maxLine: 16 * 1024, buffer: 64 * 1024, rateLimit: null,
};

/** One object for all, so that a comparison by identity suffices. */
const NOTHING = {};
const NO_DIRECTORIES: Exec['directories'] = [];
/** The variables of a service without sources. */
export const UNSOURCED: Sourced = {variables: NOTHING, stamp: ''};

const NO_FILES: Exec['files'] = [];
export const NO_PORTS: Service['ports'] = [];

export const exec = (argv: Command): Exec => ({
	argv, base: 'inherit', common: NOTHING, sources: [], sourced: UNSOURCED, environment: {}, secretsFromFiles: false,
	cwd: null, user: null, umask: null, limits: LIMITS,
	affinity: null, resources: null, files: NO_FILES, directories: NO_DIRECTORIES, keepsRuntime: false, clean: [], tty: false,
	output: {kind: 'lines', logging: LOGGING, canWait: true}, interactive: false, asStarted: false, isArchon: false,
});

const NO_WATCHES: Service['watch'] = [];

/** One object for all services that name no others. */
export const NO_NAMES: readonly string[] = [];

const NO_SOCKETS: Service['sockets'] = [];

/** A daemon of the config that is ready as soon as it runs. */
export const service = (name: string, argv: Command): Service => ({
	name, type: 'daemon', origin: 'config', autostart: true, groups: NO_NAMES, needs: [],
	ready: null, startPeriod: 0, startTimeout: Infinity, health: null,
	watchdog: null, restart: RESTART, stop: STOP, stopTo: 'main', killMode: 'tree', forks: false, pidFile: null,
	hooks: NO_HOOKS, reload: null, essential: false, onFailed: 'stay', onFailure: NO_NAMES, conflicts: NO_NAMES, onlyIf: null, test: null,
	schedule: null, on: null, watch: NO_WATCHES, control: null,
	sockets: NO_SOCKETS, isLazy: false, idleTimeout: Infinity, fdStoreMax: 0, ports: NO_PORTS, isBound: false,
	exec: exec(argv),
});

/** A need that only names a service (compose-spec `depends_on` as a list). */
export const NEED = {condition: 'service_started', strength: 'hard', restart: false, timeout: Infinity} as const;

/** The rate limit of automatic restarts. */
export const START_RATE = {perSecond: 20, burst: 100} as const;
