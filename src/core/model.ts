/**
 * The vocabulary of archon: what a service is, what can happen to it, and what archon may ask of the
 * machine. Types and the few tables that belong to them; every decision is made elsewhere.
 */

/** A length of time in milliseconds. */
export type Millis = number;

/** A point on the kernel's monotonic clock, in milliseconds. Never compared with wall-clock time. */
export type Instant = number;

/** No deadline: the instant that never comes. */
export const NEVER: Instant = Infinity;

/** An outcome of something that may legitimately fail; `throw` is for our own bugs. */
export type Result<T, E> = {readonly ok: true; readonly value: T} | {readonly ok: false; readonly error: E};

export const ok = <T>(value: T): Result<T, never> => ({ok: true, value});
export const err = <E>(error: E): Result<never, E> => ({ok: false, error});

// ── Services ─────────────────────────────────────────────────────────────────────────────────────

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

/**
 * Whom of a run a signal reaches: its main process; its process groups; those and, where the main process has ended or
 * the signal is SIGKILL, all that it made; or of that what is in none of its groups.
 */
export type Scope = KillMode | 'strays';

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
 * `isDefault`: nobody said anything of it, and it is as it is because of how many services there are.
 */
export type Output =
	| {readonly kind: 'inherit'; readonly isDefault?: true}
	| {readonly kind: 'lines'; readonly logging: Logging; readonly isDefault?: true}
	| {readonly kind: 'files'; readonly stdout: string | null; readonly stderr: string | null}
	| {readonly kind: 'passed'; readonly fds: readonly [number, number, number]};

/** What becomes of lines that archon reads. */
export interface Logging {
	/** Each gets every line; none of them: they are only kept for `archonctl logs`. */
	readonly drivers: readonly LogDriver[];
	/** Where a reader is too slow for long: its lines are dropped and counted, or the service waits. */
	readonly onFull: 'drop' | 'block';
	/** Bytes; a longer line is passed on in pieces, each but the last with a mark. */
	readonly maxLine: number;
	/** Bytes of the last lines that are kept in memory for `archonctl logs`. */
	readonly buffer: number;
	/** So many lines in each interval, the others are left out and counted; null: as many as come. */
	readonly rateLimit: {readonly lines: number; readonly interval: Millis} | null;
}

export type LogDriver = LogFormat & {
	/** The streams whose lines it gets. */
	readonly streams: readonly LogStream[];
};

export const LOG_STREAMS = ['stdout', 'stderr'] as const;
export type LogStream = (typeof LOG_STREAMS)[number];

/** How lines are passed on, and where to. */
export type LogFormat =
	/** On archon's own streams, as they are. */
	| {readonly kind: 'inherit'}
	/** On archon's own streams, after the service's name and, if it is asked for, the time. */
	| {readonly kind: 'prefix'; readonly timestamps: boolean}
	/** On archon's own streams, one JSON object a line. */
	| {readonly kind: 'json'}
	| LogFile
	| Syslog;

/** A file that is rotated: `path`, and before it `path.1`, `path.2`, … */
export interface LogFile {
	readonly kind: 'file';
	readonly path: string;
	readonly format: 'raw' | 'timestamps' | 'json';
	/** Bytes after which the file is rotated; Infinity: never. */
	readonly maxSize: number;
	/** How many files there are at most, the current one among them. */
	readonly maxFile: number;
	/** A file so old is rotated at its next line, and one that was rotated so long ago removed at the next rotation. Infinity: never. */
	readonly maxAge: Millis;
	/** What becomes of files that were rotated. */
	readonly compress: 'none' | 'gzip' | 'zstd';
	/** Permissions, whatever the umask; null: those of a new file. */
	readonly mode: number | null;
	/** Whose file it is, by name or number; null: archon's. */
	readonly user: string | null;
	readonly group: string | null;
}

