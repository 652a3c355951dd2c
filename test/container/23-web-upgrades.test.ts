/** nginx puts a new one of itself in its place by a signal, and archon goes with it. */
import {expect, it} from 'vitest';
import {boot} from './harness.ts';

/** It takes USR2 only where it has become a daemon, and executes the file that it was called by. */
const more = `
services:
  nginx:
    command: sh -c 'sed -i "s/daemon off/daemon on/" /etc/nginx/nginx.conf; exec /usr/sbin/nginx'
    type: forking
    pid_file: /run/nginx.pid
`;

it('follows nginx over an upgrade without a restart, and no request fails', async () => {
	await using box = await boot({image: 'web', port: 80, more});
	await expect.poll(async () => (await box.get()).status).toBe(200);
	await box.says(/nginx is ready, and its main process is pid \d+/);
	const old = await box.pid('nginx');
	const statuses: number[] = [];
	let isOver = false;
	const asking = (async () => {
		while (!isOver) statuses.push((await box.get()).status);
	})();

	await box.sh('archonctl signal USR2 nginx');
	// The old one has given the name of its file away, and the new one has written its own.
	await box.sh('for i in $(seq 200); do [ -s /run/nginx.pid.oldbin ] && [ -s /run/nginx.pid ] && break; sleep 0.05; done');
	const heir = Number(await box.sh('cat /run/nginx.pid'));
	await box.sh('archonctl signal QUIT nginx');
	await box.says(new RegExp(`the main process of nginx is now pid ${heir}`));
	await expect.poll(() => box.sh(`[ -e /proc/${old} ] && echo lives || echo gone`)).toBe('gone\n');
	isOver = true;
	await asking;

	expect(heir).not.toBe(old);
	expect(await box.service('nginx')).toMatchObject({status: 'running', pid: heir, restarts: 0});
	expect(new Set(statuses)).toEqual(new Set([200]));
	expect(await box.stop()).toBe(0);
	expect(await box.log()).toMatch(/stopping nginx \(pid \d+\) with SIGQUIT[^]*stopped nginx \(exit status 0\)/);
});
