/** What a pool does when files change that its nodes have loaded, and how that is seen. */
import {once} from 'node:events';
import {existsSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {connect, createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, test} from 'vitest';
import {ARCHON} from './archon.ts';
import {PATIENCE, type Pool, pool, WORKER} from './pools.ts';
import {onTerminal} from './terminal.ts';

const PLAN = {boot: {app: {leaf: {show: []}}, other: {stay: []}}};

/** Each node loads the module of its name. */
const CODE = `
def boot(): import m_boot
def app(): import m_app
def leaf(): import m_leaf
def other(): import m_other
def show():
    import m_leaf
    print(m_leaf.value)
`;

const NODES = ['boot', 'app', 'leaf', 'other'];

/** With \`m_NODE.py\` in a folder that is there before the pool is. */
async function begin(code = CODE, more: Partial<Parameters<typeof pool>[0]> = {}): Promise<Pool> {
	const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pool-watch-')));
	for (const node of NODES) writeFileSync(join(folder, `m_${node}.py`), 'value = 1\n');
	return pool({plan: PLAN, code, folder, ...more});
}

const pids = async (it: Pool): Promise<readonly number[]> => Promise.all(NODES.map(async node => it.ready(node)));

/** How often a node has begun to wait. */
const restarts = (it: Pool, node: string): number => [...it.log().matchAll(new RegExp(`Z ${node} waiting `, 'g'))].length - 1;

describe('a file that changes', () => {
	test('restarts the node that has loaded it and all below it, and no other', async () => {
		await using it = await begin();
		const [boot = 0, app = 0, leaf = 0, other = 0] = await pids(it);
		it.write('m_leaf.py', 'value = 2\n');
		const next = await it.ready('leaf', leaf);
		expect(await pids(it)).toEqual([boot, app, next, other]);
		expect((await it.client('run', 'show')).stdout).toBe('2\n');
		// As editors save.
		it.write('m_app.py.tmp', 'value = 3\n');
		renameSync(join(it.folder, 'm_app.py.tmp'), join(it.folder, 'm_app.py'));
		const [again, below] = [await it.ready('app', app), await it.ready('leaf', next)];
		expect(await pids(it)).toEqual([boot, again, below, other]);
		it.write('m_boot.py', 'value = 4\n');
		await Promise.all([it.ready('boot', boot), it.ready('app', again), it.ready('leaf', below), it.ready('other', other)]);
	}, PATIENCE);

	test('and is no node\'s restarts nothing; fifty writes within the delay are one restart', async () => {
		// Longer than they take on a machine that does much else.
		await using it = await begin(CODE, {args: ['--file-change-delay', '5s']});
		const before = await pids(it);
		it.write('unlisted.py', 'x');
		for (let count = 0; count < 50; count++) it.write('m_leaf.py', `value = ${count}\n`);
		await it.ready('leaf', before[2]);
		expect(restarts(it, 'leaf')).toBe(1);
		expect(NODES.filter(node => node !== 'leaf').map(node => restarts(it, node))).toEqual([0, 0, 0]);
	}, PATIENCE);

	test('and was broken is the way out of a crash, whether it is mended or comes back', async () => {
		await using it = await begin();
		const before = await pids(it);
		it.write('m_leaf.py', 'value = (\n');
		await it.says(/Z leaf crashed .*SyntaxError/);
		it.write('m_leaf.py', 'value = 5\n');
		const mended = await it.ready('leaf', before[2]);
		rmSync(join(it.folder, 'm_leaf.py'));
		await it.says(/Z leaf crashed .*No module named 'm_leaf'/);
		it.write('m_leaf.py', 'value = 6\n');
		await it.ready('leaf', mended);
		expect((await it.client('run', 'show')).stdout).toBe('6\n');
		expect((await pids(it)).filter((pid, at) => pid === before[at])).toHaveLength(3);
	}, PATIENCE);

	test('while a node loads is not missed', async () => {
		const code = CODE.replace('def leaf(): import m_leaf', `def leaf():
    import m_leaf, os, time
    while not os.path.exists('go'): time.sleep(0.01)
    os.remove('go')`);
		await using it = await begin(code);
		await it.says(/Z leaf booting /);
		it.write('m_leaf.py', 'value = 7\n');
		it.write('go', '');
		// The first boot, or the one after it.
		await expect.poll(async () => {
			if (!existsSync(join(it.folder, 'go'))) it.write('go', '');
			return it.nodes()['leaf'] === 'ready' ? (await it.client('run', 'show')).stdout : '';
		}, {timeout: PATIENCE}).toBe('7\n');
	}, PATIENCE);

	test('counts, too, if a node opens it long after its boot', async () => {
		const code = CODE.replace('def leaf(): import m_leaf', `def leaf():
    import os, threading, time
    def late():
        while not os.path.exists('late.txt'): time.sleep(0.01)
        open('late.txt').close()
        print('opened', flush=True)
    threading.Thread(target=late, daemon=True).start()`);
		await using it = await begin(code);
		const leaf = await it.ready('leaf');
		it.write('late.txt', 'one');
		await it.says(/opened/);
		// It may not be watched yet.
		await expect.poll(() => {
			it.write('late.txt', String(Math.random()));
			return it.nodes()['leaf'] === 'ready' && restarts(it, 'leaf') === 0;
		}, {timeout: PATIENCE, interval: 500}).toBe(false);
		await it.ready('leaf', leaf);
	}, PATIENCE);

	test.each([
		['watches', 'max_inotify_watches', 1, /cannot be watched: no space left on device/],
		['instances', 'max_inotify_instances', 0, /cannot be watched: too many open files/],
	])('is seen where the kernel has no room for %s, which is said once', async (_, limit, count, words) => {
		await using it = await begin(CODE, {wrapper: ['unshare', '-Ur', 'sh', '-c', `echo ${count} >/proc/sys/user/${limit} && exec "$0" "$@"`]});
		const [,, leaf] = await pids(it);
		await it.says(words);
		it.write('m_leaf.py', 'value = 8\n');
		await it.ready('leaf', leaf);
		expect([...it.log().matchAll(/cannot be watched/g)]).toHaveLength(1);
	}, PATIENCE);

	test('and another program sees it in a network is told by TCP', async () => {
		const server = createServer().listen(0, '127.0.0.1');
		await once(server, 'listening');
		const address = server.address();
		const port = typeof address === 'object' ? address?.port ?? 0 : 0;
		server.close();
		await once(server, 'close');
		await using it = await begin(CODE, {env: {ZEUS_NETWORK_FILE_MONITOR_PORT: String(port)}});
		const [,, leaf] = await pids(it);
		const socket = connect(port, '127.0.0.1');
		let text = '';
		socket.on('data', bytes => void (text += String(bytes)));
		const path = join(it.folder, 'm_leaf.py');
		await expect.poll(() => text.split('\n'), {timeout: PATIENCE}).toContain(path);
		socket.write(`${path}\n`);
		await it.ready('leaf', leaf);
		socket.destroy();
	}, PATIENCE);
});

describe('what happens', () => {
	test('is written to the file of --log, a line for each change', async () => {
		await using it = await begin(CODE, {args: ['--log', 'changes.log']});
		const [,, leaf = 0] = await pids(it);
		const lines = (): string => readFileSync(join(it.folder, 'changes.log'), 'utf8');
		await expect.poll(lines).toMatch(new RegExp(`^\\d{4}-\\S+Z leaf booting ${leaf}\n(?:.*\n)*\\d{4}-\\S+Z leaf ready ${leaf}\n`, 'm'));
		it.write('m_leaf.py', 'value = (\n');
		await expect.poll(lines, {timeout: PATIENCE}).toMatch(/^\S+Z leaf crashed - SyntaxError: .+$/m);
	}, PATIENCE);

	test('is in zeus\' own words with --simple-status', async () => {
		await using it = await begin(CODE, {args: ['--simple-status']});
		await it.says(/^environment: leaf status: booted\n(?:.*\n)*environment: leaf status: ready\n/m);
	}, PATIENCE);

	test.each([[[], true], [['--no-color'], false]])('is a chart on a terminal, drawn in place, of its size; with %j colours: %s', async (args, isColoured) => {
		const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pool-watch-')));
		for (const node of NODES) writeFileSync(join(folder, `m_${node}.py`), '');
		writeFileSync(join(folder, 'plan.py'), CODE);
		writeFileSync(join(folder, 'zeus.json'), JSON.stringify({command: `python3 ${WORKER} plan.py`, plan: PLAN}));
		await using terminal = onTerminal([ARCHON, 'zeus', 'start', ...args], {cwd: folder, env: {PYTHONDONTWRITEBYTECODE: '1'}, rows: 24, columns: 60});
		const isReady = (screen: readonly string[]): boolean => NODES.every(node => screen.some(line => new RegExp(`\\b${node} +ready +\\d+$`).test(line)));
		await terminal.untilIt(isReady);
		const only = (screen: readonly string[]): boolean => screen.filter(line => /boot +\w+/.test(line)).length === 1;
		expect(only(terminal.all())).toBe(true);
		expect(terminal.written().includes('\x1b[32mready')).toBe(isColoured);
		writeFileSync(join(folder, 'm_leaf.py'), 'value = (\n');
		await terminal.untilIt(screen => screen.some(line => /leaf +crashed +SyntaxError/.test(line)));
		terminal.resize(24, 30);
		await terminal.untilIt(screen => screen.every(line => line.length <= 30) && screen.some(line => /leaf +crashed/.test(line)));
		writeFileSync(join(folder, 'm_leaf.py'), '');
		await terminal.untilIt(isReady);
		terminal.press('\x03');
		expect(await terminal.ended()).toBe(0);
		rmSync(folder, {recursive: true});
	}, PATIENCE);
});