/** Messages to a syslog server. */
export interface Syslog {
	readonly kind: 'syslog';
	readonly address:
		| {readonly kind: 'unix'; readonly path: string}
		| {readonly kind: 'udp' | 'tcp'; readonly host: string; readonly port: number};
	/** 0 to 23, RFC 5424 table 1. */
	readonly facility: number;
	/** APP-NAME of RFC 5424, TAG of RFC 3164. */
	readonly tag: string;
	/** `rfc5424micro`: with six digits behind the second. */
	readonly format: 'rfc3164' | 'rfc5424' | 'rfc5424micro';
}

/** What services say and have said, as far as archon knows; the id null stands for archon itself. */
export interface Logs {
	/** The last lines that are kept in memory, oldest first. */
	tail(id: Id | null, count: number): readonly LogLine[];
	/** Where older lines are, if anywhere: the files that lines go to, each once. */
	files(id: Id | null): readonly LogMark[];
	/** Calls back with each batch of whole lines that come from now on, in order, until the result is called. */
	follow(id: Id | null, hear: (lines: readonly LogLine[]) => void): () => void;
	/** Opens every log file anew, for somebody has moved it (logrotate's postrotate). */
	reopen(): void;
}

export interface LogLine {
	/** Milliseconds since 1970. */
	readonly at: number;
	readonly stream: LogStream;
	/** Without its newline. What is not UTF-8 is U+FFFD. */
	readonly text: string;
}

/** A place in a log file, with all lines before it that came before now: some may still be on their way there. */
export interface LogMark {
	readonly path: string;
	/** Of the file that `path` names now; by it the file is known after it was rotated to `path.1`. */
	readonly inode: number;
	readonly size: number;
	/** What its lines look like, and of which streams they are. */
	readonly format: LogFile['format'];
	readonly streams: readonly LogStream[];
}

// ── Processes ────────────────────────────────────────────────────────────────────────────────────

/** The number of one life of one service's process; never used twice in an archon's life. */
export type Run = number;

/** How a process ended (waitid(2)). */
export type Outcome =
	| {readonly kind: 'code'; readonly code: number}
	| {
		readonly kind: 'signal'; readonly signal: SignalNumber; readonly core: boolean;
		/** The kernel killed it for want of memory. */
		readonly oom?: boolean;
	};

/** Why a process could not be made: the step between clone and exec that failed, and its errno. */
export interface Refusal {
	/** What was being done, as words: `changing directory to /srv`. */
	readonly stage: string;
	readonly errno: number;
	/** The errno in words: `no such file or directory`, with a hint where one helps. */
	readonly reason: string;
	/** Whether trying again may help (EAGAIN, ENOMEM, …). */
	readonly temporary: boolean;
}

/** A shell's exit status of a refusal: 127 where the program was not found (ENOENT, ENOTDIR), else 126. */
export const refusalStatus = ({errno}: Refusal): number => (errno === 2 || errno === 20 ? 127 : 126);

/** A shell's exit status of an outcome: the code, or 128 and the signal. */
export const exitStatus = (outcome: Outcome): number =>
	outcome.kind === 'code' ? outcome.code : 128 + outcome.signal;

// ── Phases ───────────────────────────────────────────────────────────────────────────────────────

/** Where a service is in its life. What belongs to a phase rides inside and is gone with it. */
export type Phase =
	| {readonly kind: 'down'; readonly cause: DownCause}
	| Waiting
	| Spawning
	| Starting
	| Up
	| Stopping
	/** A oneshot that has completed and is to be undone when it is stopped: as good as up, without a process. */
	| {readonly kind: 'done'}
	| {readonly kind: 'backoff'; readonly deadline: Instant};

/** Wanted, and needs do not hold yet. */
export interface Waiting {
	readonly kind: 'waiting';
	/** When the first of the needs that do not hold has been waited for long enough. */
	readonly deadline: Instant;
	/** Needs that are waited for no longer. */
	readonly waived: readonly Id[];
	/** A hard need, or one of that, has failed for good: nothing but a person's word ends this wait. */
	readonly inVain: boolean;
}

