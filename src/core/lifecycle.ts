/**
 * The life table of one service: what each kind of news means in each phase. What depends on other services (when to
 * start, when to stop) is decided in `supervisor.ts`.
 */
import {beginning, hookOf} from './beginning.ts';
import {duration} from './duration.ts';
import type {Effect} from './effect.ts';
import {type Entry, PAST_MAX} from './entry.ts';
import type {News, NotifyMessage} from './event.ts';
import type {Run} from './ids.ts';
import type {Outcome, Scope} from './outcome.ts';
import {isPreparing, type Phase, type Spawning, type Starting, type Stopping, type Up} from './phase.ts';
import {type End, decide, resultOf} from './restart.ts';
import {SIG, type SignalNumber} from './signal-numbers.ts';
import {elapsed} from './state.ts';
import {type Instant, type Millis, NEVER} from './time.ts';
import {initialProbes, healthAfter, probe, afterProbe} from '../features/health/core.ts';

/** The next phase of an entry, with further changes and effects. */
export interface Transition {
	/** `await`: it waits for its needs, which the life table does not know. */
	readonly phase: Phase | 'await';
	readonly also?: Partial<Pick<Entry, Changeable>>;
	readonly effects?: readonly Effect[];
}

/** What changes with the phase. */
type Changeable = 'service' | 'outcome' | 'refusal' | 'ends' | 'starts' | 'restartPending' | 'blame' | 'past' | 'statusText';

type PhaseOf<K extends Phase['kind']> = Extract<Phase, {kind: K}>;
type NewsOf<K extends News['kind']> = Extract<News, {kind: K}>;
type Cell<P extends Phase['kind'], N extends News['kind']> =
	(phase: PhaseOf<P>, news: NewsOf<N>, entry: Entry, now: Instant, random: number) => Transition;
type Table = {readonly [P in Phase['kind']]: {readonly [N in News['kind']]: Cell<P, N>}};

/** How long after SIGKILL the remaining processes of a run are waited for. */
const KILL_PATIENCE: Millis = 5000;

/** A cell that cannot be reached: `os/` and the run numbers rule it out. */
const impossible = (phase: Phase, news: News): never => {
	throw new Error(`impossible: ${news.kind} while ${phase.kind}`);
};

/** A cell for news that come too late or mean nothing in this phase. */
const stay = (phase: Phase): Transition => ({phase});

const none = {
	examined: impossible, spawned: impossible, refused: impossible, withdrawn: impossible, forked: impossible, exited: impossible,
	emptied: impossible, ready: impossible, probe: impossible, hooked: impossible, notify: impossible, timeout: impossible,
};

