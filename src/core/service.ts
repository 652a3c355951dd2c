/** A service, as a config or a client defines it. */
import type {Grant} from './access.ts';
import type {Action} from './action.ts';
import type {Command, HookCommand, UserSpec} from './command.ts';
import type {ServiceKind} from './event-kinds.ts';
import type {SignalNumber} from './signal-numbers.ts';
import type {Millis} from './time.ts';
import type {Logging} from '../features/logging/core.ts';
import type {PortSpec} from '../features/ports/core/spec.ts';
import type {WatchSpec} from '../features/watch/core/spec.ts';
import type {Zone} from '../features/schedule/core/zone.ts';
import type {SocketSpec} from '../features/sockets/core/spec.ts';

export type {Command, HookCommand, UserSpec} from './command.ts';

/** A service. The core uses all of it except `exec`, which is for `os/`. */
export interface Service {
	readonly name: string;
	/** A daemon stays; a oneshot does its work once and ends. */
	readonly type: 'daemon' | 'oneshot';
	/** Where it comes from: the config, the command line's CMD, a client (`archonctl run`, `daemon`), a manifest, or archon (helpers.ts). */
	readonly origin: 'config' | 'command' | 'run' | 'daemon' | 'manifest' | 'helper' | 'shell';
	/** Whether it starts with archon; else only an operator or a dependent starts it. */
	readonly autostart: boolean;
	/** The groups that it is in, directly or by another group. */
	readonly groups: readonly string[];
	readonly needs: readonly Need[];
	/** How a daemon reports that it is ready; null: it is when it has run for `startPeriod`. */
	readonly ready: Ready | null;
	readonly startPeriod: Millis;
	/** From the start until a daemon must be ready, or a oneshot done; Infinity: however long it takes. */
	readonly startTimeout: Millis;
	readonly health: Health | null;
	/** The longest time between two WATCHDOG=1 (sd_notify(3)) while it is up; null: there is no watchdog. */
	readonly watchdog: Millis | null;
	readonly restart: RestartPolicy;
	readonly stop: StopPolicy;
	/** Which processes get the stop signal, the `reload` signal and those of an operator: the main one, or its process group. */
	readonly stopTo: 'main' | 'group';
	/** Which processes end with a run, before the next one begins: all descendants, the process group, or the main one alone. */
	readonly killMode: KillMode;
	/** A daemon whose first process exits with 0 and leaves the main one behind (systemd's Type=forking). */
	readonly forks: boolean;
	/** The file with the pid of the main process after the one before has exited (systemd's PIDFile=); null: none. */
	readonly pidFile: string | null;
	readonly hooks: Hooks;
	/** How it is told to reload its config: by a signal or a command; null: it cannot. */
	readonly reload: {readonly signal: SignalNumber} | {readonly command: Command} | null;
	/** Whether the container ends with its exit status when it is not restarted any more. */
	readonly essential: boolean;
	/** Whether the container stays or shuts down when it has failed for good. */
	readonly onFailed: 'stay' | 'shutdown';
	/** The services that start when it has failed for good (systemd's OnFailure=). */
	readonly onFailure: readonly string[];
	/** The services that never run at the same time, and that stop when it starts (systemd's Conflicts=); one names the other. */
	readonly conflicts: readonly string[];
	/** What must hold at each start; null: nothing. */
	readonly onlyIf: StartConditions | null;
	/** What says whether it is to run; null: nothing does. */
	readonly test: RunTest | null;
	/** When it is started, or restarted, by the clock; null: never. */
	readonly schedule: Schedule | null;
	/** What is done when something happens to it, by the kind of the event; null: nothing. */
	readonly on: Reacting | null;
	/** What is watched, and what is done when it changes. */
	readonly watch: readonly WatchSpec[];
	/** What its processes may ask on the control socket, of whatever user they are; null: what their users may. */
	readonly control: readonly Grant[] | null;
	/** What archon listens at for it, in the order in which its runs are given them, from descriptor 3 on (sd_listen_fds(3)). */
	readonly sockets: readonly SocketSpec[];
	/** Whether the first connection to its sockets starts it. */
	readonly isLazy: boolean;
	/** How long no connection to its sockets is open before it is stopped; Infinity: it is not stopped for that. */
	readonly idleTimeout: Millis;
	/** How many descriptors archon keeps for it from one run to the next (sd_pid_notify_with_fds(3), FDSTORE=1). */
	readonly fdStoreMax: number;
	/** Whether a rule of `bind` is for it: its processes load the library. */
	readonly isBound: boolean;
	/** Ports of which its processes are told. */
	readonly ports: readonly PortSpec[];
	readonly exec: Exec;
}

