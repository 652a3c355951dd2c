/** What follows when archon itself did not run for a while: no timeout counts that time, and nothing else changes. */
import {describe, expect, test} from 'vitest';
import {NO_HOOKS, RESTART} from '../../src/core/defaults.ts';
import type {Health} from '../../src/core/service.ts';
import {find} from '../../src/core/state.ts';
import {nextDeadline} from '../../src/core/whole.ts';
import {exit, phases, type Story, tell} from './tell.ts';

const HOUR = 3_600_000;
const ready = {kind: 'notify'} as const;
const probe = {kind: 'file', path: '/x'} as const;
const restart = {...RESTART, jitter: 0, attempts: 2} as const;

/** What may be late, and how long it may take: the story so far, and from the stall on. */
const LIMITS: readonly {what: string; begin: () => Story; limit: number; late: RegExp}[] = [
	{what: 'a start', begin: () => tell(['a', {ready, startTimeout: 5000}]), limit: 5000, late: /not ready within 5 s/},
	{what: 'a oneshot', begin: () => tell(['a', {type: 'oneshot', startTimeout: 5000}]), limit: 5000, late: /not completed within 5 s/},
	{what: 'a stop', begin: () => tell(['a', {deaf: true}]).ask('stop', 'a'), limit: 5000, late: /SIGKILL to a/},
	{what: 'pre_stop', begin: () => tell(['a', {hooks: {...NO_HOOKS, postStart: [], preStop: [['x']]}}]).ask('stop', 'a'), limit: 5000, late: /SIGKILL to a/},
	{
		what: 'what a process left behind', begin: () => tell(['a', {leavesSurvivors: true, deaf: true}]).dies('a', exit(1)),
		limit: 5000, late: /SIGKILL to a/,
	},
	{what: 'a watchdog', begin: () => tell(['a', {watchdog: 5000}]), limit: 5000, late: /no WATCHDOG=1 within 5 s/},
	{what: 'a need', begin: () => tell(['b', {ready}], ['a', {needs: [{name: 'b', condition: 'service_healthy', timeout: 5000}]}]), limit: 5000, late: /cannot start a/},
	{
		what: 'a shutdown', begin: () => tell(['a', {deaf: true, stop: {signal: 15, grace: HOUR}}]).hear({kind: 'shutdown', why: 'x'}),
		limit: 9000, late: /killing all remaining services/,
	},
	{what: 'a start period', begin: () => tell(['a', {startPeriod: 5000}]), limit: 5000, late: /a is ready/},
];

describe.each(LIMITS)('$what', ({begin, limit, late}) => {
	test('that archon did not watch has all the time that was left, and no more', () => {
		for (const before of [0, 1, limit / 2, limit - 1]) {
			const story = begin().wait(before);
			story.lines();
			story.stall(HOUR).wait(limit - before - 1);
			expect(story.lines(), `after ${before} ms`).not.toMatch(late);
			expect(story.wait(1).lines(), `after ${before} ms`).toMatch(late);
		}
	});

	test('goes on as if nothing had been, however often archon stalls', () => {
		const lines = (story: Story): string => story.lines().replace(/^ *[\d.]+ {2}(?=\S)/gm, '').replace(/ *waiting for .*\n/g, '');
		const calm = begin().wait(0);
		const told = lines(calm.wait(2.5 * limit));
		const story = begin().wait(0);
		for (let i = 0; i < 25; i++) story.stall(i * 1000).wait(limit / 10);
		expect(lines(story)).toBe(told);
	});
});

test('ends that archon could not have seen further apart are as near to each other as before', () => {
	const story = tell(['a', {restart}]);
	story.dies('a', exit(1)).dies('a', exit(1)).wait(1000).stall(HOUR).dies('a', exit(1));
	expect(phases(story)).toEqual({a: 'failed'});
});

test('nor has anybody been up for long by sleeping', () => {
	const story = tell(['a', {restart: {...restart, window: Infinity, resetAfter: 10_000}}]);
	story.dies('a', exit(1)).dies('a', exit(1)).wait(100 + 9000).stall(HOUR).wait(999).dies('a', exit(1));
	expect(phases(story)).toEqual({a: 'failed'});
});

test('failures do not count for as much of the health\'s start period as archon has seen', () => {
	const health: Health = {
		probe, interval: 1000, timeout: 1000, retries: 1, successes: 1, startPeriod: 5000, startInterval: 1000, onUnhealthy: 'none',
	};
	const fails = {kind: 'probe', purpose: 'health', passed: false, detail: ''} as const;
	const story = tell(['a', {health}]).wait(0).stall(HOUR).tells('a', fails).wait(4999).tells('a', fails);
	expect(find(story.state(), 'a')?.phase).toMatchObject({health: 'starting'});
	expect(find(story.wait(1000).tells('a', fails).state(), 'a')?.phase).toMatchObject({health: 'unhealthy'});
});

test('a pause that is over is over, and a look that is due is taken', () => {
	const story = tell(['a', {restart: {...restart, delay: 5000}}]);
	story.dies('a', exit(1)).dies('a', exit(1));
	expect(phases(story)).toEqual({a: 'backoff'});
	expect(phases(story.stall(HOUR).wait(0))).toEqual({a: 'up'});
});

test('how long something has lasted is told by the clock on the wall, stall or not', () => {
	const story = tell(['a', {ready}]).wait(1000);
	story.tells('a', {kind: 'ready'}).stall(HOUR);
	expect(find(story.state(), 'a')?.since).toBe(1000);
});

test('who has no deadline is given none', () => {
	const story = tell(['a'], ['b', {type: 'oneshot'}]).stall(HOUR);
	expect(nextDeadline(story.state())).toBe(Infinity);
});

test('of two needs each has its own time left', () => {
	const need = {name: 'b', condition: 'service_healthy', strength: 'soft', timeout: 5000} as const;
	const story = tell(['b', {ready}], ['c', {ready}], ['a', {needs: [need, {...need, name: 'c', strength: 'hard', timeout: 10_000}]}]);
	story.wait(1000).stall(HOUR).wait(8999);
	expect(phases(story)['a']).toBe('waiting');
	expect(phases(story.wait(1))['a']).toBe('failed');
});

test('a stall in one phase does not count in the next', () => {
	const story = tell(['a', {ready, restart: {...restart, window: Infinity, resetAfter: 10_000}}]);
	for (let i = 0; i < 5; i++) story.stall(HOUR).tells('a', {kind: 'ready'}).wait(10_000).dies('a', exit(1));
	expect(phases(story)).toEqual({a: 'starting'});
});
