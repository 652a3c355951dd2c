/** Groups, by the executable itself: several services are steered and shown by one name. */
import {expect, test} from 'vitest';
import {boot} from './archon.ts';

const CONFIG = `
groups: {backend: [api, worker]}
services:
  api: {command: sleep 1000000}
  worker: {command: sleep 1000000, scale: 2}
  web: {command: sleep 1000000, depends_on: [backend]}
`;

test('a group is restarted, stopped, started, signalled and shown by its name', async () => {
	await using archon = await boot({config: CONFIG});
	await archon.says(/started web/);
	expect((await archon.ctl('restart', 'backend')).status).toBe(0);
	expect(await archon.status()).toMatchObject({
		'api': {restarts: 1, status: 'running'}, 'worker:0': {restarts: 1}, 'worker:1': {restarts: 1}, 'web': {restarts: 0},
	});
	expect((await archon.ctl('stop', 'backend')).status).toBe(0);
	expect(await archon.status()).toMatchObject({api: {status: 'stopped'}, web: {status: 'running'}});
	expect((await archon.ctl('status', 'backend')).stdout.match(/^\S+ +stopped/gm)).toHaveLength(3);
	expect((await archon.ctl('start', 'backend:*')).status).toBe(0);
	expect((await archon.ctl('status', '--groups', 'worker')).stdout).toMatch(/^worker:0 .* backend\s*\nworker:1 .* backend\s*$/m);
	expect((await archon.ctl('signal', 'KILL', 'backend')).status).toBe(0);
	await expect.poll(() => archon.status()).toMatchObject({'api': {restarts: 3, status: 'running'}, 'worker:1': {restarts: 3}});
	expect((await archon.ctl('restart', 'backnd')).stderr).toContain('no service matches backnd; did you mean backend?');
});
