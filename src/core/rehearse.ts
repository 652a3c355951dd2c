/** What an event would make archon do, tried on a machine that does all at once: which processes stop and start, in order. */
import type {Effect} from './effect.ts';
import type {Event, News} from './event.ts';
import type {Id, Run} from './ids.ts';
import {entryOf, type State} from './state.ts';
import {entries as all} from './service-table.ts';
import {step} from './supervisor.ts';
import {type Instant, NEVER} from './time.ts';
import {nextDeadline} from './whole.ts';

export interface Rehearsal {
	readonly stops: readonly string[];
	readonly starts: readonly string[];
}

/** For each service: a few phases, and a deadline or two. */
const [STEPS_PER_SERVICE, STEPS_MORE] = [30, 100];

/** Every process ends by its first signal and is ready when it can be; oneshots complete. The state stays as it is. */
export function rehearse(before: State, event: Event, now: Instant): Rehearsal {
	const [stops, starts] = [new Set<string>(), new Set<string>()];
	const inbox: Event[] = [event];
	const runs = new Map(livingRuns(before));
	let state = before;
	let at = now;
	let left = STEPS_MORE + STEPS_PER_SERVICE * (state.names.size + ('services' in event ? event.services.length : 0));
	const nameOf = (id: Id): string => entryOf(state, id)?.service.name ?? '';
	const tell = (id: Id, run: Run, news: News): void => void inbox.push({kind: 'news', id, run, news});

	function perform(effect: Effect): void {
		switch (effect.kind) {
			case 'spawn':
				starts.add(effect.service.name);
				runs.set(effect.run, effect.id);
				tell(effect.id, effect.run, {kind: 'spawned', pid: PID});
				if (effect.service.type === 'oneshot') tell(effect.id, effect.run, ENDED);
				else if (effect.service.ready) tell(effect.id, effect.run, {kind: 'ready'});
				return;
			case 'examine': return tell(effect.id, effect.run, {kind: 'examined', verdict: 'met', why: ''});
			case 'signal': {
				const id = runs.get(effect.run);
				if (id === undefined || entryOf(state, id)?.phase.kind !== 'stopping') return;
				stops.add(nameOf(id));
				return tell(id, effect.run, ENDED);
			}
			case 'probe': return tell(effect.id, effect.run, {kind: 'probe', purpose: effect.purpose, passed: true, detail: ''});
			case 'hook': return tell(effect.id, effect.run, {kind: 'hooked', hook: effect.hook, failure: null});
			default: return;
		}
	}

	while (left > 0) {
		const next = inbox.shift() ?? tick();
		if (!next) break;
		const [after, effects] = step(state, next, at);
		state = after;
		left -= 1;
		effects.forEach(perform);
	}
	return {stops: [...stops], starts: [...starts]};

	/** Only what still has to come up is waited for: health checks go on for ever. */
	function tick(): Event | null {
		const due = nextDeadline(state);
		if (due === NEVER || state.awaited === 0) return null;
		at = Math.max(at, due);
		return {kind: 'tick'};
	}
}

const PID = 1 << 22;
const ENDED: News = {kind: 'exited', outcome: {kind: 'code', code: 0}, survivors: false};

function* livingRuns({table}: State): Iterable<readonly [Run, Id]> {
	for (const {id, phase} of all(table)) if ('run' in phase) yield [phase.run, id];
}
