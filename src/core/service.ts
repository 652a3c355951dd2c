/** A service: all that a config can say of one. */
import type {SignalNumber} from './signal-numbers.ts';
import type {Millis} from './time.ts';
import type {Logging} from '../features/logging/core.ts';

/** A service: what the config names. The core reads all of it but `exec`, which it hands on unread. */
export interface Service {
	readonly name: string;
	/** A daemon stays; a oneshot does its work once and ends. */
	readonly type: 'daemon' | 'oneshot';
	/** Who put it there: the config, the command line's CMD, or a client at run time. */
	readonly origin: 'config' | 'command' | 'run' | 'daemon';
	/** Whether it is started without being asked for; else only by a person, or by what needs it. */
	readonly autostart: boolean;
	readonly needs: readonly Need[];
	/** How a daemon says that it can serve; null: it can when it has run for `startPeriod`. */
	readonly ready: Ready | null;
	readonly startPeriod: Millis;
	/** From the start until a daemon must be ready, or a oneshot done; Infinity: however long it takes. */
	readonly startTimeout: Millis;
	readonly health: Health | null;
	/** A daemon that is up must say so by sd_notify(3) at least this often; null: need not. */
	readonly watchdog: Millis | null;
	readonly restart: RestartPolicy;
	readonly stop: StopPolicy;
	/** Whom the stop signal, the signal of `reload` and those that a person sends reach: the main process, or its process group. */
	readonly stopTo: 'main' | 'group';
	/** What ends with a run, and is awaited before the next one: what its process made, its group, or its main process alone. */
	readonly killMode: KillMode;
	/** Names the main process when the one before has ended (systemd's PIDFile=); null: there is no such file. */
	readonly pidFile: string | null;
	readonly hooks: Hooks;
	/** What makes it read its config anew: a signal, or a command; null: it cannot. */
	readonly reload: {readonly signal: SignalNumber} | {readonly command: Command} | null;
	/** When it ends for good, the container ends with its status. */
	readonly essential: boolean;
	/** What its failing for good means to the container. */
	readonly onFailed: 'stay' | 'shutdown';
	readonly exec: Exec;
}

/** An edge of the graph: what must hold of another service before this one starts (compose-spec `depends_on`). */
export interface Need {
	readonly name: string;
	readonly condition: Condition;
	/**
	 * `hard`: must hold. `soft`: is started and waited for, but its failing holds nothing up. `order`: is
	 * waited for only if it is on its way up anyhow.
	 */
	readonly strength: 'hard' | 'soft' | 'order';
	/** Whether this service is restarted when the other one's process ends or is restarted. */
	readonly restart: boolean;
	/** How long to wait for it; then a hard need has failed, and another one is waited for no longer. */
	readonly timeout: Millis;
}

export const CONDITIONS = ['service_started', 'service_healthy', 'service_completed_successfully'] as const;

export type Condition = (typeof CONDITIONS)[number];

/** A program and its arguments; never empty, never a shell unless it names one. */
export type Command = readonly [string, ...string[]];

/** How a daemon says that it can serve. */
export type Ready =
	/** A newline on this descriptor, as s6 and dinit have it; its number is in `variable` where that is not null. */
	| {readonly kind: 'fd'; readonly fd: number; readonly variable: string | null}
	/** READY=1 on `$NOTIFY_SOCKET` (sd_notify(3)). */
	| {readonly kind: 'notify'}
	/** A line of its output that matches this regular expression. */
	| {readonly kind: 'log'; readonly pattern: string}
	| {readonly kind: 'probe'; readonly probe: Probe; readonly interval: Millis; readonly timeout: Millis};

/** A look from outside, with the service's user, directory and environment. */
export type Probe =
	| {readonly kind: 'exec'; readonly command: Command}
	| {readonly kind: 'tcp'; readonly host: string; readonly port: number}
	| {
		readonly kind: 'http'; readonly url: string;
		/** Statuses that are good: 200–399 where this is empty. */
		readonly statuses: readonly number[];
		readonly headers: Readonly<Record<string, string>>;
		/** A regular expression that the body must match; null: anything is good. */
		readonly body: string | null;
	}
	| {readonly kind: 'file'; readonly path: string};

