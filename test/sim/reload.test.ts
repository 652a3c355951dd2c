/**
 * A reload from one random config to another comes to what a fresh boot of the other comes to, whenever it happens and
 * also where archon dies on the way. `SEED=131 npx vitest run --project pure test/sim/reload.test.ts` replays one.
 */
import {expect, test} from 'vitest';
import {NEED, RESTART, service as plain} from '../../src/core/defaults.ts';
import type {Effect} from '../../src/core/effect.ts';
import type {Event, News} from '../../src/core/event.ts';
import type {Id, Run} from '../../src/core/ids.ts';
import {compare} from '../../src/core/reconfigure.ts';
import {rehearse} from '../../src/core/rehearse.ts';
import {readAll, writeAll} from '../../src/core/serialize.ts';
import type {Health, Need, Service} from '../../src/core/service.ts';
import {SIG} from '../../src/core/signal-numbers.ts';
import {entries, entryOf, find, type Settings, type State} from '../../src/core/state.ts';
import {step} from '../../src/core/supervisor.ts';
import type {Instant} from '../../src/core/time.ts';
import {create, nextDeadline} from '../../src/core/whole.ts';
import {type Random, random} from './random.ts';

const SETTINGS: Settings = {
	shutdownGrace: 9000, sweepGrace: 2000, startRate: {perSecond: 1000, burst: 1000}, whenIdle: 'never', seed: 1,
};
const HEALTH: Health = {
	probe: {kind: 'file', path: '/x'}, interval: 5000, timeout: 1000, retries: 2, successes: 1, startPeriod: 0, startInterval: 1000, onUnhealthy: 'none',
};

/** A machine on which all goes well: what is asked for is news at once, or a little later. */
class Machine {
	now: Instant = 0;
	state: State;
	readonly #random: Random;
	readonly #inbox: Event[] = [];
	readonly #runs = new Map<Run, Id>();
	readonly stops: string[] = [];
	readonly starts: string[] = [];

	constructor(services: readonly Service[], r: Random) {
		this.#random = r;
		this.state = create(services, SETTINGS);
		this.hear({kind: 'boot'});
	}

	hear(event: Event): void {
		this.#inbox.push(event);
	}

	/** Until nothing moves any more, or for a few steps. */
	run(steps = Infinity): void {
		const end = this.now + 10_000;
		for (let left = Math.min(steps, 5000); left > 0; left--) {
			const event = this.#inbox.shift();
			if (event) {
				this.#step(event);
			} else {
				const due = nextDeadline(this.state);
				// Health checks go on for ever.
				if (due > end) return;
				this.now = Math.max(this.now, due);
				this.#step({kind: 'tick'});
			}
		}
	}

	/** Whether there is no news that was not heard. */
	isQuiet(): boolean {
		return this.#inbox.length === 0;
	}

	/** archon dies, and goes on from what it wrote down. */
	die(): void {
		const again = readAll(writeAll(this.state));
		if (!again) throw new Error('what was written down cannot be read');
		this.state = again;
	}

	#step(event: Event): void {
		const [state, effects] = step(this.state, event, this.now);
		this.state = state;
		for (const effect of effects) this.#perform(effect);
	}

	#perform(effect: Effect): void {
		switch (effect.kind) {
			case 'spawn': {
				this.#runs.set(effect.run, effect.id);
				this.starts.push(effect.service.name);
				this.#tell(effect.id, effect.run, {kind: 'spawned', pid: effect.run + 1000});
				if (effect.service.type === 'oneshot') this.#tell(effect.id, effect.run, {kind: 'exited', outcome: {kind: 'code', code: 0}, survivors: false});
				else if (effect.service.ready) this.#tell(effect.id, effect.run, {kind: 'ready'});
				return;
			}
			case 'signal': {
				const id = this.#runs.get(effect.run) ?? -1;
				if (effect.signal === SIG.CONT) return;
				this.stops.push(entryOf(this.state, id)?.service.name ?? '');
				return this.#tell(id, effect.run, {kind: 'exited', outcome: {kind: 'signal', signal: effect.signal, core: false}, survivors: false});
			}
			case 'probe': return this.#tell(effect.id, effect.run, {kind: 'probe', purpose: effect.purpose, passed: true, detail: ''});
			case 'hook': return this.#tell(effect.id, effect.run, {kind: 'hooked', hook: effect.hook, failure: null});
			default: return;
		}
	}

	/** News of one run comes in its order, that of others before or after it. */
	#tell(id: Id, run: Run, news: News): void {
		const event: Event = {kind: 'news', id, run, news};
		const last = this.#inbox.findLastIndex(each => each.kind !== 'news' || each.run === run);
		this.#inbox.splice(this.#random.between(last + 1, this.#inbox.length), 0, event);
	}
}

function drawn(r: Random, name: string, earlier: readonly Service[]): Service {
	const type = r.chance(0.7) ? 'daemon' : 'oneshot';
	const needs = r.some(earlier.slice(-6), 0.35).map((other): Need => ({
		...NEED, name: other.name, restart: r.chance(0.2), timeout: r.pick([60_000, Infinity]),
		condition: other.type === 'oneshot' ? 'service_completed_successfully' : r.pick(['service_started', 'service_healthy'] as const),
		strength: r.pick(['hard', 'hard', 'soft', 'order'] as const),
	}));
	const isDaemon = type === 'daemon';
	return {
		...plain(name, [name, String(r.between(0, 2))]), type, needs,
		// A oneshot that has completed stays so, also where nothing would start it any more.
		autostart: !isDaemon || r.chance(0.8),
		restart: {...RESTART, policy: isDaemon ? 'always' : 'no', jitter: 0},
		ready: isDaemon && r.chance(0.3) ? {kind: 'notify'} : null, startPeriod: r.pick([0, 0, 500]), startTimeout: r.pick([30_000, Infinity]),
		health: isDaemon && r.chance(0.3) ? {...HEALTH, interval: r.pick([2000, 5000])} : null,
		stop: {signal: SIG.TERM, grace: r.pick([1000, 5000])},
		hooks: {...plain('', ['']).hooks, preStart: r.chance(0.1) ? [['hook']] : [], postStop: r.chance(0.1) ? [['hook']] : []},
	};
}

