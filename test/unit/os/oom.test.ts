/** Whom the kernel should take when memory runs out. */
import {expect, test} from 'vitest';
import {handicapFor} from '../../../src/os/oom.ts';

test('the less memory there is, the more it takes to outweigh what archon is larger by', () => {
	const MIB = 1 << 20;
	expect([Infinity, 64 * 1024 * MIB, 1024 * MIB, 384 * MIB, 256 * MIB, 64 * MIB].map(handicapFor)).toEqual([100, 100, 125, 334, 500, 900]);
});
