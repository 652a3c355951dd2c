/** A log reader that stops: it costs lines, which are counted, but does not stop other services. */
import {expect, it} from 'vitest';
import {boot, SAYS} from './harness.ts';

it('stops neither PID 1 nor a service, and hears later what it missed', async () => {
	await using box = await boot({
		image: 'plain',
		// archon is PID 1, and its output goes into a pipe to a `cat` that is stopped.
		entrypoint: ['bash', '-c', 'exec archon > >(kill -STOP $BASHPID; exec cat >/tmp/seen) 2>&1'],
		config: `
services:
  chatty: {type: oneshot, command: [sh, -c, 'yes a line of the flood | head -n 400000']}
  steady: {command: sleep 1000000}
`,
	});
	await box.comesTo('chatty', 'exited');
	await box.pid('steady');
	await box.sh('kill -CONT $(grep -l "^State:.T" /proc/[0-9]*/status | tr -dc "0-9\\n")');
	await expect.poll(() => box.sh('cat /tmp/seen')).toMatch(SAYS.dropped);
	expect(await box.stop()).toBe(0);
});
