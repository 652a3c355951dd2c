/** Who asks again is in a hurry. */
import {expect, it} from 'vitest';
import {boot, SAYS} from './harness.ts';

const config = `
services:
  base: {command: sleep 1000000}
  deaf:
    command: [sh, -c, 'trap "" TERM; while :; do sleep 0.1; done']
    stop_grace_period: 10m
    depends_on: [base]
shutdown: {grace_period: 20m}
`;

it('waits for a dependent, at the second signal for nothing, and kills at the third', async () => {
	await using box = await boot({image: 'plain', config});
	await box.pid('deaf');
	await box.signal('SIGTERM');
	await box.says(SAYS.stopping('deaf'));
	expect(await box.log()).not.toMatch(SAYS.stopping('base'));
	await box.signal('SIGTERM');
	await box.says(SAYS.stopped('base'));
	await box.signal('SIGTERM');
	expect(await box.ended()).toBe(0);
});
