/** Workers that want to harm a pool: it goes on, its clients are answered, and it ends with all of them. */
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {lives, PATIENCE, pool} from './pools.ts';

const ATTACKER = join(import.meta.dirname, '../characters/pool-attacker.py');

const attacked = (kind: string) => pool({plan: {boot: {x: []}}, command: `python3 ${ATTACKER} ${kind}`});

test.each([
	['makes reading of its pipe wait', 'blocking'], ['stops itself', 'stopped'], ['ignores that it is to end', 'deaf'],
])('a worker that %s holds up neither clients nor the pool, and ends with it', async (_, kind) => {
	await using it = await attacked(kind);
	const boot = await it.ready('boot');
	for (let time = 0; time < 3; time++) expect((await it.client('run', 'nothing')).status).toBe(127);
	it.signal('SIGTERM');
	expect(await it.ended()).toBe(0);
	expect(lives(boot)).toBe(false);
}, 2 * PATIENCE);

test.each([
	['stops itself before a command', 'stopped'], ['says that its command is another process', 'lying-runner'],
])('a worker that %s leaves no client without a status', async (_, kind) => {
	await using it = await attacked(kind);
	await it.ready('boot');
	if (kind === 'stopped') await it.says(/now it stops/);
	const {status} = await it.client('run', 'x');
	expect(status).toBeGreaterThan(0);
	expect(status).toBeLessThan(250);
}, 2 * PATIENCE);
