/** Triggers: one after the other, shared by those who wait, and over when what differs has started or stopped. */
import {describe, expect, test, vi} from 'vitest';
import {service as plain} from '../../../../src/core/defaults.ts';
import type {Effect} from '../../../../src/core/effect.ts';
import type {Event, News} from '../../../../src/core/event.ts';
import {err, ok, type Result} from '../../../../src/core/result.ts';
import type {Service} from '../../../../src/core/service.ts';
import {find, type State} from '../../../../src/core/state.ts';
import {step} from '../../../../src/core/supervisor.ts';
import {create} from '../../../../src/core/whole.ts';
import {answerOf} from '../../../../src/features/run-test/core/answer.ts';
import {createTriggers} from '../../../../src/features/run-test/requests/triggers.ts';
import type {TriggerRow} from '../../../../src/features/run-test/requests/trigger/wire.ts';
import {SETTINGS} from '../../../stories/tell.ts';

const asking: Partial<Service> = {test: {command: ['check'], interval: null, timeout: 1000}};
const waiting: Partial<Service> = {ready: {kind: 'notify'}};

/** A core whose tests and processes do what a test says. */
function bench(...services: readonly (readonly [name: string, more?: Partial<Service>])[]) {
	let state: State = create(services.map(([name, more]) => ({...plain(name, [name]), ...more})), SETTINGS);
	let pid = 100;
	const asked = new Map<string, readonly [id: number, number: number]>();
	const timers = new Map<() => void, number>();
	const reading: {done: ((result: Result<string, {why: string; lines: readonly string[]}>) => void)[]} = {done: []};
	const written: {line: string; done: () => void}[] = [];
	const said: string[] = [];

	function dispatch(event: Event): void {
		const inbox = [event];
		for (const each of inbox) {
			const [after, effects] = step(state, each, 0);
			state = after;
			for (const effect of effects) {
				if (effect.kind === 'run-test') asked.set(effect.service.name, [effect.id, effect.number]);
				else if (effect.kind === 'spawn') inbox.push({kind: 'news', id: effect.id, run: effect.run, news: {kind: 'spawned', pid: ++pid}});
				else if (effect.kind === 'signal' && effect.signal === 15) {
					const id = [...state.names.values()].find(each => runOf(state, each) === effect.run) ?? -1;
					inbox.push({kind: 'news', id, run: effect.run, news: {kind: 'exited', outcome: {kind: 'code', code: 0}, survivors: false}});
				}
			}
			triggers.onEffects(effects.filter(({kind}: Effect) => ['changed', 'forgotten', 'stage', 'triggered'].includes(kind)));
		}
	}

	const triggers = createTriggers({
		state: () => state, dispatch,
		reload: (_how, done) => void reading.done.push(done),
		after(millis, callback) {
			timers.set(callback, millis);
			return () => void timers.delete(callback);
		},
		triggered: (line, done) => void written.push({line, done}),
	});

	const self = {
		dispatch, said, timers, written,
		ask: (): (() => void) => triggers.ask(result => said.push(result.ok ? line(result.value) : result.error)),
		read: (result: Result<string, {why: string; lines: readonly string[]}> = ok('config reloaded')) => reading.done.shift()?.(result),
		readings: () => reading.done.length,
		answer(name: string, failure: string | null = null) {
			const [id, number] = asked.get(name) ?? [-1, -1];
			dispatch({kind: 'tested', id, number, answer: answerOf(failure, '', 1)});
		},
		news(name: string, news: News) {
			const id = find(state, name)?.id ?? -1;
			dispatch({kind: 'news', id, run: runOf(state, id), news});
		},
		save: () => written.splice(0).forEach(({done}) => done()),
	};
	dispatch({kind: 'boot'});
	return self;
}

const line = ({line: words}: TriggerRow): string => words;

function runOf(state: State, id: number): number {
	const entry = [...state.names.keys()].map(name => find(state, name)).find(each => each?.id === id);
	return entry && 'run' in entry.phase ? entry.phase.run : -1;
}

test('the config is read, tests are asked, the state is written, and then it answers', () => {
	const world = bench(['web', asking], ['plain']);
	world.answer('web', 'exit status 1');
	world.ask();
	expect([world.readings(), world.said]).toEqual([1, []]);
	world.read();
	expect(world.written).toEqual([]);
	world.answer('web');
	expect([world.written.map(({line}) => line), world.said]).toEqual([['1 test: 1 yes, 0 no; started web; 1 unchanged'], []]);
	world.save();
	expect(world.said).toEqual(['1 test: 1 yes, 0 no; started web; 1 unchanged']);
});