const table: Table = {
	down: none,
	waiting: none,
	spawning: {
		...none,
		examined: (phase, {verdict, why}, entry, now, random) => {
			if (!phase.isConditional) return {phase};
			if (verdict === 'unknown') return failedBefore(`only_if: ${why}`, entry, now, random);
			if (verdict === 'unmet') {
				// It was no start, and so none is counted.
				const also = {blame: why, outcome: null, refusal: null, ends: [], starts: entry.starts - 1};
				return {phase: {kind: 'down', cause: 'skipped'}, also};
			}
			const after: Spawning = {...phase, isConditional: false};
			return {phase: after, effects: [beginning(entry, after, now)]};
		},
		spawned: (phase, news, entry, now) => {
			if (isPreparing(phase)) return impossible(phase, news);
			const {pid, sourced} = news;
			if (!sourced) return begin(phase, pid, entry, now);
			const service = {...entry.service, exec: {...entry.service.exec, sourced}};
			const move = begin(phase, pid, {...entry, service}, now);
			return {...move, also: {...move.also, service}};
		},
		refused: (_, {refusal}, entry, now, random) => {
			const end: End = {outcome: null, blame: null, wasUp: false};
			const move: Transition = refusal.temporary ? next(entry, end, now, random) : {phase: {kind: 'down', cause: 'failed'}};
			return {...move, also: {...move.also, refusal}};
		},
		// Without a request to stop it has to wait for a port: that was no start, and so none is counted.
		withdrawn: (_, __, entry) =>
			(entry.leaving ? withdraw() : {phase: {kind: 'down', cause: 'stopped'}, also: {starts: entry.starts - 1}}),
		hooked: (phase, {hook, failure}, entry, now, random) => {
			if (hook !== 'pre_start' || !phase.isHooked || phase.isConditional) return {phase};
			if (failure !== null) return failedBefore(`pre_start: ${failure}`, entry, now, random);
			const after: Spawning = {...phase, isHooked: false};
			return {phase: after, effects: [beginning(entry, after, now)]};
		},
	},
	starting: {
		...none,
		forked: phase => (phase.handover === 'exit' ? {phase: {...phase, handover: 'main'}} : {phase}),
		exited: (phase, {outcome, survivors}, entry, now, random) => {
			const isAlone = phase.handover === 'main';
			const blame = isAlone ? 'left no main process' : entry.service.type === 'daemon' ? 'exited before it was ready' : null;
			return endedByItself(phase, {outcome, blame, wasUp: false}, survivors, entry, now, random);
		},
		ready: (phase, _, entry, now) => {
			const {ready} = entry.service;
			return ready && ready.kind !== 'probe' ? becomeUp({...phase, isUnready: false}, entry, now) : {phase};
		},
		probe: (phase, {purpose, passed, detail}, entry, now) => {
			const {ready} = entry.service;
			if (purpose !== 'ready' || ready?.kind !== 'probe' || !phase.probes) return {phase};
			if (passed) return becomeUp({...phase, isUnready: false, probes: null}, entry, now);
			return {phase: {...phase, probes: afterProbe(phase.probes, false, detail, now + ready.interval)}};
		},
		hooked: (phase, {hook, failure}, entry, now) => {
			if (hook !== 'post_start') return {phase};
			return failure === null
				? becomeUp({...phase, isHooked: false}, entry, now)
				: giveUp(phase, entry, `post_start: ${failure}`, now);
		},
		notify: (phase, {message}, entry, now) => {
			if (message.kind === 'extend') return {phase: {...phase, deadline: Math.max(phase.deadline, now + message.millis)}};
			if (message.kind === 'main-pid' && phase.handover) return handOver(phase, message.pid, entry, now);
			return onNotify(phase, message);
		},
		timeout: (phase, _, entry, now) => {
			const {ready, type, startTimeout, pidFile} = entry.service;
			if (phase.steadyAt <= now) return becomeUp({...phase, isUnready: false, steadyAt: NEVER}, entry, now);
			if (phase.deadline <= now) {
				const late = phase.handover ? lateHandover(phase.handover, pidFile) : type === 'oneshot' ? 'not completed' : 'not ready';
				return giveUp(phase, entry, `${late} within ${duration(startTimeout)}`, now);
			}
			if (ready?.kind !== 'probe' || !phase.probes) return {phase};
			return {phase: {...phase, probes: {...phase.probes, next: NEVER}}, effects: [probe(entry, phase.run, 'ready', ready)]};
		},
	},
	up: {
		...none,
		forked: stay,
		exited: (phase, {outcome, survivors}, entry, now, random) =>
			endedByItself(phase, {outcome, blame: null, wasUp: true}, survivors, entry, now, random),
		ready: phase => ({phase: {...phase, isReady: true}}),
		probe: (phase, news, entry, now) => {
			const after = news.purpose === 'health' ? healthAfter(phase, news, entry, now) : phase;
			const isLost = after.health === 'unhealthy' && phase.health !== 'unhealthy';
			if (!isLost || entry.service.health?.onUnhealthy !== 'restart') return {phase: after};
			return giveUp(after, entry, `unhealthy: ${news.detail}`, now);
		},
		hooked: stay,
		notify: (phase, {message}, entry, now) => {
			switch (message.kind) {
				case 'reloading': return {phase: {...phase, isReady: false}};
				case 'alive': return {phase: {...phase, watchdogAt: now + (phase.watchdog ?? NEVER)}};
				case 'watchdog': return {phase: {...phase, watchdog: message.millis, watchdogAt: now + message.millis}};
				case 'extend': return {phase: {...phase, watchdogAt: Math.max(phase.watchdogAt, now + message.millis)}};
				case 'trigger': return giveUp(phase, entry, 'watchdog: received WATCHDOG=trigger', now, SIG.ABRT);
				default: return onNotify(phase, message);
			}
		},
		timeout: (phase, _, entry, now) => {
			const {health} = entry.service;
			if (phase.watchdogAt <= now) {
				return giveUp(phase, entry, `watchdog: no WATCHDOG=1 within ${duration(phase.watchdog ?? 0)}`, now, SIG.ABRT);
			}
			if (!health || !phase.probes) return {phase};
			return {phase: {...phase, probes: {...phase.probes, next: NEVER}}, effects: [probe(entry, phase.run, 'health', health)]};
		},
	},
	stopping: {
		...none,
		forked: stay,
		exited: (phase, {outcome, survivors}, entry, now, random) => {
			if (phase.finish) return {phase};
			const ended: Stopping = {...phase, outcome, isHooked: false};
			return survivors
				? {phase: ended, also: {outcome}, effects: signalSurvivors(entry, ended, phase.isRequested && !phase.isHooked)}
				: conclude(ended, outcome, entry, now, random);
		},
		emptied: (phase, news, entry, now, random) =>
			phase.finish ? {phase} : phase.outcome ? conclude(phase, phase.outcome, entry, now, random) : impossible(phase, news),
		ready: stay,
		probe: stay,
		hooked: (phase, {hook, failure}, entry, now, random) => {
			const told = failure === null ? [] : [hookFailed(entry, hook, failure)];
			if (hook === phase.finish?.hook) return withEffects(close(phase, entry, now, random), told);
			if (hook !== 'pre_stop' || !phase.isHooked) return {phase};
			return {phase: {...phase, isHooked: false}, effects: [...told, ...sendStop(phase, entry.stop.signal, entry.service.stopTo)]};
		},
		notify: (phase, {message}, _, now) => {
			if (message.kind === 'extend' && !phase.killed) {
				return {phase: {...phase, deadline: Math.max(phase.deadline, now + message.millis)}};
			}
			return phase.outcome ? {phase} : onNotify(phase, message);
		},
		timeout: (phase, _, entry, now, random) => {
			if (phase.finish) {
				const late = hookFailed(entry, phase.finish.hook, `took longer than ${duration(entry.stop.grace * phase.scale)}`);
				return withEffects(close(phase, entry, now, random), [late]);
			}
			if (!phase.killed) return kill(entry, phase, now);
			// SIGKILL can only be delayed in the kernel (a hung mount): the main process is waited for without a limit,
			// its descendants are not.
			return phase.outcome
				? conclude(phase, phase.outcome, entry, now, random)
				: {phase: {...phase, deadline: NEVER}};
		},
	},
	done: none,
	backoff: {
		...none,
		timeout: () => ({phase: 'await'}),
	},
};

