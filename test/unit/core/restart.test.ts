/** Every restart policy against every way to end. */
import {describe, expect, test} from 'vitest';
import type {Entry} from '../../../src/core/entry.ts';
import type {Outcome} from '../../../src/core/outcome.ts';
import {type RestartPolicy, RESTARTS} from '../../../src/core/service.ts';
import {decide, backoffDelay, jitterOf} from '../../../src/core/restart.ts';
import {entryOf} from '../../../src/core/state.ts';
import {create} from '../../../src/core/whole.ts';
import {exit, killedBy, service, SETTINGS} from '../../stories/tell.ts';

const entryWith = (type: 'daemon' | 'oneshot', policy: RestartPolicy['policy'], ends: number[] = []): Entry => {
	const restart = {...service('x').restart, policy};
	const state = create([service('x', {type, restart})], SETTINGS);
	return {...entryOf(state, 0) as Entry, ends};
};

const verdict = (entry: Entry, outcome: Outcome | null): string => {
	const {kind, ...rest} = decide(entry, {outcome, blame: null, wasUp: true}, 1000, 0.5);
	return 'cause' in rest ? rest.cause : kind;
};

describe.each([
	{end: exit(0), no: 'exited', always: 'again', onFailure: 'exited', oneshot: 'completed'},
	{end: exit(1), no: 'failed', always: 'again', onFailure: 'again', oneshot: 'failed'},
	{end: exit(126), no: 'failed', always: 'failed', onFailure: 'failed', oneshot: 'failed'},
	{end: exit(127), no: 'failed', always: 'failed', onFailure: 'failed', oneshot: 'failed'},
	{end: exit(255), no: 'failed', always: 'again', onFailure: 'again', oneshot: 'failed'},
	{end: killedBy(9), no: 'failed', always: 'again', onFailure: 'again', oneshot: 'failed'},
	{end: killedBy(15), no: 'failed', always: 'again', onFailure: 'again', oneshot: 'failed'},
	{end: null, no: 'failed', always: 'again', onFailure: 'again', oneshot: 'failed'},
])('an end by $end', ({end, no, always, onFailure, oneshot}) => {
	const expected = {'no': no, 'always': always, 'unless-stopped': always, 'on-failure': onFailure};
	test.each(RESTARTS)('with restart %s', policy => {
		expect(verdict(entryWith('daemon', policy), end)).toBe(expected[policy]);
	});
	test('of a oneshot without restart', () => {
		expect(verdict(entryWith('oneshot', 'no'), end)).toBe(oneshot);
	});
});

test.each(RESTARTS)('with restart %s every exit status and every signal has the verdict that the policy says', policy => {
	const ends: readonly Outcome[] = [
		...Array.from({length: 256}, (_, code) => exit(code)), ...Array.from({length: 64}, (_, i) => killedBy(i + 1)),
	];
	for (const end of ends) {
		const isGood = end.kind === 'code' && end.code === 0;
		const isFatal = end.kind === 'code' && (end.code === 126 || end.code === 127);
		const again = isFatal ? 'failed' : 'again';
		const ended = isGood ? 'exited' : 'failed';
		const daemon = policy === 'no' || (policy === 'on-failure' && isGood) ? ended : again;
		const oneshot = isGood ? 'completed' : policy === 'no' ? 'failed' : again;
		expect(verdict(entryWith('daemon', policy), end), JSON.stringify(end)).toBe(daemon);
		expect(verdict(entryWith('oneshot', policy), end), JSON.stringify(end)).toBe(oneshot);
	}
});

describe('codes and signals of its own', () => {
	const with_ = (ends: Partial<RestartPolicy>, policy: RestartPolicy['policy'] = 'on-failure'): Entry =>
		({...entryWith('daemon', policy), service: service('x', {restart: {...service('x').restart, policy, ...ends}})});

	test('a success is what the service calls one', () => {
		const entry = with_({success: {codes: [0, 3], signals: [15]}});
		expect([exit(0), exit(3), killedBy(15)].map(end => verdict(entry, end))).toEqual(['exited', 'exited', 'exited']);
		expect([exit(1), killedBy(9)].map(end => verdict(entry, end))).toEqual(['again', 'again']);
	});

	test('what forces a restart outranks the policy, and what is fatal outranks everything but a success', () => {
		expect(verdict(with_({force: {codes: [75], signals: []}}, 'no'), exit(75))).toBe('again');
		expect(verdict(with_({fatal: {codes: [2], signals: [11]}}, 'always'), exit(2))).toBe('failed');
		expect(verdict(with_({fatal: {codes: [2], signals: [11]}}, 'always'), killedBy(11))).toBe('failed');
		expect(verdict(with_({fatal: {codes: [], signals: []}}, 'always'), exit(127))).toBe('again');
	});

	test('whatever is blamed has failed, also with a good status', () => {
		const end = {outcome: exit(0), blame: 'unhealthy: no answer', wasUp: true};
		expect(decide(with_({}), end, 0, 0.5).kind).toBe('again');
		expect(decide(with_({}, 'no'), end, 0, 0.5)).toEqual({kind: 'rest', cause: 'failed'});
	});
});