function config(r: Random, names: readonly string[]): Service[] {
	const services: Service[] = [];
	for (const name of names) services.push(drawn(r, name, services));
	return services;
}

/** Some gone, some new, some as they were, some with one thing changed, some with all. */
function edited(r: Random, before: readonly Service[]): Service[] {
	const after: Service[] = [];
	for (const service of before) {
		if (r.chance(0.2)) continue;
		if (r.chance(0.3)) after.push(drawn(r, `new-${service.name}`, after));
		const known = new Set(after.map(({name}) => name));
		const fresh = drawn(r, service.name, after);
		const [key] = r.some(Object.keys(fresh) as (keyof Service)[], 0.1);
		const changed = r.chance(0.5) ? service : r.chance(0.3) ? fresh : {...service, ...key && {[key]: fresh[key]}, ...(key === 'type' || key === 'autostart') && fresh};
		after.push({...changed, needs: fitting(changed.needs.filter(({name}) => known.has(name)), after)});
	}
	return after.length > 0 ? after : config(r, ['only']);
}

/** Conditions that the needed services can meet. */
const fitting = (needs: readonly Need[], services: readonly Service[]): readonly Need[] => needs.map(need => {
	const isJob = services.find(({name}) => name === need.name)?.type === 'oneshot';
	const isDone = need.condition === 'service_completed_successfully';
	return isJob === isDone ? need : {...need, condition: isJob ? 'service_completed_successfully' : 'service_started'};
});

const result = (state: State): unknown => [...entries(state)].map(({service, phase, needs, dependents, unmetNeeds, failedNeeds, retired}) => {
	const {name} = service;
	// What runs no more and what never ran is all the same.
	const at = phase.kind === 'down' ? phase.cause.replace('stopped', 'new') : phase.kind === 'up' ? `up ${phase.health} ${phase.watchdogAt}` : phase.kind;
	const nameOf = (id: Id): string => entryOf(state, id)?.service.name ?? '';
	return {name, service, at, needs: needs.map(({id}) => nameOf(id)), dependents: dependents.map(({id}) => nameOf(id)).toSorted(), unmetNeeds, failedNeeds, retired};
}).toSorted((one, other) => one.name.localeCompare(other.name));

function live(seed: number): void {
	const r = random(seed);
	const first = config(r, Array.from({length: r.between(1, 10)}, (_, i) => `s${i}`));
	const second = edited(r, first);
	const machine = new Machine(first, r);
	// At rest, or while it starts, or while an earlier reload is under way.
	machine.run(r.pick([Infinity, Infinity, r.between(1, 30)]));
	if (r.chance(0.3)) {
		machine.hear({kind: 'reconfigure', ...SETTINGS, services: edited(r, first)});
		machine.run(r.between(1, 20));
	}
	const before = machine.state;
	const isAtRest = machine.isQuiet() && [...entries(before)].every(({phase, restartPending}) => !restartPending && (phase.kind === 'up' || phase.kind === 'down'));
	const pids = new Map([...entries(before)].map(({service, phase}) => [service.name, 'pid' in phase ? phase.pid : null]));
	const change = compare([...entries(before)].filter(({retired}) => !retired).map(({service}) => service), second);
	const event = {kind: 'reconfigure', ...SETTINGS, services: second} as const;
	machine.starts.length = machine.stops.length = 0;
	machine.hear(event);
	const rehearsed = rehearse(before, event, machine.now);
	for (const steps = r.pick([Infinity, 1, 3, 9]); ;) {
		machine.run(steps);
		if (steps === Infinity) break;
		machine.die();
		machine.run();
		break;
	}
	const fresh = new Machine(second, r);
	fresh.run();
	expect(result(machine.state), 'the same as after a fresh boot').toEqual(result(fresh.state));
	if (!isAtRest) return;
	// Of what is kept nothing was touched, but for what is restarted with others.
	const isAlone = second.every(({needs}) => needs.every(({restart}) => !restart));
	// Whether one is restarted with another depends on which of them is faster.
	if (!isAlone) return;
	for (const name of [...change.kept, ...change.updated]) {
		const pid = pids.get(name);
		const entry = find(machine.state, name);
		if (pid && entry?.phase.kind === 'up') expect(entry.phase.pid, `${name} keeps its process`).toBe(pid);
	}
	expect(new Set(rehearsed.starts), 'the plan knows what starts').toEqual(new Set(machine.starts));
	expect(new Set(rehearsed.stops), 'the plan knows what stops').toEqual(new Set(machine.stops));
}

const seed = process.env['SEED'];
const seeds = Number(process.env['SEEDS'] ?? 2000);

test.runIf(seed)('one pair is replayed', () => live(Number(seed)));

test.skipIf(seed)(`${seeds} reloads come to what a fresh boot comes to`, {timeout: 300_000}, () => {
	for (let i = 0; i < seeds; i++) {
		try {
			live(i);
		} catch (error) {
			throw new Error(`seed ${i}: ${error instanceof Error ? error.message : error}`, {cause: error});
		}
	}
});
