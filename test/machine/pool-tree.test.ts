/** The tree of a pool: booted by fork from node to node, kept whatever dies in it, and ended with nothing left. */
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {lives, parentOf, PATIENCE, pool, WORKER} from './pools.ts';

const CODE = `
import os, signal, sys, time
made = []
def boot(): made.append('boot')
def app(): made.append('app')
def leaf(): made.append('leaf')
def deaf(): signal.signal(signal.SIGTERM, signal.SIG_IGN)
def show(): print(*made, os.getpid(), os.getppid())
def stay():
    print('here', flush=True)
    time.sleep(1000)
def daemon():
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        open('daemon.pid', 'w').write(str(os.getpid()))
        os.closerange(0, 100)
        time.sleep(1000)
`;

const PLAN = {boot: {app: {leaf: {show: []}}, other: {stay: []}}};

describe('a pool', () => {
	test('boots each node as a child of its parent, which has loaded what the child then has', async () => {
		await using it = await pool({plan: PLAN, code: CODE});
		const [boot, app, leaf, other] = await Promise.all(['boot', 'app', 'leaf', 'other'].map(node => it.ready(node)));
		expect(parentOf(boot ?? 0)).toBe(it.pid);
		expect(parentOf(app ?? 0)).toBe(boot);
		expect(parentOf(leaf ?? 0)).toBe(app);
		expect(parentOf(other ?? 0)).toBe(boot);
		const {stdout} = await it.client('run', 'show');
		expect(stdout).toMatch(/^boot app leaf \d+ \d+\n$/);
		// The root alone is executed: all others have its program by fork.
		const starts = [boot, app, leaf, other].map(pid => readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
		expect(new Set(starts).size).toBe(1);
	}, PATIENCE);

	test('starts a root again that ends before it says what it is, by itself', async () => {
		const code = `n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) >n; [ $n -lt 2 ] && exit 3; exec python3 ${WORKER} plan.py`;
		await using it = await pool({plan: PLAN, code: CODE, command: `sh -c '${code}'`});
		await it.ready('leaf');
		expect(readFileSync(join(it.folder, 'n'), 'utf8')).toBe('3\n');
	}, PATIENCE);

	test('says why a program cannot be started', async () => {
		await using it = await pool({plan: PLAN, command: '/nowhere/program'});
		await it.says(/\/nowhere\/program: no such file or directory/);
	}, PATIENCE);

	test('boots a node again that was killed, and leaves those beside and above it alone', async () => {
		await using it = await pool({plan: PLAN, code: CODE});
		const [boot, app, leaf, other] = await Promise.all(['boot', 'app', 'leaf', 'other'].map(node => it.ready(node)));
		process.kill(leaf ?? 0, 'SIGKILL');
		const again = await it.ready('leaf', leaf);
		expect(parentOf(again)).toBe(app);
		expect([boot, app, other].map(pid => lives(pid ?? 0))).toEqual([true, true, true]);
		expect((await it.client('run', 'show')).stdout).toMatch(/^boot app leaf/);
	}, PATIENCE);

	test('ends what was forked from a node that was killed, before it boots it again', async () => {
		await using it = await pool({plan: PLAN, code: CODE});
		const [app, leaf] = await Promise.all(['app', 'leaf'].map(node => it.ready(node)));
		process.kill(app ?? 0, 'SIGKILL');
		await it.ready('app', app);
		expect(lives(leaf ?? 0)).toBe(false);
		await it.ready('leaf', leaf);
	}, PATIENCE);

	test('boots all again after the root was killed', async () => {
		await using it = await pool({plan: PLAN, code: CODE});
		const before = await Promise.all(['boot', 'app', 'leaf', 'other'].map(node => it.ready(node)));
		process.kill(before[0] ?? 0, 'SIGKILL');
		const after = await Promise.all(['boot', 'app', 'leaf', 'other'].map((node, i) => it.ready(node, before[i])));
		expect(before.some(lives)).toBe(false);
		expect(new Set([...before, ...after]).size).toBe(8);
	}, PATIENCE);

	test('gives the error of a node to those below it and to who asks there, and boots them once its file is mended', async () => {
		await using it = await pool({plan: PLAN, code: `${CODE}\ndef app():\n  import part\n`});
		await Promise.all([it.says(/Z leaf crashed /), it.ready('other')]);
		expect(it.nodes()).toMatchObject({boot: 'ready', app: 'crashed', leaf: 'crashed', other: 'ready'});
		const answer = await it.client('run', 'show');
		expect(answer.status).toBe(1);
		expect(answer.stdout).toContain('No module named \'part\'');
		it.write('part.py', 'x = 1\n');
		// What was never there is no file that a node has loaded: that of the plan is.
		it.write('plan.py', CODE);
		await it.ready('leaf');
		expect((await it.client('run', 'show')).stdout).toMatch(/^boot app leaf/);
	}, PATIENCE);

	test.each(['SIGTERM', 'SIGINT'] as const)('ends all that it has made at %s, also what does not want to', async signal => {
		const it = await pool({plan: {boot: {deaf: {stay: [], daemon: []}}}, code: CODE});
		const nodes = await Promise.all(['boot', 'deaf'].map(node => it.ready(node)));
		const client = it.begin('hold', 'stay');
		const [, command = ''] = await client.says(/^(\d+)$/m);
		expect((await it.client('run', 'daemon')).status).toBe(0);
		const file = join(it.folder, 'daemon.pid');
		await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8') !== '', {timeout: PATIENCE}).toBe(true);
		const daemon = Number(readFileSync(file, 'utf8'));
		it.signal(signal);
		expect(await it.ended()).toBe(0);
		expect([...nodes, Number(command), daemon].filter(lives)).toEqual([]);
		expect(existsSync(it.socket)).toBe(false);
		expect(existsSync(join(it.folder, '.zeus.pid'))).toBe(false);
		await client.says(/^status \d+$/m);
	}, PATIENCE);

	test('tears all down at SIGUSR1, reads its config again, and is the same process', async () => {
		await using it = await pool({plan: PLAN, code: CODE});
		const before = await Promise.all(['boot', 'app', 'leaf', 'other'].map(node => it.ready(node)));
		writeFileSync(join(it.folder, 'zeus.json'), JSON.stringify({command: `python3 ${WORKER} plan.py`, plan: {boot: {renamed: {show: []}}}}));
		it.signal('SIGUSR1');
		await it.ready('renamed');
		expect(before.some(lives)).toBe(false);
		expect((await it.client('run', 'show')).stdout).toMatch(/^boot \d+/);
		expect((await it.client('run', 'stay')).status).toBe(127);
		expect(readFileSync(join(it.folder, '.zeus.pid'), 'utf8')).toBe(`${it.pid}\n`);
	}, PATIENCE);

	test('says what is wrong with its config at SIGUSR1, and boots the old tree again', async () => {
		await using it = await pool({plan: PLAN, code: CODE});
		const before = await it.ready('leaf');
		writeFileSync(join(it.folder, 'zeus.json'), '{"command": "true", "plan": 3}');
		it.signal('SIGUSR1');
		await it.says(/zeus\.json:1:\d+: .*not in the correct format/);
		await it.ready('leaf', before);
	}, PATIENCE);

	test('is not begun with a config that is wrong', async () => {
		await using it = await pool({plan: [] as never});
		expect(await it.ended()).toBe(1);
		expect(it.log()).toMatch(/not in the correct format/);
	}, PATIENCE);
});
