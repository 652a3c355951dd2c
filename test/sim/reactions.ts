/** What must be true of actions after every step: no cause acts more often than it may, and none is about what is not there. */
import type {Act, Action} from '../../src/core/action.ts';
import type {Effect} from '../../src/core/effect.ts';
import type {ServiceKind} from '../../src/core/event-kinds.ts';
import {partOf} from '../../src/core/features.ts';
import type {Reacting, Service} from '../../src/core/service.ts';
import {SIG} from '../../src/core/signal-numbers.ts';
import {entries, entryOf, type State} from '../../src/core/state.ts';
import type {Instant} from '../../src/core/time.ts';
import {reactions} from '../../src/features/reactions/core/feature.ts';
import type {Random} from './random.ts';

/** When each cause has acted lately, by the cause and what it was about. */
export type Acts = Map<string, Instant[]>;

/** At once; and in milliseconds, from then on. */
const [BURST, EVERY] = [10, 6000];
/** How many acts before the last are remembered of a cause. */
const LATELY = 60;
/** Of how many causes one service knows how often they have acted. */
const CAUSES = 8;

function promise(kept: boolean, sentence: string): void {
	if (!kept) throw new Error(sentence);
}

/** Each act in these worlds begins with an alert, by which it is counted. */
export function checkActs(before: State, effects: readonly Effect[], state: State, acts: Acts, now: Instant): void {
	promise(partOf(state, reactions).changes.length === 0, 'something has happened, and its actions wait');
	for (const entry of entries(state)) {
		promise(entry === entryOf(before, entry.id) || Object.keys(entry.paces).length <= CAUSES, `${entry.service.name} remembers every cause`);
	}
	for (const effect of effects) {
		if (effect.kind === 'forgotten') for (const key of [...acts.keys()]) if (key.endsWith(` ${effect.entry.service.name}`)) acts.delete(key);
		if (effect.kind === 'run' && effect.about) promise(isThere(effect.about.service.name, before, state), `${effect.by} runs for nobody`);
		if (effect.kind === 'alert') count(`${effect.by} about ${effect.about}`, acts, now);
	}
}

const isThere = (name: string, ...states: readonly State[]): boolean =>
	states.some(state => [...entries(state)].some(({service}) => service.name === name));

function count(cause: string, acts: Acts, now: Instant): void {
	const times = [...acts.get(cause) ?? [], now].slice(-LATELY);
	acts.set(cause, times);
	for (const [i, at] of times.entries()) {
		const [done, may] = [times.length - i, BURST + (now - at) / EVERY];
		promise(done <= may + 1e-6, `${cause} acts ${done} times in ${now - at} ms`);
	}
}

const KINDS: readonly ServiceKind[] = [
	'started', 'ready', 'healthy', 'unhealthy', 'waiting', 'exited', 'restarting', 'backoff', 'completed', 'stopping', 'stopped', 'failed', 'skipped',
];
/** Services that a world is sure to have in its beginning, or may have. */
const NAMES = ['s0', 's1', 's2', 's5', 's11'] as const;

/** What is done when something happens to a service: among it what makes it happen again. */
export function drawReacting(r: Random): Reacting | null {
	const kinds = r.some(KINDS, r.pick([0.1, 0.5]));
	return kinds.length === 0 ? null : Object.fromEntries(kinds.map(kind => [kind, drawActions(r)]));
}

function drawActions(r: Random): readonly Action[] {
	const names = r.chance(0.5) ? [] : r.some(NAMES, 0.4);
	const kind = r.pick(['restart', 'restart', 'start', 'stop', 'reload', 'signal', 'run'] as const);
	const alert: Action = {kind: 'alert', text: null};
	switch (kind) {
		case 'signal': return [alert, {kind, signal: SIG.USR1, names}];
		case 'run': return [alert, {kind, command: ['do'], timeout: 1000}];
		default: return [alert, {kind, names}];
	}
}

/** A file has changed, a rule has spoken, something that a service depends on has ended: of what is there, and of what is gone. */
export function drawAct(r: Random, state: State): Act {
	const entry = r.pick([undefined, ...entries(state)]);
	const by = r.pick(['rule r', `watch of ${entry?.service.name}`, 'deps 3']);
	const about = r.chance(0.1) ? 12_345 : entry?.id ?? null;
	return {kind: 'act', by, about, why: 'something has happened', actions: drawActions(r), variables: {}};
}

/** The services that actions may keep on the move for ever, and those that have to do with them. */
export function movedBy(services: readonly Service[]): ReadonlySet<string> {
	const found = new Set<string>();
	for (const {name, on} of services) {
		for (const action of Object.values(on ?? {}).flat()) {
			if (!('names' in action)) continue;
			for (const each of action.names.length === 0 ? [name] : action.names) found.add(each);
		}
	}
	for (let size = -1; size !== found.size;) {
		size = found.size;
		for (const {name, needs, conflicts, onFailure} of services) {
			const others = [...needs.map(need => need.name), ...conflicts];
			if (others.some(other => found.has(other))) found.add(name);
			if (found.has(name)) for (const other of [...others, ...onFailure]) found.add(other);
		}
	}
	return found;
}
