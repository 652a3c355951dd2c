/** What only a start needed is given back when it is over, and comes back when it is used. */
import {readFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {boot} from './archon.ts';

/** Pages of the executable and its libraries that are mapped, in KiB (proc_pid_status(5)). */
const filePages = (pid: number): number => Number(/^RssFile:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

test('pages of the executable leave archon when its start is over, and it goes on', async () => {
	await using archon = await boot({config: 'services: {a: {command: sleep 1000000}, b: {command: sleep 1000000, stop_grace_period: 1s}}'});
	await archon.says(/started b/);
	const most = filePages(archon.pid);
	// The kernel maps as much around a page that is used as it has in one piece in its cache: of a file that is new that is much.
	await expect.poll(() => filePages(archon.pid), {timeout: 20_000}).toBeLessThan(most * 0.95);
	expect((await archon.ctl('restart', 'a')).status).toBe(0);
	expect((await archon.ctl('shutdown')).status).toBe(0);
	expect(await archon.ended()).toBe(0);
});
