/** How many worlds are lived: half of them each in two files, which have a processor each. */
import {live} from './world.ts';

/** The world that `SEED=n` names is replayed, and no other is lived. */
export const SEED = process.env['SEED'];
export const SEEDS = Number(process.env['SEEDS'] ?? 20_000);

/** What is lived takes as long as it takes. */
export const TIMEOUT = 1_800_000;

/** Lives every second world from `first` on; what is told is how many processes were started in them. */
export function liveEverySecond(first: 0 | 1): number {
	let spawns = 0;
	for (let seed = first; seed < SEEDS; seed += 2) spawns += live(seed).spawns;
	return spawns;
}
