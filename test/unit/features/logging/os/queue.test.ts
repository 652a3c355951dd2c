/** Bytes on their way out. */
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {HANDOFF_SIZE, oblivion, openHandoff} from '../../../../../src/os/reexec/handoff.ts';
import {createQueue} from '../../../../../src/features/logging/os/queue.ts';

test('what is put comes out in order, however it is put and taken', () => {
	const step = fc.oneof(
		fc.record({put: fc.integer({min: 0, max: 100_000})}),
		fc.record({take: fc.integer({min: 0, max: 200_000})}),
	);
	fc.assert(fc.property(fc.array(step, {maxLength: 12}), steps => {
		const [one, other] = [createQueue(oblivion().blocks, 'one'), createQueue(oblivion().blocks, 'other')];
		let next = 0;
		const fresh = (length: number): Buffer => Buffer.from(Array.from({length}, () => next++ & 0xff));
		let expected = Buffer.alloc(0);
		for (const step of steps) {
			if ('take' in step) {
				const peeked = Buffer.concat(one.peek(step.take));
				expect(peeked.equals(expected.subarray(0, step.take))).toBe(true);
				one.take(peeked.length);
				expected = expected.subarray(peeked.length);
			} else {
				const bytes = fresh(step.put);
				one.put(bytes);
				other.put(Buffer.from('another queue has blocks of its own'));
				expected = Buffer.concat([expected, bytes]);
			}
			expect(one.size()).toBe(expected.length);
		}
	}), {numRuns: 30});
});

test('what one instance put and did not take comes out in order in the next', () => {
	const step = fc.oneof(fc.record({put: fc.integer({min: 0, max: 30_000})}), fc.record({take: fc.integer({min: 0, max: 30_000})}));
	const bytes = new ArrayBuffer(HANDOFF_SIZE + 4096);
	const used: Uint8Array[] = [];
	const memory = {
		fd: -1, size: bytes.byteLength,
		view(at: number, length: number) {
			const view = new Uint8Array(bytes, at, length);
			used.push(view);
			return view;
		},
	};
	fc.assert(fc.property(fc.array(fc.array(step, {maxLength: 12}), {minLength: 2, maxLength: 4}), lives => {
		let next = 0;
		let expected = Buffer.alloc(0);
		// As new.
		for (const view of used.splice(0)) view.fill(0);
		for (const [life, steps] of lives.entries()) {
			const queue = createQueue(openHandoff(memory, 0, life === 0, () => {}).blocks, 'one');
			expect(Buffer.concat(queue.peek(Infinity)).equals(expected)).toBe(true);
			for (const step of steps) {
				if ('take' in step) {
					const count = Math.min(step.take * 8, expected.length);
					queue.take(count);
					expected = expected.subarray(count);
				} else {
					const numbers = Buffer.from(Uint32Array.from({length: step.put * 2}, () => next++).buffer);
					queue.put(numbers);
					expected = Buffer.concat([expected, numbers]);
				}
			}
		}
	}), {numRuns: 30});
});
