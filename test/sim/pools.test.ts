/**
 * The machine of a pool in random worlds. `SEED=131 npm run sim` replays one and prints its trace; `SEEDS=100000 npm run sim` lives more of
 * them.
 */
import {expect, test} from 'vitest';
import {live} from './pools.ts';

const seed = process.env['SEED'];
const seeds = Number(process.env['SEEDS'] ?? 2000);

test.runIf(seed)('one world of a pool is replayed', () => {
	process.stdout.write(`${live(Number(seed), true).trace.join('\n')}\n`);
});

test.skipIf(seed)(`${seeds} worlds of pools keep every promise`, {timeout: 1_800_000}, () => {
	let [boots, answers] = [0, 0];
	for (let i = 0; i < seeds; i++) {
		try {
			const report = live(i);
			boots += report.boots;
			answers += report.answers;
		} catch (error) {
			throw new Error(`world ${i}`, {cause: error});
		}
	}
	// Worlds in which nothing happens would keep every promise too.
	expect(boots).toBeGreaterThan(20 * seeds);
	expect(answers).toBeGreaterThan(10 * seeds);
});

test.skipIf(seed)('the same seed gives the same world of a pool', () => {
	expect(live(4711, true).trace).toEqual(live(4711, true).trace);
});
