/** The life table of one run: a client's command from its request to its exit status, what each kind of news means in each phase. */
import {SIG, type SignalNumber} from '../../../core/signal-numbers.ts';
import {type Instant, type Millis, NEVER} from '../../../core/time.ts';
import type {Effect} from './effect.ts';
import type {Run} from './event.ts';

export type RunPhase =
	/** It waits for its node. */
	| {readonly kind: 'queued'}
	/** Its node was told to fork a runner. */
	| {readonly kind: 'called'; readonly isGone: boolean; readonly deadline: Instant}
	/** The runner has what the client has handed. `runner` null: its process is not known, and so that of its command is waited for. */
	| {readonly kind: 'handed'; readonly runner: number | null; readonly isGone: boolean; readonly deadline: Instant}
	| {readonly kind: 'running'; readonly runner: number | null; readonly pid: number}
	/** The runner or its command has ended, and no status has come yet; null: that process has ended. */
	| {
		readonly kind: 'lost'; readonly runner: number | null; readonly pid: number | null; readonly status: number | null;
		readonly deadline: Instant;
	}
	/** Its command was sent SIGTERM. */
	| {readonly kind: 'ending'; readonly runner: number | null; readonly pid: number; readonly deadline: Instant}
	/** Its status was told, and its runner is about to end. */
	| {readonly kind: 'closing'; readonly runner: number | null; readonly deadline: Instant}
	| {readonly kind: 'over'};

export type RunNews =
	/** `C:` was written. */
	| {readonly kind: 'called'}
	| {readonly kind: 'runner'; readonly pid: number | null}
	| {readonly kind: 'begun'; readonly pid: number}
	| {readonly kind: 'done'; readonly status: number}
	| {readonly kind: 'garbled'; readonly why: string}
	/** `status`: as a shell has it, null: not known. */
	| {readonly kind: 'exited'; readonly pid: number; readonly status: number | null}
	| {readonly kind: 'gone'}
	/** Its node ended before there was a runner. */
	| {readonly kind: 'requeue'}
	/** It cannot be run. */
	| {readonly kind: 'refuse'; readonly answer: Answer}
	/** It is to end. */
	| {readonly kind: 'end'}
	| {readonly kind: 'due'};

/** What a client is told. */
export interface Answer {
	readonly pid?: number;
	readonly text?: string;
	readonly on?: 'stdio' | 'stderr';
	readonly status?: number;
}

export interface RunMove {
	readonly phase: RunPhase;
	readonly answer?: Answer;
	readonly effects?: readonly Effect[];
}

/** How long a node may take to fork a runner. */
export const CALL: Millis = 5000;

/** How long a runner may take from the descriptors to the pid of its command. */
export const BEGIN: Millis = 10_000;

/** How long a status is waited for once the runner has ended, or only its command. */
const [AFTER_RUNNER, AFTER_COMMAND]: readonly [Millis, Millis] = [250, 1500];

/** From SIGTERM to SIGKILL. */
const GRACE: Millis = 1000;

/** How long a runner may outlive the status that it has told. */
const LINGER: Millis = 5000;

type PhaseOf<K extends RunPhase['kind']> = Extract<RunPhase, {kind: K}>;
type Cell<P extends RunPhase['kind'], N extends RunNews['kind']> =
	(phase: PhaseOf<P>, news: Extract<RunNews, {kind: N}>, run: Run, now: Instant) => RunMove;
type Table = {readonly [P in RunPhase['kind']]: {readonly [N in RunNews['kind']]: Cell<P, N>}};

const stay = (phase: RunPhase): RunMove => ({phase});

/** The phase of a client that is told a status. */
const OVER: RunPhase = {kind: 'over'};

const none = {
	called: stay, runner: stay, begun: stay, done: stay, garbled: stay, exited: stay, gone: stay, requeue: stay, refuse: stay, end: stay,
	due: stay,
};

/** A status as shells have it. */
const [FAILED, TERMINATED, KILLED] = [1, 128 + SIG.TERM, 128 + SIG.KILL];

