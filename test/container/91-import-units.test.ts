/** Configs of systemd, process-compose and pebble as they are, given with -c: they serve, heal and stop. */
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {boot, type Box} from './harness.ts';

const IMPORT = join(import.meta.dirname, '../import');

/** The image of servers with a folder of test/import at /import. */
const bootImported = (folder: string, ...files: readonly string[]): Promise<Box> => boot({
	image: 'stack', port: 80, mounts: {'/import': join(IMPORT, folder)}, command: files.flatMap(file => ['-c', `/import/${file}`]),
});

it('a directory of systemd units serves a page, and the daemon that nginx became is restarted when it is killed', async () => {
	await using box = await bootImported('systemd/stack', '');
	await expect.poll(() => box.get('/health')).toEqual({status: 200, text: 'from units\n'});
	expect((await box.services()).map(({name, status}) => `${name} ${status}`).sort()).toEqual(['nginx running', 'php-fpm running', 'redis running']);
	const pid = await box.pid('nginx');
	expect((await box.sh('cat /run/site.pid')).trim()).toBe(String(pid));
	expect(await box.sh(`grep 'open files' /proc/${await box.pid('redis')}/limits`)).toMatch(/ 10032 +10032 /);

	await box.sh(`kill -KILL ${pid}`);
	await expect.poll(async () => (await box.service('nginx')).pid).not.toBe(pid);
	await box.comesTo('nginx', 'running');
	await expect.poll(() => box.get('/health')).toEqual({status: 200, text: 'from units\n'});
	expect(await box.stop()).toBe(0);
});

it('a process-compose file serves what a process has written once', async () => {
	await using box = await bootImported('process-compose/stack', 'process-compose.yaml');
	await expect.poll(() => box.get('/greeting')).toEqual({status: 200, text: 'from 80 processes\n'});
	await box.sh('rm /tmp/greeting');
	// Its probe fails three times: it is restarted, and again until the page is back.
	await expect.poll(async () => (await box.service('web')).restarts, {timeout: 20_000}).toBeGreaterThan(0);
	expect(await box.stop()).toBe(0);
});

it('a layer of pebble serves', async () => {
	await using box = await bootImported('pebble/stack', '001-stack.yaml');
	await expect.poll(() => box.get('/greeting')).toEqual({status: 200, text: 'from layers\n'});
	expect(await box.stop()).toBe(0);
});
