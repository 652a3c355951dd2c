/**
 * The life table of one node: what each kind of news means in each phase. What depends on other nodes (when a node is asked for, when its
 * processes may be ended) is decided in `tree.ts`.
 */
import {duration} from '../../../core/duration.ts';
import {SIG, type SignalNumber} from '../../../core/signal-numbers.ts';
import {type Instant, type Millis, NEVER} from '../../../core/time.ts';
import type {Effect, NodeStatus} from './effect.ts';
import type {Peer} from './event.ts';

/** What becomes of a node once its processes have ended. */
export type Then =
	/** It is booted again as soon as it can be. */
	| {readonly kind: 'boot'}
	/** It has failed; `retry`: it is booted again after so long, NEVER: when a file changes or somebody asks. */
	| {readonly kind: 'fail'; readonly text: string; readonly retry: Millis};

export type Phase =
	/** It has no process and waits for its turn. */
	| {readonly kind: 'down'}
	/** Its parent was told to make it; the root: its program was started, as `pid` once that is known. */
	| {readonly kind: 'asked'; readonly isRoot: boolean; readonly pid: number | null; readonly deadline: Instant}
	/** `leader`: what was started for the root, where its worker is another process. */
	| {
		readonly kind: 'booting'; readonly pid: number; readonly leader: number | null;
		/** Null: it has closed its connection, and it is seen in a moment how it ended. */
		readonly peer: Peer | null;
		readonly deadline: Instant;
	}
	| {
		readonly kind: 'ready'; readonly pid: number; readonly leader: number | null; readonly peer: Peer | null; readonly since: Instant;
		readonly deadline: Instant;
	}
	/** Its child nodes end first, then its processes are signalled, once with SIGTERM and once with SIGKILL. */
	| {
		readonly kind: 'ending'; readonly pids: readonly number[]; readonly peer: Peer | null; readonly then: Then;
		/** The pid of what is being started comes yet. */
		readonly isSpawning: boolean;
		readonly signalled: SignalNumber | null;
		/** Since when it or what is above it ends: all of that has one grace period. */
		readonly since: Instant;
		readonly deadline: Instant;
	}
	/** `from`: the node above it that has crashed, null: itself. */
	| {readonly kind: 'crashed'; readonly text: string; readonly from: string | null; readonly retryAt: Instant};

export type News =
	/** It is its turn. */
	| {readonly kind: 'turn'; readonly isRoot: boolean}
	| {readonly kind: 'spawned'; readonly pid: number}
	| {readonly kind: 'refused'; readonly why: string}
	| {readonly kind: 'registered'; readonly pid: number; readonly peer: Peer}
	| {readonly kind: 'booted'}
	| {readonly kind: 'failed'; readonly text: string}
	/** Its connection is no more. */
	| {readonly kind: 'closed'; readonly why: string | null}
	/** One of its processes has ended. */
	| {readonly kind: 'exited'; readonly pid: number; readonly how: string}
	/** It has done what no worker may, or does not do what it has to. */
	| {readonly kind: 'fault'; readonly why: string}
	/** It is to restart or to stop; `since`: when that began. */
	| {readonly kind: 'end'; readonly since: Instant}
	/** No child node of it has a process any more. */
	| {readonly kind: 'alone'}
	/** The node above it has crashed, or is not crashed any more (null). */
	| {readonly kind: 'inherit'; readonly crash: {readonly text: string; readonly from: string} | null}
	| {readonly kind: 'due'};

/** What the table knows of the node besides its phase. */
export interface Life {
	readonly name: string;
	/** How often in a row it has failed. */
	readonly failures: number;
	readonly bootTimeout: Millis;
	/** Whether a crash of its action is tried again by itself. */
	readonly retries: boolean;
}

/** The next phase. */
export interface Move {
	readonly phase: Phase;
	readonly failures?: number;
	readonly effects?: readonly Effect[];
	/** The process that has registered is one too many. */
	readonly isSurprise?: boolean;
}

/** How long a fork of a node may take to register. */
export const REGISTRATION: Millis = 5000;

/** How long the root's program may: it loads an interpreter first. */
export const FIRST_REGISTRATION: Millis = 10_000;

