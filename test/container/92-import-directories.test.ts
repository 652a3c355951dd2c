/** Images made for s6-overlay and for dinit, with archon as their init: they serve, heal and stop. */
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {boot, order, SAYS, type Box} from './harness.ts';

const IMPORT = join(import.meta.dirname, '../import');

/** The image of servers with what a fixture has for /etc. */
function bootOverlay(fixture: string, folder: string, environment = {}): Promise<Box> {
	const etc = join(IMPORT, fixture, 'root/etc');
	const mounts = Object.fromEntries(readdirSync(etc).map(name => [`/etc/${name}`, join(etc, name)]));
	return boot({image: 'stack', port: 80, mounts, command: ['-c', folder], environment});
}

it('services of s6-overlay 3 start in their order, serve, and end before cont-finish.d', async () => {
	await using box = await bootOverlay('s6/stack', '/etc/s6-overlay', {GREETING: 'the container'});
	await expect.poll(() => box.get('/greeting')).toEqual({status: 200, text: 'from the container\n'});
	expect((await box.services()).map(({name, status}) => `${name} ${status}`).sort()).toEqual([
		'cont-finish exited', 'nginx running', 'prepare exited', 'redis running',
	]);
	expect(order(await box.log(), {redis: SAYS.started('redis'), nginx: SAYS.started('nginx')})).toEqual(['redis', 'nginx']);
	expect(await box.sh('grep -c "Ready to accept" /tmp/redis-log/current')).toBe('1\n');
	// It has none of the container's variables, for its script does not ask for them.
	expect(await box.sh(`tr '\\0' '\\n' < /proc/${await box.pid('redis')}/environ | grep -c GREETING || true`)).toBe('0\n');

	const pid = await box.pid('nginx');
	await box.sh(`kill -KILL ${pid}`);
	await box.says(/nginx ended with 256 and 9/);
	await expect.poll(async () => (await box.service('nginx')).pid).not.toBe(pid);
	await expect.poll(() => box.get('/greeting')).toEqual({status: 200, text: 'from the container\n'});

	expect(await box.stop()).toBe(0);
	expect(order(await box.log(), {
		nginx: /nginx ended with 0 and 0/, redis: SAYS.stopped('redis'), finish: /finish after everything/,
	}).at(-1)).toBe('finish');
});

it('services of s6-overlay 2 have the variables that scripts write, and the container ends with the one that ends it', async () => {
	await using box = await bootOverlay('s6/stack-v2', '/etc/services.d');
	await expect.poll(() => box.get('/')).toEqual({status: 200, text: 'from a variable\n'});
	expect((await box.service('cont-init-20-fails')).status).toBe('failed');
	await box.sh(`kill -TERM ${await box.pid('app')}`);
	expect(await box.ended()).toBe(143);
});

it('services of dinit serve what a script has written, and undo it', async () => {
	await using box = await boot({
		image: 'stack', port: 80, mounts: {'/import': join(IMPORT, 'dinit/stack')}, command: ['-c', '/import/dinit.d'],
	});
	await expect.poll(() => box.get('/')).toEqual({status: 200, text: 'from dinit\n'});
	const pid = await box.pid('nginx');
	expect((await box.sh('cat /tmp/nginx.pid')).trim()).toBe(String(pid));
	await box.sh(`kill -KILL ${pid}`);
	await expect.poll(async () => (await box.service('nginx')).pid).not.toBe(pid);
	await expect.poll(() => box.get('/')).toEqual({status: 200, text: 'from dinit\n'});
	await box.sh('archonctl stop prepare');
	expect(await box.sh('ls -d /tmp/site || true')).toBe('');
	expect(await box.stop()).toBe(0);
});
