/** What the supervisor's own processes have in memory, at rest. */
import {type Found, NOTHING} from '../findings.ts';
import {memoryOf} from '../processes.ts';
import type {Count} from '../rows.ts';
import type {World} from '../world.ts';

export function measureMemory(world: World, count: Count): Found {
	const memory = memoryOf(world.supervising());
	return {
		...NOTHING, samples: {
			[`private-${count}`]: [memory.private / 2 ** 20],
			[`dirty-${count}`]: [memory.dirty / 2 ** 20],
			[`pss-${count}`]: [memory.proportional / 2 ** 20],
		},
	};
}
