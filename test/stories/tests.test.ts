/** Tests: a command says whether its service is to run. */
import {describe, expect, test} from 'vitest';
import type {Id} from '../../src/core/ids.ts';
import {readAll, writeAll} from '../../src/core/serialize.ts';
import type {RunTest} from '../../src/core/service.ts';
import {find, type State} from '../../src/core/state.ts';
import {step} from '../../src/core/supervisor.ts';
import {illness} from '../../src/core/wellness.ts';
import {create, nextDeadline} from '../../src/core/whole.ts';
import {answerOf} from '../../src/features/run-test/core/answer.ts';
import {isAsking} from '../../src/features/run-test/core/part.ts';
import {exit, phases, service, SETTINGS, type Story, tell, tellWith} from './tell.ts';

const asks = (more: Partial<RunTest> = {}): {readonly test: RunTest} => ({test: {command: ['check'], interval: null, timeout: 10_000, ...more}});

/** The test of a service that runs now ends. */
function answer(story: Story, name: string, failure: string | null, detail = ''): Story {
	const id = find(story.state(), name)?.id ?? -1;
	return story.hear({kind: 'tested', id, number: numberOf(story.state(), id), answer: answerOf(failure, detail, 5)});
}

const numberOf = (state: State, id: Id): number =>
	(state.slices['run-test'] as {running: readonly {id: Id; number: number}[]}).running.find(each => each.id === id)?.number ?? -1;

const NO = 'exit status 1';

describe('at boot', () => {
	test('a service with a test waits for its first answer, and the others do not', () => {
		const story = tell(['web', asks()], ['job', asks()], ['plain']);
		answer(answer(story, 'job', NO, 'not today'), 'web', null);
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.00  ask whether web is to run
			  0.00  ask whether job is to run
			  0.00  spawn plain
			        started plain (pid 101)
			        the test of job says no (exit 1: not today)
			  0.00  spawn web
			        started web (pid 102): its test said yes (exit 0)"
		`);
		expect(phases(story)).toMatchInlineSnapshot(`
			{
			  "job": "new",
			  "plain": "up",
			  "web": "up",
			}
		`);
	});

	test('it is neither idle nor has arrived before all tests have answered', () => {
		const story = tellWith({whenIdle: 'always'}, ['web', asks()]);
		expect(story.state().stage.kind).toBe('running');
		expect(story.state().slices['service-manager']).toEqual({hasArrived: false});
		answer(story, 'web', null);
		expect(story.state().slices['service-manager']).toEqual({hasArrived: true});
	});

	test('the whole is not ready before all tests have answered, and stays so while a trigger asks them again', () => {
		const story = tell(['web', asks()], ['plain'], ['stopped', asks()]).ask('stop', 'stopped');
		expect(illness(story.state(), 'ready', null)).toBe('web is stopped: its test has not answered (not asked yet)');
		answer(story, 'web', null);
		expect(illness(story.state(), 'ready', null)).toBe(null);
		answer(answer(story, 'stopped', NO).hear({kind: 'triggered'}), 'web', NO);
		expect(illness(story.state(), 'ready', null)).toBe(null);
	});

	test('where tests let nothing run for now the container stays', () => {
		const story = answer(tellWith({whenIdle: 'always'}, ['web', asks()]), 'web', NO);
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.00  ask whether web is to run
			        the test of web says no (exit 1)
			        no service is running or about to start: web was not started; start a service with archonctl start NAME, or stop archon with SIGTERM"
		`);
		expect(story.state().stage.kind).toBe('running');
	});

	test('eight run at a time', () => {
		const names = Array.from({length: 20}, (_, index) => `s${index}`);
		const story = tell(...names.map(name => [name, asks()] as const));
		const asked = (): number => story.lines().split('\n').filter(line => line.includes('ask whether')).length;
		expect(asked()).toBe(8);
		answer(answer(story, 's3', NO), 's0', NO);
		expect(asked()).toBe(2);
		for (const name of names.slice(0, 8)) answer(story, name, NO);
		expect(asked()).toBe(6);
	});
});