test('one end more than the attempts within the window is the last', () => {
	expect(verdict(entryWith('daemon', 'always', [1, 2]), exit(1))).toBe('again');
	expect(verdict(entryWith('daemon', 'always', [1, 2, 3]), exit(1))).toBe('failed');
	expect(verdict({...entryWith('daemon', 'always', [1, 2, 3]), service: {
		...service('x'), restart: {...service('x').restart, window: 500},
	}}, exit(1))).toBe('again');
});

test('what is remembered stays bounded where the attempts are not', () => {
	const restart = {...service('x').restart, attempts: Infinity};
	let entry: Entry = {...entryWith('daemon', 'always'), service: service('x', {restart})};
	for (let i = 0; i < 1000; i++) {
		const next = decide(entry, {outcome: exit(1), blame: null, wasUp: true}, i, 0.5);
		if (next.kind === 'again') entry = {...entry, ends: next.ends};
	}
	expect(entry.ends.length).toBe(64);
});

test.each([[1, 0], [2, 100], [3, 200], [4, 400], [8, 6400], [9, 10_000], [60, 10_000]])(
	'before restart %i the pause is %i ms', (nth, millis) => {
		expect(backoffDelay({...service('x').restart, delay: 100, factor: 2, maxDelay: 10_000, jitter: 0}, nth, 0.9)).toBe(millis);
	},
);

test.each([1, 2, 9, 60])('before restart %i a constant pause is as long as before the first', nth => {
	expect(backoffDelay({...service('x').restart, growth: 'constant', delay: 15_000, maxDelay: 10_000, jitter: 0}, nth, 0.9)).toBe(15_000);
});

test('as many ends are remembered as the attempts need', () => {
	const restart = {...service('x').restart, attempts: 100};
	let entry: Entry = {...entryWith('daemon', 'always'), service: service('x', {restart})};
	for (let i = 0; i < 100; i++) {
		const next = decide(entry, {outcome: exit(1), blame: null, wasUp: true}, i, 0.5);
		if (next.kind === 'again') entry = {...entry, ends: next.ends};
	}
	expect(decide(entry, {outcome: exit(1), blame: null, wasUp: true}, 100, 0.5)).toEqual({kind: 'rest', cause: 'failed'});
});

test('a start that failed is tried again whatever the policy where only those count', () => {
	const entry = {...entryWith('daemon', 'no'), service: service('x', {restart: {...service('x').restart, policy: 'no', counts: 'starts'}})} as const;
	const end = {outcome: exit(0), blame: 'exited before it was ready', wasUp: false};
	expect(decide(entry, end, 0, 0.5).kind).toBe('again');
	expect(decide(entry, {...end, blame: null, wasUp: true}, 0, 0.5)).toEqual({kind: 'rest', cause: 'exited'});
});

test('jitter moves the pause by no more than its share', () => {
	const policy = {...service('x').restart, jitter: 0.1};
	expect(backoffDelay(policy, 2, 0)).toBeCloseTo(90);
	expect(backoffDelay(policy, 2, 0.5)).toBeCloseTo(100);
	expect(backoffDelay(policy, 2, 1)).toBeCloseTo(110);
});

test('the random are fair enough and the same for the same seed and run', () => {
	const rolls = Array.from({length: 10_000}, (_, run) => jitterOf(42, run));
	expect(rolls.every(value => value >= 0 && value < 1)).toBe(true);
	expect(rolls.reduce((sum, value) => sum + value, 0) / rolls.length).toBeCloseTo(0.5, 1);
	expect(jitterOf(42, 7)).toBe(rolls[7]);
	expect(jitterOf(43, 7)).not.toBe(rolls[7]);
});