/** What news of its run means for a service. It throws where the table says that the news cannot come. */
export function transition(entry: Entry, news: News, now: Instant, random: number): Transition {
	const {phase} = entry;
	const cell = table[phase.kind][news.kind] as Cell<Phase['kind'], News['kind']>;
	return cell(phase, news, entry, now, random);
}

/** Stops a service on request: `pre_stop` commands, then the stop signal. `scale` shortens the grace period. */
export function terminate(entry: Entry, phase: Starting | Up, now: Instant, scale: number): Transition {
	const {stop: {signal, grace}, service} = entry;
	const isHooked = service.hooks.preStop.length > 0;
	const after: Stopping = {...ending(phase), isRequested: true, isHooked, scale, deadline: now + grace * scale};
	return {phase: after, effects: isHooked ? [hookOf(entry, after, now)] : sendStop(phase, signal, service.stopTo)};
}

/** Runs the `down` commands of a oneshot that has completed; `run` is a new number, as the last run has ended. */
export function undo(entry: Entry, run: Run, now: Instant, scale: number): Transition {
	const phase: Stopping = {
		kind: 'stopping', run, pid: 0, blame: null, isHooked: false, wasUp: true, isRequested: true, killed: false, scale,
		outcome: entry.outcome ?? {kind: 'code', code: 0}, deadline: now + entry.stop.grace * scale, finish: {hook: 'down', result: ''},
	};
	return {phase, effects: [hookOf(entry, phase, now)]};
}

