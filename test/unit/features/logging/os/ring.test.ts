/** The last lines of a service. */
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {createRing} from '../../../../../src/features/logging/os/ring.ts';

test('lines come back with their times and streams, the last of them up to a count', () => {
	const ring = createRing(1024);
	ring.put(Buffer.from('one\ntwo\n'), 'stdout', 1);
	ring.put(Buffer.from('three\n'), 'stderr', 2);
	ring.put(Buffer.from('\n'), 'stdout', 3);
	expect(ring.tail(Infinity)).toEqual([
		{at: 1, stream: 'stdout', text: 'one'}, {at: 1, stream: 'stdout', text: 'two'},
		{at: 2, stream: 'stderr', text: 'three'}, {at: 3, stream: 'stdout', text: ''},
	]);
	expect(ring.tail(1)).toEqual([{at: 3, stream: 'stdout', text: ''}]);
	expect(ring.tail(0)).toEqual([]);
});

test('what is kept is the end of all that was put, in whole lines and within the bound', () => {
	const put = fc.record({
		lines: fc.array(fc.string({maxLength: 30}).map(text => text.replaceAll('\n', '')), {minLength: 1, maxLength: 20}),
		stream: fc.constantFrom('stdout' as const, 'stderr' as const),
	});
	fc.assert(fc.property(fc.array(put, {maxLength: 40}), fc.constantFrom(64, 100, 1024, 4096), (puts, limit) => {
		const ring = createRing(limit);
		const all: unknown[] = [];
		puts.forEach(({lines, stream}, at) => {
			ring.put(Buffer.from(lines.map(line => `${line}\n`).join('')), stream, at);
			for (const text of lines) all.push({at, stream, text});
		});
		const kept = ring.tail(Infinity);
		expect(kept).toEqual(all.slice(all.length - kept.length));
		const size = kept.reduce((sum, {text}) => sum + Buffer.byteLength(text) + 1, 0);
		expect(size).toBeLessThanOrEqual(limit);
		const before = all.at(-kept.length - 1) as {text: string} | undefined;
		// What would still have fitted is not forgotten.
		if (before && kept.length < all.length) expect(size + Buffer.byteLength(before.text) + 1).toBeGreaterThan(limit);
	}));
});

test('a ring of no size keeps nothing', () => {
	const ring = createRing(0);
	ring.put(Buffer.from('x\n'), 'stdout', 1);
	expect(ring.tail(Infinity)).toEqual([]);
});
