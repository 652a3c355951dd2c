/** Events: what happens to services and to archon as a whole, as data with numbers that only grow. Pure. */
import type {Entry} from '../../core/entry.ts';
import type {EventKind, OwnKind, PoolKind, ServiceKind} from '../../core/event-kinds.ts';
import type {Id} from '../../core/ids.ts';
import {exitStatus, type Outcome} from '../../core/outcome.ts';
import {isAlive, isPreparing, type Phase, type Starting, type Up} from '../../core/phase.ts';
import {attempt, lastEnd, lastEnds, pidOf, rulingFor, statusNameOf} from '../../core/status.ts';
import type {Status} from '../../core/statuses.ts';
import type {Stage} from '../../core/stage.ts';
import type {Instant} from '../../core/time.ts';

/** What has happened; null and the empty text: there is no such thing. */
export interface Happening {
	readonly kind: EventKind;
	/** Empty: archon as a whole. */
	readonly service: string;
	/** Its status before and after. */
	readonly from: Status | '';
	readonly to: Status | '';
	readonly pid: number | null;
	readonly run: number | null;
	/** How its process ended, as an exit status of a shell. */
	readonly exit: number | null;
	/** How many: restarts in a row, or orphans. */
	readonly count: number | null;
	/** When it is started again. */
	readonly next: Instant | null;
	readonly reason: string;
}

/** A happening that is kept; its times are in milliseconds since 1970, and stay what they are. */
export interface KeptEvent extends Happening {
	/** One more than that of the event before. */
	readonly number: number;
	readonly at: number;
	readonly next: number | null;
}

/** The events that are kept: the last ones, by their numbers. */
export interface Events {
	/** The number of the oldest one that is kept; one more than `last`: none is kept. */
	first(): number;
	/** The number of the newest one that ever was; 0: there was none. */
	last(): number;
	/** At most `most` of them from this number on, which must be kept. */
	read(from: number, most: number): readonly KeptEvent[];
	/** Calls back after each event. The result ends that. */
	follow(callback: () => void): () => void;
}

/** An event of archon as a whole. */
export const ofArchon = (kind: OwnKind, reason: string, count: number | null = null): Happening => ({...NOTHING, kind, reason, count});

const NOTHING = {service: '', from: '', to: '', pid: null, run: null, exit: null, count: null, next: null, reason: ''} as const;

const FORCE = {2: 'all services at once', 3: 'SIGKILL to all services'} as const;

/** What the new stage of the whole is as an event; null: none. */
export function eventOfStage(stage: Stage): Happening | null {
	switch (stage.kind) {
		case 'running': return ofArchon('booted', '');
		case 'stopping':
			if (stage.reboots && stage.force === 1) return ofArchon('rebooting', stage.why);
			return ofArchon('shutdown', stage.force === 1 ? stage.why : FORCE[stage.force]);
		case 'sweeping': return ofArchon('shutdown', stage.killed ? 'SIGKILL to the remaining processes' : 'ending the remaining processes');
		case 'boot':
		case 'over': return null;
	}
}

/** A service is known no more. */
export const eventOfRemoval = (entry: Entry): Happening =>
	({...NOTHING, kind: 'removed', service: entry.service.name, from: statusNameOf(entry)});

/** Something about a service that is no change of it. */
export const ofService = (kind: ServiceKind, service: string, reason: string): Happening => ({...NOTHING, kind, service, reason});

/** Something in a pool: `exit` is that of a command. */
export const ofPool = (kind: PoolKind, service: string, reason: string, pid: number | null, exit: number | null): Happening =>
	({...NOTHING, kind, service, reason, pid, exit});

/** A service as it is when the whole has settled. */
export type EntryOf = (id: Id) => Entry | undefined;