/** Its process is about to be made. */
export interface Spawning {
	readonly kind: 'spawning';
	readonly run: Run;
	/** Its commands `pre_start` are under way, and the process comes after them. */
	readonly isHooked: boolean;
	/** From there its start timeout counts; NEVER: from its process on. */
	readonly deadline: Instant;
}

/** A oneshot at its work, or a daemon that is not ready yet. */
export interface Starting {
	readonly kind: 'starting';
	readonly run: Run;
	readonly pid: number;
	/** Its commands `post_start` have not all ended yet. */
	readonly isHooked: boolean;
	/** It has not said yet that it is ready, and has not run for its start period. */
	readonly isUnready: boolean;
	/** Late then, and ended. */
	readonly deadline: Instant;
	/** Has run for its start period then; NEVER where something else says that it is ready. */
	readonly steadyAt: Instant;
	readonly looks: Looks | null;
}

/** A daemon that serves, as far as is known. */
export interface Up {
	readonly kind: 'up';
	readonly run: Run;
	readonly pid: number;
	/** False while it says that it reads its config anew (sd_notify(3), RELOADING=1). */
	readonly isReady: boolean;
	/** `none` where nobody looks. */
	readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
	readonly looks: Looks | null;
	/** It must have said WATCHDOG=1 by then. */
	readonly watchdogAt: Instant;
	/** How often it must; null: it need not. */
	readonly watchdog: Millis | null;
}

/** Probes of one run so far: one at a time. */
export interface Looks {
	/** When to look next; NEVER while a look is under way. */
	readonly next: Instant;
	/** In a row. */
	readonly failures: number;
	readonly successes: number;
	/** What the last look found. */
	readonly found: string;
}

/**
 * On the way down: a stop signal was sent, or the process ended and left others behind.
 * `outcome` is null while the process lives; then only what it left behind is awaited.
 */
export interface Stopping {
	readonly kind: 'stopping';
	readonly run: Run;
	readonly pid: number;
	/** Whether somebody asked for this end, or it came of itself. */
	readonly asked: boolean;
	/** Why archon ends it although nobody asked: `not ready within 60 s`. Then the end is a failure, whatever it is. */
	readonly blame: string | null;
	/** It had been up. */
	readonly wasUp: boolean;
	/** Its commands `pre_stop` are under way, and the stop signal comes after them. */
	readonly isHooked: boolean;
	readonly outcome: Outcome | null;
	/** SIGKILL then; after SIGKILL, no longer waited for then. */
	readonly deadline: Instant;
	readonly killed: boolean;
	/** The share of its grace period that a shutdown has time for, also for what comes after the end; else 1. */
	readonly scale: number;
	/** All of it has ended, and these last commands are under way; `result`: what they are told of the end. */
	readonly finish: {readonly hook: 'post_stop' | 'down'; readonly result: string} | null;
}

/** Whether a process exists, or is about to, that belongs to the service; or it is to be undone before it is at rest. */
export const isAlive = ({kind}: Phase): boolean =>
	kind === 'spawning' || kind === 'starting' || kind === 'up' || kind === 'stopping' || kind === 'done';

/**
 * `new`: not started yet. `stopped`: ended on request, however. `completed`: a oneshot that succeeded.
 * `exited`: a daemon that ended well by itself, and its policy leaves it so. `failed`: any other end that is
 * not followed by a start, or no start at all. All but the first two stay until a person starts the service again.
 */
export type DownCause = 'new' | 'stopped' | 'completed' | 'exited' | 'failed';

/** What happened to a run, from the kernel. */
export type News =
	/** `sourced`: what its sources of variables held, where that is not what its service says. */
	| {readonly kind: 'spawned'; readonly pid: number; readonly sourced?: Sourced}
	| {readonly kind: 'refused'; readonly refusal: Refusal}
	/** Its process was not made: before its turn came, the service was to leave. */
	| {readonly kind: 'withdrawn'}
	/** Its process ended; `survivors` says that others live on that it made, wherever they went. */
	| {readonly kind: 'exited'; readonly outcome: Outcome; readonly survivors: boolean}
	/** The last survivor is gone. */
	| {readonly kind: 'emptied'}
	/** It says that it can serve, by whichever way its `ready` names. */
	| {readonly kind: 'ready'}
	| {readonly kind: 'probe'; readonly purpose: Purpose; readonly good: boolean; readonly found: string}
	/** All commands of a hook have ended well, or (failure) one has not. */
	| {readonly kind: 'hooked'; readonly hook: Hook; readonly failure: string | null}
	| {readonly kind: 'notify'; readonly word: Word}
	/** The deadline of its phase has come. */
	| {readonly kind: 'timeout'};