const table: Table = {
	queued: {
		...none,
		called: (_, __, ___, now) => ({phase: {kind: 'called', isGone: false, deadline: now + CALL}}),
		// It comes from before the restart of its node.
		runner: (phase, {pid}) => ({phase, effects: kill(pid)}),
		gone: () => ({phase: OVER, answer: {status: FAILED}}),
		refuse: (_, {answer}) => ({phase: OVER, answer}),
	},
	called: {
		...none,
		runner: (phase, {pid}, run, now) => (phase.isGone
			? {phase: OVER, answer: {status: FAILED}, effects: kill(pid)}
			: {phase: {kind: 'handed', runner: pid, isGone: false, deadline: now + BEGIN}, effects: [{kind: 'hand', run, hasEnv: false}]}),
		gone: phase => ({phase: {...phase, isGone: true}}),
		requeue: phase => (phase.isGone ? {phase: OVER, answer: {status: FAILED}} : {phase: {kind: 'queued'}}),
		refuse: (_, {answer}) => ({phase: OVER, answer}),
		due: () => ({phase: OVER, answer: failure('the node did not start the command within 5 s')}),
	},
	handed: {
		...none,
		begun: ({runner, isGone}, {pid}, run, now) => {
			const phase = {kind: 'running', runner, pid} as const;
			return isGone ? terminate(phase, null, run, now) : {phase, answer: {pid}};
		},
		done: closing,
		garbled: ({runner}, {why}) => ({phase: OVER, answer: failure(`the command's runner ${why}`), effects: kill(runner)}),
		exited: ({runner}, {status}, _, now) => {
			const lostStatus = status === 0 ? null : status;
			return {phase: {kind: 'lost', runner: null, pid: null, status: lostStatus, deadline: now + AFTER_RUNNER}, effects: kill(runner)};
		},
		gone: phase => (phase.runner === null
			? {phase: {...phase, isGone: true}}
			: {phase: OVER, answer: {status: FAILED}, effects: kill(phase.runner)}),
		end: ({runner}) => ({phase: OVER, answer: {status: TERMINATED}, effects: kill(runner)}),
		due: ({runner}) => ({phase: OVER, answer: failure('the command did not begin within 10 s'), effects: kill(runner)}),
	},
	running: {
		...none,
		done: closing,
		garbled: ({runner, pid}, {why}) => ({phase: OVER, answer: failure(`the command's runner ${why}`), effects: kill(runner, pid)}),
		exited: lost,
		gone: terminate,
		end: terminate,
	},
	lost: {
		...none,
		// The runner had made its command before it ended.
		begun: (phase, {pid}) => (phase.runner === null && phase.pid === null ? {phase: {...phase, pid}} : {phase}),
		done: closing,
		garbled: giveUp,
		exited: lost,
		gone: giveUp,
		end: giveUp,
		due: giveUp,
	},
	ending: {
		...none,
		done: closing,
		garbled: ({runner, pid}) => ({phase: OVER, answer: {status: KILLED}, effects: kill(runner, pid)}),
		exited: (phase, news, _, now) => (news.pid === phase.pid
			? lost(phase, {...news, status: news.status ?? TERMINATED}, 0, now)
			: {phase: {...phase, runner: null}}),
		due: ({runner, pid}) => ({phase: OVER, answer: {status: KILLED}, effects: kill(runner, pid)}),
	},
	closing: {
		...none,
		exited: () => ({phase: OVER}),
		end: ({runner}) => ({phase: OVER, effects: signal(runner, SIG.KILL, false)}),
		due: ({runner}) => ({phase: OVER, effects: signal(runner, SIG.KILL, false)}),
	},
	over: none,
};

type Begun = PhaseOf<'running' | 'lost' | 'ending'>;

/** What news mean for a run. */
export function runTransition(phase: RunPhase, news: RunNews, run: Run, now: Instant): RunMove {
	const cell = table[phase.kind][news.kind] as Cell<RunPhase['kind'], RunNews['kind']>;
	return cell(phase, news, run, now);
}

/** The processes that are known of a run. */
export function runPidsOf(phase: RunPhase): readonly number[] {
	const {runner = null, pid = null} = phase as {readonly runner?: number | null; readonly pid?: number | null};
	return [...new Set([runner, pid])].filter(each => each !== null);
}

/** When the run is due. */
export const runDeadlineOf = (phase: RunPhase): Instant => ('deadline' in phase ? phase.deadline : NEVER);

/** Whether its client has not been told a status. */
export const isOpen = ({kind}: RunPhase): boolean => kind !== 'closing' && kind !== 'over';

/** Whether its command has begun, and its end has not been told. */
export const hasBegun = ({kind}: RunPhase): boolean => kind === 'running' || kind === 'lost' || kind === 'ending';

/** A client's own words are not mixed with archon's: this goes to its standard error. */
export const failure = (text: string, status = FAILED): Answer => ({pid: 0, text: `archon zeus: ${text}\n`, on: 'stderr', status});

function closing({runner}: Begun | PhaseOf<'handed'>, {status}: {readonly status: number}, _: Run, now: Instant): RunMove {
	return {phase: runner === null ? OVER : {kind: 'closing', runner, deadline: now + LINGER}, answer: {status}};
}

/** The runner or the command has ended; a status may be on its way. */
function lost(
	phase: Begun, {pid: ended, status}: {readonly pid: number; readonly status: number | null}, _: Run, now: Instant,
): RunMove {
	const runner = phase.runner === ended ? null : phase.runner;
	const pid = phase.pid === ended ? null : phase.pid;
	const known = phase.kind === 'lost' ? phase.status : null;
	const told = phase.pid === ended || status !== 0 ? status : null;
	const deadline = now + (runner === null ? AFTER_RUNNER : AFTER_COMMAND);
	return {
		phase: {
			kind: 'lost', runner, pid,
			// Of a runner, 0 says nothing. How the command ended says more than how its runner did.
			status: phase.pid === ended ? told ?? known : known ?? told,
			deadline: phase.kind === 'lost' ? Math.min(deadline, phase.deadline) : deadline,
		},
	};
}

/** No status has come. */
function giveUp({runner, pid, status}: PhaseOf<'lost'>): RunMove {
	return {phase: OVER, answer: {status: status ?? FAILED}, effects: kill(runner, pid)};
}

function terminate({runner, pid}: PhaseOf<'running'>, _: unknown, __: Run, now: Instant): RunMove {
	return {phase: {kind: 'ending', runner, pid, deadline: now + GRACE}, effects: signal(pid, SIG.TERM, false)};
}

/** A runner leads a process group (setsid(2)), and its command may have made others in it. */
const kill = (runner: number | null, pid: number | null = null): readonly Effect[] =>
	[...signal(pid, SIG.KILL, false), ...signal(runner, SIG.KILL, true)];

const signal = (pid: number | null, number: SignalNumber, group: boolean): readonly Effect[] =>
	(pid === null ? [] : [{kind: 'signal', pid, signal: number, group}]);
