/** A machine's worth of servers in one container: each starts only when what it needs answers. */
import {expect, it} from 'vitest';
import {boot, order, SAYS} from './harness.ts';

it('passes a request through nginx and php to postgres and redis', async () => {
	await using box = await boot({image: 'stack', port: 80});
	await expect.poll(() => box.get()).toEqual({status: 200, text: 'hello from postgres, visit 1, recently 1\n'});
	expect(await box.get()).toEqual({status: 200, text: 'hello from postgres, visit 2, recently 2\n'});
});

it('starts each server when those before it answer', async () => {
	await using box = await boot({image: 'stack'});
	await box.comesTo('nginx', 'running');
	// All of these are on archon's stderr: what is on stdout docker may put before or behind them.
	expect(order(await box.log(), {
		nginx: SAYS.started('nginx'),
		'php is ready': /php +\| .*ready to handle connections/,
		php: SAYS.started('php'),
		schema: SAYS.started('schema'),
		'schema is there': /archon +\| schema completed/,
		'postgres answers': /postgres +\| .*database system is ready to accept connections/,
		postgres: SAYS.started('postgres'),
		'cluster is made': /archon +\| initdb completed/,
		initdb: SAYS.started('initdb'),
	})).toEqual([
		'initdb', 'cluster is made', 'postgres', 'postgres answers', 'schema', 'schema is there', 'php', 'php is ready', 'nginx',
	]);
});

it('holds the app back for as long as postgres does not answer, and says so', async () => {
	await using box = await boot({image: 'stack', port: 80, more: `
services:
  postgres:
    command: sh -c 'until test -e /tmp/go; do sleep 0.1; done; exec postgres -D data -c listen_addresses='
    working_dir: /var/lib/postgresql
`});
	const {pid} = await box.comesTo('postgres', 'starting');
	expect(pid).not.toBeNull();
	expect(await box.service('schema')).toMatchObject({status: 'waiting', pid: null, note: expect.stringMatching(/postgres/)});
	expect(await box.service('php')).toMatchObject({status: 'waiting', pid: null, note: expect.stringMatching(/schema/)});
	expect(await box.service('nginx')).toMatchObject({status: 'waiting', pid: null});
	await box.comesTo('redis', 'running');

	await box.sh('touch /tmp/go');
	await expect.poll(async () => (await box.get()).status).toBe(200);
	expect(await box.service('postgres')).toMatchObject({status: 'running', pid, restarts: 0});
});

it('serves without what it can do without', async () => {
	await using box = await boot({image: 'stack', port: 80, more: `
services:
  redis: {command: redis-server --no-such-option, restart: no}
`});
	await expect.poll(() => box.get()).toEqual({status: 200, text: 'hello from postgres, visit 1\n'});
	expect((await box.service('redis')).pid).toBeNull();
});

it('runs the jobs of cron', async () => {
	await using box = await boot({image: 'stack'});
	await box.comesTo('cron', 'running');
	await expect.poll(() => box.sh('runuser -u www-data -- psql -At app -c "select count(*) from jobs"')).toBe('1\n');
});