/** By the kind of an event: what is done, in this order. */
export type Reacting = {readonly [K in ServiceKind]?: readonly Action[]};

/** When a service is started by the clock. */
export interface Schedule {
	/** A cron expression (crontab(5)) and the zone by whose clock it is read, or an interval. */
	readonly when: {readonly kind: 'cron'; readonly text: string; readonly zone: Zone} | {readonly kind: 'every'; readonly interval: Millis};
	/** A run of a oneshot, or a restart of a daemon. */
	readonly action: 'run' | 'restart';
	/** Within this time each name has a moment of its own: services with the same schedule do not all start at once. */
	readonly jitter: Millis;
	/** What becomes of a run that is due while the one before is under way. */
	readonly overlap: 'skip' | 'allow' | 'replace';
	/** Whether a run that was missed comes later, once for all that were. */
	readonly isCaughtUp: boolean;
	/** How late it may come then. */
	readonly deadline: Millis;
}

/** A need: the condition that another service must meet before this one starts (compose-spec `depends_on`). */
export interface Need {
	readonly name: string;
	readonly condition: Condition;
	/**
	 * `hard`: must be met. `soft`: is started and waited for, but its failure does not prevent the start. `order`: is
	 * waited for only if it is starting anyway (systemd's After=).
	 */
	readonly strength: 'hard' | 'soft' | 'order';
	/** Whether this service is restarted when the other one's process ends or is restarted. */
	readonly restart: boolean;
	/** How long to wait for it. After that a hard need has failed, and the others are not waited for any more. */
	readonly timeout: Millis;
}

export const CONDITIONS = ['service_started', 'service_healthy', 'service_completed_successfully'] as const;

export type Condition = (typeof CONDITIONS)[number];

/** How a daemon reports that it is ready. */
export type Ready =
	/** A newline on this descriptor, as with s6 and dinit; `variable`: the variable with its number, null: none. */
	| {readonly kind: 'fd'; readonly fd: number; readonly variable: string | null}
	/** READY=1 on `$NOTIFY_SOCKET` (sd_notify(3)). */
	| {readonly kind: 'notify'}
	/** A line of its output that matches this regular expression. */
	| {readonly kind: 'log'; readonly pattern: string}
	| {readonly kind: 'probe'; readonly probe: Probe; readonly interval: Millis; readonly timeout: Millis};

/** A probe; commands run with the service's user, directory and environment. */
export type Probe =
	| {readonly kind: 'exec'; readonly command: Command}
	| {readonly kind: 'tcp'; readonly host: string; readonly port: number}
	| {
		readonly kind: 'http'; readonly url: string;
		/** The statuses that pass; empty: 200 to 399. */
		readonly statuses: readonly number[];
		readonly headers: Readonly<Record<string, string>>;
		/** A regular expression that the body must match; null: any body passes. */
		readonly body: string | null;
	}
	| {readonly kind: 'file'; readonly path: string};

/** Repeated probes of a service that is up (compose-spec `healthcheck`). */
export interface Health {
	readonly probe: Probe;
	readonly interval: Millis;
	readonly timeout: Millis;
	/** The consecutive failures that make it unhealthy. */
	readonly retries: number;
	/** The consecutive successes that make it healthy. */
	readonly successes: number;
	/** How long after the start failures do not count, and probes come every `startInterval`. */
	readonly startPeriod: Millis;
	readonly startInterval: Millis;
	readonly onUnhealthy: 'none' | 'restart' | 'shutdown';
}

/** The commands that run when a service starts and stops. */
export interface Hooks {
	/** Before its process is started, within the start timeout; if one fails, the start has failed. */
	readonly preStart: readonly HookCommand[];
	/** After its process was started; if one fails, the start has failed. */
	readonly postStart: readonly HookCommand[];
	/** Before the stop signal, within the grace period. */
	readonly preStop: readonly HookCommand[];
	/** After each end of its process and of all that ends with it, within a grace period of its own. */
	readonly postStop: readonly HookCommand[];
	/** What undoes a oneshot that has completed, when it is stopped: within a grace period. */
	readonly down: readonly HookCommand[];
}

/** What must all hold for a service to start, or else it is skipped, which is no failure (systemd's Condition*=). */
export interface StartConditions {
	/** Paths that exist, and paths that do not. */
	readonly pathExists: readonly string[];
	readonly pathMissing: readonly string[];
	/** Variables of the service that are set and not empty; those with a value have that value. */
	readonly envSet: readonly {readonly name: string; readonly value: string | null}[];
	/** A command that exits with 0, as the service's user; null: none. */
	readonly command: Command | null;
	/** Whether the needs of others for it are met when it is skipped. */
	readonly otherwise: 'satisfied' | 'unmet';
}

