/**
 * When services with a schedule are due, and what is done then. The clock on the wall is an offset to the monotonic one, and to
 * set it is an event: what was due meanwhile is due once, however often it would have been.
 */
import {again} from '../../../core/demand.ts';
import {duration} from '../../../core/duration.ts';
import type {Entry} from '../../../core/entry.ts';
import {partOf} from '../../../core/features.ts';
import type {Id} from '../../../core/ids.ts';
import {add} from '../../../core/requests.ts';
import {fire} from '../../../core/rulings.ts';
import {entries, read} from '../../../core/service-table.ts';
import type {Schedule} from '../../../core/service.ts';
import {find} from '../../../core/state.ts';
import {type Instant, type Millis, NEVER} from '../../../core/time.ts';
import type {Turn} from '../../../core/turn.ts';
import {type Rule, wanted} from '../../../core/wanted.ts';
import {keeping} from '../../state/core.ts';
import {nextTime, showTime} from './calendar.ts';
import {type Cron, parseCron} from './expression.ts';
import {schedule as feature, type Scheduling} from './feature.ts';
import {type Timing, UNPLANNED} from './known.ts';

/**
 * Vixie's cron takes a clock that was set by less for one that goes wrong, and by more for one that is put right: then what
 * it has leapt over is lost, if it is not to be caught up.
 */
const CORRECTION: Millis = 3 * 3_600_000;

/** A clock that is put back by less has not shown any time a second time that a person would see. */
const UNSEEN: Millis = 60_000;

/** A run that is later than this has a line that says so. */
const LATE: Millis = 60_000;

// ── When ─────────────────────────────────────────────────────────────────────────────────────────

/** The clock on the wall says so now, or is known at all: each schedule is planned by it. */
export function setClock(turn: Turn, epoch: Millis): void {
	const own = partOf(turn.state, feature);
	const {epoch: before, isAwaited} = own;
	const jump = before === null ? 0 : epoch - before;
	if (Math.abs(jump) >= UNSEEN) {
		const which = jump > 0 ? 'forward' : 'back';
		turn.emit({kind: 'say', level: 'info', text: `the clock was put ${which} by ${duration(Math.abs(jump))}; schedules follow it`});
	}
	let hasSchedule = false;
	for (const entry of [...entries(turn.state.table)]) {
		const {service: {schedule}, retired, timing} = entry;
		hasSchedule ||= schedule !== null && !retired;
		const after = schedule && !retired ? plan(entry, schedule, epoch, jump, turn.now) : null;
		if (after !== timing) turn.put({...entry, timing: after});
	}
	const known = hasSchedule ? epoch : null;
	if (known !== before || isAwaited) {
		keep(turn, {...own, epoch: known, isAwaited: false});
	}
	if (!hasSchedule) turn.emit({kind: 'watch-clock', isOn: false});
	// From when on runs can be missed is known as well.
	if (before === null && partOf(turn.state, keeping).isKept) turn.emit({kind: 'persist'});
}

function plan({service: {name}, timing}: Entry, schedule: Schedule, epoch: Millis, jump: Millis, now: Instant): Timing {
	const of = textOf(schedule);
	const known = timing?.of === of ? timing : null;
	const wall = now + epoch;
	if (schedule.when.kind === 'every') {
		return known ?? {...timing ?? UNPLANNED, of, since: wall, due: null, at: now + schedule.when.interval + delayOf(name, schedule.jitter)};
	}
	// What was remembered may be of a clock that was far ahead.
	const isAhead = known !== null && known.since - wall >= CORRECTION;
	const isAgain = isAhead || -jump >= CORRECTION || (-jump >= UNSEEN && cronOf(schedule.when.text).isWild);
	const since = known && !isAgain ? known.since : wall;
	return following({...timing ?? UNPLANNED, of, since}, name, schedule, epoch, now);
}

/** With what comes after `since`. */
function following(timing: Timing, name: string, {when, jitter}: Schedule, epoch: Millis, now: Instant): Timing {
	if (when.kind === 'every') return {...timing, at: timing.at + when.interval * (Math.floor((now - timing.at) / when.interval) + 1)};
	const due = nextTime(cronOf(when.text), when.zone, timing.since);
	// One millisecond more, so that the service does not see a time before it.
	return {...timing, due, at: due === null ? NEVER : due + delayOf(name, jitter) - epoch + 1};
}

/** What of a schedule says when it is due. */
const textOf = ({when, jitter}: Schedule): string =>
	(when.kind === 'every' ? `every ${when.interval}` : `${when.text} ${when.zone.name}`) + (jitter > 0 ? ` ${jitter}` : '');

/** Within the jitter, and always the same for a name (FNV-1a). */
function delayOf(name: string, jitter: Millis): Millis {
	let hash = 0x811c9dc5;
	for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
	return jitter > 0 ? hash % (jitter + 1) : 0;
}

const known = new Map<string, Cron>();

/** How many expressions are remembered. */
const KNOWN_MAX = 256;

