/** `archon init`: what it writes for what it finds, which archon check takes; and what it leaves alone. */
import {mkdirSync, mkdtempSync, readFileSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {expect, test} from 'vitest';
import {ARCHON} from './archon.ts';

const base = mkdtempSync(join(tmpdir(), 'archon-init-'));
let count = 0;

function folderWith(files: Readonly<Record<string, string>>): string {
	const folder = join(base, String(count++));
	mkdirSync(folder);
	for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
	return folder;
}

const run = async (cwd: string, ...args: readonly string[]) => {
	const {exitCode: status, stdout, stderr} = await execa(ARCHON, args, {reject: false, stdin: 'ignore', cwd, env: {ARCHON_CONFIG: ''}});
	return {status, stdout, stderr};
};

const COMPOSE = `services:
  web:
    build: .
    command: sleep 1
    ports: ["80:80"]
    depends_on: [jobs, db]
  jobs: {build: ., command: [sleep, "2"], environment: {A: b}}
  db: {image: postgres}
`;

test.each<[string, Readonly<Record<string, string>>, readonly (string | RegExp)[]]>([
	['a Procfile', {'Procfile': 'web: sleep $PORT\n', 'package.json': '{"scripts": {"start": "x"}}'}, ['command: sleep $$PORT', 'Made by archon init from Procfile']],
	['supervisord', {'supervisord.conf': '[program:web]\ncommand=sleep 5\n', 'Procfile': 'web: x\n'}, ['command: sleep 5', 'counts: starts']],
	['pm2', {'ecosystem.config.js': 'module.exports = {apps: [{script: "sleep", args: "7"}]}'}, ['command: [sleep, "7"]']],
	['a compose file', {'docker-compose.yml': COMPOSE}, [
		/ {2}web:\n {4}command: sleep 1\n {2}jobs:\n/, 'Not in it, as they run from images of their own, or do not say what they run: db of docker-compose.yml.',
	]],
	['a package that node runs', {'package.json': '{"scripts": {"start": "node server.js"}}'}, ['command: node server.js']],
	['a package that a shell starts', {'package.json': '{"scripts": {"start": "NODE_ENV=production tsx x"}}'}, ['command: npm start', 'stop_to: group']],
	['nothing', {}, ['command: [sleep, infinity]', 'which found nothing here']],
	['an image that others run', {'compose.yaml': 'services: {db: {image: postgres}}'}, ['command: [sleep, infinity]']],
])('for %s', async (_, files, parts) => {
	const folder = folderWith(files);
	expect(await run(folder, 'init')).toEqual({status: 0, stdout: 'wrote archon.yaml; archon check archon.yaml looks at it', stderr: ''});
	const text = readFileSync(join(folder, 'archon.yaml'), 'utf8');
	expect(text).toMatch(/^# yaml-language-server: \$schema=\S+\n# Made by archon init/);
	for (const part of parts) expect(text).toMatch(typeof part === 'string' ? new RegExp(part.replaceAll(/[$.[\]()*+?]/g, '\\$&')) : part);
	const checked = await run(folder, 'check', '--portable', 'archon.yaml');
	expect(checked).toMatchObject({status: 0, stderr: ''});
});

test('a config that is there is left as it is', async () => {
	const folder = folderWith({'archon.yaml': 'mine', 'Procfile': 'web: sleep 1\n'});
	expect(await run(folder, 'init')).toEqual({
		status: 100, stdout: '',
		stderr: 'archon: archon.yaml is there already, and is left as it is: remove it first, or write another with -o FILE',
	});
	expect(readFileSync(join(folder, 'archon.yaml'), 'utf8')).toBe('mine');
	expect(await run('/', 'init', folder, '-o', join(folder, 'other.yaml'))).toMatchObject({status: 0});
	expect(await run('/', 'init', folder, '-o', '-')).toMatchObject({status: 0, stdout: expect.stringContaining('command: sleep 1')});
});

test.each([
	[['init', '/nowhere'], 'archon: cannot read /nowhere: no such file or directory'],
	[['init', 'a', 'b'], 'usage: archon init [DIRECTORY] [-o FILE]; -o - prints it'],
	[['init', '--force'], 'unknown option --force; usage: archon init [DIRECTORY] [-o FILE]; -o - prints it'],
])('%j is refused', async (args, why) => {
	expect(await run('/', ...args)).toEqual({status: 100, stdout: '', stderr: why});
});

test('what cannot be read is told, and nothing is written', async () => {
	const folder = folderWith({'ecosystem.config.js': 'module.exports = make()'});
	expect(await run(folder, 'init')).toMatchObject({status: 100, stderr: expect.stringContaining('from here on it is a program')});
	expect((await run(folder, 'init', '-o', '-')).stdout).toBe('');
});