/** A command that says whether a service is to run: exit status 0 is yes. It runs with the service's user, directory and variables. */
export interface RunTest {
	readonly command: Command;
	/** From one time that it is asked to the next; null: only at boot, by a reload that changes it, and by a trigger. */
	readonly interval: Millis | null;
	readonly timeout: Millis;
}

export const RESTARTS = ['no', 'always', 'on-failure', 'unless-stopped'] as const;

export const GROWTHS = ['constant', 'exponential', 'linear'] as const;

/** When a service is restarted after an end without a request, and when it has failed. */
export interface RestartPolicy {
	readonly policy: (typeof RESTARTS)[number];
	/**
	 * `constant`: each restart is after `delay`, as with systemd's RestartSec=. `exponential`: the first restart is at once,
	 * the second after `delay`, each further one after `factor` times the delay before. `linear`: the nth restart is after n
	 * times `delay`, as with supervisord.
	 */
	readonly growth: (typeof GROWTHS)[number];
	readonly delay: Millis;
	readonly factor: number;
	readonly maxDelay: Millis;
	/** The share of the delay, 0 to 1, by which it is shortened or lengthened at random. */
	readonly jitter: number;
	/** Restarts allowed within `window`; the next end makes the service `failed`. Infinity: no limit. */
	readonly attempts: number;
	/** Which ends count: all, or only those of failed starts, as with supervisord. */
	readonly counts: 'all' | 'starts';
	readonly window: Millis;
	/** After this time up, earlier ends do not count any more. */
	readonly resetAfter: Millis;
	/** Ends that are a success; exit status 0 is one unless the config says otherwise. */
	readonly success: Ends;
	/** Ends after which it is restarted whatever the policy. */
	readonly force: Ends;
	/** Ends after which it is not restarted whatever the policy. */
	readonly fatal: Ends;
}

/** Ends of a process, by exit status or signal. */
export interface Ends {
	readonly codes: readonly number[];
	readonly signals: readonly SignalNumber[];
}

export interface StopPolicy {
	readonly signal: SignalNumber;
	/** The time from the stop signal to SIGKILL. */
	readonly grace: Millis;
}

export const KILL_MODES = ['tree', 'group', 'main'] as const;

export type KillMode = (typeof KILL_MODES)[number];

/** How the process is started. */
export interface Exec {
	readonly argv: Command;
	/** What it inherits of archon's own environment: all, only PATH and TERM, or these variables. */
	readonly base: 'inherit' | 'clean' | readonly string[];
	/** Overrides that: the variables that the config gives to all services. */
	readonly common: Readonly<Record<string, string>>;
	/** Sources of further variables, read before each start; later ones override earlier ones. */
	readonly sources: readonly VariableSource[];
	/** What was read from them, with the config or at the last start. */
	readonly sourced: Sourced;
	/** Overrides all of these. */
	readonly environment: Readonly<Record<string, string>>;
	/** Whether each `NAME_FILE` variable becomes `NAME` with the content of the file that it names. */
	readonly secretsFromFiles: boolean;
	readonly cwd: string | null;
	readonly user: UserSpec | null;
	readonly umask: number | null;
	readonly limits: Limits;
	/** The processors that it may run on (sched_setaffinity(2)), by number; null: all that archon may. */
	readonly affinity: readonly number[] | null;
	/** What its processes may use together, where archon can make cgroups; null: whatever the container may. */
	readonly resources: Resources | null;
	/** Made before each start. */
	readonly directories: readonly Directory[];
	/** Whether those of kind `runtime` stay when it stops. */
	readonly keepsRuntime: boolean;
	/** Files that are written before each start. */
	readonly files: readonly PlacedFile[];
	/** Globs of stale files that are removed before each start. */
	readonly clean: readonly string[];
	/** Whether it has a pseudoterminal of its own, whose output archon reads. */
	readonly tty: boolean;
	/** Where the three standard streams go. */
	readonly output: Output;
	/** Whether stdin is archon's own, in its terminal's foreground where there is one. Else /dev/null. */
	readonly interactive: boolean;
	/**
	 * Whether it inherits ignored and blocked signals, further descriptors and limits as archon was started with them. Else
	 * it starts as from a login shell.
	 */
	readonly asStarted: boolean;
	/** Whether the program is archon's own executable, called by the name in `argv`. */
	readonly isArchon: boolean;
}

// Directories of a service's own (systemd.exec(5)).

export const DIRECTORY_KINDS = ['runtime', 'state', 'cache', 'logs'] as const;

export type DirectoryKind = (typeof DIRECTORY_KINDS)[number];

