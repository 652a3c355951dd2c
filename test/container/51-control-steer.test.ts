/** Starting, stopping, restarting and signalling services of a running container. */
import {expect, it} from 'vitest';
import {boot, type Box} from './harness.ts';

const config = `
services:
  base: {command: sleep 1000000}
  top: {command: sleep 1000000, depends_on: [base]}
  other: {command: sleep 1000000, restart: always}
`;

async function ready(): Promise<Box> {
	const box = await boot({image: 'plain', config});
	await box.pid('top');
	await box.pid('other');
	return box;
}

const ctl = async (box: Box, ...args: readonly string[]) => {
	const {status, stderr} = await box.exec('archonctl', ...args);
	expect(status, stderr).toBe(0);
};

it('stop leaves the others alone, and start brings a service back with what it needs', async () => {
	await using box = await ready();
	const other = await box.pid('other');
	await ctl(box, 'stop', 'base', 'top');
	expect(await box.service('base')).toMatchObject({status: 'stopped', pid: null});
	expect(await box.service('top')).toMatchObject({status: 'stopped', pid: null});
	await ctl(box, 'start', 'top');
	expect(await box.service('base')).toMatchObject({status: 'running'});
	expect(await box.service('top')).toMatchObject({status: 'running'});
	expect(await box.pid('other')).toBe(other);
});

it('restart gives a new pid, and a glob means many', async () => {
	await using box = await ready();
	const [top, other] = [await box.pid('top'), await box.pid('other')];
	await ctl(box, 'restart', 't*');
	expect(await box.pid('top')).not.toBe(top);
	expect(await box.pid('other')).toBe(other);
});

it('signal reaches the main process', async () => {
	await using box = await ready();
	const other = await box.pid('other');
	await ctl(box, 'signal', 'KILL', 'other');
	await expect.poll(async () => (await box.service('other')).restarts).toBe(1);
	expect(await box.pid('other')).not.toBe(other);
});

it('shutdown ends the container with 0', async () => {
	await using box = await ready();
	// Its own end is left open: in the container, it is among the processes that are swept.
	await box.exec('archonctl', 'shutdown');
	expect(await box.ended()).toBe(0);
});
