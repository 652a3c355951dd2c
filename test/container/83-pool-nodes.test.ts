/** Nodes of a pool in a container: whose children they are, what ends them, and which ones begin again. */
import {expect, it} from 'vitest';
import {bootPool, LANGUAGES} from './pools.ts';

it.each(LANGUAGES)('nodes in %s are children of their parents', async language => {
	await using pool = await bootPool(language);
	const pids = await pool.pids();
	const parent = async (pid: number): Promise<number> => Number(await pool.sh(`ps -o ppid= -p ${pid}`));
	expect(await parent(pids.shared)).toBe(pids.boot);
	expect(await parent(pids.spare)).toBe(pids.boot);
	expect(await parent(pids.development)).toBe(pids.shared);
	expect(await parent(pids.testing)).toBe(pids.shared);
	expect(await parent(pids.boot)).toBe((await pool.box.service('app')).pid);
});

it.each(LANGUAGES)('a node in %s that is killed is booted again, with its children, and no other', async language => {
	await using pool = await bootPool(language);
	const before = await pool.pids();
	await pool.sh(`kill -KILL ${before.shared}`);
	await pool.another('shared', before.shared);
	await pool.another('development', before.development);
	await pool.another('testing', before.testing);
	expect(await pool.pids()).toMatchObject({boot: before.boot, spare: before.spare});
	expect(await pool.zeus('echo')).toMatchObject({status: 0});
	await pool.sh(`kill -KILL ${before.boot}`);
	for (const node of ['boot', 'spare'] as const) await pool.another(node, before[node]);
	expect(await pool.zeus('lonely')).toMatchObject({status: 0, stdout: 'lonely\n'});
});

it.each(LANGUAGES)('a change of a file in %s restarts who has loaded it, and its children', async (language, ending) => {
	await using pool = await bootPool(language);
	const before = await pool.pids();
	await pool.sh(`echo >> dev.${ending}`);
	const development = await pool.another('development', before.development);
	expect(await pool.pids()).toEqual({...before, development});
	// As editors save: another file takes the name.
	await pool.sh(`cp common.${ending} other && mv other common.${ending}`);
	const testing = await pool.another('testing', before.testing);
	const shared = await pool.another('shared', before.shared);
	await pool.another('development', development);
	expect(await pool.pids()).toMatchObject({boot: before.boot, spare: before.spare, shared, testing});
	await pool.sh(`touch unknown.${ending}; echo >> base.${ending}`);
	for (const node of ['boot', 'shared', 'development', 'testing', 'spare'] as const) await pool.another(node, before[node]);
	expect(await pool.zeus('where')).toMatchObject({status: 0});
});

it.each(LANGUAGES)('a file that a node in %s has read late is its own as well', async language => {
	await using pool = await bootPool(language);
	const before = await pool.pids();
	// Signals that come while it waits for nothing else are heard sooner or later.
	await expect.poll(async () => {
		await pool.sh(`kill -USR2 ${before.development}; echo >> settings.txt`);
		return pool.pid('development');
	}, {timeout: 30_000, interval: 1000}).not.toBe(before.development);
	expect(await pool.pids()).toMatchObject({shared: before.shared, testing: before.testing});
});

it.each(LANGUAGES)('a plan in %s that cannot be read says why to who asks, until it is mended', async (language, ending) => {
	await using pool = await bootPool(language);
	const before = await pool.pids();
	await pool.sh(`cp dev.${ending} good && echo 'def (' > dev.${ending}`);
	await expect.poll(async () => (await pool.zeus('where')).status).toBe(1);
	const {status, stdout, stderr} = await pool.zeus('where');
	expect(status).toBe(1);
	expect(stdout + stderr).toContain(`dev.${ending}`);
	expect(await pool.zeus('suite')).toMatchObject({status: 0});
	await pool.sh(`rm dev.${ending} && mv good dev.${ending}`);
	await expect.poll(async () => (await pool.zeus('where')).status).toBe(0);
	expect(await pool.pid('shared')).toBe(before.shared);
});

it.each(LANGUAGES)('a command in %s outlives a restart of its node', async (language, ending) => {
	await using pool = await bootPool(language);
	const before = await pool.pid('development');
	await pool.sh('archon zeus hang >/tmp/pid 2>/dev/null & while ! [ -s /tmp/pid ]; do sleep 0.02; done');
	await pool.sh(`echo >> dev.${ending}`);
	await pool.another('development', before);
	await pool.sh('kill -0 $(cat /tmp/pid)');
});

it.each(LANGUAGES)('SIGUSR1 boots all of a tree in %s again, under the same master', async language => {
	await using pool = await bootPool(language);
	const before = await pool.pids();
	const {pid: master} = await pool.box.service('app');
	await pool.sh('kill -USR1 $(cat .zeus.pid)');
	for (const node of ['boot', 'shared', 'development', 'testing', 'spare'] as const) await pool.another(node, before[node]);
	expect((await pool.box.service('app')).pid).toBe(master);
	expect(await pool.zeus('where')).toMatchObject({status: 0});
});

it.each(LANGUAGES)('nothing of a pool in %s is left when it is stopped', async language => {
	await using pool = await bootPool(language);
	await pool.sh('archon zeus hang >/tmp/pid 2>/dev/null & while ! [ -s /tmp/pid ]; do sleep 0.02; done');
	await pool.box.sh('archonctl stop app');
	expect(await pool.sh(`ps -eo args= | grep -c '^${language}' || true`)).toBe('0\n');
	expect(await pool.sh('ls -a | grep -c "^.zeus" || true')).toBe('0\n');
	await pool.box.sh('archonctl start app');
	expect(await pool.zeus('lonely')).toMatchObject({status: 0});
});
