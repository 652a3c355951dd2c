/** What services need of each other: every condition against every way that the need may go, and the edges that are not plain. */
import {describe, expect, test} from 'vitest';
import {type Condition, CONDITIONS} from '../../src/core/service.ts';
import {statusOf} from '../../src/core/status.ts';
import {find} from '../../src/core/state.ts';
import {exit, phases, service, type Story, tell, type Traits} from './tell.ts';

/** Ways that a need may go, and which conditions of its dependents then hold. */
const WAYS: readonly {what: string; traits: Traits; then?: (story: Story) => Story; holds: readonly Condition[]}[] = [
	{what: 'runs and says nothing', traits: {}, holds: ['service_started', 'service_healthy']},
	{what: 'is not ready yet', traits: {ready: {kind: 'notify'}}, holds: ['service_started']},
	{
		what: 'is ready', traits: {ready: {kind: 'notify'}}, then: story => story.tells('need', {kind: 'ready'}),
		holds: ['service_started', 'service_healthy'],
	},
	{what: 'cannot be executed', traits: {refused: 2}, holds: []},
	{what: 'is at work', traits: {type: 'oneshot'}, holds: ['service_started']},
	{
		what: 'has completed', traits: {type: 'oneshot'}, then: story => story.dies('need', exit(0)),
		holds: ['service_started', 'service_healthy', 'service_completed_successfully'],
	},
	{
		what: 'did its work badly', traits: {type: 'oneshot'}, then: story => story.dies('need', exit(1)),
		// Its dependent came up while it was at work.
		holds: ['service_started'],
	},
];

describe.each(WAYS)('a need that $what', ({traits, then, holds}) => {
	test.each(CONDITIONS)('for %s', condition => {
		const story = tell(['need', traits], ['app', {needs: [{name: 'need', condition}]}]);
		then?.(story);
		expect(phases(story)['app']).toBe(holds.includes(condition) ? 'up' : 'waiting');
	});
});

test('a dependent comes up by itself when a failed need recovers', () => {
	const story = tell(['db', {refused: 2}], ['app', {needs: ['db']}]);
	expect(statusOf(story.state(), find(story.state(), 'app')!).note).toBe('waiting for db (failed)');
	const healed = tell(['job', {type: 'oneshot'}], ['app', {needs: ['job!']}]);
	healed.dies('job', exit(1));
	expect(phases(healed)).toEqual({job: 'failed', app: 'waiting'});
	expect(phases(healed.ask('start', 'job').dies('job', exit(0)))).toEqual({job: 'completed', app: 'up'});
});

describe('a soft need', () => {
	const soft = (traits: Traits): Story => tell(['cache', traits], ['app', {needs: [{name: 'cache', condition: 'service_healthy', strength: 'soft'}]}]);

	test('is waited for while it is on its way', () => {
		expect(phases(soft({ready: {kind: 'notify'}}))).toEqual({cache: 'starting', app: 'waiting'});
	});

	test('holds nothing up once it has failed', () => {
		expect(phases(soft({refused: 2}))).toEqual({cache: 'failed', app: 'up'});
	});

	test('is started with its dependent', () => {
		expect(phases(soft({autostart: false}))).toEqual({cache: 'up', app: 'up'});
	});

	test('that the operator stopped holds nothing up, and stays stopped when its dependent comes back by itself', () => {
		const story = soft({});
		story.ask('stop', 'cache').dies('app', exit(1));
		expect(phases(story)).toEqual({cache: 'stopped', app: 'up'});
	});

	test('that is stopped while it is waited for is waited for no longer', () => {
		const story = soft({ready: {kind: 'notify'}, deaf: true});
		expect(phases(story.ask('stop', 'cache'))).toEqual({cache: 'stopping', app: 'waiting'});
		expect(phases(story.wait(5000))).toEqual({cache: 'stopped', app: 'up'});
	});
});

test('what is needed at boot is started at boot, and what is not waits for a word', () => {
	const story = tell(['lazy', {autostart: false}], ['db', {autostart: false}], ['app', {needs: ['db']}]);
	expect(phases(story)).toEqual({lazy: 'new', db: 'up', app: 'up'});
	expect(phases(story.ask('start', 'lazy'))['lazy']).toBe('up');
});

test('an order is kept only with what is on its way anyhow', () => {
	const edge = {name: 'first', strength: 'order', condition: 'service_healthy'} as const;
	expect(phases(tell(['first', {ready: {kind: 'notify'}}], ['second', {needs: [edge]}]))).toEqual({first: 'starting', second: 'waiting'});
	const alone = tell(['first', {autostart: false}], ['second', {needs: [edge]}]);
	expect(phases(alone)['second']).toBe('up');
	expect(phases(alone.ask('stop', 'second').ask('start', 'second'))['first']).not.toBe('up');
});

describe('a need with a timeout', () => {
	test('fails its dependent when it is hard', () => {
		const story = tell(['db', {ready: {kind: 'notify'}}], ['app', {needs: [{name: 'db', condition: 'service_healthy', timeout: 30_000}]}]);
		story.wait(30_000);
		expect(phases(story)['app']).toBe('failed');
		expect(statusOf(story.state(), find(story.state(), 'app')!).note).toBe('waited 30 s for db');
	});

	test('is waited for no longer when it is soft', () => {
		const story = tell(['db', {ready: {kind: 'notify'}}], ['app', {needs: [{name: 'db', condition: 'service_healthy', strength: 'soft', timeout: 30_000}]}]);
		expect(phases(story.wait(29_999))['app']).toBe('waiting');
		expect(phases(story.wait(1))['app']).toBe('up');
	});

	test('is waited for as long as it says itself, whatever another one says', () => {
		const ready = {kind: 'notify'} as const;
		for (const [strength, end] of [['soft', 'up'], ['hard', 'failed']] as const) {
			const story = tell(['db', {ready}], ['mq', {ready}], ['app', {needs: [
				{name: 'db', condition: 'service_healthy', strength: 'soft', timeout: 10_000},
				{name: 'mq', condition: 'service_healthy', strength, timeout: 30_000},
			]}]);
			expect(phases(story.wait(29_999))['app']).toBe('waiting');
			expect(phases(story.wait(1))['app']).toBe(end);
		}
	});
});

