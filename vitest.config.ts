/** The three tiers of tests: `pure` needs nothing, `machine` a Linux, `container` a docker daemon. */
import {defineConfig} from 'vitest/config';
import {forNode} from './scripts/by-need.ts';

/** `byNeed` of archon's sources. */
const plugins = [{
	name: 'by-need',
	enforce: 'pre' as const,
	transform: (code: string, id: string) => (/\/src\/.*\.ts$/.test(id) && code.includes('byNeed(() =>') ? forNode(code) : null),
}];

export default defineConfig({
	test: {
		projects: [
			{
				plugins,
				test: {
					name: 'pure',
					include: ['test/{unit,stories,sim}/**/*.test.ts', 'test/tidy.test.ts'],
					testTimeout: 30_000,
					// Of two processors one would be idle.
					maxWorkers: '100%',
					globalSetup: ['test/setup/temporary.ts', 'test/setup/addon.ts'],
					setupFiles: ['test/setup/seam.ts'],
				},
			},
			{
				plugins,
				test: {
					name: 'machine',
					include: ['test/machine/**/*.test.ts'],
					globalSetup: ['test/setup/temporary.ts', 'test/setup/addon.ts'],
					setupFiles: ['test/setup/seam.ts'],
					// A process for each file: its children and its signals are its own.
					pool: 'forks',
					// They wait more than they compute, and hold under load.
					maxWorkers: '100%',
					testTimeout: 60_000,
					hookTimeout: 60_000,
					expect: {poll: {timeout: 30_000, interval: 20}},
				},
			},
			{
				plugins,
				test: {
					name: 'container',
					include: ['test/container/**/*.test.ts'],
					globalSetup: ['test/setup/temporary.ts', 'test/container/setup.ts'],
					// No image registry is needed: neither for images nor for the keeper that testcontainers would start.
					env: {TESTCONTAINERS_RYUK_DISABLED: 'true'},
					pool: 'forks',
					fileParallelism: false,
					testTimeout: 120_000,
					hookTimeout: 120_000,
					expect: {poll: {timeout: 30_000, interval: 50}},
				},
			},
		],
	},
});
