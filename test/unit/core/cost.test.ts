/**
 * What the core costs at ten services and at ten thousand, counted and not timed: V8 says how often each block of the
 * core's code was executed. One event costs the same wherever it happens, a boot costs in proportion.
 */
import {Session} from 'node:inspector/promises';
import {beforeAll, describe, expect, test} from 'vitest';
import type {Event, News} from '../../../src/core/event.ts';
import type {Id} from '../../../src/core/ids.ts';
import type {Service} from '../../../src/core/service.ts';
import type {Instant} from '../../../src/core/time.ts';
import type {State} from '../../../src/core/state.ts';

// Only what is compiled from now on is counted, so that the core is imported later.
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', {callCount: true, detailed: true});
const {find} = await import('../../../src/core/state.ts');
const {create, nextDeadline} = await import('../../../src/core/whole.ts');
const {step} = await import('../../../src/core/supervisor.ts');
const {service, killedBy, SETTINGS} = await import('../../stories/tell.ts');

/** Blocks of the core's code that were executed meanwhile, each as often as it was. */
async function count(work: () => void): Promise<number> {
	await session.post('Profiler.takePreciseCoverage');
	work();
	const {result} = await session.post('Profiler.takePreciseCoverage');
	const own = result.filter(({url}) => url.includes('/src/core/')).flatMap(({functions}) => functions);
	return own.flatMap(({ranges}) => ranges).reduce((sum, range) => sum + range.count, 0);
}

const SIZES = [10, 100, 1000, 10_000] as const;

/**
 * How much more than at a hundred: the table's tree has a level of 32 more at ten thousand, through which a tick looks
 * for who is due. Whatever went through all services would cost a hundred times as much.
 */
const SLACK = {one: 2.5, each: 1.5} as const;

interface Shape {
	readonly name: string;
	readonly services: (size: number) => readonly Service[];
}

const SHAPES: readonly Shape[] = [
	{name: 'side by side', services: size => Array.from({length: size}, (_, number) => service(`s${number}`))},
	{
		name: 'in a chain',
		services: size => Array.from({length: size}, (_, number) => service(`s${number}`, {needs: number > 0 ? [`s${number - 1}`] : []})),
	},
];

interface Costs {
	/** By event, of one event. */
	readonly one: Readonly<Record<string, number>>;
	/** By stage, of all events that it takes, divided by the number of services. */
	readonly each: Readonly<Record<string, number>>;
}

async function costs(services: readonly Service[]): Promise<Costs> {
	let [state, now] = [create(services, SETTINGS), 0];
	const [one, each]: [Record<string, number>, Record<string, number>] = [{}, {}];
	const hear = (event: Event, at: Instant = ++now): void => {
		now = at;
		[state] = step(state, event, now);
	};
	const news = (id: Id, what: News): void => hear({kind: 'news', id, run: runOf(state, id), news: what});
	const spawned = (id: Id): void => news(id, {kind: 'spawned', pid: 1000 + id});
	const crashed: News = {kind: 'exited', outcome: killedBy(9), survivors: false};
	const tell = async (name: string, work: () => void): Promise<void> => void (one[name] = await count(work));
	const tellEach = async (name: string, work: () => void): Promise<void> => void (each[name] = (await count(work)) / services.length);

	await tellEach('create', () => void create(services, SETTINGS));
	await tellEach('boot', () => {
		hear({kind: 'boot'});
		for (const {id} of all(state, services)) spawned(id);
	});
	// The last of a chain: how many depend on a service is its own affair.
	const last = find(state, services.at(-1)?.name ?? '')?.id ?? -1;
	await tell('crash', () => news(last, crashed));
	await tell('restart after a crash', () => spawned(last));
	await tell('crash again', () => news(last, crashed));
	await tell('looking when to wake up', () => void nextDeadline(state));
	await tell('tick', () => hear({kind: 'tick'}, nextDeadline(state)));
	spawned(last);
	await tell('signal', () => hear({kind: 'signal', id: last, signal: 10}));
	await tell('late news', () => hear({kind: 'news', id: last, run: 1, news: crashed}));
	await tell('stop', () => hear({kind: 'stop', ids: [last]}));
	await tell('stopped', () => news(last, crashed));
	await tell('start', () => hear({kind: 'start', ids: [last]}));
	spawned(last);
	await tell('restart', () => hear({kind: 'restart', ids: [last]}));
	news(last, crashed);
	spawned(last);
	await tell('add', () => hear({kind: 'add', service: service('transient')}));
	const transient = find(state, 'transient')?.id ?? -1;
	spawned(transient);
	hear({kind: 'stop', ids: [transient]});
	news(transient, crashed);
	await tell('remove', () => hear({kind: 'remove', id: transient}));
	await tellEach('reconfigure', () => hear({kind: 'reconfigure', services, shutdownGrace: 9000, startRate: SETTINGS.startRate, whenIdle: 'failed'}));
	await tellEach('shutdown', () => {
		hear({kind: 'shutdown', why: 'SIGTERM'});
		for (const {id} of all(state, services).toReversed()) news(id, crashed);
	});
	expect(state.stage.kind, 'all of it has happened').toBe('sweeping');
	return {one, each};
}