describe('a need that takes its dependent along', () => {
	const along = (): Story => tell(['db'], ['app', {needs: [{name: 'db', restart: true}]}], ['other', {needs: ['db']}]);

	test('when it crashes', () => {
		const story = along();
		story.lines();
		expect(story.dies('db', exit(1)).lines()).toMatchInlineSnapshot(`
			"        db exited with status 1; restart 1 of 3
			  0.00  spawn db
			  0.00  SIGTERM to app
			        stopping app (pid 102) with SIGTERM
			        started db (pid 104)
			        stopped app (SIGTERM)
			  0.00  spawn app
			        started app (pid 105)"
		`);
		expect([find(story.state(), 'app')?.starts, find(story.state(), 'other')?.starts]).toEqual([2, 1]);
	});

	test('when it is restarted: the dependent ends first', () => {
		const story = along();
		story.lines();
		expect(story.ask('restart', 'db').lines()).toMatchInlineSnapshot(`
			"  0.00  SIGTERM to app
			        stopping app (pid 102) with SIGTERM
			        stopped app (SIGTERM)
			  0.00  SIGTERM to db
			        stopping db (pid 101) with SIGTERM
			        stopped db (SIGTERM)
			  0.00  spawn db
			        started db (pid 104)
			  0.00  spawn app
			        started app (pid 105)"
		`);
	});
});

describe('restarts', () => {
	test('a storm is slowed down so that the machine stays usable', () => {
		const names = Array.from({length: 30}, (_, i) => `s${i}`);
		const story = tell(...names.map(name => [name] as const));
		const rate = {...story.state().settings, startRate: {perSecond: 10, burst: 10}};
		Object.assign(story.state(), {settings: rate, bucket: {level: 10, at: 0}});
		for (const name of names) story.dies(name, exit(1));
		const count = (phase: string): number => Object.values(phases(story)).filter(each => each === phase).length;
		expect([count('up'), count('backoff')]).toEqual([10, 20]);
		story.wait(5000);
		expect(count('up')).toBe(30);
	});

	test('a storm after a quiet hour gets no more at once than any other', () => {
		const names = Array.from({length: 30}, (_, i) => `s${i}`);
		const story = tell(...names.map(name => [name] as const));
		const startRate = {perSecond: 10, burst: 10};
		story.hear({kind: 'reconfigure', shutdownGrace: 9000, startRate, whenIdle: 'never', services: names.map(name => service(name))}).wait(3_600_000);
		for (const name of names) story.dies(name, exit(1));
		expect(Object.values(phases(story)).filter(phase => phase === 'up')).toHaveLength(10);
	});

	test('as supervisord counts them: failed starts only, each pause a second longer', () => {
		const restart = {
			policy: 'always', growth: 'linear', delay: 1000, maxDelay: Infinity, counts: 'starts', attempts: 3, window: Infinity,
		} as const;
		const {restart: rest} = find(tell(['x']).state(), 'x')!.service;
		const story = tell(['web', {startPeriod: 1000, restart: {...rest, ...restart}}]);
		for (let i = 0; i < 20; i++) story.wait(1000).dies('web', exit(0));
		expect(phases(story)).toEqual({web: 'starting'});
		story.lines();
		story.dies('web', exit(0)).wait(1000).dies('web', exit(0)).wait(2000).dies('web', exit(0)).wait(3000).dies('web', exit(0));
		expect(story.lines()).toMatchInlineSnapshot(`
			"        web exited before it was ready (exit status 0); restart 1 of 3 in 1 s
			 21.00  spawn web
			        started web (pid 122)
			        web exited before it was ready (exit status 0); restart 2 of 3 in 2 s
			 23.00  spawn web
			        started web (pid 123)
			        web exited before it was ready (exit status 0); restart 3 of 3 in 3 s
			 26.00  spawn web
			        started web (pid 124)
			        web failed: exited before it was ready (exit status 0) after 3 restarts
			        no service is running or about to start: web failed (exited before it was ready (exit status 0)); start a service with archonctl start NAME, or stop archon with SIGTERM"
		`);
		expect(phases(story)).toEqual({web: 'failed'});
	});
});

test('a service that fails for good ends the container where it says so', () => {
	const story = tell(['side'], ['web', {refused: 2, onFailed: 'shutdown'}]);
	expect(story.lines()).toMatch(/shutting down: web failed[^]*exit 127$/);
});

test('the last ends are remembered, and no more than ten', () => {
	const {restart} = find(tell(['x']).state(), 'x')!.service;
	const story = tell(['web', {restart: {...restart, attempts: Infinity}}]);
	for (let i = 0; i < 15; i++) story.wait(20_000).dies('web', exit(i));
	const past = find(story.state(), 'web')?.past ?? [];
	expect(past.map(({outcome}) => outcome)).toEqual(Array.from({length: 10}, (_, i) => exit(i + 5)));
});
