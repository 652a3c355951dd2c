/** Nothing in the container's environment or signals opens a port in PID 1. */
import {expect, it} from 'vitest';
import {boot, type Box} from './harness.ts';

const config = `
services:
  witness: {command: [sh, -c, 'echo "sees $$NODE_OPTIONS"; exec sleep 1000000']}
  steady: {command: sleep 1000000}
`;

/** The TCP sockets that listen in the container: state 0A in /proc/net/tcp. */
const listeners = (box: Box) => box.sh('cat /proc/net/tcp /proc/net/tcp6 | awk \'$4 == "0A"\'');

it('leaves NODE_OPTIONS to the services', async () => {
	await using box = await boot({image: 'plain', config, environment: {NODE_OPTIONS: '--inspect=0'}});
	await box.pid('steady');
	await box.says(/sees --inspect=0/);
	expect(await listeners(box)).toBe('');
	expect(await box.stop()).toBe(0);
	expect(await box.log()).not.toMatch(/debugger/i);
});

it('opens nothing at SIGUSR1, and lives on', async () => {
	await using box = await boot({image: 'plain', config});
	const steady = await box.pid('steady');
	await box.sh('kill -USR1 1');
	await box.says(/SIGUSR1/);
	expect(await listeners(box)).toBe('');
	expect(await box.pid('steady')).toBe(steady);
	expect(await box.log()).not.toMatch(/debugger/i);
});
