/** `archon import`: what it prints, writes and refuses. */
import {mkdtempSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {expect, test} from 'vitest';
import {ARCHON} from './archon.ts';

const folder = mkdtempSync(join(tmpdir(), 'archon-import-'));
const write = (name: string, text: string): string => {
	writeFileSync(join(folder, name), text);
	return join(folder, name);
};

const run = async (args: readonly string[], input = '') => {
	const {exitCode: status, stdout, stderr} = await execa(ARCHON, args, {reject: false, input});
	return {status, stdout, stderr};
};

const JOBS = write('jobs.json', '{"jobs": [{"name": "web", "job_command": {"exe": "sleep"}, "test_command": {"exe": "true"}}]}\n');
/** With a key that has no translation. */
const PARTLY = write('partly.conf', '[program:web]\ncommand=sleep 1\nstdout_events_enabled=true\n');
const MORE = write('more.json', '{"jobs": [{"name": "tick", "job_command": {"exe": "sleep"}}]}\n');

test('several files are one config, which archon checks', async () => {
	const {status, stdout, stderr} = await run(['import', JOBS, MORE]);
	expect({status, stderr}).toEqual({status: 0, stderr: ''});
	expect(stdout).toBe([
		'# yaml-language-server: $schema=/usr/share/archon/archon.schema.json',
		`# Made by archon import from ${JOBS}, ${MORE} (overseer's config).`,
		'shutdown: {when_idle: never}',
		'services:',
		'  web:',
		'    command: [sleep]',
		'    test: ["true"]',
		'    restart: {attempts: unlimited}',
		'  tick:',
		'    command: [sleep]',
		'    restart: {attempts: unlimited}',
	].join('\n'));
	const checked = await run(['check', write('made.yaml', stdout)]);
	expect(checked).toMatchObject({status: 0, stdout: '2 services, in this order: web, tick'});
});

test('stdin is a file, and what has no translation is a failure where that is asked for', async () => {
	expect(await run(['import', '-'], readFileSync(MORE, 'utf8'))).toMatchObject({status: 0, stdout: expect.stringContaining('from stdin (')});
	expect(await run(['import', '--strict', MORE])).toMatchObject({status: 0});
	expect(await run(['import', PARTLY, '--strict'])).toMatchObject({
		status: 100, stdout: '', stderr: expect.stringMatching(/partly\.conf:3:1: not translated: stdout_events_enabled of web: /),
	});
});

test('a new file is written, and none that is there, nor where a link leads', async () => {
	const to = join(folder, 'archon.yaml');
	expect(await run(['import', PARTLY, '-o', to])).toEqual({
		status: 0, stdout: `wrote ${to}; 1 key is not translated: see the comments in it`, stderr: '',
	});
	const before = readFileSync(to, 'utf8');
	expect(await run(['import', MORE, '-o', to])).toMatchObject({status: 100, stderr: expect.stringContaining('is there already, and is left as it is')});
	expect(readFileSync(to, 'utf8')).toBe(before);
	symlinkSync(join(folder, 'elsewhere.yaml'), join(folder, 'link.yaml'));
	expect(await run(['import', MORE, '-o', join(folder, 'link.yaml')])).toMatchObject({status: 100});
	expect(await run(['import', MORE, '-o', '/nowhere/archon.yaml'])).toMatchObject({
		status: 100, stderr: 'archon: cannot write /nowhere/archon.yaml: no such file or directory',
	});
});

test.each([
	[['import'], /^usage: archon import FILE…/],
	[['import', '--stric'], /^unknown option --stric; usage: /],
	[['import', '/nowhere'], /^cannot read \/nowhere: no such file or directory/],
	[['import', '/dev/zero'], /is not a regular file/],
	[['import', folder], /is a directory of no layout that archon knows/],
] as const)('%j', async (args, why) => {
	expect(await run(args)).toMatchObject({status: 100, stdout: '', stderr: expect.stringMatching(why)});
});
