/** What must be true of services that start with their first connection: a connection that archon waits for starts one, and no other. */
import {partOf} from '../../src/core/features.ts';
import type {Effect} from '../../src/core/effect.ts';
import type {Event} from '../../src/core/event.ts';
import type {Id} from '../../src/core/ids.ts';
import type {Service} from '../../src/core/service.ts';
import {entries, entryOf, type State} from '../../src/core/state.ts';
import type {Instant} from '../../src/core/time.ts';
import {sockets} from '../../src/features/sockets/core/feature.ts';
import type {Random} from './random.ts';

/** What the machine knows of sockets. */
export interface Listeners {
	/** Services whose sockets it looks at for a connection. */
	readonly armed: Set<Id>;
	/** By service: when connections have started it lately. */
	readonly starts: Map<Id, Instant[]>;
}

/** At once; and in milliseconds, from then on. How many starts are remembered. */
const [BURST, EVERY, LATELY] = [10, 6000, 60];

function promise(kept: boolean, sentence: string): void {
	if (!kept) throw new Error(sentence);
}

/** The sockets of a service of the world: a connection starts it, and it stops when it has none any more. */
export function drawLazy(r: Random, name: string): Partial<Service> {
	const socket = {
		name, listen: {kind: 'unix', path: `/run/${name}`}, type: 'stream', backlog: 128, mode: 0o666, user: null, reuseport: false,
	} as const;
	return {sockets: [socket], isLazy: true, autostart: false, idleTimeout: r.pick([Infinity, 1000, 20_000])};
}

/** In the order of the effects: archon waits once for each, and the machine for what the core waits for. */
export function heed(effects: readonly Effect[], state: State, {armed}: Listeners): void {
	for (const effect of effects) {
		if (effect.kind !== 'sockets') continue;
		const {what} = effect;
		if (what.kind === 'arm') {
			promise(!armed.has(what.id), `archon waits twice for a connection to ${what.service.name}`);
			armed.add(what.id);
		}
		if (what.kind === 'disarm') armed.delete(what.id);
		// With another config the sockets are others.
		if (what.kind === 'hold') armed.clear();
	}
	// What comes during a shutdown is not heard.
	if (state.stage.kind !== 'running') return;
	const core = partOf(state, sockets).armed;
	promise([...armed].toSorted().join() === core.toSorted().join(), `the machine waits for ${[...armed].join()}, and the core for ${core.join()}`);
}

export function checkSockets(before: State, event: Event, state: State, {starts}: Listeners, now: Instant): void {
	for (const id of partOf(state, sockets).armed) {
		const entry = entryOf(state, id);
		promise(entry?.service.isLazy === true, 'archon waits for a connection to what does not start by one');
		promise(entry?.phase.kind === 'down', `archon waits for a connection to ${entry?.service.name}, which does not rest`);
	}
	if (event.kind !== 'activate' || before.stage.kind !== 'running' || !partOf(before, sockets).armed.includes(event.id)) return;
	const [was, entry] = [entryOf(before, event.id), entryOf(state, event.id)];
	if (!entry || !was) return;
	const isStarted = entry.phase.kind !== 'down' || entry.starts > was.starts;
	const isResting = partOf(state, sockets).resting?.[event.id] !== undefined;
	// Where what it waits for can never be, the whole may end for it.
	const isEnded = state.stage.kind !== 'running';
	// What it does may have an action that stops it, or that starts what conflicts with it.
	const isAnswered = isStarted || isResting || isEnded || entry.rulings.action !== undefined || entry.paces !== was.paces;
	promise(isAnswered, `${entry.service.name} has a connection, and does not start`);
	if (!isStarted) return;
	const times = [...starts.get(event.id) ?? [], now].slice(-LATELY);
	starts.set(event.id, times);
	for (const [i, at] of times.entries()) {
		const [done, may] = [times.length - i, BURST + (now - at) / EVERY];
		promise(done <= may + 1e-6, `connections start ${entry.service.name} ${done} times in ${now - at} ms`);
	}
}

/** Once faults cease: whatever may start with a connection does so with the next one. */
export function checkListening(state: State): void {
	const {armed, resting} = partOf(state, sockets);
	for (const {id, service: {name, isLazy}, phase, desired, retired, rulings} of entries(state)) {
		const isFree = isLazy && !retired && desired !== 'stop' && Object.values(rulings).every(ruling => ruling.runs);
		const isAtRest = phase.kind === 'down' && phase.cause !== 'failed' && phase.cause !== 'skipped';
		promise(!isFree || !isAtRest || armed.includes(id) || resting?.[id] !== undefined, `nobody waits for a connection to ${name}`);
	}
}
