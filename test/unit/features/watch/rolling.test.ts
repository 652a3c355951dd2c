/** Services that are restarted one after the other, each ready before the next. */
import {expect, test} from 'vitest';
import type {Entry} from '../../../../src/core/entry.ts';
import {service} from '../../../../src/core/defaults.ts';
import type {Phase} from '../../../../src/core/phase.ts';
import {newEntry} from '../../../../src/core/state.ts';
import {advance, AT_REST, deadlineOf, enqueue, PATIENCE} from '../../../../src/features/watch/core/rolling.ts';

const UP: Phase = {
	kind: 'up', run: 1, pid: 10, isReady: true, health: 'none', probes: null, watchdog: null, watchdogAt: Infinity,
};
const STARTING: Phase = {
	kind: 'starting', run: 2, pid: 11, isHooked: false, isUnready: true, handover: null, deadline: Infinity, steadyAt: Infinity, probes: null,
};

class World {
	readonly entries = new Map<string, Entry>();

	constructor(...names: readonly string[]) {
		for (const name of names) this.put(name, UP, 1);
	}

	put(name: string, phase: Phase, starts: number): void {
		this.entries.set(name, {...newEntry(1, service(name, ['x']), 0), phase, starts, leaving: false});
	}

	readonly entryOf = (name: string): Entry | undefined => this.entries.get(name);
}

test('the next is restarted when the one before is ready again, and not sooner', () => {
	const world = new World('a', 'b');
	const first = advance(enqueue(AT_REST, ['a', 'b', 'a']), world.entryOf, 0);
	expect([first.restarts, first.after.queue, deadlineOf(first.after)]).toEqual(['a', ['b'], PATIENCE]);
	world.put('a', STARTING, 2);
	const waiting = advance(first.after, world.entryOf, 10);
	expect([waiting.restarts, waiting.after]).toEqual([null, first.after]);
	world.put('a', UP, 2);
	const second = advance(waiting.after, world.entryOf, 20);
	expect([second.restarts, second.after.queue]).toEqual(['b', []]);
	world.put('b', UP, 2);
	expect(advance(second.after, world.entryOf, 30)).toEqual({after: AT_REST, restarts: null, stuck: null});
	expect(deadlineOf(AT_REST)).toBe(Infinity);
});

test('where one is not ready in time, or fails, the others are left as they are', () => {
	for (const [phase, now, why] of [
		[STARTING, PATIENCE, 'it is not ready in time'], [{kind: 'down', cause: 'failed'} as Phase, 5, expect.any(String)],
	] as const) {
		const world = new World('a', 'b', 'c');
		const {after} = advance(enqueue(AT_REST, ['a', 'b', 'c']), world.entryOf, 0);
		world.put('a', phase, 2);
		const {restarts, stuck, after: rest} = advance(after, world.entryOf, now);
		expect([restarts, stuck, rest]).toEqual([null, {name: 'a', why, left: ['b', 'c']}, AT_REST]);
	}
});

test('what does not run, or is not known any more, is passed over', () => {
	const world = new World('b');
	world.put('a', {kind: 'down', cause: 'stopped'}, 1);
	expect(advance(enqueue(AT_REST, ['a', 'gone', 'b']), world.entryOf, 0).restarts).toBe('b');
});

test('one that is being restarted is not asked for again', () => {
	const world = new World('a', 'b');
	const {after} = advance(enqueue(AT_REST, ['a']), world.entryOf, 0);
	expect(enqueue(after, ['a', 'b']).queue).toEqual(['b']);
});
