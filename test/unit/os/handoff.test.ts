/** What one instance of archon writes down is what the next one reads, or it is told that it cannot be. */
import fc from 'fast-check';
import {expect, test} from 'vitest';
import type {Bytes} from '../../../src/os/bytes.ts';
import {BLOCK_SIZE, HEAD, type Handoff, HANDOFF_SIZE, openHandoff, SMALL_HANDOFF_SIZE, TAIL} from '../../../src/os/reexec/handoff.ts';

const START = 1024;
/** Where the handoff begins, and its first half. */
const BASE = 4096;
const LOG = BASE + 64;
const MIB = 1 << 20;
/** Of the header: which half counts, and how much of it. */
const [AT_HALF, AT_LENGTH] = [BASE + 8, BASE + 12];

/** Memory as a memfd is: zeros that take no room until they are written to. */
function memory(size = HANDOFF_SIZE) {
	const bytes = new ArrayBuffer(BASE + size);
	const all = Buffer.from(bytes);
	/** Mebibytes that may be other than zero. */
	const used = new Set<number>();
	const use = (at: number, length: number): void => {
		for (let i = Math.floor(at / MIB); i * MIB < at + length; i++) used.add(i);
	};
	const release = (at: number, length: number): void => {
		for (const i of used) all.fill(0, Math.max(at, i * MIB), Math.max(at, Math.min(at + length, (i + 1) * MIB)));
	};
	return {
		all, use,
		view(at: number, length: number): Bytes {
			use(at, length);
			return new Uint8Array(bytes, at, length);
		},
		open(isFirst = false): Handoff {
			return openHandoff(this, START, isFirst, release, size);
		},
		/** As new: cheaper than new memory. */
		clear(): void {
			release(0, all.length);
			used.clear();
		},
		/** Where the log that counts begins, and how long it is. */
		log: (): readonly [number, number] => [LOG + all.readUInt32LE(AT_HALF) * (48 * MIB), all.readUInt32LE(AT_LENGTH)],
	};
}

const run = (handoff: Handoff, steps: readonly (readonly [string, string | null])[], model = new Map<string, string>()): Map<string, string> => {
	for (const [key, text] of steps) {
		if (text === null) {
			handoff.delete(key);
			model.delete(key);
		} else {
			handoff.put(key, text);
			model.set(key, text);
		}
	}
	return model;
};

/** Texts of any length, also longer than a segment, of characters of one to four bytes, and halves of them. */
const text = fc.oneof(
	{weight: 20, arbitrary: fc.string({unit: 'binary', maxLength: 50})},
	{weight: 1, arbitrary: fc.tuple(fc.constantFrom('x', 'ÿ', '€', '🙂'), fc.integer({min: 0, max: MIB})).map(([unit, count]) => unit.repeat(count))},
);
const step = fc.tuple(fc.constantFrom('a', 'b', 'life 1', 'body ü', ''), fc.option(text, {freq: 4}));

test('after any steps, over any number of instances, the next one knows what is true', () => {
	fc.assert(fc.property(fc.array(fc.array(step, {maxLength: 40}), {minLength: 1, maxLength: 3}), lives => {
		const place = memory();
		const model = new Map<string, string>();
		for (const [i, steps] of lives.entries()) {
			const handoff = place.open(i === 0);
			expect(handoff.damage).toBe(null);
			expect(handoff.past).toEqual(model);
			run(handoff, steps, model);
		}
		expect(place.open().past).toEqual(model);
	}), {numRuns: 40});
});

test('what is true stays so while the log is written again and again', () => {
	const place = memory();
	const handoff = place.open(true);
	const model = new Map<string, string>();
	const halves = new Set<number>();
	for (let i = 0; i < 150_000; i++) {
		run(handoff, [[`key ${i % 97}`, i % 11 === 0 ? null : `text ${i} ${'.'.repeat(i % 60)}`]], model);
		halves.add(place.log()[0]);
	}
	expect(halves.size).toBe(2);
	// And it takes little more than what is true.
	expect(place.log()[1]).toBeLessThan(2 * MIB);
	expect(place.open().past).toEqual(model);
});