const all = (state: State, services: readonly Service[]) => services.flatMap(({name}) => find(state, name) ?? []);

function runOf(state: State, id: Id): number {
	const phase = state.table.root && find(state, id === state.names.size ? 'transient' : `s${id}`)?.phase;
	return phase && 'run' in phase ? phase.run : -1;
}

describe.each(SHAPES)('services $name', ({services}) => {
	const found = new Map<number, Costs>();
	beforeAll(async () => {
		for (const size of SIZES) found.set(size, await costs(services(size)));
	}, 60_000);

	const compare = (of: keyof Costs): void => {
		const names = Object.keys(found.get(10)?.[of] ?? {});
		expect(names).not.toEqual([]);
		for (const name of names) {
			const [at, base] = [SIZES.map(size => found.get(size)?.[of][name] ?? NaN), found.get(100)?.[of][name] ?? NaN];
			expect(Math.min(...at), `${name} at ${SIZES.join(', ')}: ${at.join(', ')}`).toBeGreaterThan(0);
			expect(Math.max(...at) / base, `${name} at ${SIZES.join(', ')}: ${at.join(', ')}`).toBeLessThan(SLACK[of]);
		}
	};

	test('one event costs the same at ten services and at ten thousand', () => compare('one'));
	test('a boot, a new config and a shutdown cost the same for each service', () => compare('each'));
});

test('forgetting what a client started goes through no list of all names', () => {
	const services = SHAPES[0]?.services(100) ?? [];
	let seen = 0;
	const names = new Map(create(services, SETTINGS).names);
	const walk = names[Symbol.iterator].bind(names);
	names[Symbol.iterator] = function* () {
		for (const pair of walk()) {
			seen++;
			yield pair;
		}
		return undefined;
	};
	let state: State = {...create(services, SETTINGS), names};
	const hear = (event: Event): void => void ([state] = step(state, event, 1));
	hear({kind: 'boot'});
	hear({kind: 'add', service: service('transient', {refused: 2})});
	const transient = find(state, 'transient')?.id ?? -1;
	const phase = find(state, 'transient')?.phase;
	const news = (news: News): void => hear({kind: 'news', id: transient, run: phase && 'run' in phase ? phase.run : 0, news});
	news({kind: 'spawned', pid: 4711});
	hear({kind: 'stop', ids: [transient]});
	news({kind: 'exited', outcome: killedBy(15), survivors: false});
	hear({kind: 'remove', id: transient});
	expect(find(state, 'transient')).toBeUndefined();
	expect(seen).toBe(0);
});
