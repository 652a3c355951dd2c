/** Whom the kernel should take when memory runs out. */
import {expect, test} from 'vitest';
import {handicapFor} from '../../../src/os/memory.ts';

test('the less memory there is, the more it takes to outweigh what archon is larger by', () => {
	const MIB = 1 << 20;
	expect([Infinity, 64 * 1024 * MIB, 1024 * MIB, 256 * MIB, 64 * MIB, 32 * MIB].map(handicapFor)).toEqual([100, 100, 100, 125, 500, 900]);
});