/** What a probe is for. */
export type Purpose = 'ready' | 'health';

export type Hook = 'pre_start' | 'post_start' | 'pre_stop' | 'post_stop' | 'down' | 'reload';

/** What a service says by sd_notify(3), beyond READY=1. */
export type Word =
	| {readonly kind: 'reloading'}
	| {readonly kind: 'stopping'}
	| {readonly kind: 'status'; readonly text: string}
	/** Whatever it does takes so much longer, from now on (EXTEND_TIMEOUT_USEC). */
	| {readonly kind: 'extend'; readonly millis: Millis}
	| {readonly kind: 'alive'}
	/** WATCHDOG=trigger: it gives itself up. */
	| {readonly kind: 'trigger'}
	| {readonly kind: 'watchdog'; readonly millis: Millis}
	/** Another process of it is the main one from now on; the kernel has made sure that it is its. */
	| {readonly kind: 'main-pid'; readonly pid: number}
	| {readonly kind: 'errno'; readonly errno: number};

// ── The whole ────────────────────────────────────────────────────────────────────────────────────

/** A service's place in the book. Places are used again; runs are not. */
export type Id = number;

/** The operator's word on a service, which outranks the config's. */
export type Wish = 'auto' | 'start' | 'stop';

/** A `Need` with its name looked up; among the dependents of a service it names the dependent. */
export interface Edge extends Omit<Need, 'name'> {
	readonly id: Id;
}

/** All that is known of one service. Only `supervisor.ts` writes new ones, through one door. */
export interface Entry {
	readonly id: Id;
	readonly service: Service;
	readonly needs: readonly Edge[];
	readonly dependents: readonly Edge[];
	readonly phase: Phase;
	/** When the phase began. */
	readonly since: Instant;
	/** For how long of the phase archon did not run. */
	readonly stalled: Millis;
	readonly wish: Wish;
	/** A restart was asked for: end first, then start again. */
	readonly bounce: boolean;
	/** How it is ended; its service's own policy unless a request said otherwise. */
	readonly stop: StopPolicy;
	/** When it ended by itself and was started again, within the restart window: oldest first. */
	readonly ends: readonly Instant[];
	/** How often a process was made for it. */
	readonly starts: number;
	/** How its last process ended. */
	readonly outcome: Outcome | null;
	/** Why its last process could not be made; null once one could. */
	readonly refusal: Refusal | null;
	/** Why its last run failed, or it was not started, beyond how its process ended: `not ready within 60 s`; null: it did not. */
	readonly blame: string | null;
	/** How its last runs ended: oldest first, and no more than `PAST_MAX`. */
	readonly past: readonly Past[];
	/** What it says of itself (sd_notify(3), STATUS=). */
	readonly said: string;
	/** The config names it no more: it ends, and is forgotten. */
	readonly retired: boolean;
	/** It must not live, or not go on living as it does: unwanted, or about to bounce. Kept by the door. */
	readonly leaving: boolean;
	/** Needs of this service that do not hold now. Kept by the door. */
	readonly unmet: number;
	/** Hard needs that will not hold by themselves any more: failed for good, or waiting in vain. Kept by the door. */
	readonly lost: number;
	/** Dependents that live, and not for long. Kept by the door. */
	readonly falling: number;
}

/** The end of one run. */
export interface Past {
	readonly at: Instant;
	readonly outcome: Outcome;
	readonly blame: string | null;
}

export const PAST_MAX = 10;