/** Tells the events that the change of a service is: none, one or two. A wait that is over in the same step is not told. */
export function eventsOfChange(before: Entry, after: Entry, entryOf: EntryOf, tell: (happening: Happening) => void): void {
	const was = before.phase;
	const {phase} = after;
	// Most changes are those of a start, and hundreds may come at once.
	if (was.kind === 'spawning' && (phase.kind === 'starting' || phase.kind === 'up')) return tellStart(after, phase, tell);
	if (phase.kind === 'spawning' && !isPreparing(phase)) return;
	if (phase.kind === 'waiting' && !isAlive(was) && was.kind !== 'waiting' && entryOf(after.id)?.phase.kind !== 'waiting') return;
	const outcome = endOf(was, after);
	const say = (kind: ServiceKind, reason = '', count: number | null = null, next: Instant | null = null): void => tell({
		kind, service: after.service.name, from: statusNameOf(before), to: statusNameOf(after),
		pid: pidOf(phase) ?? pidOf(was), run: runOf(phase) ?? runOf(was),
		exit: outcome ? exitStatus(outcome) : null, count, next, reason,
	});
	if (outcome) say('exited', lastEnd({refusal: null, blame: phase.kind === 'stopping' ? phase.blame : after.blame, outcome}));
	switch (phase.kind) {
		case 'waiting':
			if (was.kind === 'waiting') {
				if (was.isBlocked !== phase.isBlocked) say(phase.isBlocked ? 'blocked' : 'waiting');
			} else if (isAlive(was)) say('restarting', againAfter(before, after), after.ends.length);
			else say('waiting');
			return;
		case 'spawning':
			if (was.kind !== 'spawning') say('preparing');
			return;
		case 'starting':
		case 'up':
			if (was.kind !== 'starting' && was.kind !== 'up') return;
			if (was.pid !== phase.pid) say('main-pid');
			if (phase.kind === 'starting') return;
			if (was.kind === 'starting') return say('ready');
			if (was.isReady !== phase.isReady) say(phase.isReady ? 'ready' : 'reloading');
			if (was.health === phase.health) return;
			if (phase.health === 'healthy' || (was.health === 'unhealthy' && phase.health !== 'starting')) say('healthy');
			if (phase.health === 'unhealthy') say('unhealthy', phase.probes?.detail ?? '');
			return;
		case 'stopping': {
			const wasKilled = was.kind === 'stopping' && was.killed;
			if (phase.killed && !wasKilled) say('killed', was.kind === 'stopping' ? 'it did not stop in time' : '');
			else if (was.kind !== 'stopping' && !outcome) say('stopping', phase.blame ?? rulingFor(after, false));
			return;
		}
		case 'backoff': return say('backoff', againAfter(before, after), after.ends.length, phase.deadline);
		case 'done': return say('completed');
		case 'down': return atRest(after, say);
	}
}

function tellStart(after: Entry, phase: Starting | Up, tell: (happening: Happening) => void): void {
	const started: Happening = {
		kind: 'started', service: after.service.name, from: 'starting', to: statusNameOf(after), pid: phase.pid, run: phase.run,
		exit: null, count: null, next: null, reason: rulingFor(after, true),
	};
	tell(started);
	if (phase.kind === 'up') tell({...started, kind: 'ready', reason: ''});
}

function atRest(after: Entry, say: (kind: ServiceKind, reason?: string) => void): void {
	const {phase, refusal} = after;
	if (phase.kind !== 'down') return;
	switch (phase.cause) {
		case 'failed': return say('failed', refusal ? lastEnd(after) : lastEnds(after));
		case 'skipped': return say('skipped', lastEnd(after));
		case 'completed':
		case 'exited': return say('completed');
		case 'stopped': return say('stopped', rulingFor(after, false));
		case 'new':
	}
}

/** Why it is started again, and now or later. */
const againAfter = ({phase: was}: Entry, after: Entry): string =>
	(was.kind === 'waiting' ? 'too many restarts at once' : `${lastEnd(after)}; ${attempt(after)}`);

/** How the main process has ended by this change; null: by this one it has not. */
export function endOf(was: Phase, {phase, outcome}: Entry): Outcome | null {
	const hadProcess = was.kind === 'starting' || was.kind === 'up' || (was.kind === 'stopping' && was.outcome === null);
	if (!hadProcess || phase.kind === 'starting' || phase.kind === 'up') return null;
	return phase.kind === 'stopping' ? phase.outcome : outcome;
}

const runOf = (phase: Phase): number | null => ('run' in phase ? phase.run : null);