test('records end where a segment ends, or a few bytes before', () => {
	for (let short = 0; short <= 12; short++) {
		const place = memory();
		// Three bytes for a character at the most, so that only what is that long fills a segment to its end.
		const model = run(place.open(true), [['a', '€'.repeat((MIB - 8 - 3 - 3) / 3 | 0)], ['b', ''], ['c', 'x'.repeat(short)], ['d', 'y']]);
		run(place.open(), [['e', '€'.repeat((MIB - 3 * 12 - 6 - short) / 3 | 0)], ['f', 'z']], model);
		expect(place.open().past).toEqual(model);
	}
});

test('a log that ends anywhere is read up to there, or is damaged', () => {
	const place = memory();
	const steps = Array.from({length: 12}, (_, i) => [`key ${i % 5}`, i % 4 === 3 ? null : `text ${i}`] as const);
	run(place.open(true), steps);
	const states = steps.map((_, i) => JSON.stringify([...run(memory().open(true), steps.slice(0, i))].sort()));
	states.push(JSON.stringify([...run(memory().open(true), steps)].sort()));
	const [start, length] = place.log();
	const log = Buffer.from(place.all.subarray(start, start + length));
	const header = Buffer.from(place.all.subarray(BASE, BASE + 64));
	const copy = memory();
	for (const how of ['shorter', 'zeroed'] as const) {
		for (let cut = 0; cut < length; cut++) {
			copy.clear();
			copy.use(start, length);
			header.copy(copy.all, BASE);
			log.copy(copy.all, start, 0, cut);
			if (how === 'shorter') copy.all.writeUInt32LE(cut, AT_LENGTH);
			const {past, damage} = copy.open();
			if (damage === null && how === 'shorter') expect(states).toContain(JSON.stringify([...past].sort()));
			if (damage !== null) expect(past.size).toBe(0);
		}
	}
});

test('nonsense is damage and never throws, and what is written over it is read again', () => {
	const place = memory();
	const fill = (numbers: Uint8Array, at: number, good: boolean): void => {
		place.clear();
		if (good) run(place.open(true), Array.from({length: 50}, (_, i) => [`key ${i}`, `text ${i}`]));
		place.use(at, numbers.length);
		place.all.set(numbers, at);
	};
	const anywhere = fc.oneof(fc.integer({min: BASE, max: BASE + 64}), fc.integer({min: LOG, max: LOG + 500}),
		fc.integer({min: LOG + 48 * MIB, max: LOG + 48 * MIB + 900}), fc.integer({min: LOG + 96 * MIB, max: LOG + 96 * MIB + 8192}));
	fc.assert(fc.property(fc.uint8Array({minLength: 1, maxLength: 300}), anywhere, fc.boolean(), (numbers, at, good) => {
		fill(numbers, at, good);
		const handoff = place.open();
		if (handoff.damage !== null) {
			expect(handoff.past.size).toBe(0);
			for (const owner of ['one', 'two']) expect(handoff.blocks.inherit(owner)).toEqual([]);
		}
		const model = run(handoff, [['a', '1'], ['b', '2'], ['a', null]], new Map(handoff.past));
		const next = place.open();
		expect(next.damage).toBe(null);
		expect(next.past).toEqual(model);
	}), {numRuns: 300});
});

test('more than there is room for is damage to the next instance, and nothing is written where it must not be', () => {
	const place = memory();
	const handoff = place.open(true);
	const block = handoff.blocks.claim('owner');
	block?.bytes.fill(7);
	if (block) block.bounds[TAIL] = BLOCK_SIZE;
	for (let i = 0; i < 60; i++) handoff.put(`key ${i}`, 'x'.repeat(MIB - 100));
	handoff.put('a', '1');
	handoff.delete('key 3');
	const next = place.open();
	expect(next.damage).toMatch(/room/);
	expect(next.past.size).toBe(0);
	expect(block?.bytes.every(byte => byte === 7)).toBe(true);
	handoff.put('a', '1');
});

