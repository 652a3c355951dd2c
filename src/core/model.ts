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
	readonly needs: readonly Need[];
	readonly restart: RestartPolicy;
	readonly stop: StopPolicy;
	/** When it ends for good, the container ends with its status. */
	readonly essential: boolean;
	readonly exec: Exec;
}

/** An edge of the graph: what must hold of another service before this one starts (compose-spec `depends_on`). */
export interface Need {
	readonly name: string;
	readonly condition: Condition;
}

export const CONDITIONS = ['service_started', 'service_completed_successfully'] as const;
export type Condition = (typeof CONDITIONS)[number];

export const RESTARTS = ['no', 'always', 'on-failure', 'unless-stopped'] as const;

/** When a service that ended by itself is started again, and when archon gives up on it. */
export interface RestartPolicy {
	readonly policy: (typeof RESTARTS)[number];
	/** The pause before the second start within `window`; the first is at once. */
	readonly delay: Millis;
	/** By how much the pause grows with each further start. */
	readonly factor: number;
	readonly maxDelay: Millis;
	/** Share of the pause, 0 to 1, by which it is shortened or lengthened at random. */
	readonly jitter: number;
	/** Restarts allowed within `window`; the next end makes the service `failed`. Infinity: no limit. */
	readonly attempts: number;
	readonly window: Millis;
}

export interface StopPolicy {
	readonly signal: SignalNumber;
	/** From the stop signal until SIGKILL to the whole process group. */
	readonly grace: Millis;
}

/** What spawner and native library need to know to make the process. */
export interface Exec {
	/** The program and its arguments; never empty, never a shell unless it names one. */
	readonly argv: readonly [string, ...string[]];
	/** Added to archon's own environment. */
	readonly environment: Readonly<Record<string, string>>;
	readonly cwd: string | null;
	readonly user: UserSpec | null;
	readonly umask: number | null;
	/** Where the three standard streams lead. */
	readonly output: Output;
	/** Whether stdin is archon's own, in its terminal's foreground where there is one. Else /dev/null. */
	readonly interactive: boolean;
}

/** A user by name or number, with a group of its own or the user's (compose-spec `user`). */
export interface UserSpec {
	readonly user: string;
	readonly group: string | null;
}

/**
 * `inherit`: archon's own descriptors, untouched. `lines`: pipes, each line prefixed with the name.
 * `passed`: three descriptors that a client handed over, by their numbers in archon; archon closes them.
 */
export type Output =
	| {readonly kind: 'inherit'}
	| {readonly kind: 'lines'}
	| {readonly kind: 'passed'; readonly fds: readonly [number, number, number]};

// ── Processes ────────────────────────────────────────────────────────────────────────────────────

/** The number of one life of one service's process; never used twice in an archon's life. */
export type Run = number;

/** How a process ended (waitid(2)). */
export type Outcome =
	| {readonly kind: 'code'; readonly code: number}
	| {readonly kind: 'signal'; readonly signal: SignalNumber; readonly core: boolean};

/** Why a process could not be made: the step between vfork and exec that failed, and its errno. */
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
	| {readonly kind: 'waiting'}
	| {readonly kind: 'spawning'; readonly run: Run}
	/** A oneshot at its work. */
	| {readonly kind: 'starting'; readonly run: Run; readonly pid: number}
	| {readonly kind: 'up'; readonly run: Run; readonly pid: number}
	| Stopping
	| {readonly kind: 'backoff'; readonly deadline: Instant};

/**
 * On the way down: a stop signal was sent, or the process ended and left others in its group.
 * `outcome` is null while the process lives; then only the rest of its group is awaited.
 */
export interface Stopping {
	readonly kind: 'stopping';
	readonly run: Run;
	readonly pid: number;
	/** Whether archon asked for this end, or the process ended by itself. */
	readonly asked: boolean;
	readonly outcome: Outcome | null;
	/** SIGKILL then; after SIGKILL, no longer waited for then. */
	readonly deadline: Instant;
	readonly killed: boolean;
}

