/** The core in random worlds: those of odd seeds, and some whose archon dies and comes back. */
import {expect, test} from 'vitest';
import {live} from './world.ts';
import {liveEverySecond, SEED, SEEDS, TIMEOUT} from './worlds.ts';

test.skipIf(SEED)(`of ${SEEDS} worlds the second, fourth and so on keep every promise`, {timeout: TIMEOUT}, () => {
	expect(liveEverySecond(1)).toBeGreaterThan(SEEDS / 2);
});

test.skipIf(SEED)('worlds keep every promise whose archon dies now and then, and goes on from what it wrote down', {timeout: TIMEOUT}, () => {
	for (let i = 0; i < SEEDS / 40; i++) live(i, true);
});