/** So many restarts at once, and so many each second after that. */
export interface StartRate {
	readonly perSecond: number;
	readonly burst: number;
}

/** Whether the container ends when nothing runs and nothing will start by itself: only after a failure, always, or never. */
export const WHEN_IDLE = ['failed', 'always', 'never'] as const;
export type WhenIdle = (typeof WHEN_IDLE)[number];

/** A process that archon did not make in this life, and whose it is. */
export interface Adopted {
	readonly id: Id;
	readonly run: Run;
	readonly pid: number;
}

/** Any input of `step`. */
export type Event =
	/** `adopted`: processes of services that live already. */
	| {readonly kind: 'boot'; readonly adopted?: readonly Adopted[]}
	| {readonly kind: 'news'; readonly id: Id; readonly run: Run; readonly news: News}
	| {readonly kind: 'start' | 'restart'; readonly ids: readonly Id[]}
	/** `policy`: this once, instead of the services' own. */
	| {readonly kind: 'stop'; readonly ids: readonly Id[]; readonly policy?: StopPolicy}
	| {readonly kind: 'signal'; readonly id: Id; readonly signal: SignalNumber}
	/** Each that is up reads its config anew, in the way that its service names. */
	| {readonly kind: 'reload'; readonly ids: readonly Id[]}
	/** The config as it is now: what it names no more ends, what is new starts, what is unchanged notices nothing. */
	| {
		readonly kind: 'reconfigure'; readonly services: readonly Service[];
		readonly shutdownGrace: Millis; readonly startRate: StartRate; readonly whenIdle: WhenIdle;
	}
	/** A service made at run time; it starts at once. */
	| {readonly kind: 'add'; readonly service: Service}
	/** A service made at run time and at rest is forgotten. */
	| {readonly kind: 'remove'; readonly id: Id}
	/** The first ends everything in order; the second at once; the third by SIGKILL. */
	| {readonly kind: 'shutdown'; readonly why: string}
	/**
	 * archon was executed anew and goes on from what it wrote down; `found`: processes of runs of which it did not
	 * know yet that they exist.
	 */
	| {readonly kind: 'revived'; readonly found: ReadonlyMap<Run, number>}
	/** No process but archon is left. */
	| {readonly kind: 'alone'}
	/**
	 * archon itself did not run for so long (a frozen cgroup, SIGSTOP), and is heard before anything that it may have
	 * missed: nobody is late for it.
	 */
	| {readonly kind: 'stalled'; readonly millis: Millis}
	/** Time has passed: heard only when the inbox is empty. */
	| {readonly kind: 'tick'};

/** What the core asks of the kernel, as data. */
export type Effect =
	| {readonly kind: 'spawn'; readonly id: Id; readonly run: Run; readonly service: Service}
	/** The service is to leave before its process was made: what still keeps that from its turn is given up. */
	| {readonly kind: 'withdraw'; readonly id: Id; readonly run: Run}
	| {readonly kind: 'signal'; readonly run: Run; readonly pid: number; readonly signal: SignalNumber; readonly to: Scope}
	/** A service has a new phase: for the log, and for those who watch. */
	| {readonly kind: 'changed'; readonly before: Entry; readonly after: Entry}
	| {readonly kind: 'forgotten'; readonly entry: Entry}
	| {
		readonly kind: 'probe'; readonly id: Id; readonly run: Run; readonly service: Service;
		readonly purpose: Purpose; readonly probe: Probe; readonly timeout: Millis;
	}
	/** The commands of a hook, one after the other, all within the timeout. */
	| {
		readonly kind: 'hook'; readonly id: Id; readonly run: Run; readonly service: Service;
		readonly hook: Hook; readonly commands: readonly HookCommand[]; readonly timeout: Millis;
		/** Over that of the commands. */
		readonly environment: Readonly<Record<string, string>>;
	}
	/** What becomes of its lines is another matter from now on; those of a process that lives, too. */
	| {readonly kind: 'logging'; readonly id: Id; readonly service: Service}
	/** The run's main process is another one from now on. */
	| {readonly kind: 'follow'; readonly run: Run; readonly from: number; readonly to: number}
	/** A line for the log. */
	| {readonly kind: 'say'; readonly level: 'info' | 'warn' | 'error'; readonly text: string}
	| {readonly kind: 'season'; readonly season: Season}
	/** All services that are to run are there, for the first time. */
	| {readonly kind: 'arrived'}
	/** Signal every process but archon that the services left behind; then say when alone. */
	| {readonly kind: 'sweep'; readonly signal: SignalNumber}
	| {readonly kind: 'exit'; readonly status: number; readonly why: string};

