/** A config and a command: the services first, then the command as the essential service `main`. */
import {expect, it} from 'vitest';
import {order, runOnce, SAYS} from './harness.ts';

const config = `
services:
  side: {command: sleep 1000000}
`;

it.each([
	['the image\'s CMD', ['sh', '-c', 'exit 9']],
	['-c FILE -- CMD', ['-c', '/etc/archon/archon.yaml', '--', 'sh', '-c', 'exit 9']],
])('runs %s after the services, and ends with its status', async (_, command) => {
	const {status, log} = await runOnce({image: 'plain', config, command});
	expect(status).toBe(9);
	expect(order(log, {main: SAYS.started('main'), side: SAYS.started('side'), end: SAYS.stopped('side')}))
		.toEqual(['side', 'main', 'end']);
});
