/** The limit of open files: archon takes as many as it may have, and services have what archon was started with. */
import {readFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {boot} from './archon.ts';

test('services have the soft limit that archon was started with, also after a crash, and archon has the hard one', async () => {
	await using archon = await boot({wrapper: ['prlimit', '--nofile=1024:4096'], config: `services:
  web: {command: "sh -c 'echo soft $(ulimit -Sn) hard $(ulimit -Hn); exec sleep 1000000'"}
  own: {command: "sh -c 'echo soft $(ulimit -Sn); exec sleep 1000000'", ulimits: {nofile: 500}}
`.replaceAll('$', '$$$$')});
	await archon.says(/web +\| soft 1024 hard 4096/);
	await archon.says(/own +\| soft 500/);
	expect(readFileSync(`/proc/${archon.pid}/limits`, 'utf8')).toMatch(/^Max open files +4096 +4096 /m);
	archon.signal('SIGSEGV');
	await archon.says(/re-executed: 2 services keep running/);
	expect((await archon.ctl('restart', 'web')).status).toBe(0);
	await archon.says(/soft 1024 hard 4096[^]*soft 1024 hard 4096/);
	archon.signal('SIGTERM');
	expect(await archon.ended()).toBe(0);
});