describe('an answer', () => {
	test('that flips stops and starts the service', () => {
		const story = answer(tell(['web', asks()], ['other']), 'web', null);
		answer(story.hear({kind: 'triggered'}), 'web', NO);
		answer(story.hear({kind: 'triggered'}), 'web', null);
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.00  ask whether web is to run
			  0.00  spawn other
			        started other (pid 101)
			  0.00  spawn web
			        started web (pid 102): its test said yes (exit 0)
			  0.00  ask whether web is to run
			        the test of web says no (exit 1)
			  0.00  SIGTERM to web
			        stopping web (pid 102) with SIGTERM: its test said no (exit 1)
			        stopped web (SIGTERM)
			  0.00  ask whether web is to run
			        the test of web says yes (exit 0)
			  0.00  spawn web
			        started web (pid 103): its test said yes (exit 0)"
		`);
	});

	test.each([
		['took too long', {verdict: 'timeout', why: 'no answer within 10 s'}],
		['could not be executed', {verdict: 'error', why: 'executing check: no such file or directory'}],
	] as const)('of a test that %s leaves the service as it is and says so, once', (_, given) => {
		const story = answer(answer(tell(['web', asks()], ['job', asks()]), 'web', null), 'job', NO);
		story.lines();
		const before = phases(story);
		for (const name of ['web', 'job', 'web']) {
			story.hear({kind: 'triggered'});
			const id = find(story.state(), name)?.id ?? -1;
			story.hear({kind: 'tested', id, number: numberOf(story.state(), id), answer: {...given, detail: '', took: 5}});
			answer(story, name === 'web' ? 'job' : 'web', name === 'web' ? NO : null);
		}
		expect(phases(story)).toEqual(before);
		expect(story.lines().split('\n').filter(line => line.includes(given.why)).map(line => line.trim())).toEqual([
			expect.stringMatching(/^the test of web: .*; web stays as it is$/), expect.stringMatching(/^the test of job: .*; job stays as it is$/),
			expect.stringMatching(/^the test of web: /),
		]);
	});

	test('of a test that is not awaited any more means nothing', () => {
		const story = answer(tell(['web', asks()]), 'web', null);
		story.hear({kind: 'tested', id: 0, number: 1, answer: answerOf(NO, '', 5)});
		story.hear({kind: 'tested', id: 7, number: 99, answer: answerOf(NO, '', 5)});
		expect(phases(story)).toEqual({web: 'up'});
	});
});

describe('a trigger', () => {
	test('tries again what has failed, with a test and without one, and nothing else', () => {
		const story = tell(['web', asks()], ['plain'], ['up'], ['once', {type: 'oneshot'}]);
		answer(story.dies('once', exit(0)), 'web', null);
		for (const name of ['web', 'plain']) for (let i = 0; i < 4; i++) story.dies(name, exit(1)).wait(1000);
		expect(phases(story)).toMatchObject({web: 'failed', plain: 'failed'});
		story.lines();
		answer(story.hear({kind: 'triggered'}), 'web', null);
		expect(phases(story)).toMatchObject({web: 'up', plain: 'up', up: 'up', once: 'completed'});
		expect(story.lines()).toMatchInlineSnapshot(`
			"  8.00  ask whether web is to run
			  8.00  spawn web
			  8.00  spawn plain
			        started web (pid 111): its test said yes (exit 0)
			        started plain (pid 112)"
		`);
	});

	test('asks tests that run already once more, and is done when they have answered again', () => {
		const story = tell(['web', asks()]).hear({kind: 'triggered'});
		answer(story, 'web', NO);
		expect(isAsking(story.state())).toBe(true);
		answer(story, 'web', null);
		expect([isAsking(story.state()), phases(story)]).toEqual([false, {web: 'up'}]);
	});

	test('does not ask twice what its own reload has just begun', () => {
		const story = answer(answer(tell(['web', asks()], ['job', asks()]), 'web', null), 'job', null);
		const since = (story.state().slices['run-test'] as {last: number}).last;
		const others = Array.from({length: 12}, (_, index) => service(`new${index}`, asks()));
		story.hear({kind: 'reconfigure', ...SETTINGS, services: [service('web', asks()), service('job', asks({command: ['other']})), ...others]});
		story.hear({kind: 'triggered', since});
		for (const name of ['job', ...others.map(other => other.name), 'web']) answer(story, name, null);
		expect(isAsking(story.state())).toBe(false);
		const asked = story.lines().split('\n');
		const count = (name: string): number => asked.filter(line => line.includes(`ask whether ${name} `)).length;
		expect(['job', 'web', 'new0', 'new7', 'new11'].map(count)).toEqual([2, 2, 1, 1, 1]);
	});

	test('asks once more what began before, and that once', () => {
		const story = tell(['web', asks()], ['job', asks()]).hear({kind: 'triggered'});
		for (const name of ['web', 'job', 'web', 'job']) answer(story, name, null);
		expect(isAsking(story.state())).toBe(false);
		expect(story.lines().match(/ask whether web /g)).toHaveLength(2);
	});

	test('during a shutdown asks nothing', () => {
		const story = answer(tell(['web', {...asks(), deaf: true}]), 'web', null);
		story.hear({kind: 'shutdown', why: 'SIGTERM'}).lines();
		story.hear({kind: 'triggered'});
		expect(story.lines()).not.toContain('ask whether');
		expect(isAsking(story.state())).toBe(false);
	});
});

describe('a reload', () => {
	const reload = (story: Story, ...services: ReturnType<typeof service>[]): Story =>
		story.hear({kind: 'reconfigure', ...SETTINGS, services});

	test('asks new tests and changed ones, and leaves others alone', () => {
		const story = answer(answer(tell(['web', asks()], ['job', asks()]), 'web', null), 'job', null);
		story.lines();
		reload(story, service('web', asks()), service('job', asks({command: ['other']})), service('late', asks()));
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.00  ask whether job is to run
			  0.00  ask whether late is to run"
		`);
		expect(phases(answer(answer(story, 'late', NO), 'job', NO))).toEqual({web: 'up', job: 'stopped', late: 'new'});
	});

	test('that takes a test away leaves the decision to the config', () => {
		const story = answer(tell(['web', asks()]), 'web', NO);
		expect(phases(reload(story, service('web')))).toEqual({web: 'up'});
	});

	test('that gives a test to a service that runs lets it run until there is an answer', () => {
		const story = reload(tell(['web']), service('web', asks()));
		expect(phases(story)).toEqual({web: 'up'});
		expect(phases(answer(story, 'web', NO))).toEqual({web: 'stopped'});
	});

	test('during a test hears only the test that it has brought', () => {
		const story = tell(['web', asks()]);
		const number = numberOf(story.state(), 0);
		reload(story, service('web', asks({command: ['other']})));
		story.hear({kind: 'tested', id: 0, number, answer: answerOf(null, '', 5)});
		expect(phases(story)).toEqual({web: 'new'});
		expect(phases(answer(story, 'web', null))).toEqual({web: 'up'});
	});
});