/** From SIGTERM to SIGKILL. */
export const GRACE: Millis = 1000;

/** From the end of a connection to the end of its process, where that has ended. */
const LAST_MOMENT: Millis = 200;

/** The least of it for a node whose child nodes have used it up. */
const LEAST_GRACE: Millis = 100;

/** A node that was ready for so long has not failed before. */
const STEADY: Millis = 10_000;

/** The delays between retries double from the first to the longest. */
const [RETRY_FIRST, RETRY_LONGEST] = [1000, 30_000];

type PhaseOf<K extends Phase['kind']> = Extract<Phase, {kind: K}>;
type NewsOf<K extends News['kind']> = Extract<News, {kind: K}>;
type Cell<P extends Phase['kind'], N extends News['kind']> = (phase: PhaseOf<P>, news: NewsOf<N>, life: Life, now: Instant) => Move;
type Table = {readonly [P in Phase['kind']]: {readonly [N in News['kind']]: Cell<P, N>}};

/** A cell that cannot be reached: the tree and the hands rule it out. */
const impossible = (phase: Phase, news: News): never => {
	throw new Error(`impossible: ${news.kind} while ${phase.kind}`);
};

/** A cell for news that mean nothing in this phase. */
const stay = (phase: Phase): Move => ({phase});

const surprise = (phase: Phase): Move => ({phase, isSurprise: true});

const none = {
	turn: impossible, spawned: stay, refused: stay, registered: surprise, booted: impossible, failed: impossible, closed: impossible,
	exited: impossible, fault: impossible, end: stay, alone: impossible, inherit: stay, due: impossible,
};

const table: Table = {
	down: {
		...none,
		turn: (_, {isRoot}, __, now) => {
			const deadline = now + (isRoot ? FIRST_REGISTRATION : REGISTRATION);
			return {phase: {kind: 'asked', isRoot, pid: null, deadline}, effects: isRoot ? [{kind: 'spawn'}] : []};
		},
		// It was asked for, and comes late.
		registered: (_, {pid, peer}, {bootTimeout}, now) => ({phase: {kind: 'booting', pid, peer, leader: null, deadline: now + bootTimeout}}),
		inherit: (phase, {crash}) => (crash ? {phase: {kind: 'crashed', ...crash, retryAt: NEVER}} : {phase}),
	},
	asked: {
		...none,
		spawned: (phase, {pid}) => ({phase: {...phase, pid}}),
		refused: (phase, {why}, life, now) => failedEarly(phase, why, life, now),
		registered: (phase, {pid, peer}, {bootTimeout}, now) => {
			const leader = phase.pid === pid ? null : phase.pid;
			return {phase: {kind: 'booting', pid, peer, leader, deadline: now + bootTimeout}};
		},
		exited: (phase, {how}, life, now) => failedEarly(phase, `it ended before it registered (${how})`, life, now),
		end: (phase, {since}) => (phase.isRoot ? {phase: ending(phase, {kind: 'boot'}, since), failures: 0} : {phase: {kind: 'down'}}),
		due: (phase, _, life, now) => {
			const why = `it did not register within ${duration(phase.isRoot ? FIRST_REGISTRATION : REGISTRATION)}`;
			return phase.isRoot ? failed(phase, why, life, now) : failedEarly(phase, why, life, now);
		},
	},
	booting: {
		...none,
		spawned: (phase, {pid}) => ({phase: {...phase, leader: pid === phase.pid ? null : pid}}),
		booted: ({pid, peer, leader}, _, __, now) => ({phase: {kind: 'ready', pid, peer, leader, since: now, deadline: NEVER}}),
		failed: (phase, {text}, {name, retries, failures}, now) => ({
			effects: [{kind: 'log', level: 'error', text: `node ${name} has crashed: ${text}`}],
			phase: ending(phase, {kind: 'fail', text, retry: retries ? Math.max(RETRY_FIRST, delayAfter(failures)) : NEVER}, now),
			failures: failures + 1,
		}),
		closed,
		exited: (phase, news, life, now) => exited(phase, news, 'it ended before it was ready', life, now),
		fault: (phase, {why}, life, now) => failed(phase, why, life, now),
		end: again,
		due: (phase, _, life, now) => {
			const late = `it was not ready within ${duration(life.bootTimeout)}`;
			return failed(phase, phase.peer === null ? 'it closed its connection before it was ready' : late, life, now);
		},
	},
	ready: {
		...none,
		booted: stay,
		failed: (phase, {text}, life, now) => failed(phase, text, life, now),
		closed,
		exited: (phase, news, life, now) => exited(phase, news, 'it ended', life, now),
		fault: (phase, {why}, life, now) => failed(phase, why, life, now),
		end: again,
		due: (phase, _, life, now) => failed(phase, 'it closed its connection', life, now),
	},
	ending: {
		...none,
		spawned: (phase, {pid}) => {
			const after = {...phase, pids: [pid], isSpawning: false};
			return {phase: after, effects: phase.signalled === null ? [] : signal([pid], SIG.KILL)};
		},
		refused: (phase, _, __, now) => over({...phase, isSpawning: false}, now),
		booted: stay, failed: stay, fault: stay,
		closed: phase => ({phase: {...phase, peer: null}}),
		exited: (phase, {pid}, _, now) => over({...phase, pids: phase.pids.filter(each => each !== pid)}, now),
		end: (phase, {since}) => ({phase: {...phase, then: {kind: 'boot'}, since: Math.min(since, phase.since)}, failures: 0}),
		alone: (phase, _, __, now) => {
			if (phase.signalled !== null) return {phase};
			const deadline = Math.max(phase.since + GRACE, now + LEAST_GRACE);
			return over({...phase, peer: null, signalled: SIG.TERM, deadline}, now, signal(phase.pids, SIG.TERM));
		},
		// SIGKILL can only be delayed in the kernel (a hung mount): the end is waited for without a limit.
		due: phase => ({phase: {...phase, signalled: SIG.KILL, deadline: NEVER}, effects: signal(phase.pids, SIG.KILL)}),
	},
	crashed: {
		...none,
		registered: (phase, news, life, now) =>
			(phase.retryAt === NEVER ? surprise(phase) : table.down.registered({kind: 'down'}, news, life, now)),
		end: phase => (phase.from === null ? {phase: {kind: 'down'}, failures: 0} : {phase}),
		inherit: (phase, {crash}) => {
			if (phase.from === null) return {phase};
			return {phase: crash ? {...phase, ...crash} : {kind: 'down'}};
		},
		due: () => ({phase: {kind: 'down'}}),
	},
};

