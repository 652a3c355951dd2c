/** The socket of a pool, and the file with its pid: one pool for each, whatever was left there. */
import {chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {describe, expect, test} from 'vitest';
import {ARCHON} from './archon.ts';
import {PATIENCE, pool} from './pools.ts';

const PLAN = {boot: {echo: []}};
const CODE = 'import sys\ndef echo(): print(*sys.argv[1:])\n';

describe('the socket of a pool', () => {
	test('is for its user alone, and of one pool', async () => {
		await using it = await pool({plan: PLAN, code: CODE});
		await it.ready('boot');
		expect(statSync(it.socket).mode & 0o777).toBe(0o600);
		expect(readFileSync(join(it.folder, '.zeus.pid'), 'utf8')).toBe(`${it.pid}\n`);
		await using second = await pool({plan: PLAN, code: CODE, folder: it.folder});
		expect(await second.ended()).toBe(1);
		expect(second.log()).toContain(`already running (pid ${it.pid})`);
		expect((await it.client('run', 'echo', 'x')).stdout).toBe('x\n');
	}, PATIENCE);

	test('of a pool that was killed is taken over', async () => {
		await using killed = await pool({plan: PLAN, code: CODE});
		await killed.ready('boot');
		killed.signal('SIGKILL');
		await killed.ended();
		expect(existsSync(killed.socket)).toBe(true);
		await using it = await pool({plan: PLAN, code: CODE, folder: killed.folder});
		await it.ready('boot');
		expect((await it.client('run', 'echo', 'x')).stdout).toBe('x\n');
		it.signal('SIGTERM');
		await it.ended();
		expect(existsSync(it.socket)).toBe(false);
	}, PATIENCE);

	test('may have a path longer than the kernel takes', async () => {
		const folder = join(realpathSync(mkdtempSync(join(tmpdir(), 'long-'))), 'x'.repeat(100), 'y'.repeat(100));
		mkdirSync(folder, {recursive: true});
		await using it = await pool({plan: PLAN, code: CODE, folder});
		await it.ready('boot');
		expect((await it.client('run', 'echo', 'x')).stdout).toBe('x\n');
		expect((await execa(ARCHON, ['zeus', 'echo', 'y'], {cwd: folder, stdin: 'ignore'})).stdout).toBe('y');
		rmSync(join(folder, '../..'), {recursive: true});
	}, PATIENCE);

	test('is where $ZEUSSOCK says', async () => {
		const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sock-')));
		await using it = await pool({plan: PLAN, code: CODE, socket: join(folder, 'app.sock')});
		await it.ready('boot');
		expect((await it.client('run', 'echo', 'x')).stdout).toBe('x\n');
		expect(readFileSync(join(folder, 'app.pid'), 'utf8')).toBe(`${it.pid}\n`);
		rmSync(folder, {recursive: true});
	}, PATIENCE);

	test('where others may connect, they are told that they are not answered', async () => {
		await using it = await pool({plan: PLAN, code: CODE});
		await it.ready('boot');
		for (const folder of [it.folder, it.socket]) chmodSync(folder, 0o777);
		const {exitCode, stderr} = await execa(ARCHON, ['zeus', 'echo', 'x'], {
			reject: false, stdin: 'ignore', cwd: it.folder, env: {ZEUSSOCK: it.socket}, uid: 1000, gid: 1000,
		});
		expect([exitCode, stderr]).toEqual([1, `zeus: the pool at ${it.socket} answers only its own user (0) and root`]);
	}, PATIENCE);

	test('is not put where its user may not write, and it is said what helps', async () => {
		await using it = await pool({plan: PLAN, code: CODE, socket: '/proc/app.sock'});
		expect(await it.ended()).toBe(1);
		expect(it.log()).toContain('/proc/app.pid: no such file or directory; set socket, or $ZEUSSOCK, to a path in a folder where this user may write');
	}, PATIENCE);

	test('is not put in place of another file', async () => {
		const folder = realpathSync(mkdtempSync(join(tmpdir(), 'file-')));
		writeFileSync(join(folder, '.zeus.sock'), 'precious');
		await using it = await pool({plan: PLAN, code: CODE, folder});
		expect(await it.ended()).toBe(1);
		expect(it.log()).toContain('is no socket');
		expect(readFileSync(join(folder, '.zeus.sock'), 'utf8')).toBe('precious');
		rmSync(folder, {recursive: true});
	}, PATIENCE);
});
