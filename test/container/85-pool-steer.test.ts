/** What people do with a pool in a container beside its commands: look at it, boot nodes again, and what its keys change in that. */
import {expect, it} from 'vitest';
import {bootPool, LANGUAGES, NODES} from './pools.ts';

interface Row {
	readonly node: string;
	readonly parent: string | null;
	readonly status: string;
	readonly pid: number | null;
}

it.each(LANGUAGES)('archonctl shows the tree of one in %s with its processes, and boots a node again with those below it', async language => {
	await using pool = await bootPool(language);
	const before = await pool.pids();
	const rows = JSON.parse(await pool.box.sh('archonctl pool tree --json')) as readonly Row[];
	expect(rows.map(({node, parent, status, pid}) => [node, parent, status, pid])).toEqual([
		['boot', null, 'ready', before.boot], ['shared', 'boot', 'ready', before.shared], ['development', 'shared', 'ready', before.development],
		['testing', 'shared', 'ready', before.testing], ['spare', 'boot', 'ready', before.spare],
	]);
	await pool.sh('archon zeus hang >/tmp/pid 2>/dev/null & while ! [ -s /tmp/pid ]; do sleep 0.02; done');
	const shown = await pool.box.sh('archonctl pool tree app; cat /tmp/pid');
	for (const node of NODES) expect(shown).toMatch(new RegExp(`^ *${node} +ready +${before[node]} `, 'm'));
	expect(shown).toMatch(/^ +hang +runs +(\d+) [^]*^\1$/m);
	await expect.poll(() => pool.box.sh('archonctl pool tree app')).toMatch(/^ +hang +runs +\d+ +[1-9]\d*s/m);

	await pool.box.sh('archonctl pool restart app shared');
	for (const node of ['shared', 'development', 'testing'] as const) await pool.another(node, before[node]);
	expect(await pool.pids()).toMatchObject({boot: before.boot, spare: before.spare});
	expect(await pool.zeus('where')).toMatchObject({status: 0});
	expect(await pool.box.exec('archonctl', 'pool', 'restart', 'app', 'nowhere')).toMatchObject({status: 1, stdout: ''});
});

it.each(LANGUAGES)('archon zeus restart boots all nodes of one in %s again, under the same master', async language => {
	await using pool = await bootPool(language);
	const before = await pool.pids();
	const {pid: master} = await pool.box.service('app');
	expect(await pool.zeus('restart')).toMatchObject({status: 0, stdout: `the pool restarts all of its nodes (pid ${master})\n`});
	for (const node of NODES) await pool.another(node, before[node]);
	expect((await pool.box.service('app')).pid).toBe(master);
	expect(await pool.zeus('suite', 'after')).toMatchObject({status: 0, stdout: 'suite after\n'});
});

it.each(LANGUAGES)('fifty changes of files in %s are one restart', async (language, ending) => {
	await using pool = await bootPool(language, ', delay: 1s');
	const before = await pool.pids();
	const write = `for number in range(50): open(("dev", "common")[number % 2] + ".${ending}", "a").write("\\n")`;
	await pool.sh(`python3 -c '${write}'`);
	for (const node of ['shared', 'development', 'testing'] as const) await pool.another(node, before[node]);
	expect(await pool.zeus('where')).toMatchObject({status: 0});
	// A second one would have begun by now.
	await pool.sh('sleep 2');
	const events = await pool.box.sh('archonctl events --kinds node-ready');
	const booted = NODES.map(node => [...events.matchAll(new RegExp(`\\b${node}\\b`, 'g'))].length);
	expect(booted, events).toEqual([1, 2, 2, 2, 1]);
});

it.each(LANGUAGES)('a command in %s has those variables of its client that env_pass names', async language => {
	await using pool = await bootPool(language, ', environment: {MINE: pool, SHARED: pool}, env_pass: [GREETING, SHARED]');
	await pool.pids();
	const own = await pool.zeus('variable', 'GREETING', 'MINE', 'SHARED', 'OTHER');
	expect(own).toMatchObject({status: 0, stdout: 'unset\npool\npool\nunset\n'});
	const command = 'GREETING="two words = ü" MINE=client SHARED=client OTHER=client archon zeus variable GREETING MINE SHARED OTHER';
	expect(await pool.sh(command)).toBe('two words = ü\npool\nclient\nunset\n');
	// It stays with that command.
	expect(await pool.zeus('variable', 'GREETING', 'SHARED')).toMatchObject({status: 0, stdout: 'unset\npool\n'});
});

it.each(LANGUAGES)('with kill_commands_on_restart a command in %s ends with its node, and tells its client', async (language, ending) => {
	await using pool = await bootPool(language, ', kill_commands_on_restart: true');
	const before = await pool.pids();
	const script = 'archon zeus hang >/tmp/pid & client=$!; while ! [ -s /tmp/pid ]; do sleep 0.02; done';
	expect(await pool.sh(`${script}; echo >> dev.${ending}; wait $client; echo $?; [ -d /proc/$(cat /tmp/pid) ] || echo gone`)).toBe('143\ngone\n');
	await pool.another('development', before.development);
	expect(await pool.pids()).toMatchObject({shared: before.shared, testing: before.testing});
});
