/** What only grows, over processes that end and an archon that is re-executed. */
import {beforeEach, describe, expect, it} from 'vitest';
import {service} from '../../../../src/core/defaults.ts';
import {create} from '../../../../src/core/whole.ts';
import {createMeasuring} from '../../../../src/features/metrics/os/measuring.ts';
import type {Measures} from '../../../../src/features/metrics/core/measures.ts';
import {count, counted, droppedOf, keepCounts, uncountService} from '../../../../src/os/counts.ts';
import type {UsageRow} from '../../../../src/os/reap/tree.ts';

/** What outlives an instance of archon. */
const memory = new Map<string, string>();

/** As an instance does that begins. */
const begin = (): void => keepCounts({
	put: (key, text) => void memory.set(key, text), get: key => memory.get(key) ?? null, delete: key => void memory.delete(key),
});

beforeEach(() => {
	memory.clear();
	begin();
});

describe('counts', () => {
	it('outlive re-execution', () => {
		count('orphans', 3);
		count('orphans', 4);
		begin();
		expect(counted('orphans')).toBe(7);
		count('orphans', 1);
		expect(counted('orphans')).toBe(8);
	});

	it('go with their service, and leave nothing', () => {
		count(droppedOf('web'), 3);
		uncountService('web');
		expect(counted(droppedOf('web'))).toBe(0);
		expect(memory.size).toBe(0);
	});
});

describe('computing time', () => {
	const state = create([service('web', ['sleep', '1']), service('db', ['sleep', '1'])], {
		shutdownGrace: 1, sweepGrace: 1, startRate: {perSecond: 1, burst: 1}, whenIdle: 'never', seed: 1,
	});
	const row = (name: string, cpu: number, more: Partial<UsageRow> = {}): UsageRow => ({service: name, processes: 1, cpu, memory: 1, started: 5, ...more});

	function measuring(): (...rows: readonly UsageRow[]) => Promise<Measures> {
		let now: readonly UsageRow[] = [];
		const measure = createMeasuring({
			usage: told => told(now), output: {counted: () => null}, checks: () => [], state: () => state, soon: callback => void setImmediate(callback),
		});
		return async (...rows) => {
			now = rows;
			return new Promise((resolve, reject) => measure(resolve, reject));
		};
	}

	const cpuOf = (measures: Measures): number => measures.used('web').cpu;

	it('never gets less, whatever ends', async () => {
		const look = measuring();
		expect(cpuOf(await look(row('web', 100)))).toBe(100);
		// A child has ended that was not waited for; then it runs again, and computes.
		expect(cpuOf(await look(row('web', 30)))).toBe(100);
		expect(cpuOf(await look(row('web', 50)))).toBe(120);
		// It is down, and stays so; then it is started.
		expect(cpuOf(await look())).toBe(120);
		expect(cpuOf(await look())).toBe(120);
		expect(cpuOf(await look(row('web', 10)))).toBe(130);
	});

	it('nor over re-execution', async () => {
		const look = measuring();
		await look(row('web', 100));
		expect(cpuOf(await look(row('web', 20)))).toBe(100);
		begin();
		const again = measuring();
		expect(cpuOf(await again(row('web', 25)))).toBe(105);
	});

	it('is written down only where processes have ended', async () => {
		const look = measuring();
		await look(row('web', 100), row('db', 5));
		await look(row('web', 200), row('db', 6));
		expect(memory.size).toBe(0);
		await look(row('web', 10), row('db', 7));
		expect([...memory.keys()]).toEqual(['count cpu web']);
	});

	it('is counted for no service that is gone', async () => {
		const look = measuring();
		await look(row('gone', 100));
		await look();
		expect(memory.size).toBe(0);
	});

	it('is gathered a stretch at a time', async () => {
		const look = measuring();
		let turns = 0;
		let isOver = false;
		const tick = (): void => {
			turns++;
			if (!isOver) setImmediate(tick);
		};
		setImmediate(tick);
		await look(...Array.from({length: 10_000}, (_, index) => row(`s${index}`, 1)));
		isOver = true;
		expect(turns).toBeGreaterThan(100);
	});

	it('the start of a process is the same at each look', async () => {
		const look = measuring();
		const [first, second] = [await look(row('web', 1)), await look(row('web', 2))];
		expect(first.used('web').started).toBe(second.used('web').started);
		expect(first.used('db').started).toBeNull();
	});
});
