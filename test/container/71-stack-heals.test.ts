/** Whatever of the servers is killed comes back, alone, and the page with it. */
import {expect, it} from 'vitest';
import {boot, type Box, order, SAYS} from './harness.ts';

const names = ['postgres', 'redis', 'php', 'nginx', 'cron'] as const;

it.each(names)('brings %s back after kill -9, and leaves the others alone', async victim => {
	await using box = await boot({image: 'stack', port: 80});
	await serves(box);
	const before = await pids(box);
	await box.sh(`kill -9 ${before[victim]}`);
	// Postgres may need more than one, for as long as something of its old self holds the shared memory.
	await expect.poll(async () => (await box.service(victim)).restarts).toBeGreaterThanOrEqual(1);
	await serves(box);
	const after = await pids(box);
	expect(after[victim]).not.toBe(before[victim]);
	expect({...after, [victim]: 0}).toEqual({...before, [victim]: 0});
});

it('restarts postgres on request, and the app goes on', async () => {
	await using box = await boot({image: 'stack', port: 80});
	await serves(box);
	const before = await pids(box);
	expect(await box.exec('archonctl', 'restart', 'postgres')).toMatchObject({status: 0});
	await serves(box);
	const after = await pids(box);
	expect(after.postgres).not.toBe(before.postgres);
	expect({...after, postgres: 0}).toEqual({...before, postgres: 0});
	expect(await box.log()).not.toMatch(SAYS.anyKill);
});

it('restarts with postgres what says that it must, once postgres answers again', async () => {
	await using box = await boot({image: 'stack', port: 80, more: `
services:
  php: {depends_on: {postgres: {condition: service_healthy, restart: true}}}
`});
	await serves(box);
	const before = await pids(box);
	const past = (await box.log()).length;
	expect(await box.exec('archonctl', 'restart', 'postgres')).toMatchObject({status: 0});
	await serves(box);
	const after = await pids(box);
	expect(after).toMatchObject({redis: before.redis, nginx: before.nginx, cron: before.cron});
	expect(after.php).not.toBe(before.php);
	expect(order((await box.log()).slice(past), {
		'php is gone': SAYS.stopped('php'),
		'postgres is gone': SAYS.stopped('postgres'),
		'postgres answers': /postgres +\| .*ready to accept connections/,
		'php starts': SAYS.started('php'),
	})).toEqual(['php is gone', 'postgres is gone', 'postgres answers', 'php starts']);
});

it('tells when postgres no longer answers, and when it does again, and leaves it and the others alone', async () => {
	await using box = await boot({image: 'stack', port: 80, more: `
services:
  postgres: {healthcheck: {test: [CMD, pg_isready, --quiet], interval: 200ms, timeout: 500ms, retries: 2}}
`});
	await serves(box);
	const before = await pids(box);
	await box.sh(`kill -STOP ${before.postgres}`);
	await box.comesTo('postgres', 'unhealthy');
	await box.sh(`kill -CONT ${before.postgres}`);
	await box.comesTo('postgres', 'running');
	await serves(box);
	expect(await pids(box)).toEqual(before);
});

it('lets nginx and php reload their configs without a restart', async () => {
	await using box = await boot({image: 'stack', port: 80});
	await serves(box);
	const before = await pids(box);
	expect(await box.exec('archonctl', 'reload', 'nginx', 'php')).toMatchObject({status: 0, stderr: ''});
	await box.says(/php +\| .*NOTICE: .*(reloading|using inherited socket)/i);
	await serves(box);
	expect(await pids(box)).toEqual(before);
});

async function serves(box: Box): Promise<void> {
	await expect.poll(() => box.get()).toMatchObject({status: 200, text: expect.stringMatching(/^hello from postgres, visit \d+/)});
}

async function pids(box: Box): Promise<Record<(typeof names)[number], number>> {
	const all = {postgres: 0, redis: 0, php: 0, nginx: 0, cron: 0};
	for (const name of names) all[name] = await box.pid(name);
	return all;
}
