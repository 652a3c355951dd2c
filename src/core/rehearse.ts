/** What an event would make archon do, tried on a machine that does all at once: which processes stop and start, in order. */
import type {Effect} from './effect.ts';
import type {Event, Hook, News} from './event.ts';
import type {Id, Run} from './ids.ts';
import type {Phase} from './phase.ts';
import type {Service} from './service.ts';
import {entries as all} from './service-table.ts';
import {entryOf, type State} from './state.ts';
import {step} from './supervisor.ts';
import {type Instant, NEVER} from './time.ts';
import {nextDeadline} from './whole.ts';

export interface Rehearsal {
	readonly stops: readonly string[];
	readonly starts: readonly string[];
}

/** For each service: a few phases, and a deadline or two. */
const [STEPS_PER_SERVICE, STEPS_MORE] = [30, 100];

/** Every process ends by its first signal and is ready when it can be, also one of before; oneshots complete. The state stays as it is. */
export function rehearse(before: State, event: Event, now: Instant): Rehearsal {
	const [stops, starts] = [new Set<string>(), new Set<string>()];
	const inbox: Event[] = [event];
	const runs = new Map<Run, Id>();
	let state = before;
	let at = now;
	let left = STEPS_MORE + STEPS_PER_SERVICE * (state.names.size + ('services' in event ? event.services.length : 0));
	const nameOf = (id: Id): string => entryOf(state, id)?.service.name ?? '';
	const tell = (id: Id, run: Run, news: News): void => void inbox.push({kind: 'news', id, run, news});

	for (const {id, phase, service} of all(before.table)) {
		if (!('run' in phase)) continue;
		runs.set(phase.run, id);
		for (const news of underway(phase, service)) tell(id, phase.run, news);
	}

	function perform(effect: Effect): void {
		switch (effect.kind) {
			case 'spawn':
				starts.add(effect.service.name);
				runs.set(effect.run, effect.id);
				return comingUp(effect.service).forEach(news => tell(effect.id, effect.run, news));
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

/** What a process that is made tells of itself. */
const comingUp = (service: Service): readonly News[] => [{kind: 'spawned', pid: PID}, ...handover(service), ...arrival(service)];

const handover = ({forks}: Service): readonly News[] =>
	(forks ? [{kind: 'forked'}, {kind: 'notify', message: {kind: 'main-pid', pid: PID + 1}}] : []);

const arrival = ({type, ready}: Service): readonly News[] => (type === 'oneshot' ? [ENDED] : ready ? [{kind: 'ready'}] : []);

/** What was begun before comes to its end as well. */
function underway(phase: Extract<Phase, {readonly run: Run}>, service: Service): readonly News[] {
	const hooked = (hook: Hook): News => ({kind: 'hooked', hook, failure: null});
	switch (phase.kind) {
		case 'spawning':
			if (phase.isConditional) return [{kind: 'examined', verdict: 'met', why: ''}];
			return phase.isHooked ? [hooked('pre_start')] : comingUp(service);
		case 'starting':
			return [...phase.handover ? handover(service) : phase.isHooked ? [hooked('post_start')] : [], ...arrival(service)];
		case 'up': return [];
		case 'stopping':
			if (phase.finish) return [hooked(phase.finish.hook)];
			if (phase.isHooked) return [hooked('pre_stop')];
			return [phase.outcome ? {kind: 'emptied'} : ENDED];
	}
}
