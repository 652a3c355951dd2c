/** The end of a machine's worth of servers, and their life after it. */
import {expect, it} from 'vitest';
import {boot, type Box, order, SAYS} from './harness.ts';

it('stops in reverse order, without SIGKILL, and exits with 0', async () => {
	await using box = await boot({image: 'stack', port: 80});
	await serves(box);
	// Docker's own kill, after the seconds that are given here, would make it 137.
	expect(await box.stop(10)).toBe(0);
	const log = await box.log();
	expect(order(log, {
		'postgres stops': SAYS.stopping('postgres'),
		'postgres is gone': SAYS.stopped('postgres'),
		'php stops': SAYS.stopping('php'),
		'php is gone': SAYS.stopped('php'),
		'nginx stops': SAYS.stopping('nginx'),
		'nginx is gone': SAYS.stopped('nginx'),
	})).toEqual(['nginx stops', 'nginx is gone', 'php stops', 'php is gone', 'postgres stops', 'postgres is gone']);
	expect(log).toMatch(/postgres +\| .*database system is shut down/);
	expect(log).not.toMatch(SAYS.anyKill);
});

it.each([
	['an orderly stop', async (box: Box) => void await box.stop()],
	['docker kill', async (box: Box) => {
		await box.signal('SIGKILL');
		await box.ended();
	}],
])('serves again after %s, with what it knew', async (_, end) => {
	await using box = await boot({image: 'stack', port: 80});
	await serves(box);
	const seen = await visits(box);
	await end(box);
	await box.again();
	await box.comesTo('nginx', 'running');
	expect(await visits(box)).toBe(seen);
	expect((await box.log()).match(/initdb +\| Success/g)).toHaveLength(1);
});

async function serves(box: Box): Promise<void> {
	await expect.poll(async () => (await box.get()).status).toBe(200);
}

const visits = async (box: Box): Promise<number> =>
	Number(await box.sh('runuser -u www-data -- psql -At app -c "select count from visits"'));
