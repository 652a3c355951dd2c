/**
 * Whatever of a pool is killed, and PID 1 beside it: afterwards each node is there once, each client has ended, and nothing else is left.
 * More of it by hand: `KILLS=500 SEED=7`, which also prints what was done.
 */
import {expect, it} from 'vitest';
import {bootPool, LANGUAGES} from './pools.ts';

const {KILLS = '250', SEED = '1'} = process.env;
/** What a later instance may have open and the first has not. */
const FDS = 2;

interface Left {
	readonly deeds: Readonly<Record<string, number>>;
	readonly missed: readonly string[];
	readonly unready: readonly unknown[];
	readonly stuck: number;
	readonly nodes: Readonly<Record<string, number>>;
	readonly zombies: readonly string[];
	readonly strays: number;
	readonly left: readonly string[];
	readonly before: {readonly master: number; readonly init: number};
	readonly after: {readonly master: number; readonly init: number};
}

it.concurrent.each(LANGUAGES)('a pool in %s is as it was after hundreds of kills', {timeout: 600_000}, async language => {
	await using pool = await bootPool(language);
	const {status, stdout, stderr} = await pool.box.exec('python3', '-B', '/scenes/chaos.py', pool.folder, SEED, KILLS);
	expect(status, stderr).toBe(0);
	if (process.env['KILLS'] !== undefined) console.log(stdout.trim());
	const {deeds, missed, unready, stuck, nodes, zombies, strays, left, before, after} = JSON.parse(stdout) as Left;
	expect({missed, unready, stuck, zombies, strays, left}).toEqual({missed: [], unready: [], stuck: 0, zombies: [], strays: 0, left: []});
	expect(nodes).toEqual({boot: 1, shared: 1, development: 1, testing: 1, spare: 1});
	expect(after.master).toBeLessThanOrEqual(before.master + FDS);
	expect(after.init).toBeLessThanOrEqual(before.init + FDS);
	expect(deeds).toMatchObject({'PID 1': Math.ceil(Math.floor(Number(KILLS) / 40) / 2), 'the master': Math.floor(Math.floor(Number(KILLS) / 40) / 2)});
});
