/**
 * The passes of a manifest: each starts what is listed and does not run, and is over when all of that has come up or has failed
 * again. Passes are repeated until nothing is missing, or as often as the config says; then what is missing is told.
 */
import type {Entry} from '../../../core/entry.ts';
import type {Event} from '../../../core/event.ts';
import type {View} from '../../../core/feature.ts';
import type {Id} from '../../../core/ids.ts';
import {listed} from '../../../core/listed.ts';
import {isAlive} from '../../../core/phase.ts';
import {entries, isToRun} from '../../../core/state.ts';
import {type Instant, type Millis, NEVER} from '../../../core/time.ts';
import type {Change} from '../../../core/turn.ts';
import {countOf, isUnread, type Kept} from './kept.ts';

/** How long a pass waits for what it has started. */
const PATIENCE: Millis = 15_000;
/** How long a trigger waits for the first reading. */
const FIRST: Millis = 60_000;
/** How long services that are at rest and not listed any more are gathered, to be forgotten together. */
const GATHER: Millis = 1000;
/** How many missing programs are named. */
const NAMED_MAX = 20;

/** The lists were read, and what they say is known; or there is no manifest any more. */
export function reconcile(own: Kept | null, {every, maxPasses, since}: Extract<Event, {kind: 'reconcile'}>, view: View): Kept {
	if (own?.pass && since === null) return scheduled({...own, every, maxPasses});
	const kept: Kept = {
		clearAt: NEVER, told: '', isTriggered: false, ...own, every, maxPasses, next: view.now + every, pass: null, dueAt: NEVER,
	};
	return scheduled(every === Infinity ? answered(clear(kept, view), view) : check(clear(kept, view), view, 0, null, since ?? view.now));
}

/** The files are to be read again now. */
export function ask(own: Kept, view: View): Kept {
	if (own.every === Infinity) return own;
	view.emit({kind: 'reread'});
	return scheduled({...own, next: view.now + own.every});
}

/** The same, and what asked is told when the passes are over. Files that were not read yet are being read. */
export function trigger(own: Kept | null, view: View): Kept | null {
	if (own && own.every !== Infinity) return {...ask(own, view), isTriggered: true};
	if (!isUnread(view.state)) return own;
	return scheduled({
		clearAt: NEVER, told: '', maxPasses: 1, pass: null, dueAt: NEVER, ...own, every: Infinity, next: view.now + FIRST, isTriggered: true,
	});
}

function answered(own: Kept, view: View): Kept {
	if (!own.isTriggered) return own;
	view.emit({kind: 'triggered', feature: 'manifest'});
	return {...own, isTriggered: false};
}

export function changed(own: Kept, {before, after}: Change, {now}: View): Kept {
	const {pass} = own;
	const pending = pass ? Number(isPending(after, pass.began)) - Number(isPending(before, pass.began)) : 0;
	const isLeft = own.clearAt === NEVER && isForgettable(after);
	if (pending === 0 && !isLeft) return own;
	return scheduled({
		...own, pass: pass && {...pass, pending: pass.pending + pending}, clearAt: isLeft ? now + GATHER : own.clearAt,
	});
}

export function stalled(own: Kept, millis: Millis): Kept {
	const {pass, next, clearAt} = own;
	return scheduled({
		...own, next: next + millis, clearAt: clearAt + millis,
		pass: pass && {...pass, began: pass.began + millis, deadline: pass.deadline + millis},
	});
}

export function due(own: Kept, view: View): Kept {
	let kept = own.clearAt <= view.now ? clear(own, view) : own;
	const {pass} = kept;
	if (pass && (pass.pending <= 0 || pass.deadline <= view.now)) kept = check(kept, view, pass.number, pass.missing);
	// Files that have not answered all that time are not waited for any more.
	if (kept.every === Infinity && kept.next <= view.now) return scheduled({...answered(kept, view), next: NEVER});
	return !kept.pass && kept.next <= view.now ? ask(answered(kept, view), view) : scheduled(kept);
}

function scheduled(own: Kept): Kept {
	const {pass, next, clearAt} = own;
	const passAt = pass ? pass.pending <= 0 ? pass.began : pass.deadline : next;
	const dueAt = Math.min(passAt, clearAt);
	return dueAt === own.dueAt ? own : {...own, dueAt};
}

/** Begins the next pass if something is missing after `number` of them, of which there may be one more. */
function check(own: Kept, view: View, number: number, before: number | null, began = view.now): Kept {
	const missing = [...entries(view.state)].filter(isMissing);
	if (missing.length === 0 || number >= own.maxPasses) return finish(own, view, Math.max(1, number), missing, before ?? 0);
	const ended = missing.filter(({phase}) => phase.kind === 'down');
	const rulings = ended.flatMap(({id, rulings: {manifest}}) => (manifest ? [{id, ruling: {runs: true, why: manifest.why}}] : []));
	if (rulings.length > 0) view.raise({kind: 'rule', rule: 'manifest', rulings, revive: true});
	let pending = 0;
	for (const entry of entries(view.state)) pending += Number(isPending(entry, began));
	const first = before ?? missing.length;
	return {...own, pass: {number: number + 1, began, deadline: view.now + PATIENCE, pending, missing: first}};
}

function finish(own: Kept, view: View, passes: number, missing: readonly Entry[], before: number): Kept {
	const names = missing.slice(0, NAMED_MAX).map(({service}) => service.name);
	view.emit({kind: 'reconciled', passes, missing: missing.length, names, started: Math.max(0, before - missing.length)});
	const told = listed(missing.map(({service}) => service.name), NAMED_MAX);
	if (told !== '' && told !== own.told) {
		const words = missing.length === 1 ? 'a program is' : `${missing.length} programs are`;
		view.emit({kind: 'say', level: 'warn', text: `manifest: ${words} still missing after ${countOf(passes)}: ${told}`});
	}
	return {...answered(own, view), told, pass: null, next: view.now + own.every};
}

/** Forgets the services of programs that are listed no more, if they are at rest. */
function clear(own: Kept, view: View): Kept {
	const ids: Id[] = [];
	for (const entry of entries(view.state)) if (isForgettable(entry)) ids.push(entry.id);
	if (ids.length > 0) view.raise({kind: 'delist', ids});
	return {...own, clearAt: NEVER};
}

const isListed = (entry: Entry): boolean => entry.rulings.manifest?.runs === true;

/** Whether it is to run, and the manifest lists it. */
const isDue = (entry: Entry): boolean => isListed(entry) && isToRun(entry);

export function isMissing(entry: Entry): boolean {
	const {phase} = entry;
	if (phase.kind === 'up' || phase.kind === 'done' || !isDue(entry)) return false;
	return phase.kind !== 'down' || (phase.cause !== 'completed' && phase.cause !== 'skipped');
}

/**
 * Whether the attempt that the pass of that instant makes is not over: each service has one, whatever its own restarts are. What is
 * not to run any more counts until it has ended: that it is not comes without a change of its phase, which alone is told here.
 */
function isPending(entry: Entry, began: Instant): boolean {
	const {phase, since, ends} = entry;
	if (!isListed(entry) || (ends.at(-1) ?? -Infinity) > began) return false;
	switch (phase.kind) {
		case 'waiting': return !phase.isBlocked;
		case 'spawning': case 'starting': case 'stopping': return true;
		case 'backoff': return since < began;
		case 'up': case 'done': case 'down': return false;
	}
}

const isForgettable = (entry: Entry): boolean =>
	entry.service.origin === 'manifest' && !isListed(entry) && !isAlive(entry.phase) && !isToRun(entry);
