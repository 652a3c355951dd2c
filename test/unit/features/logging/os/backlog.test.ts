/** Messages that wait for a syslog server, also from one instance of archon to the next. */
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {createBacklog} from '../../../../../src/features/logging/os/backlog.ts';
import {createQueue} from '../../../../../src/features/logging/os/queue.ts';
import {HANDOFF_SIZE, oblivion, openHandoff} from '../../../../../src/os/reexec/handoff.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const message = (number: number, length: number): string => `<30>1 ${number} ${'x'.repeat(length)}`;

test('messages come out whole and in order, as many as fit and at least one, however they are put and taken', () => {
	const step = fc.oneof(
		fc.record({put: fc.array(fc.integer({min: 0, max: 50_000}), {maxLength: 8})}),
		fc.record({most: fc.integer({min: 1, max: 200_000}), take: fc.nat({max: 5})}),
	);
	fc.assert(fc.property(fc.array(step, {maxLength: 12}), steps => {
		const backlog = createBacklog(createQueue(oblivion().blocks, 'one'));
		let expected: string[] = [];
		let next = 0;
		for (const step of steps) {
			if ('put' in step) {
				const messages = step.put.map(length => message(next++, length));
				backlog.put(messages);
				expected.push(...messages);
			} else {
				const found = text(backlog.first(step.most)).split('\n').slice(0, -1);
				expect(found).toEqual(expected.slice(0, found.length));
				expect(found.length > 0).toBe(expected.length > 0);
				const count = Math.min(step.take, expected.length);
				backlog.take(count);
				expected = expected.slice(count);
			}
			expect([backlog.count(), backlog.size()]).toEqual([expected.length, expected.join('').length]);
		}
	}), {numRuns: 50});
});

test('what one instance has left, the next goes on with, but for pieces of messages', () => {
	const bytes = new ArrayBuffer(HANDOFF_SIZE + 4096);
	const memory = {view: (at: number, length: number) => new Uint8Array(bytes, at, length)};
	const open = (isFirst: boolean) => createQueue(openHandoff(memory, 0, isFirst, () => {}).blocks, 'one');
	const queue = open(true);
	createBacklog(queue).put([message(1, 100_000), message(2, 10), message(3, 10)]);
	// The end of the first is all that is left of it, and the beginning of the fourth all that was written.
	queue.take(100_000);
	queue.put(Buffer.from('<30>1 4 x'));
	const next = createBacklog(open(false));
	expect(next.count()).toBe(3);
	next.put([message(5, 1)]);
	expect(text(next.first(1 << 20))).toBe(`${message(2, 10)}\n${message(3, 10)}\n<30>1 4 x\n${message(5, 1)}\n`);
	next.take(4);
	expect([next.count(), next.size()]).toEqual([0, 0]);
	expect(createBacklog(open(false)).count()).toBe(0);
});