test('those who ask while one is under way share the next', () => {
	const world = bench(['web', asking]);
	world.answer('web');
	world.ask();
	for (let i = 0; i < 3; i++) world.ask();
	expect(world.readings()).toBe(1);
	world.read();
	world.answer('web');
	world.save();
	expect([world.said.length, world.readings()]).toEqual([1, 1]);
	world.read();
	world.answer('web');
	world.save();
	expect([world.said.length, world.readings()]).toEqual([4, 0]);
});

test('no more than a hundred wait for one, and who has gone does not count', () => {
	const world = bench(['web', asking]);
	world.answer('web');
	world.ask();
	const leave = world.ask();
	for (let i = 0; i < 100; i++) world.ask();
	expect(world.said).toEqual(['too many triggers are waiting']);
	leave();
	world.ask();
	expect(world.said).toEqual(['too many triggers are waiting']);
});

describe('it waits', () => {
	test('until what was started is ready, or has failed', () => {
		const world = bench(['web', {...asking, ...waiting}]);
		world.answer('web', 'exit status 1');
		world.ask();
		world.read();
		world.answer('web');
		expect(world.written).toEqual([]);
		world.news('web', {kind: 'ready'});
		expect(world.written.map(({line}) => line)).toEqual(['1 test: 1 yes, 0 no; started web; 0 unchanged']);
	});

	test('not for ever', () => {
		const world = bench(['web', {...asking, ...waiting}], ['plain']);
		world.answer('web', 'exit status 1');
		world.ask();
		world.read();
		world.answer('web');
		for (const over of [...world.timers.keys()]) over();
		world.save();
		expect(world.said).toEqual(['1 test: 1 yes, 0 no; still on their way: web; 1 unchanged']);
	});

	test('not for ever for tests either: eight at a time, each with its timeout', () => {
		const world = bench(['web', asking], ['hung', asking], ['plain']);
		world.answer('web', 'exit status 1');
		world.answer('hung');
		world.ask();
		world.read();
		world.answer('web');
		expect([world.written, [...world.timers.values()]]).toEqual([[], [30_000 + 2000 / 8 + 2000]]);
		for (const over of [...world.timers.keys()]) over();
		world.save();
		expect(world.said).toEqual(['2 tests: 2 yes, 0 no; started web; 2 unchanged; did not wait for the test of hung']);
		// And the next one is another one.
		world.ask();
		world.read();
		world.answer('web');
		for (let i = 0; i < 2; i++) world.answer('hung');
		world.save();
		expect(world.said[1]).toBe('2 tests: 2 yes, 0 no; 3 unchanged');
	});

	test('not for ever for the config', () => {
		const world = bench(['web', asking]);
		world.answer('web');
		world.ask();
		for (const over of [...world.timers.keys()]) over();
		expect(world.said).toEqual(['the config was not read within 300 s']);
		world.read();
		expect(world.written).toEqual([]);
	});

	test('not for what waits in vain, nor for what was on its way before', () => {
		const need = {condition: 'service_started', strength: 'hard', restart: false, timeout: Infinity} as const;
		const world = bench(['db', asking], ['web', {...asking, needs: [{name: 'db', ...need}]}], ['slow', waiting]);
		world.answer('db', 'exit status 1');
		world.answer('web', 'exit status 1');
		world.ask();
		world.read();
		world.answer('db', 'exit status 1');
		world.answer('web');
		world.save();
		expect(world.said).toEqual(['2 tests: 1 yes, 1 no; still on their way: web; 2 unchanged']);
	});

	test('and a shutdown ends the wait', () => {
		const world = bench(['web', asking]);
		world.answer('web');
		world.ask();
		world.read();
		world.dispatch({kind: 'shutdown', why: 'SIGTERM'});
		expect(world.said).toEqual(['archon is shutting down']);
		world.ask();
		expect(world.said).toEqual(['archon is shutting down', 'archon is shutting down']);
	});
});

test('a config with a problem is told, and nothing is asked', () => {
	const world = bench(['web', asking]);
	world.answer('web');
	const dispatched = vi.spyOn(world, 'dispatch');
	world.ask();
	world.read(err({why: 'a.yaml:1:1: bad', lines: []}));
	expect(world.said).toEqual(['cannot reload the config: a.yaml:1:1: bad']);
	expect(dispatched).not.toHaveBeenCalled();
});
