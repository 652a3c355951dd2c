/** What left its service's session is ended too, before PID 1 exits. */
import {expect, it} from 'vitest';
import {boot} from './harness.ts';

it('sweeps processes that left their service, deaf ones too', async () => {
	await using box = await boot({image: 'plain', config: `
services:
  launcher:
    type: oneshot
    command:
      - sh
      - -c
      - |
        mkfifo /tmp/one /tmp/other
        setsid sh -c 'trap "echo straggler heard TERM; exit" TERM; echo >/tmp/one; while :; do sleep 0.1; done' &
        read line </tmp/one
        setsid sh -c 'trap "" TERM; echo >/tmp/other; while :; do sleep 0.1; done' &
        read line </tmp/other
  steady: {command: sleep 1000000}
`});
	await box.comesTo('launcher', 'exited');
	await box.pid('steady');
	expect(await box.stop()).toBe(0);
	expect(await box.log()).toMatch(/straggler heard TERM/);
});