/** Repeated looks at a service that is up (compose-spec `healthcheck`). */
export interface Health {
	readonly probe: Probe;
	readonly interval: Millis;
	readonly timeout: Millis;
	/** Failures in a row that make it unhealthy. */
	readonly retries: number;
	/** Successes in a row that make it healthy. */
	readonly successes: number;
	/** Failures this early after the start do not count, and looks come every `startInterval`. */
	readonly startPeriod: Millis;
	readonly startInterval: Millis;
	readonly onUnhealthy: 'none' | 'restart' | 'shutdown';
}

/** A command of a hook: with its service's user, directory and environment, or with others. */
export type HookCommand = Command | {
	readonly command: Command;
	/** Null: the service's. */
	readonly user: UserSpec | null;
	readonly cwd: string | null;
	/** Over the service's. */
	readonly environment: Readonly<Record<string, string>>;
};

/** Commands at the turns of a service's life. */
export interface Hooks {
	/** Before its process is made, within the start timeout; if one fails, the start has failed. */
	readonly preStart: readonly HookCommand[];
	/** After its process was made; if one fails, the start has failed. */
	readonly postStart: readonly HookCommand[];
	/** Before the stop signal, within the grace period. */
	readonly preStop: readonly HookCommand[];
	/** After each end of its process and of all that ends with it, within a grace period of its own. */
	readonly postStop: readonly HookCommand[];
	/** What undoes a oneshot that has completed, when it is stopped: within a grace period. */
	readonly down: readonly HookCommand[];
}

export const RESTARTS = ['no', 'always', 'on-failure', 'unless-stopped'] as const;

/** When a service that ended by itself is started again, and when archon gives up on it. */
export interface RestartPolicy {
	readonly policy: (typeof RESTARTS)[number];
	/**
	 * `exponential`: the first restart is at once, the second after `delay`, each further one after `factor`
	 * times as long. `linear`: the nth after n times `delay`, as supervisord has it.
	 */
	readonly growth: 'exponential' | 'linear';
	readonly delay: Millis;
	readonly factor: number;
	readonly maxDelay: Millis;
	/** Share of the pause, 0 to 1, by which it is shortened or lengthened at random. */
	readonly jitter: number;
	/** Restarts allowed within `window`; the next end makes the service `failed`. Infinity: no limit. */
	readonly attempts: number;
	/** Which ends count: all, or only those of starts that failed, as supervisord has it. */
	readonly counts: 'all' | 'starts';
	readonly window: Millis;
	/** Having been up for so long wipes out all earlier ends. */
	readonly resetAfter: Millis;
	/** Ends that are a success; exit 0 among them unless a person says otherwise. */
	readonly success: Ends;
	/** Ends after which it is started again whatever the policy. */
	readonly force: Ends;
	/** Ends after which it is never started again. */
	readonly fatal: Ends;
}

/** Ways to end. */
export interface Ends {
	readonly codes: readonly number[];
	readonly signals: readonly SignalNumber[];
}

export interface StopPolicy {
	readonly signal: SignalNumber;
	/** From the stop signal until SIGKILL to the process and all that it made. */
	readonly grace: Millis;
}

export const KILL_MODES = ['tree', 'group', 'main'] as const;

export type KillMode = (typeof KILL_MODES)[number];