export interface Directory {
	/** Which variable says where it is; a `runtime` one is removed when the service has stopped, unless that keeps it. */
	readonly kind: DirectoryKind;
	readonly path: string;
	/** Null: 0755 where it is made, and as it is where it is there. */
	readonly mode: number | null;
	/** Whose it is; null: the service's user. */
	readonly user: UserSpec | null;
}

const BASES: Readonly<Record<DirectoryKind, string>> = {runtime: '/run', state: '/var/lib', cache: '/var/cache', logs: '/var/log'};

/** What names of a kind are below. */
export const directoryBase = (kind: DirectoryKind): string => BASES[kind];

/** A file that a service finds where it looks for it (compose-spec `configs` and `secrets`). */
export interface PlacedFile {
	readonly kind: 'config' | 'secret';
	/** What the config calls it. */
	readonly name: string;
	/** An absolute path. */
	readonly target: string;
	/** What it holds: the content of a file or of a variable of archon's own, or a text. */
	readonly from:
		| {readonly kind: 'file'; readonly path: string}
		| {readonly kind: 'variable'; readonly variable: string}
		| {readonly kind: 'text'; readonly text: string};
	readonly mode: number;
	/** Numbers, or whose else it is: the service's user, or archon's own. */
	readonly uid: number | 'service' | 'archon';
	readonly gid: number | 'service' | 'archon';
}

/** A source of variables outside of the config. Relative paths begin at archon's own directory. */
export type VariableSource =
	/** Lines of NAME=value (env-file.ts); raw: without quotes and variables in them. */
	| {readonly kind: 'file'; readonly path: string; readonly required: boolean; readonly isRaw?: true}
	/** A folder with a file for each variable: its name, and as value its content without the last newline. */
	| {readonly kind: 'folder'; readonly path: string; readonly required: boolean}
	/** Lines of NAME=value that a command prints; it runs with the service's user and directory. */
	| {readonly kind: 'command'; readonly command: Command};

/** The variables from the sources of a service. */
export interface Sourced {
	readonly variables: Readonly<Record<string, string>>;
	/**
	 * The names of those that another user than archon's own may have written. archon uses them in no path, and gives them
	 * to no hook of another user: LD_PRELOAD would run that user's code.
	 */
	readonly foreign?: readonly string[];
	/** It changes with the content of the files; commands do not count. */
	readonly stamp: string;
}

/** Limits of a cgroup (cgroups(7)), in compose's words; null: none. Sizes are in bytes. */
export interface Resources {
	/** mem_limit: more is not given, and the kernel kills for it. */
	readonly memory: number | null;
	/** mem_reservation: what is taken away last when memory is short. */
	readonly reservation: number | null;
	/** memswap_limit: memory and swap together; Infinity: no limit of swap. */
	readonly memoryAndSwap: number | null;
	/** The time of this many processors. */
	readonly cpus: number | null;
	/** cpu_shares: the weight against others, 2 to 262144, 1024 for most. */
	readonly cpuShares: number | null;
	/** Processes and threads. */
	readonly pids: number | null;
}

/** Resources and privileges of a process; null and empty lists keep them as they are. */
export interface Limits {
	/** setrlimit(2), by resource number. Infinity: unlimited. */
	readonly rlimits: readonly {readonly resource: number; readonly soft: number; readonly hard: number}[];
	readonly nice: number | null;
	/** ioprio_set(2): the class (1 real-time, 2 best-effort, 3 idle) and the level in it, 0 to 7. */
	readonly ionice: {readonly class: number; readonly level: number} | null;
	readonly oomScoreAdj: number | null;
	/** Further groups, by name or number. */
	readonly groups: readonly string[];
	/** capabilities(7) by number: kept across the change of user, as far as the container has them. */
	readonly capAdd: readonly number[];
	readonly capDrop: readonly number[] | 'all';
	readonly noNewPrivileges: boolean;
	/** A cgroup below archon's own, created where cgroups can be written (cgroups(7)). */
	readonly cgroup: string | null;
}

/**
 * `inherit`: archon's own descriptors. `lines`: pipes that archon reads. `files`: files that are appended to, null: the
 * output is dropped; the same path twice is one open file. `passed`: three descriptors from a client, by their numbers in
 * archon, which closes them. `canWait`: a running process with other streams is not restarted, but keeps them until its
 * next start.
 */
export type Output =
	| {readonly kind: 'inherit'; readonly canWait?: true}
	| {readonly kind: 'lines'; readonly logging: Logging; readonly canWait?: true}
	| {readonly kind: 'files'; readonly stdout: string | null; readonly stderr: string | null}
	| {readonly kind: 'passed'; readonly fds: readonly [number, number, number]};

/** A service as it is started with what its sources hold. */
export const withSourced = (service: Service, sourced: Sourced): Service =>
	({...service, exec: {...service.exec, sourced}});
