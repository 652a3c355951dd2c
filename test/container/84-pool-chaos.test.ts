/** Whatever of a pool is killed, and PID 1 beside it: afterwards each node is there once, each client has ended, and nothing else is left. */
import {expect, it} from 'vitest';
import {bootPool, LANGUAGES} from './pools.ts';

const KILLS = Number(process.env['KILLS'] ?? 250);

interface Left {
	readonly deeds: Readonly<Record<string, number>>;
	readonly statuses: Readonly<Record<string, number>>;
	readonly unready: readonly unknown[];
	readonly stuck: number;
	readonly nodes: Readonly<Record<string, number>>;
	readonly zombies: readonly string[];
	readonly strays: number;
	readonly left: readonly string[];
	readonly before: {readonly master: number; readonly init: number};
	readonly after: {readonly master: number; readonly init: number};
}

it.each(LANGUAGES)('a pool in %s is as it was after hundreds of kills', {timeout: 600_000}, async language => {
	await using pool = await bootPool(language);
	const seed = Number(process.env['SEED'] ?? 1);
	const {status, stdout, stderr} = await pool.box.exec('python3', '-B', '/scenes/chaos.py', pool.folder, String(seed), String(KILLS));
	expect(status, stderr).toBe(0);
	console.log(stdout.trim());
	const {deeds, unready, stuck, nodes, zombies, strays, left, before, after} = JSON.parse(stdout) as Left;
	expect({unready, stuck, zombies, strays, left}).toEqual({unready: [], stuck: 0, zombies: [], strays: 0, left: []});
	expect(nodes).toEqual({boot: 1, shared: 1, development: 1, testing: 1, spare: 1});
	expect(after.master).toBeLessThanOrEqual(before.master + FDS);
	expect(after.init).toBeLessThanOrEqual(before.init + FDS);
	expect(Object.keys(deeds)).toEqual(expect.arrayContaining(['a node', 'a runner', 'a command', 'a client', 'the master', 'PID 1']));
});

/** What a later instance may have open and the first has not. */
const FDS = 2;