/** What news mean for a node. It throws where the table says that they cannot come. */
export function transition(phase: Phase, news: News, life: Life, now: Instant): Move {
	const cell = table[phase.kind][news.kind] as Cell<Phase['kind'], News['kind']>;
	return cell(phase, news, life, now);
}

/** What a node is shown as. */
export function statusOf(phase: Phase): NodeStatus {
	switch (phase.kind) {
		case 'down':
		case 'asked': return 'waiting';
		case 'ending': return phase.then.kind === 'fail' ? 'crashed' : 'waiting';
		case 'booting':
		case 'ready':
		case 'crashed': return phase.kind;
	}
}

/** The worker's pid, from its registration until it is to end. */
export const pidOf = (phase: Phase): number | null => (phase.kind === 'booting' || phase.kind === 'ready' ? phase.pid : null);

/** Why the node, or one above it, has no worker that can be ready soon; null: it has, or is about to. */
export function crashOf(phase: Phase): string | null {
	if (phase.kind === 'crashed') return phase.text;
	return phase.kind === 'ending' && phase.then.kind === 'fail' ? phase.then.text : null;
}

/** All processes that are known of a node. */
export function pidsOf(phase: Phase): readonly number[] {
	switch (phase.kind) {
		case 'asked': return phase.pid === null ? [] : [phase.pid];
		case 'booting':
		case 'ready': return phase.leader === null ? [phase.pid] : [phase.pid, phase.leader];
		case 'ending': return phase.pids;
		case 'down':
		case 'crashed': return [];
	}
}

/** The connection of a node. */
export const peerOf = (phase: Phase): Peer | null => ('peer' in phase ? phase.peer : null);

