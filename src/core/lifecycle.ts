/**
 * The life of one service as one table: every phase meets every piece of news. What depends on other
 * services (when to start, when to end) is not here but in `supervisor.ts`.
 */
import {
	type Effect, type Entry, type Instant, type Millis, NEVER, type News, type Outcome, type Phase, SIG, type Stopping,
} from './model.ts';
import {judge} from './restart.ts';

/** What a piece of news makes of an entry. */
export interface Move {
	readonly phase: Phase;
	readonly also?: Partial<Pick<Entry, 'outcome' | 'refusal' | 'ends' | 'bounce'>>;
	readonly effects?: readonly Effect[];
}

type PhaseOf<K extends Phase['kind']> = Extract<Phase, {kind: K}>;
type NewsOf<K extends News['kind']> = Extract<News, {kind: K}>;
type Cell<P extends Phase['kind'], N extends News['kind']> =
	(phase: PhaseOf<P>, news: NewsOf<N>, entry: Entry, now: Instant, dice: number) => Move;
type Table = {readonly [P in Phase['kind']]: {readonly [N in News['kind']]: Cell<P, N>}};

/** How long a SIGKILL may take until what is left of a process group is no longer waited for. */
const KILL_PATIENCE: Millis = 5000;

/** A cell that the kernel and the run numbers rule out: to reach it is a bug of ours. */
const impossible = (phase: Phase, news: News): never => {
	throw new Error(`impossible: ${news.kind} while ${phase.kind}`);
};

const none = {
	spawned: impossible, refused: impossible, exited: impossible, emptied: impossible, timeout: impossible,
};

const table: Table = {
	down: none,
	waiting: none,
	spawning: {
		...none,
		spawned: ({run}, {pid}, {service}) => ({
			phase: {kind: service.type === 'oneshot' ? 'starting' : 'up', run, pid},
			also: {refusal: null},
		}),
		refused: (_, {refusal}, entry, now, dice) => {
			const move: Move = refusal.temporary ? next(entry, null, now, dice) : {phase: {kind: 'down', cause: 'failed'}};
			return {...move, also: {...move.also, refusal}};
		},
	},
	starting: {
		...none,
		exited: (phase, news, entry, now, dice) => endedByItself(phase, news, entry, now, dice),
	},
	up: {
		...none,
		exited: (phase, news, entry, now, dice) => endedByItself(phase, news, entry, now, dice),
	},
	stopping: {
		...none,
		exited: (phase, {outcome, survivors}, entry, now, dice) => {
			const ended = {...phase, outcome};
			return survivors
				? {phase: ended, also: {outcome}, effects: urge(ended)}
				: conclude(ended, outcome, entry, now, dice);
		},
		emptied: (phase, news, entry, now, dice) =>
			phase.outcome ? conclude(phase, phase.outcome, entry, now, dice) : impossible(phase, news),
		timeout: (phase, _, entry, now, dice) => {
			if (!phase.killed) return kill(phase, now);
			// SIGKILL cannot be refused, only delayed in the kernel (a hung mount): the process itself is
			// awaited for ever, others of its group are not.
			return phase.outcome
				? conclude(phase, phase.outcome, entry, now, dice)
				: {phase: {...phase, deadline: NEVER}};
		},
	},
	backoff: {
		...none,
		timeout: () => ({phase: {kind: 'waiting'}}),
	},
};

/** What news of its own run makes of a service. Throws if the table says that it cannot happen. */
export function meet(entry: Entry, news: News, now: Instant, dice: number): Move {
	const {phase} = entry;
	const cell = table[phase.kind][news.kind] as Cell<Phase['kind'], News['kind']>;
	return cell(phase, news, entry, now, dice);
}

/** On request: the stop signal to the process, with SIGCONT, for a stopped process hears nothing else. */
export function terminate(entry: Entry, phase: PhaseOf<'starting' | 'up'>, now: Instant): Move {
	const {signal, grace} = entry.stop;
	const {run, pid} = phase;
	return {
		phase: {kind: 'stopping', run, pid, asked: true, outcome: null, deadline: now + grace, killed: false},
		effects: [
			{kind: 'signal', run, pid, signal, group: false},
			{kind: 'signal', run, pid, signal: SIG.CONT, group: false},
		],
	};
}

/** SIGKILL to the whole process group, now. */
export function kill(phase: PhaseOf<'starting' | 'up' | 'stopping'>, now: Instant): Move {
	const {run, pid} = phase;
	const [asked, outcome] = phase.kind === 'stopping' ? [phase.asked, phase.outcome] : [true, null];
	return {
		phase: {kind: 'stopping', run, pid, asked, outcome, deadline: now + KILL_PATIENCE, killed: true},
		effects: [{kind: 'signal', run, pid, signal: SIG.KILL, group: true}],
	};
}

/** The process ended unasked. What it left in its group ends before a new one may take its place. */
function endedByItself(
	{run, pid}: PhaseOf<'starting' | 'up'>, {outcome, survivors}: NewsOf<'exited'>, entry: Entry, now: Instant,
	dice: number,
): Move {
	if (!survivors) return next(entry, outcome, now, dice);
	const deadline = now + entry.stop.grace;
	const phase: Stopping = {kind: 'stopping', run, pid, asked: false, outcome, deadline, killed: false};
	return {phase, also: {outcome}, effects: urge(phase)};
}

/** Asks the rest of a process group to end, in the words that it has earned. */
function urge({run, pid, killed}: Stopping): readonly Effect[] {
	if (killed) return [{kind: 'signal', run, pid, signal: SIG.KILL, group: true}];
	return [SIG.TERM, SIG.CONT].map(signal => ({kind: 'signal', run, pid, signal, group: true}));
}

/** The whole group is gone. */
function conclude(phase: Stopping, outcome: Outcome, entry: Entry, now: Instant, dice: number): Move {
	if (!phase.asked) return next(entry, outcome, now, dice);
	return {phase: {kind: 'down', cause: 'stopped'}, also: {outcome, bounce: false, ends: []}};
}

/** Where a service goes that ended by itself. */
function next(entry: Entry, outcome: Outcome | null, now: Instant, dice: number): Move {
	const verdict = judge(entry, outcome, now, dice);
	const last = outcome ? {outcome} : {};
	if (verdict.kind === 'rest') return {phase: {kind: 'down', cause: verdict.cause}, also: last};
	return {
		phase: verdict.delay > 0 ? {kind: 'backoff', deadline: now + verdict.delay} : {kind: 'waiting'},
		also: {...last, ends: verdict.ends},
	};
}