describe('an interval', () => {
	test('asks again and again, and says only what is new', () => {
		const story = answer(tell(['web', asks({interval: 1000})]), 'web', null);
		story.lines();
		answer(story.wait(1000), 'web', null);
		answer(story.wait(1000), 'web', NO);
		answer(story.wait(1000), 'web', NO);
		expect(story.lines()).toMatchInlineSnapshot(`
			"  1.00  ask whether web is to run
			  2.00  ask whether web is to run
			        the test of web says no (exit 1)
			  2.00  SIGTERM to web
			        stopping web (pid 101) with SIGTERM: its test said no (exit 1)
			        stopped web (SIGTERM)
			        no service is running or about to start: web was stopped; start a service with archonctl start NAME, or stop archon with SIGTERM
			  3.00  ask whether web is to run"
		`);
	});

	test('is shared out evenly among those that have the same', () => {
		const names = ['a', 'b', 'c', 'd'];
		const story = tell(...names.map(name => [name, asks({interval: 4000})] as const));
		for (const name of names) answer(story, name, null);
		story.lines();
		const order: string[] = [];
		for (let i = 0; i < 6; i++) {
			const [, name = ''] = /ask whether (\w+)/.exec(story.wait(1000).lines()) ?? [];
			order.push(name);
			answer(story, name, null);
		}
		expect(order).toEqual(['a', 'b', 'c', 'd', 'a', 'b']);
	});

	test('that is too short for its test asks it again when it has ended', () => {
		const story = answer(tell(['web', asks({interval: 10})]), 'web', null);
		expect(story.wait(10).lines()).toContain('ask whether web');
		expect(story.wait(5000).lines()).not.toContain('ask whether');
		answer(story, 'web', null);
		expect(story.wait(10).lines()).toContain('ask whether web');
	});
});

test('tests that run are asked again when archon was re-executed', () => {
	const story = tell(['web', asks()], ['job', asks()]);
	answer(story, 'job', NO);
	const state = readAll(writeAll(story.state()));
	expect(state).not.toBeNull();
	if (!state) return;
	const [after, effects] = step(state, {kind: 'resumed', found: new Map()}, 1000);
	expect(effects.flatMap(effect => (effect.kind === 'run-test' ? [effect.service.name] : []))).toEqual(['web']);
	const [done] = step(after, {kind: 'tested', id: 0, number: numberOf(after, 0), answer: answerOf(null, '', 5)}, 1001);
	expect(find(done, 'web')?.phase.kind).toBe('spawning');
});

test('ten thousand tests cost each step no more than ten, and the state no more room', () => {
	const many = (count: number): State => {
		const services = Array.from({length: count}, (_, index) => service(`s${index}`, asks({interval: 60_000})));
		return step(create(services, SETTINGS), {kind: 'boot'}, 0)[0];
	};
	const [few, all] = [many(10), many(10_000)].map(state => JSON.stringify(state.slices).length);
	expect(all).toBeLessThan((few ?? 0) + 50);
	let state = many(10_000);
	let asked = 8;
	for (let number = 1; number <= 10_000; number++) {
		const [after, effects] = step(state, {kind: 'tested', id: number - 1, number, answer: answerOf(NO, '', 5)}, number);
		state = after;
		const begun = effects.filter(({kind}) => kind === 'run-test').length;
		asked += begun;
		expect(begun).toBeLessThanOrEqual(1);
	}
	expect(asked).toBe(10_000);
	expect(isAsking(state)).toBe(false);
	expect(nextDeadline(state) - 10_000).toBeCloseTo(6);
});
