/** What `archonctl status` and `tree` show of a running container. */
import {expect, it} from 'vitest';
import {boot} from './harness.ts';

const config = `
services:
  once: {type: oneshot, command: 'true'}
  shell: {command: [sh, -c, 'sleep 1000000; true']}
  held: {command: sleep 1000000, depends_on: [shell]}
`;

it('status --json is one array of objects', async () => {
	await using box = await boot({image: 'plain', config});
	const pid = await box.pid('shell');
	await box.comesTo('once', 'exited');
	const services = await box.services();
	expect(services.map(({name}) => name).sort()).toEqual(['held', 'once', 'shell']);
	expect(services.find(({name}) => name === 'shell')).toMatchObject({status: 'running', pid, restarts: 0});
	expect(services.find(({name}) => name === 'once')).toMatchObject({status: 'exited', pid: null, restarts: 0});
	for (const {since} of services) expect(since).toEqual(expect.any(Number));
});

it('status is a table, and answers scripts by its exit status', async () => {
	await using box = await boot({image: 'plain', config});
	await box.pid('held');
	const {status, stdout} = await box.exec('archonctl', 'status');
	expect(status).toBe(0);
	expect(stdout.split('\n')[0]).toMatch(/^NAME +STATUS +PID /);
	expect(stdout).toMatch(/^held +running +\d+ /m);
	expect((await box.exec('archonctl', 'status', 'held')).status).toBe(0);
	await box.exec('archonctl', 'stop', 'held');
	expect((await box.exec('archonctl', 'status', 'held')).status).toBe(3);
});

it('tree shows the real descendants of a service', async () => {
	await using box = await boot({image: 'plain', config});
	const shell = await box.pid('shell');
	await expect.poll(async () => (await box.exec('archonctl', 'tree')).stdout)
		.toMatch(new RegExp(`shell[^]*${shell} +sh -c[^]*\\d+ +sleep 1000000`));
});