/** A start has failed before there was a process. */
function failedBefore(blame: string, entry: Entry, now: Instant, random: number): Transition {
	const move = next(entry, {outcome: null, blame, wasUp: false}, now, random);
	return {...move, also: {...move.also, blame, outcome: null, refusal: null}};
}

/** The service is at rest at once, and starts again if it is to run. */
export function withdraw(): Transition {
	return {phase: {kind: 'down', cause: 'stopped'}, also: {restartPending: false, ends: [], blame: null}};
}

const hookFailed = ({service: {name}}: Entry, hook: string, failure: string): Effect =>
	({kind: 'say', level: 'warn', text: `${hook} of ${name} failed: ${failure}`});

const withEffects = (move: Transition, effects: readonly Effect[]): Transition => ({...move, effects: [...effects, ...move.effects ?? []]});

/** Sends SIGKILL to the processes of a run that its kill mode names. */
export function kill({service}: Entry, phase: Starting | Up | Stopping, now: Instant): Transition {
	// Only its `post_stop` or `down` commands run, and they end with it.
	if (phase.kind === 'stopping' && phase.finish) return withdraw();
	const {run, pid} = phase;
	const before = phase.kind === 'stopping' ? phase : {...ending(phase), isRequested: true};
	return {
		phase: {...before, isHooked: false, deadline: now + KILL_PATIENCE, killed: true},
		effects: [{kind: 'signal', run, pid, signal: SIG.KILL, to: service.killMode}],
	};
}

/**
 * Moves the deadlines of an entry by the time for which archon itself did not run, so that what was left of each timeout
 * is left still, and the restart window counts the same ends. The times of the next probe and of a restart are not
 * timeouts and stay, as does the history (`since`, `past`).
 */
export function shiftDeadlines(entry: Entry, millis: Millis): Entry {
	const after = {...entry, stalled: entry.stalled + millis, ends: entry.ends.map(end => end + millis)};
	const {phase} = entry;
	switch (phase.kind) {
		case 'waiting':
		case 'spawning':
		case 'stopping': return {...after, phase: {...phase, deadline: phase.deadline + millis}};
		case 'starting': return {...after, phase: {...phase, deadline: phase.deadline + millis, steadyAt: phase.steadyAt + millis}};
		case 'up': return {...after, phase: {...phase, watchdogAt: phase.watchdogAt + millis}};
		case 'down':
		case 'done':
		case 'backoff': return after;
	}
}

/** What has not come to pass when the start timeout of a service that forks is over. */
function lateHandover(handover: 'exit' | 'main', pidFile: string | null): string {
	if (handover === 'exit') return 'its first process did not exit';
	return pidFile === null ? 'its main process was not told from others (set pid_file)' : `${pidFile} named no process of it`;
}

