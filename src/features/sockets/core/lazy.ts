/** What starts with its first connection, and stops when it has none any more (`accept: lazy`, `idle_timeout`). */
import {duration} from '../../../core/duration.ts';
import type {Entry} from '../../../core/entry.ts';
import type {Event} from '../../../core/event.ts';
import type {View} from '../../../core/feature.ts';
import type {Id} from '../../../core/ids.ts';
import {fire} from '../../../core/rulings.ts';
import {entries, read} from '../../../core/service-table.ts';
import {isToRun} from '../../../core/state.ts';
import type {Instant, Millis} from '../../../core/time.ts';
import type {Change, Turn} from '../../../core/turn.ts';
import type {Holder} from './act.ts';
import {type Listening, NAME} from './listening.ts';

/** How many starts connections may ask for at once, and how long it takes until one more may be (systemd.socket(5), TriggerLimitBurst=). */
const [STARTS_MAX, START_EVERY] = [10, 6000 satisfies Millis];

/** A config is in force, or goes on to be: its sockets are bound, and the lazy ones watched. */
export function hold(own: Listening, view: View): Listening {
	const holders: Holder[] = [];
	for (const {id, service, retired} of entries(view.state.table)) {
		if (!retired && (service.sockets.length > 0 || service.fdStoreMax > 0)) holders.push({id, service});
	}
	view.emit({kind: 'sockets', what: {kind: 'hold', holders}});
	const lazy = holders.filter(({service}) => service.isLazy).map(({id}) => id);
	for (const id of own.armed) if (!lazy.includes(id)) view.emit({kind: 'sockets', what: {kind: 'disarm', id}});
	for (const id of lazy) watchIfUp(read(view.state.table, id), view);
	return review({...own, isHeld: holders.length > 0, lazy, armed: []}, view);
}

/** A lazy service is in another phase. */
export function changed(own: Listening, {before, after}: Change, view: View): Listening {
	if (before.phase.kind !== 'up' && after.phase.kind === 'up') watchIfUp(after, view);
	else if (before.phase.kind === 'up' && after.phase.kind !== 'up') view.emit({kind: 'sockets', what: {kind: 'forget-idle', id: after.id}});
	return own.lazy.includes(after.id) ? judge(own, after.id, view) : own;
}

function watchIfUp(entry: Entry | undefined, view: View): void {
	if (entry?.phase.kind !== 'up' || entry.service.idleTimeout === Infinity) return;
	const {id, service, phase: {run}} = entry;
	view.emit({kind: 'sockets', what: {kind: 'await-idle', id, run, service}});
}

/** What is asked of services, or said of them, has changed. */
export function review(own: Listening, view: View): Listening {
	return own.lazy.reduce((now, id) => judge(now, id, view), own);
}

/** Whether archon waits for its next connection from now on. */
function judge(own: Listening, id: Id, view: View): Listening {
	const entry = read(view.state.table, id);
	const isArmed = own.armed.includes(id);
	const isOpen = entry !== undefined && awaitsConnection(entry, view) && own.resting?.[id] === undefined;
	if (isOpen === isArmed) return own;
	if (!isOpen) {
		view.emit({kind: 'sockets', what: {kind: 'disarm', id}});
		return {...own, armed: own.armed.filter(each => each !== id)};
	}
	view.emit({kind: 'sockets', what: {kind: 'arm', id, service: entry.service}});
	return {...own, armed: [...own.armed, id]};
}

/** Whether it is at rest, and a connection would start it: it has not failed, and no rule is against it. */
const awaitsConnection = (entry: Entry, {state: {stage}}: Pick<View, 'state'>): boolean => stage.kind === 'running' && !entry.retired
	&& entry.phase.kind === 'down' && entry.phase.cause !== 'failed' && entry.phase.cause !== 'skipped' && isToRun(asked(entry));

const asked = (entry: Entry): Entry => (entry.desired === 'auto' ? {...entry, desired: 'due'} : entry);

/** A connection waits. */
export function activate(turn: Turn, {id}: Extract<Event, {kind: 'activate'}>): void {
	const own = turn.state.slices[NAME] as Listening;
	const entry = read(turn.state.table, id);
	// `os/` waits for no other one by itself.
	const unarmed: Listening = {...own, armed: own.armed.filter(each => each !== id)};
	if (!entry || !own.armed.includes(id) || !awaitsConnection(entry, turn)) return keep(turn, unarmed);
	const {left, at} = own.allowances[id] ?? {left: STARTS_MAX, at: turn.now};
	const level = Math.min(STARTS_MAX, left + (turn.now - at) / START_EVERY);
	if (level < 1) {
		const until = turn.now + (1 - level) * START_EVERY + 1;
		const text = `${entry.service.name}: connections have started it ${STARTS_MAX} times in a row, and it takes none: `
			+ `the next start waits ${Math.ceil((until - turn.now) / 1000)} s`;
		turn.emit({kind: 'say', level: 'warn', text});
		return keep(turn, {...unarmed, resting: {...own.resting, [id]: until}});
	}
	keep(turn, {...unarmed, allowances: {...own.allowances, [id]: {left: level - 1, at: turn.now}}});
	fire(turn, [id]);
}

const keep = (turn: Turn, own: Listening): void => {
	turn.state = {...turn.state, slices: {...turn.state.slices, [NAME]: own}};
};

/** The rest of a service is over. */
export function due(own: Listening, view: View): Listening {
	const rests = Object.entries(own.resting ?? {}).filter(([, until]) => until > view.now);
	return review({...own, resting: rests.length === 0 ? null : Object.fromEntries(rests)}, view);
}

export function postpone(own: Listening, millis: Millis): Listening {
	const later = (at: Instant): Instant => at + millis;
	return {...own, resting: Object.fromEntries(Object.entries(own.resting ?? {}).map(([id, until]) => [id, later(until)]))};
}

/** It stops, until the next connection. What others need stays. */
export function rest(turn: Turn, {id, run}: Extract<Event, {kind: 'idle'}>): void {
	const entry = read(turn.state.table, id);
	if (!entry || entry.phase.kind !== 'up' || entry.phase.run !== run) return;
	const {service, desired} = entry;
	const idle: Entry = desired === 'due' || desired === 'start' ? {...entry, desired: 'auto'} : entry;
	if (!service.isLazy || isToRun(idle)) {
		return turn.emit({kind: 'sockets', what: {kind: 'await-idle', id, run, service}});
	}
	const text = `${service.name}: no connection was open for ${duration(service.idleTimeout)}: it stops until the next one`;
	turn.emit({kind: 'say', level: 'info', text});
	turn.write({...idle, restartPending: false, stop: service.stop});
}
