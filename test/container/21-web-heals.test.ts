/** Whatever of the three servers is killed comes back, alone. */
import {expect, it} from 'vitest';
import {boot} from './harness.ts';

const names = ['redis', 'nginx', 'app'] as const;

it.each(names)('brings %s back after kill -9, and leaves the others alone', async victim => {
	await using box = await boot({image: 'web', port: 80});
	await expect.poll(async () => (await box.get()).status).toBe(200);
	const before = await pids();
	await box.sh(`kill -9 ${before[victim]}`);

	await expect.poll(async () => (await box.service(victim)).restarts).toBe(1);
	const after = await pids();
	expect(after[victim]).not.toBe(before[victim]);
	expect({...after, [victim]: 0}).toEqual({...before, [victim]: 0});
	await expect.poll(async () => (await box.get()).text).toMatch(/^hello from redis, visit \d+\n$/);

	async function pids(): Promise<Record<string, number>> {
		const all: Record<string, number> = {};
		for (const name of names) all[name] = await box.pid(name);
		return all;
	}
});