/** What spawner and native library need to know to make the process. */
export interface Exec {
	readonly argv: Command;
	/** What of archon's own environment it gets: all, nothing but PATH and TERM, or these. */
	readonly base: 'inherit' | 'clean' | readonly string[];
	/** Over that: what the config gives to all of its services. */
	readonly common: Readonly<Record<string, string>>;
	/** Where further variables come from; they are read anew before each start, each over those before it. */
	readonly sources: readonly VariableSource[];
	/** What was found there: with the config, and then when its process was made. */
	readonly sourced: Sourced;
	/** Over all that. */
	readonly environment: Readonly<Record<string, string>>;
	/** Whether each `NAME_FILE` variable becomes `NAME` with the content of the file that it names. */
	readonly secretsFromFiles: boolean;
	readonly cwd: string | null;
	readonly user: UserSpec | null;
	readonly umask: number | null;
	readonly limits: Limits;
	/** Globs of stale files that are removed before each start. */
	readonly clean: readonly string[];
	/** A terminal of its own, which archon reads as its output. */
	readonly tty: boolean;
	/** Where the three standard streams lead. */
	readonly output: Output;
	/** Whether stdin is archon's own, in its terminal's foreground where there is one. Else /dev/null. */
	readonly interactive: boolean;
	/**
	 * Whether it stands as archon was started: with the signals that were ignored and blocked, further descriptors, and no
	 * limit of archon's. Else as from a login shell.
	 */
	readonly asStarted: boolean;
}

/** Variables that are not in the config itself. Paths are absolute, or begin where archon does. */
export type VariableSource =
	/** Lines of NAME=value (env-file.ts). */
	| {readonly kind: 'file'; readonly path: string; readonly required: boolean}
	/** A file for each variable, called as that: its content without the last newline. */
	| {readonly kind: 'folder'; readonly path: string; readonly required: boolean}
	/** Lines of NAME=value that a command prints, run as the service would be. */
	| {readonly kind: 'command'; readonly command: Command};

/** What the sources of a service held. */
export interface Sourced {
	readonly variables: Readonly<Record<string, string>>;
	/**
	 * The names of those that the service's own user, or others, may have written, where it is not archon's own user. They
	 * name no files to archon, and no hook of another user is given them: LD_PRELOAD would be that user's program.
	 */
	readonly foreign?: readonly string[];
	/** Another one where a file is another one; it says nothing of commands. */
	readonly stamp: string;
}

/** Resources and privileges of a process; null and empty lists leave them as they are. */
export interface Limits {
	/** setrlimit(2), by resource number. Infinity: unlimited. */
	readonly rlimits: readonly {readonly resource: number; readonly soft: number; readonly hard: number}[];
	readonly nice: number | null;
	/** ioprio_set(2): the class (1 real-time, 2 best-effort, 3 idle) and the level in it, 0 to 7. */
	readonly ionice: {readonly class: number; readonly level: number} | null;
	readonly oomScoreAdj: number | null;
	/** Further groups, by name or number. */
	readonly groups: readonly string[];
	/** capabilities(7) by number: kept across the change of user, and taken from what the container has. */
	readonly capAdd: readonly number[];
	readonly capDrop: readonly number[] | 'all';
	readonly noNewPrivileges: boolean;
	/** A cgroup below archon's own, made where cgroups can be written (cgroups(7)). */
	readonly cgroup: string | null;
}

/** A user by name or number, with a group of its own or the user's (compose-spec `user`). */
export interface UserSpec {
	readonly user: string;
	readonly group: string | null;
}

/**
 * `inherit`: archon's own descriptors, untouched. `lines`: pipes, which archon reads and whose lines it passes on.
 * `files`: each appended to a file, or dropped where there is null; the same path twice is one open file.
 * `passed`: three descriptors that a client handed over, by their numbers in archon; archon closes them.
 * `canWait`: a process that has other streams keeps them until its next start; it is not restarted for these.
 */
export type Output =
	| {readonly kind: 'inherit'; readonly canWait?: true}
	| {readonly kind: 'lines'; readonly logging: Logging; readonly canWait?: true}
	| {readonly kind: 'files'; readonly stdout: string | null; readonly stderr: string | null}
	| {readonly kind: 'passed'; readonly fds: readonly [number, number, number]};