/** The meaning of an expression, which the config has judged. */
function cronOf(text: string): Cron {
	const cron = known.get(text);
	if (cron) return cron;
	const parsed = parseCron(text);
	if (!parsed.ok) throw new Error(`${text} ${parsed.error.why}`);
	if (known.size >= KNOWN_MAX) known.clear();
	known.set(text, parsed.value);
	return parsed.value;
}

// ── What ─────────────────────────────────────────────────────────────────────────────────────────

/** A schedule is due. */
export function onDue(turn: Turn, entry: Entry, timing: Timing): void {
	const {id, service: {name, schedule}} = entry;
	const {epoch} = partOf(turn.state, feature);
	if (!schedule || epoch === null || turn.state.stage.kind !== 'running') return turn.put({...entry, timing: {...timing, at: NEVER}});
	const wall = turn.now + epoch;
	const since = Math.max(timing.due ?? 0, wall - delayOf(name, schedule.jitter));
	const next = following({...timing, since}, name, schedule, epoch, turn.now);
	const late = turn.now - timing.at;
	const named = nameOf(schedule, timing);
	if (late > (schedule.isCaughtUp ? schedule.deadline : CORRECTION)) {
		const why = `it was missed by ${duration(late)}`;
		turn.emit({kind: 'say', level: 'warn', text: `${name} does not run for its schedule${named}: ${why}`});
		return turn.put({...entry, timing: {...next, left: timing.left + 1, why}});
	}
	turn.put({...entry, timing: next});
	const why = begin(turn, id, schedule);
	// Said once, however often it happens.
	if (why === null ? late >= LATE : why !== timing.why) {
		const text = why === null ? `runs ${duration(late)} late for its schedule${named}` : `does not run for its schedule${named}: ${why}`;
		turn.emit({kind: 'say', level: 'info', text: `${name} ${text}`});
	}

	const after = read(turn.state.table, id);
	if (!after) return;
	turn.put({...after, timing: why === null ? {...next, ran: wall, why: ''} : {...next, left: timing.left + 1, why}});
}

/** ` (30 3 * * *, 2026-03-29 03:30:00 +02:00)`. */
const nameOf = ({when}: Schedule, {due}: Timing): string =>
	(when.kind === 'every' || due === null ? '' : ` (${when.text}, ${showTime(when.zone, due)})`);

/** A run is asked for, beside those that are due. */
export function runNow(turn: Turn, ids: readonly Id[]): void {
	for (const id of ids) {
		const entry = read(turn.state.table, id);
		const {epoch} = partOf(turn.state, feature);
		if (!entry?.service.schedule || begin(turn, id, entry.service.schedule) !== null) continue;
		const after = read(turn.state.table, id);
		if (after?.timing && epoch !== null) turn.put({...after, timing: {...after.timing, ran: turn.now + epoch, why: ''}});
	}
}

/** Begins a run, or says why not. */
function begin(turn: Turn, id: Id, schedule: Schedule): string | null {
	const entry = read(turn.state.table, id);
	const refused = entry ? refusalOf(turn, entry, schedule) : 'it was removed';
	if (!entry || refused !== null) return refused;
	if (schedule.action === 'restart') again(turn, entry);
	else if (entry.phase.kind === 'down') fire(turn, [id]);
	// What waits is about to start anyway.
	else if (entry.phase.kind === 'waiting') return null;
	else if (schedule.overlap === 'allow') return beginBeside(turn, entry);
	else turn.write({...entry, desired: dueOf(entry), restartPending: true});
	return null;
}

/** How many runs of a service there are at a time, at most. */
const RUNS_MAX = 9;

/** A further run of a service, as a transient service of its own: `backup@2`. What it needs is there, as for the run under way. */
function beginBeside(turn: Turn, {service}: Entry): string | null {
	for (let number = 2; number <= RUNS_MAX; number++) {
		const name = `${service.name}@${number}`;
		if (find(turn.state, name)) continue;
		const own = partOf(turn.state, feature);
		add(turn, {...service, name, origin: 'daemon', autostart: false, schedule: null, needs: [], conflicts: []});
		keep(turn, {...own, copies: [...own.copies, find(turn.state, name)?.id ?? -1]});
		return null;
	}
	return `${RUNS_MAX} runs are under way`;
}

const keep = (turn: Turn, own: Scheduling): void =>
	void (turn.state = {...turn.state, slices: {...turn.state.slices, [feature.name]: own}});

/** Why a run cannot begin now; null: it can. */
export function refusalOf(turn: Pick<Turn, 'state'>, entry: Entry, {action, overlap}: Schedule): string | null {
	const subject: Entry = action === 'run' ? {...entry, desired: dueOf(entry)} : entry;
	const {runs, by} = wanted(subject, turn.state.stage);
	if (!runs) return REFUSED[by] ?? 'it is not to run';
	return action === 'run' && overlap === 'skip' && entry.phase.kind !== 'down' ? 'a run is under way' : null;
}

const dueOf = ({desired}: Entry): Entry['desired'] => (desired === 'auto' ? 'due' : desired);

const REFUSED: {readonly [R in Rule]?: string} = {
	operator: 'it was stopped on request', hitlist: 'it is on the hitlist', test: 'its test said no', manifest: 'it is not in the manifest',
	shutdown: 'archon is shutting down',
};
