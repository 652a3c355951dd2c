/** A service that the kernel kills for want of memory. */
import {expect, it} from 'vitest';
import {boot} from './harness.ts';

const HOG = `perl -e 'push @all, "x" x (1 << 20) while 1'`;

it('is told apart from other ends by SIGKILL, and ends no other service', async () => {
	await using box = await boot({image: 'plain', memory: 96 << 20, config: `
services:
  hog: {command: ${JSON.stringify(HOG)}, restart: no}
  steady: {command: sleep 1000000}
  victim: {command: sleep 1000000, restart: no}
`});
	const steady = await box.pid('steady');
	// archon alone is nearly as big as this container: what it is larger by must not make it the victim.
	expect(await box.sh(`cat /proc/${steady}/oom_score_adj`)).toBe('900\n');
	expect(await box.comesTo('hog', 'failed')).toMatchObject({pid: null, exit: 137, note: expect.stringMatching(/SIGKILL \(out of memory\)/)});
	await box.says(/archon +\| .*hog failed: SIGKILL \(out of memory\)/);
	await box.sh(`kill -9 ${await box.pid('victim')}`);
	expect((await box.comesTo('victim', 'failed')).note).toBe('SIGKILL');
	expect(await box.service('steady')).toMatchObject({status: 'running', pid: steady, restarts: 0});
});
