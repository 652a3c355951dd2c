/** A service that ignores its stop signal. */
import {expect, it} from 'vitest';
import {boot, SAYS} from './harness.ts';

const config = `
services:
  deaf:
    command: [sh, -c, 'trap "" TERM; while :; do sleep 0.1; done']
    stop_grace_period: 500ms
  steady: {command: sleep 1000000}
`;

it('is killed at its grace period, alone', async () => {
	await using box = await boot({image: 'plain', config});
	const steady = await box.pid('steady');
	await box.pid('deaf');
	await box.exec('archonctl', 'stop', 'deaf');
	await box.comesTo('deaf', 'stopped');
	expect(await box.log()).toMatch(SAYS.killed('deaf'));
	expect(await box.pid('steady')).toBe(steady);
});

it('does not keep the container from stopping with 0', async () => {
	await using box = await boot({image: 'plain', config});
	await box.pid('deaf');
	expect(await box.stop()).toBe(0);
	expect(await box.log()).toMatch(SAYS.killed('deaf'));
});
