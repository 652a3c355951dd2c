/** `docker stop` of three real servers. */
import {expect, it} from 'vitest';
import {boot, order, SAYS} from './harness.ts';

it('stops in reverse order, without SIGKILL, and exits with 0', async () => {
	await using box = await boot({image: 'web', port: 80});
	await expect.poll(async () => (await box.get()).status).toBe(200);
	// Docker's own kill, after the seconds that are given here, would make it 137.
	expect(await box.stop(10)).toBe(0);
	const log = await box.log();
	expect(order(log, {
		'redis stops': SAYS.stopping('redis'),
		'redis is gone': SAYS.stopped('redis'),
		'app stops': SAYS.stopping('app'),
		'app is gone': SAYS.stopped('app'),
		'nginx stops': SAYS.stopping('nginx'),
		'nginx is gone': SAYS.stopped('nginx'),
	})).toEqual(['nginx stops', 'nginx is gone', 'app stops', 'app is gone', 'redis stops', 'redis is gone']);
	expect(log).not.toMatch(SAYS.anyKill);
});