/** Where the whole is in its life. */
export type Season =
	| {readonly kind: 'boot'}
	| {readonly kind: 'running'}
	/** Services end: `force` 1 in order, 2 all at once, 3 by SIGKILL. */
	| {
		readonly kind: 'stopping'; readonly force: 1 | 2 | 3; readonly status: number; readonly why: string;
		readonly deadline: Instant;
		/** What grace periods are multiplied by so that all tiers end before the deadline. */
		readonly scale: number;
		/** When to say next who is waited for. */
		readonly sayAt: Instant;
	}
	/** Whatever is left is ended. */
	| {readonly kind: 'sweeping'; readonly killed: boolean; readonly status: number; readonly why: string; readonly deadline: Instant}
	| {readonly kind: 'over'; readonly status: number};

// ── Signals ──────────────────────────────────────────────────────────────────────────────────────

/** A signal's number on Linux (signal(7)); the same on x86-64 and arm64. */
export type SignalNumber = number;

const NAMES: readonly string[] = [
	'', 'HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'KILL', 'USR1', 'SEGV', 'USR2', 'PIPE',
	'ALRM', 'TERM', 'STKFLT', 'CHLD', 'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'XCPU', 'XFSZ',
	'VTALRM', 'PROF', 'WINCH', 'IO', 'PWR', 'SYS',
];

/** The first and last real-time signals that programs may use; glibc keeps 32 and 33 for itself. */
export const RTMIN = 34;
export const RTMAX = 64;

export const SIG = {
	HUP: 1, INT: 2, QUIT: 3, ILL: 4, TRAP: 5, ABRT: 6, BUS: 7, FPE: 8, KILL: 9, USR1: 10, SEGV: 11, USR2: 12,
	PIPE: 13, TERM: 15, CHLD: 17, CONT: 18, STOP: 19, TSTP: 20, TTIN: 21, TTOU: 22, WINCH: 28, PWR: 30, SYS: 31,
} as const;

/** `SIGTERM`, `SIGRTMIN+3`; a number that has no name as `signal 99`. */
export function signalName(signal: SignalNumber): string {
	if (signal > 0 && signal < NAMES.length) return `SIG${NAMES[signal]}`;
	if (signal === RTMIN) return 'SIGRTMIN';
	if (signal > RTMIN && signal <= RTMAX) return `SIGRTMIN+${signal - RTMIN}`;
	return `signal ${signal}`;
}

/** The number of `TERM`, `SIGTERM`, `sigterm`, `15`, `RTMIN+3` or `RTMAX-1`; null if there is none. */
export function signalNumber(text: string): SignalNumber | null {
	const name = text.trim().toUpperCase().replace(/^SIG/, '');
	if (/^\d+$/.test(name)) {
		const number = Number(name);
		return (number >= 1 && number < NAMES.length) || (number >= RTMIN && number <= RTMAX) ? number : null;
	}
	const realTime = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
	if (realTime) {
		const offset = Number(realTime[3] ?? 0) * (realTime[2] === '-' ? -1 : 1);
		const number = (realTime[1] === 'MIN' ? RTMIN : RTMAX) + offset;
		return number >= RTMIN && number <= RTMAX ? number : null;
	}
	const aliases: Readonly<Record<string, string>> = {IOT: 'ABRT', CLD: 'CHLD', POLL: 'IO'};
	const index = NAMES.indexOf(aliases[name] ?? name);
	return index > 0 ? index : null;
}