/** The process was started; it is up when `post_start` has ended and it is ready. */
function begin({run, deadline}: Spawning, pid: number, entry: Entry, now: Instant): Transition {
	const {type, forks, ready, startPeriod, startTimeout, hooks} = entry.service;
	const isSteadying = type === 'daemon' && ready === null && startPeriod > 0;
	const phase: Starting = {
		kind: 'starting', run, pid,
		isHooked: !forks && hooks.postStart.length > 0,
		isUnready: type === 'oneshot' || ready !== null || isSteadying,
		handover: forks ? 'exit' : null,
		deadline: Math.min(deadline, now + startTimeout),
		steadyAt: isSteadying ? now + startPeriod : NEVER,
		probes: ready?.kind === 'probe' ? initialProbes(now) : null,
	};
	const effects = phase.isHooked ? [hookOf(entry, phase, now)] : [];
	return {phase: becomeUp(phase, entry, now).phase, also: {refusal: null, blame: null, statusText: ''}, effects};
}

/** The main process of a service that forks is known, and its first one does not matter any more. */
function handOver(phase: Starting, pid: number, entry: Entry, now: Instant): Transition {
	const after: Starting = {...phase, pid, handover: null, isHooked: entry.service.hooks.postStart.length > 0};
	const effects: readonly Effect[] = pid === phase.pid ? [] : [{kind: 'follow', run: phase.run, from: phase.pid, to: pid}];
	return withEffects({...becomeUp(after, entry, now), ...after.isHooked && {effects: [hookOf(entry, after, now)]}}, effects);
}

/** The service is up if `post_start` has ended and it is ready. */
export function becomeUp(phase: Starting, {service, ends}: Entry, now: Instant): Transition {
	if (phase.isHooked || phase.isUnready || phase.handover) return {phase};
	const {health, watchdog, restart} = service;
	const {run, pid} = phase;
	const up: Up = {
		kind: 'up', run, pid, isReady: true, watchdog, watchdogAt: now + (watchdog ?? NEVER),
		health: health ? 'starting' : 'none', probes: health ? initialProbes(now) : null,
	};
	return {phase: up, also: {ends: restart.counts === 'starts' ? [] : ends}};
}

/** Messages of sd_notify(3) that mean the same in every phase with a process. */
function onNotify(phase: Starting | Up | Stopping, word: NotifyMessage): Transition {
	switch (word.kind) {
		case 'status': return {phase, also: {statusText: word.text}};
		case 'errno': return {phase, also: {statusText: `errno ${word.errno}`}};
		case 'main-pid': {
			if (word.pid === phase.pid) return {phase};
			return {
				phase: {...phase, pid: word.pid},
				effects: [{kind: 'follow', run: phase.run, from: phase.pid, to: word.pid}],
			};
		}
		default: return {phase};
	}
}

/** archon stops a run without a request; the run has failed whatever its exit status. */
function giveUp(
	phase: Starting | Up, entry: Entry, blame: string, now: Instant, signal: SignalNumber | null = null,
): Transition {
	return {
		phase: {...ending(phase), isRequested: false, blame, deadline: now + entry.stop.grace},
		also: {blame, ends: earlierEnds(entry, phase.kind === 'up', now)},
		// The watchdog's SIGABRT makes a core dump, which is of use for the main process only.
		effects: signal === null ? sendStop(phase, entry.stop.signal, entry.service.stopTo) : sendStop(phase, signal, 'main'),
	};
}

/** The begin of a stop, to be completed by the caller. */
const ending = ({kind, run, pid}: Starting | Up): Omit<Stopping, 'isRequested' | 'deadline'> => ({
	kind: 'stopping', run, pid, blame: null, isHooked: false, wasUp: kind === 'up', outcome: null, killed: false,
	scale: 1, finish: null,
});

/** The effects of a stop signal; SIGCONT follows, as a stopped process does not handle signals. */
const sendStop = ({run, pid}: {readonly run: Run; readonly pid: number}, signal: SignalNumber, to: Scope): readonly Effect[] =>
	[signal, SIG.CONT].map(each => ({kind: 'signal', run, pid, signal: each, to}));

