/** What zeus does besides commands of a pool: a first config, its commands, a restart, help. */
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {callZeus, fileIn, newFolder, openPool} from './zeus.ts';

const NOTE = expect.stringMatching(/^(?:note: .*\n)?$/);
const told = (stdout: string, lines: string): void => {
	expect(stdout.startsWith(lines), stdout).toBe(true);
	expect(stdout.slice(lines.length)).toEqual(NOTE);
};

test.each([
	['python', ['init'], 'plan.py'], ['ruby', ['init', 'ruby'], 'plan.rb'],
])('init writes a first config for %s, and never over what is there', async (_, words, plan) => {
	const cwd = newFolder();
	const first = await callZeus(words, {cwd});
	expect(first.status).toBe(0);
	told(first.stdout, `wrote zeus.json\nwrote ${plan}\n`);
	writeFileSync(join(cwd, plan), 'mine');
	told((await callZeus(words, {cwd})).stdout, `exists zeus.json\nexists ${plan}\n`);
	expect(fileIn(cwd, plan)).toBe('mine');
	expect(await callZeus(['commands'], {cwd})).toEqual({status: 0, stderr: '', stdout: 'zeus console (alias: c)\nzeus run (alias: r)\nzeus test (alias: t)\n'});
});

test('init chooses ruby beside a Gemfile, and knows no other language', async () => {
	const cwd = newFolder();
	writeFileSync(join(cwd, 'Gemfile'), '');
	told((await callZeus(['init'], {cwd})).stdout, 'wrote zeus.json\nwrote plan.rb\n');
	expect(await callZeus(['init', 'cobol'], {cwd})).toMatchObject({status: 100, stderr: 'usage: archon zeus init [python|ruby]\n'});
});

test('commands are those of the nearest config, or of the one that is named; a wrong one is told with its place', async () => {
	const cwd = newFolder();
	const sub = join(cwd, 'sub');
	mkdirSync(sub);
	writeFileSync(join(cwd, 'zeus.json'), '{"command": "x", "plan": {"boot": {"env": {"go": []}, "all": ["a", "b"]}}}');
	expect((await callZeus(['commands'], {cwd: sub})).stdout).toBe('zeus all (alias: a, b)\nzeus go\n');
	writeFileSync(join(sub, 'other.json'), '{"command": "x", "plan": 3}');
	const {status, stderr} = await callZeus(['--config', 'other.json', 'commands'], {cwd: sub});
	expect([status, stderr]).toEqual([1, expect.stringContaining('other.json:1:')]);
	expect(await callZeus(['commands'], {cwd: '/proc/self'})).toMatchObject({status: 1, stderr: expect.stringContaining('there is no zeus.json')});
});

test('restart sends SIGUSR1 to the process that listens, and to no other one', async () => {
	await using pool = await openPool();
	expect(await pool.run(['restart'])).toMatchObject({status: 0, stdout: `the pool restarts all of its nodes (pid ${pool.pid})\n`});
	await pool.says(/^USR1$/m);
	writeFileSync(join(pool.folder, '.zeus.pid'), `${process.pid}\n`);
	const {status, stderr} = await pool.run(['restart']);
	expect([status, stderr]).toEqual([1, expect.stringContaining(`has the pid ${process.pid}, but ${pool.pid} listens`)]);
});

test('help and version', async () => {
	const {version} = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {version: string};
	expect(await callZeus(['--version'], {cwd: '/'})).toEqual({status: 0, stdout: `zeus (archon ${version})\n`, stderr: ''});
	for (const words of [[], ['help'], ['--help']]) expect((await callZeus(words, {cwd: '/'})).stdout).toContain('usage: archon zeus [FLAGS] COMMAND');
	expect(await callZeus(['--nonsense'], {cwd: '/'})).toMatchObject({status: 100, stderr: 'zeus: unknown option --nonsense; see zeus help\n'});
});
