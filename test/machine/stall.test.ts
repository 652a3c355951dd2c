/** Time in which archon does not run, as in a container that is paused, is not counted against its services. */
import {setTimeout as pass} from 'node:timers/promises';
import {expect, test} from 'vitest';
import {boot} from './archon.ts';

test('a service that is being stopped has its grace again after archon was stopped for longer than that', async () => {
	await using archon = await boot({config: `services:
  slow: {command: "sh -c 'trap : TERM; trap \\"exit 0\\" USR1; echo deaf; while :; do sleep 0.05; done'", stop_grace_period: 1500ms}
  other: {command: sleep 1000000}
`});
	await archon.says(/slow +\| deaf/);
	const {slow} = await archon.status();
	const stopped = archon.ctl('stop', 'slow');
	await archon.says(/stopping slow/);
	archon.signal('SIGSTOP');
	// The grace period and the second from which on a delay counts as a stall.
	await pass(3000);
	archon.signal('SIGCONT');
	expect((await archon.status())['slow']).toMatchObject({status: 'stopping', pid: slow?.pid});
	expect((await archon.ctl('signal', 'USR1', 'slow')).status).toBe(0);
	expect((await stopped).status).toBe(0);
	expect(archon.log()).toMatch(/stopped slow \(exit status 0\)/);
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
});