test('what is true fills most of the room, and is changed there', {timeout: 120_000}, () => {
	const place = memory(SMALL_HANDOFF_SIZE);
	const handoff = place.open(true);
	const model = new Map<string, string>();
	// A half of the small room has 4 MiB.
	for (let i = 0; i < 500; i++) run(handoff, [[`key ${i % 35}`, `${i}`.padEnd(30_000, 'x')]], model);
	const next = place.open();
	expect(next.damage).toBe(null);
	expect([...next.past.keys()]).toEqual([...model.keys()]);
	for (const [key, text] of model) expect(next.past.get(key)?.slice(0, 5)).toBe(text.slice(0, 5));
});

const fill = (handoff: Handoff, owner: string, byte: number, head: number, tail: number): void => {
	const block = handoff.blocks.claim(owner);
	if (!block) throw new Error('no block');
	block.bytes.fill(byte, 0, tail);
	block.bounds[HEAD] = head;
	block.bounds[TAIL] = tail;
};

const contents = (handoff: Handoff, owner: string): string[] =>
	handoff.blocks.inherit(owner).map(({bytes, bounds: {[HEAD]: head = 0, [TAIL]: tail = 0}}) => Buffer.from(bytes.subarray(head, tail)).toString('latin1'));

test('an owner gets its blocks back, oldest first, once, and no other owner\'s', () => {
	const place = memory();
	let handoff = place.open(true);
	for (const [owner, byte] of [['one', 97], ['two', 65], ['one', 98], ['one', 99]] as const) fill(handoff, owner, byte, 1, 3);
	// Empty ones have no owner.
	fill(handoff, 'one', 100, 0, 0);
	fill(handoff, 'one', 101, 5, 5);
	handoff = place.open();
	expect(contents(handoff, 'three')).toEqual([]);
	expect(contents(handoff, 'one')).toEqual(['aa', 'bb', 'cc']);
	expect(contents(handoff, 'one')).toEqual([]);
	// What this instance adds comes behind what it has inherited.
	fill(handoff, 'one', 102, 0, 2);
	handoff = place.open();
	expect(contents(handoff, 'two')).toEqual(['AA']);
	expect(contents(handoff, 'one')).toEqual(['aa', 'bb', 'cc', 'ff']);
});

test('blocks are lent to one at a time, come empty, and run out', () => {
	const place = memory();
	const {blocks} = place.open(true);
	const taken = Array.from({length: 512}, () => blocks.claim('one'));
	expect(new Set(taken.map(block => block?.bytes.byteOffset)).size).toBe(512);
	expect(blocks.claim('one')).toBe(null);
	const [first, second] = taken;
	if (!first || !second) throw new Error('no block');
	first.bounds[TAIL] = 9;
	second.bounds[TAIL] = 9;
	blocks.release(first);
	blocks.release(first);
	const again = blocks.claim('two');
	expect(again?.bytes.byteOffset).toBe(first.bytes.byteOffset);
	expect([again?.bounds[HEAD], again?.bounds[TAIL]]).toEqual([0, 0]);
	expect(blocks.claim('two')).toBe(null);
	expect(contents(place.open(), 'one')).toHaveLength(1);
});

test('a block that its owner uses again is its newest', () => {
	const place = memory();
	const {blocks} = place.open(true);
	const [first, second] = [blocks.claim('one'), blocks.claim('one')];
	if (!first || !second) throw new Error('no block');
	for (const [block, byte] of [[second, 'a'], [first, 'b']] as const) {
		block.bytes[0] = byte.charCodeAt(0);
		block.bounds[TAIL] = 1;
	}
	blocks.renew(first);
	expect(contents(place.open(), 'one')).toEqual(['a', 'b']);
});
