/** Configs of supervisord, foreman, pm2 and taskmaster as they are, given with -c: they serve, heal and stop. */
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {boot, order, SAYS, type Box} from './harness.ts';

const IMPORT = join(import.meta.dirname, '../import');

/** The image of servers with a fixture at /import, and a file of it. */
const bootImported = (format: string, file: string): Promise<Box> => boot({
	image: 'stack', port: 80, mounts: {'/import': join(IMPORT, format, 'stack')}, command: ['-c', `/import/${file}`],
});

const statuses = async (box: Box): Promise<readonly string[]> =>
	(await box.services()).map(({name, status}) => `${name} ${status}`).sort();

it('a supervisord.conf serves, with its instances, priorities and logs; what is killed is restarted', async () => {
	await using box = await bootImported('supervisord', 'supervisord.conf');
	await expect.poll(() => box.get('/')).toEqual({status: 200, text: 'for 2 workers\n'});
	await box.comesTo('nginx', 'running');
	expect(await statuses(box)).toEqual(['nginx running', 'php-fpm running', 'redis running', 'worker:0 running', 'worker:1 running']);
	expect((await box.sh('grep takes /tmp/workers.log | sort')).trim().split('\n'))
		.toEqual(['worker 0 takes from mail, print', 'worker 1 takes from mail, print']);
	await box.says(/eventlistener:end.*not translated|not translated.*eventlistener:end/);
	// Into archon's own stdout, without a prefix.
	await box.says(/^\d+\.\d+\.\d+\.\d+ - .*"GET \/ HTTP/m);

	const pid = await box.pid('nginx');
	await box.sh(`kill -KILL ${pid}`);
	await expect.poll(async () => (await box.service('nginx')).pid).not.toBe(pid);
	await expect.poll(() => box.get('/')).toEqual({status: 200, text: 'for 2 workers\n'});

	await box.sh('archonctl restart worker');
	await box.sh('archonctl stop site');
	expect((await statuses(box)).slice(0, 2)).toEqual(['nginx stopped', 'php-fpm stopped']);
	await box.sh('archonctl start site');
	await expect.poll(() => box.get('/')).toEqual({status: 200, text: 'for 2 workers\n'});

	expect(await box.stop()).toBe(0);
	const log = await box.log();
	const end = log.slice(log.lastIndexOf('stopping nginx'));
	expect(order(end, {nginx: SAYS.stopped('nginx'), fpm: SAYS.stopped('php-fpm'), redis: SAYS.stopped('redis')})).toEqual(['nginx', 'fpm', 'redis']);
	expect(end).not.toMatch(SAYS.anyKill);
});

it('a Procfile serves what its release has made, at the port of .env, and ends when one of its processes does', async () => {
	await using box = await bootImported('procfile', 'Procfile');
	await expect.poll(() => box.get('/greeting')).toEqual({status: 200, text: 'from a release\n'});
	expect((await box.sh('redis-cli -p 180 ping')).trim()).toBe('PONG');
	expect(await statuses(box)).toEqual(['redis running', 'release exited', 'web running']);
	await box.sh(`kill -KILL ${await box.pid('redis')}`);
	expect(await box.ended()).toBe(137);
	expect(await box.log()).toMatch(SAYS.stopped('web'));
});

it('an ecosystem file of pm2 serves, each instance has its number and its log, and what is killed is restarted', async () => {
	await using box = await bootImported('pm2', 'ecosystem.json');
	await expect.poll(() => box.get('/2')).toEqual({status: 200, text: 'from worker 2\n'});
	await expect.poll(() => statuses(box)).toEqual(['web running', 'worker:0 running', 'worker:1 running', 'worker:2 running']);
	expect(await box.sh('cat /tmp/worker-1.log')).toBe('worker 1 works\n');
	const pid = await box.pid('web');
	await box.sh(`kill -KILL ${pid}`);
	await expect.poll(async () => (await box.service('web')).pid).not.toBe(pid);
	await expect.poll(() => box.get('/0')).toEqual({status: 200, text: 'from worker 0\n'});
	expect(await box.stop()).toBe(0);
});

it('programs of taskmaster serve, and one that ends as expected is not started again', async () => {
	await using box = await bootImported('taskmaster', 'taskmaster.yaml');
	await expect.poll(() => box.get('/greeting')).toEqual({status: 200, text: 'from programs\n'});
	await box.comesTo('once', 'exited');
	expect(await statuses(box)).toEqual(['idle:0 stopped', 'idle:1 stopped', 'once exited', 'web running']);
	await box.sh('archonctl start idle:1');
	expect(await statuses(box)).toEqual(['idle:0 stopped', 'idle:1 running', 'once exited', 'web running']);
	expect(await box.stop()).toBe(0);
});
