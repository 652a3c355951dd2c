/** An essential service takes the container with it. */
import {expect, it} from 'vitest';
import {runOnce, SAYS} from './harness.ts';

it.each([
	['its exit status', 'exit 42', 42],
	['128 and the signal that killed it', 'kill -KILL $$$$', 137],
])('ends the container with %s, after the others were stopped', async (_, script, expected) => {
	const {status, log} = await runOnce({image: 'plain', config: `
services:
  steady: {command: sleep 1000000}
  job: {command: [sh, -c, '${script}'], essential: true, restart: no, depends_on: [steady]}
`});
	expect(status).toBe(expected);
	expect(log).toMatch(SAYS.stopped('steady'));
});
