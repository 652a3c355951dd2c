/** The table against a plain map that does the same the slow way. */
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {deadlineOf, due, earliest, EMPTY, entries, erase, read, freeId, write} from '../../../src/core/service-table.ts';
import type {Entry} from '../../../src/core/entry.ts';
import {NEVER} from '../../../src/core/time.ts';
import {entryOf} from '../../../src/core/state.ts';
import {create} from '../../../src/core/whole.ts';
import {WAITING} from '../../../src/core/phase.ts';
import {service, SETTINGS} from '../../stories/tell.ts';

const blank = entryOf(create([service('x')], SETTINGS), 0) as Entry;
const entry = (id: number, deadline: number): Entry =>
	({...blank, id, phase: deadline === NEVER ? WAITING : {kind: 'backoff', deadline}});

const operation = fc.oneof(
	fc.record({kind: fc.constant('add' as const), deadline: fc.oneof(fc.constant(NEVER), fc.integer({min: 1, max: 50}))}),
	fc.record({kind: fc.constant('change' as const), which: fc.nat(), deadline: fc.oneof(fc.constant(NEVER), fc.integer({min: 1, max: 50}))}),
	fc.record({kind: fc.constant('erase' as const), which: fc.nat()}),
);

test('any writes and erasures leave the table equal to a map, and older books as they were', () => {
	fc.assert(fc.property(fc.array(operation, {maxLength: 150}), operations => {
		const map = new Map<number, Entry>();
		let table = EMPTY;
		for (const action of operations) {
			const before = {table, contents: [...entries(table)]};
			const ids = [...map.keys()];
			const id = action.kind === 'add' ? freeId(table) : ids[action.which % ids.length];
			if (id === undefined) continue;
			if (action.kind === 'erase') {
				table = erase(table, id);
				map.delete(id);
			} else {
				if (action.kind === 'add') expect(map.has(id)).toBe(false);
				table = write(table, entry(id, action.deadline));
				map.set(id, entry(id, action.deadline));
			}
			expect([...entries(before.table)]).toEqual(before.contents);
			const deadlines = [...map.values()].map(deadlineOf);
			expect(earliest(table)).toBe(Math.min(NEVER, ...deadlines));
			expect(due(table, 25) === undefined).toBe(!deadlines.some(deadline => deadline <= 25));
			expect([...entries(table)]).toEqual([...map.values()].sort((a, b) => a.id - b.id));
		}
	}), {numRuns: 200});
});

test('a place that was given back is used again before a new one', () => {
	let table = write(write(EMPTY, entry(0, NEVER)), entry(1, NEVER));
	table = erase(table, 0);
	expect(freeId(table)).toBe(0);
	table = write(table, entry(0, 7));
	expect(freeId(table)).toBe(2);
	expect(read(table, 0)).toEqual(entry(0, 7));
});

test('a write at ten thousand entries shares all but one path with the table before', () => {
	let table = EMPTY;
	for (let id = 0; id < 10_000; id++) table = write(table, entry(id, id + 1));
	const after = write(table, entry(5000, NEVER));
	const shared = (node: unknown, seen = new Set<unknown>()): Set<unknown> => {
		if (typeof node !== 'object' || node === null || seen.has(node) || !('deadline' in node)) return seen;
		seen.add(node);
		if ('children' in node) for (const child of node.children as unknown[]) shared(child, seen);
		return seen;
	};
	const old = shared(table.root);
	const fresh = [...shared(after.root)].filter(node => !old.has(node));
	expect(fresh.length).toBe(table.height + 1);
	expect(earliest(after)).toBe(1);
});