/** When the node is due. */
export function deadlineOf(phase: Phase): Instant {
	switch (phase.kind) {
		case 'asked':
		case 'booting':
		case 'ready':
		case 'ending': return phase.deadline;
		case 'crashed': return phase.retryAt;
		case 'down': return NEVER;
	}
}

/** How long a node that has failed so often waits for its next boot; the first time, it does not. */
const delayAfter = (failures: number): Millis =>
	(failures === 0 ? 0 : Math.min(RETRY_LONGEST, RETRY_FIRST * 2 ** Math.min(failures - 1, 10)));

type Living = PhaseOf<'asked' | 'booting' | 'ready'>;

/** The begin of the end of all that a node has. */
function ending(phase: Living, then: Then, since: Instant): PhaseOf<'ending'> {
	const isSpawning = phase.kind === 'asked' && phase.isRoot && phase.pid === null;
	const peer = phase.kind === 'asked' ? null : phase.peer;
	const pids = phase.kind === 'asked' || phase.leader === null ? [phase.pid].filter(pid => pid !== null) : [phase.pid, phase.leader];
	return {kind: 'ending', pids, peer, then, isSpawning, signalled: null, since, deadline: NEVER};
}

/** The same, for what was not asked to end: it is booted again at once or later. */
function failing(phase: Living, why: string, {name, failures}: Life, now: Instant): PhaseOf<'ending'> {
	const retry = delayAfter(isSteady(phase, now) ? 0 : failures);
	const text = `node ${name}: ${why}; it is booted again ${retry === 0 ? 'at once' : `after ${duration(retry)}`}`;
	return ending(phase, retry === 0 ? {kind: 'boot'} : {kind: 'fail', text, retry}, now);
}

const isSteady = (phase: Living, now: Instant): boolean => phase.kind === 'ready' && now - phase.since >= STEADY;

const warning = (name: string, why: string): Effect => ({kind: 'log', level: 'warn', text: `node ${name}: ${why}`});

function failed(phase: Living, why: string, life: Life, now: Instant): Move {
	return {
		phase: failing(phase, why, life, now),
		failures: (isSteady(phase, now) ? 0 : life.failures) + 1,
		effects: [warning(life.name, why)],
	};
}

/** The worker has ended by itself, or what was started for it. */
function exited(phase: PhaseOf<'booting' | 'ready'>, {pid, how}: NewsOf<'exited'>, what: string, life: Life, now: Instant): Move {
	if (pid === phase.leader) return {phase: {...phase, leader: null}};
	const move = failed(phase, `${what} (${how})`, life, now);
	return {...move, phase: {...move.phase as PhaseOf<'ending'>, pids: phase.leader === null ? [] : [phase.leader]}};
}

/** Its connection has ended; where it was not by its fault, its process has probably ended, too. */
function closed(phase: PhaseOf<'booting' | 'ready'>, {why}: NewsOf<'closed'>, life: Life, now: Instant): Move {
	const after = {...phase, peer: null};
	return why === null ? {phase: {...after, deadline: Math.min(phase.deadline, now + LAST_MOMENT)}} : failed(after, why, life, now);
}

/** A restart that was asked for. */
function again(phase: PhaseOf<'booting' | 'ready'>, {since}: NewsOf<'end'>): Move {
	return {phase: ending(phase, {kind: 'boot'}, since), failures: 0};
}

const signal = (pids: readonly number[], number: SignalNumber): readonly Effect[] =>
	pids.map(pid => ({kind: 'signal', pid, signal: number, group: false}));

/** It has ended once no process is left, and none comes. */
function over(phase: PhaseOf<'ending'>, now: Instant, effects: readonly Effect[] = []): Move {
	if (phase.pids.length > 0 || phase.isSpawning || phase.signalled === null) return {phase, effects};
	return {...ended(phase, now), effects};
}

/** A start has failed, and no process is known of it. */
function failedEarly(phase: Living, why: string, life: Life, now: Instant): Move {
	return {...failed(phase, why, life, now), ...ended(failing(phase, why, life, now), now)};
}

/** The node has no process any more. */
function ended({then}: PhaseOf<'ending'>, now: Instant): Move {
	return {phase: then.kind === 'boot' ? {kind: 'down'} : {kind: 'crashed', text: then.text, from: null, retryAt: now + then.retry}};
}