/**
 * `new`: not started yet. `stopped`: ended on request. `completed`: a oneshot that succeeded.
 * `exited`: ended by itself, and its policy leaves it so. `failed`: given up. All but the first two
 * stay until a person starts the service again.
 */
export type DownCause = 'new' | 'stopped' | 'completed' | 'exited' | 'failed';

/** What happened to a run, from the kernel. */
export type News =
	| {readonly kind: 'spawned'; readonly pid: number}
	| {readonly kind: 'refused'; readonly refusal: Refusal}
	/** Its process ended; `survivors` says that others of its process group live on. */
	| {readonly kind: 'exited'; readonly outcome: Outcome; readonly survivors: boolean}
	/** The last survivor of its process group is gone. */
	| {readonly kind: 'emptied'}
	/** The deadline of its phase has come. */
	| {readonly kind: 'timeout'};

// ── The whole ────────────────────────────────────────────────────────────────────────────────────

/** A service's place in the book. Places are used again; runs are not. */
export type Id = number;

/** The operator's word on a service, which outranks the config's. */
export type Wish = 'auto' | 'start' | 'stop';

/** A `Need` with its name looked up; among the dependents of a service it names the dependent. */
export interface Edge {
	readonly id: Id;
	readonly condition: Condition;
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
	/** It must not live, or not go on living as it does: unwanted, or about to bounce. Kept by the door. */
	readonly leaving: boolean;
	/** Needs of this service that do not hold now. Kept by the door. */
	readonly unmet: number;
	/** Dependents that live and are leaving. Kept by the door. */
	readonly falling: number;
}

/** Any input of `step`. */
export type Event =
	| {readonly kind: 'boot'}
	| {readonly kind: 'news'; readonly id: Id; readonly run: Run; readonly news: News}
	| {readonly kind: 'start' | 'restart'; readonly ids: readonly Id[]}
	/** `policy`: this once, instead of the services' own. */
	| {readonly kind: 'stop'; readonly ids: readonly Id[]; readonly policy?: StopPolicy}
	| {readonly kind: 'signal'; readonly id: Id; readonly signal: SignalNumber; readonly group: boolean}
	/** A service made at run time; it starts at once. */
	| {readonly kind: 'add'; readonly service: Service}
	/** A service made at run time and at rest is forgotten. */
	| {readonly kind: 'remove'; readonly id: Id}
	/** The first ends everything in order; the second at once; the third by SIGKILL. */
	| {readonly kind: 'shutdown'; readonly why: string}
	/** No process but archon is left. */
	| {readonly kind: 'alone'}
	/** Time has passed: heard only when the inbox is empty. */
	| {readonly kind: 'tick'};

/** What the core asks of the kernel, as data. */
export type Effect =
	| {readonly kind: 'spawn'; readonly id: Id; readonly run: Run; readonly service: Service}
	| {readonly kind: 'signal'; readonly run: Run; readonly pid: number; readonly signal: SignalNumber; readonly group: boolean}
	/** A service has a new phase: for the log, and for those who watch. */
	| {readonly kind: 'changed'; readonly before: Entry; readonly after: Entry}
	| {readonly kind: 'forgotten'; readonly entry: Entry}
	| {readonly kind: 'season'; readonly season: Season}
	/** Signal every process but archon that the services left behind; then say when alone. */
	| {readonly kind: 'sweep'; readonly signal: SignalNumber}
	| {readonly kind: 'exit'; readonly status: number};

/** Where the whole is in its life. */
export type Season =
	| {readonly kind: 'boot'}
	| {readonly kind: 'running'}
	/** Services end: `force` 1 in order, 2 all at once, 3 by SIGKILL. */
	| {readonly kind: 'stopping'; readonly force: 1 | 2 | 3; readonly status: number; readonly why: string; readonly deadline: Instant}
	/** Whatever is left is ended. */
	| {readonly kind: 'sweeping'; readonly killed: boolean; readonly status: number; readonly deadline: Instant}
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
	PIPE: 13, TERM: 15, CHLD: 17, CONT: 18, STOP: 19, TTIN: 21, TTOU: 22, WINCH: 28, PWR: 30, SYS: 31,
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
