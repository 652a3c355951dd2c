/** Services that still run programs and libraries which other files have taken the place of. */
import {chmodSync, copyFileSync, mkdtempSync, renameSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, onTestFinished, test} from 'vitest';
import {boot} from './archon.ts';

const folder = mkdtempSync(join(tmpdir(), 'mapped-'));
afterAll(() => rmSync(folder, {recursive: true}));

/** A program of its own of one test, to be replaced. */
function program(name: string): string {
	const path = join(folder, name);
	copyFileSync('/bin/sleep', path);
	return path;
}

function replace(path: string): void {
	copyFileSync('/bin/sleep', `${path}.new`);
	renameSync(`${path}.new`, path);
}

interface Row {
	readonly service: string;
	readonly pid: number;
	readonly state: string;
	readonly path: string;
}

test('a program that was replaced or deleted, and none that was not; a restart puts it right', async () => {
	const [web, gone, well] = ['web', 'gone', 'well'].map(program) as [string, string, string];
	const services = {web, gone, well};
	await using archon = await boot({
		config: `services:\n${Object.entries(services).map(([name, path]) => `  ${name}: {command: ${path} 1000000}\n`).join('')}`,
	});
	await archon.says(/started well/);
	await archon.says(/started gone/);
	await archon.says(/started web/);
	expect((await archon.ctl('needs-restart')).stdout).toBe('no service needs a restart');
	replace(web);
	rmSync(gone);
	const {pid} = (await archon.status()).web ?? {};
	const rows = JSON.parse((await archon.ctl('needs-restart', '--json')).stdout) as readonly Row[];
	expect(rows).toEqual(expect.arrayContaining([
		{service: 'web', pid, state: 'replaced', path: web}, expect.objectContaining({service: 'gone', state: 'deleted', path: gone}),
	]));
	expect(rows).toHaveLength(2);
	expect((await archon.ctl('needs-restart', 'we*')).stdout.split('\n')).toEqual([`web (pid ${pid}): ${web} was replaced`]);
	await archon.ctl('restart', 'web');
	expect((await archon.ctl('needs-restart', 'web')).stdout).toBe('no service needs a restart');
	expect((await archon.ctl('needs-restart', 'unheard')).status).toBe(1);
});

test.runIf(process.getuid?.() === 0)('the processes of another user are looked at as that user, without CAP_SYS_PTRACE', async () => {
	// The folder of tests is their maker's alone.
	const open = mkdtempSync('/var/tmp/mapped-');
	chmodSync(open, 0o755);
	onTestFinished(() => rmSync(open, {recursive: true}));
	const path = join(open, 'other');
	copyFileSync('/bin/sleep', path);
	await using archon = await boot({
		config: `services: {other: {command: ${path} 1000000, user: "65534"}}\n`,
		wrapper: ['setpriv', '--bounding-set=-sys_ptrace', '--inh-caps=-sys_ptrace'],
	});
	await archon.says(/started other/);
	replace(path);
	expect((await archon.ctl('needs-restart')).stdout).toMatch(/^other \(pid \d+\): \S+ was replaced$/);
});
