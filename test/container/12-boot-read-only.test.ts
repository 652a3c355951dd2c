/** A read-only root leaves no place for the control socket but a tmpfs or shared memory; without these archon does without. */
import {expect, it} from 'vitest';
import {boot} from './harness.ts';

it('has its socket on a tmpfs', async () => {
	await using box = await boot({image: 'tiny', readOnly: true, tmpfs: ['/run']});
	expect(await box.comesTo('httpd', 'running')).toMatchObject({restarts: 0});
});

it('has it in shared memory where nothing else can be written', async () => {
	await using box = await boot({image: 'tiny', readOnly: true});
	expect(await box.comesTo('httpd', 'running')).toMatchObject({restarts: 0});
	expect((await box.exec('ls', '/dev/shm/archon-0')).stdout.trim()).toBe('archon.sock');
});

it('runs without a socket, and archonctl says that archon does not answer', async () => {
	await using box = await boot({image: 'tiny', readOnly: true, port: 8080, environment: {ARCHON_SOCKET: '/nowhere/archon.sock'}});
	await expect.poll(async () => (await box.get('/')).status).toBe(200);
	const {status, stdout, stderr} = await box.exec('archonctl', 'status');
	expect(status).not.toBe(0);
	expect(stdout).toBe('');
	expect(stderr).toMatch(/cannot/);
});
