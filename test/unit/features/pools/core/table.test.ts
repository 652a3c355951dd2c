/** The persistent table: it has what a Map has, keeps what it was, and knows what is due. */
import {expect, test} from 'vitest';
import {type Table, tables} from '../../../../../src/features/pools/core/table.ts';
import {random} from '../../../../sim/random.ts';

interface Item {
	readonly key: string;
	readonly at: number;
}

const kind = tables<string, Item>({keyOf: ({key}) => key, deadlineOf: ({at}) => at});

/** Two texts with the same 32 bits of FNV-1a, and more keys that share only some. */
const KEYS = ['costarring', 'liquid', ...Array.from({length: 200}, (_, at) => `k${at}`)];

test('a table has what a Map has after any writes and erasures', () => {
	const draw = random(7);
	let table = kind.empty;
	const map = new Map<string, Item>();
	const earlier: (readonly [Table<Item>, readonly Item[]])[] = [];
	for (let i = 0; i < 5000; i++) {
		const key = KEYS[draw.between(0, KEYS.length - 1)]!;
		if (draw.chance(0.6)) {
			const item = {key, at: draw.between(0, 1000)};
			table = kind.write(table, item);
			map.set(key, item);
		} else {
			table = kind.erase(table, key);
			map.delete(key);
		}
		expect(table.size).toBe(map.size);
		expect(kind.read(table, key)).toBe(map.get(key));
		expect(table.deadline).toBe(Math.min(Infinity, ...[...map.values()].map(({at}) => at)));
		if (i % 500 === 0) earlier.push([table, [...kind.all(table)]]);
	}
	expect(new Set(kind.all(table))).toEqual(new Set(map.values()));
	for (const [then, items] of earlier) expect([...kind.all(then)]).toEqual(items);
	for (const key of KEYS) table = kind.erase(table, key);
	expect([table.size, table.members.length]).toEqual([0, 0]);
});

test('an item that is due is found, one after the other', () => {
	let table = kind.empty;
	for (let at = 0; at < 300; at++) table = kind.write(table, {key: `${at}`, at: at % 2 === 0 ? at : 10_000});
	let found = 0;
	for (let due = kind.due(table, 100); due; due = kind.due(table, 100)) {
		expect(due.at).toBeLessThanOrEqual(100);
		table = kind.erase(table, due.key);
		found++;
	}
	expect(found).toBe(51);
});
