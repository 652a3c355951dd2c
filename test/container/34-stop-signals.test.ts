/** The signals by which images want to be stopped, and the one that a terminal sends to everybody in front of it. */
import {describe, expect, it} from 'vitest';
import {boot, SAYS} from './harness.ts';

const config = 'services: {web: {command: sleep 1000000}}';
const TRAP = 'trap "echo main was told; exit 0" WINCH USR1; echo main is set; while :; do sleep 0.05; done';

describe.each(['SIGWINCH', 'SIGUSR1'])('STOPSIGNAL %s of a base image', stopSignal => {
	it('stops a container of services', async () => {
		await using box = await boot({image: 'plain', config, stopSignal});
		await box.pid('web');
		expect(await box.stop()).toBe(0);
		expect(await box.log()).toContain(`shutting down: ${stopSignal}`);
		expect(await box.log()).not.toMatch(SAYS.anyKill);
	});

	it('is for main to act on where there is one', async () => {
		await using box = await boot({image: 'plain', config, stopSignal, command: ['sh', '-c', TRAP]});
		await box.says(/main is set/);
		expect(await box.stop()).toBe(0);
		expect(await box.log()).toMatch(/main was told/);
	});

	it('ends nothing where a process in the container sends it', async () => {
		await using box = await boot({image: 'plain', config, stopSignal});
		const pid = await box.pid('web');
		await box.sh(`kill -${stopSignal.slice(3)} 1`);
		await box.says(new RegExp(`ignored ${stopSignal}`));
		expect(await box.pid('web')).toBe(pid);
	});
});

it('a terminal that is resized stops nothing, also where SIGWINCH is to stop the container', async () => {
	await using box = await boot({image: 'plain', config: `signals: {WINCH: shutdown, USR2: reopen}\n${config}`, tty: true});
	const pid = await box.pid('web');
	for (const size of [40, 50, 60]) await box.resize(size, 2 * size);
	// ReceivedSignal after those three, as it came after them.
	await box.signal('SIGUSR2');
	expect(await box.pid('web')).toBe(pid);
	await box.signal('SIGWINCH');
	expect(await box.ended()).toBe(0);
});
