/** Ten thousand processes that lose their parents. */
import {expect, it} from 'vitest';
import {boot} from './harness.ts';

it('reaps them all and leaves the services alone', async () => {
	await using box = await boot({image: 'plain', config: `
services:
  steady: {command: sleep 1000000}
  orphans: {type: oneshot, command: /characters/orphans 10000, depends_on: [steady]}
`});
	const steady = await box.pid('steady');
	await box.comesTo('orphans', 'exited');
	await box.says(/10000 orphans made/);
	await expect.poll(() => box.sh('grep -l "^Name:.orphans" /proc/[0-9]*/status 2>/dev/null | wc -l')).toBe('0\n');
	expect(await box.sh('grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null | wc -l')).toBe('0\n');
	expect(await box.service('steady')).toMatchObject({status: 'running', pid: steady, restarts: 0});
});
