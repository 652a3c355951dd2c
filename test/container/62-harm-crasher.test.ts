/** A service that crashes at once. */
import {expect, it} from 'vitest';
import {boot} from './harness.ts';

it('is tried again after longer and longer pauses, and given up', async () => {
	await using box = await boot({image: 'plain', config: `
services:
  crasher:
    command: [sh, -c, 'echo trying; exit 3']
    restart: {policy: always, delay: 50ms, max_delay: 1s, factor: 2, jitter: 0, attempts: 3, window: 1m}
  steady: {command: sleep 1000000}
`});
	const steady = await box.pid('steady');
	expect(await box.comesTo('crasher', 'failed')).toMatchObject({pid: null, restarts: 3});
	const log = await box.log();
	expect(log.match(/trying/g)).toHaveLength(4);
	expect(log).toMatch(/restart 1 of 3[^]*restart 2 of 3 in 0\.05 s[^]*restart 3 of 3 in 0\.1 s/);
	expect(await box.pid('steady')).toBe(steady);
});