/** The main process ended without a request; its remaining processes are ended before the next run. */
function endedByItself(
	phase: Starting | Up, end: End & {readonly outcome: Outcome}, survivors: boolean, entry: Entry, now: Instant, random: number,
): Transition {
	const ends = earlierEnds(entry, end.wasUp, now);
	const {outcome, blame} = end;
	const stopping: Stopping = {...ending(phase), isRequested: false, blame, outcome, deadline: now + entry.stop.grace};
	if (!survivors) {
		const move = conclude(stopping, outcome, {...entry, ends}, now, random);
		return move.phase !== 'await' && move.phase.kind === 'stopping' ? {...move, also: {...move.also, ends}} : move;
	}
	return {phase: stopping, also: {outcome, ends}, effects: signalSurvivors(entry, stopping)};
}

/** The earlier ends that still count when a run ends: none if it had been up for `resetAfter`. */
const earlierEnds = (entry: Entry, wasUp: boolean, now: Instant): Entry['ends'] =>
	wasUp && elapsed(entry, now) >= entry.service.restart.resetAfter ? [] : entry.ends;

/** Signals the remaining processes of a run; `isAsked`: the stop signal was sent before. */
function signalSurvivors({service: {killMode, stopTo}}: Entry, {run, pid, killed}: Stopping, isAsked = false): readonly Effect[] {
	if (killed) return [{kind: 'signal', run, pid, signal: SIG.KILL, to: killMode}];
	// Processes that got the stop signal are about to end, and another signal might interrupt that.
	if (!isAsked || stopTo === 'main') return sendStop({run, pid}, SIG.TERM, killMode);
	return killMode === 'tree' ? sendStop({run, pid}, SIG.TERM, 'strays') : [];
}

/** All processes of the run have ended: its `post_stop` commands run, if it has any. */
function conclude(phase: Stopping, outcome: Outcome, entry: Entry, now: Instant, random: number): Transition {
	if (entry.service.hooks.postStop.length === 0) return close({...phase, outcome}, entry, now, random);
	const finish = {hook: 'post_stop', result: resultOf(phase, outcome, entry.service.restart.success)} as const;
	const deadline = now + entry.stop.grace * phase.scale;
	const after: Stopping = {...phase, isHooked: false, killed: false, outcome, finish, deadline};
	return {phase: after, also: {outcome}, effects: [hookOf(entry, after, now)]};
}

/** The run is over. */
function close({isRequested, blame, wasUp, outcome}: Stopping, entry: Entry, now: Instant, random: number): Transition {
	if (!outcome) throw new Error('closed before it has ended');
	if (!isRequested) return next(entry, {outcome, blame, wasUp}, now, random);
	const past = remember(entry, outcome, null, now);
	return {phase: {kind: 'down', cause: 'stopped'}, also: {outcome, restartPending: false, ends: [], blame: null, past}};
}

/** The next phase after a run that ended without a request. */
function next(entry: Entry, end: End, now: Instant, random: number): Transition {
	const {outcome, blame} = end;
	const verdict = decide(entry, end, now, random);
	const last = outcome ? {outcome, blame, past: remember(entry, outcome, blame, now)} : {};
	if (verdict.kind === 'rest') {
		const isDone = verdict.cause === 'completed' && entry.service.hooks.down.length > 0;
		return {phase: isDone ? {kind: 'done'} : {kind: 'down', cause: verdict.cause}, also: {...last, ends: entry.ends}};
	}
	return {
		phase: verdict.delay > 0 ? {kind: 'backoff', deadline: now + verdict.delay} : 'await',
		also: {...last, ends: verdict.ends},
	};
}

const remember = ({past}: Entry, outcome: Outcome, blame: string | null, at: Instant): Entry['past'] =>
	[...past, {at, outcome, blame}].slice(-PAST_MAX);
