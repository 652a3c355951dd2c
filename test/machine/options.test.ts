/** What `-c`, `--profile` and `$ARCHON_CONFIG` say holds at the start, at a reload and after re-execution, and for `archon check`. */
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {ARCHON, boot, type Archon} from './archon.ts';

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'archon-options-'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

function file(name: string, text: string): string {
	mkdirSync(join(folder, name, '..'), {recursive: true});
	writeFileSync(join(folder, name), text);
	return join(folder, name);
}

const SLEEP = 'sleep 1000000';
const names = async (archon: Archon): Promise<readonly string[]> => Object.keys(await archon.status()).sort();

test('files and profiles hold at the start, at a reload and in the next instance', async () => {
	const over = file('over.yaml', `services: {a: {environment: [WHO=over]}, c: {command: ${SLEEP}, profiles: [on]}, d: {command: ${SLEEP}, profiles: [off]}}`);
	const config = `services: {a: {command: sh -c 'echo "it is $$WHO"; exec ${SLEEP}', environment: {WHO: main}}, b: {extends: c, profiles: !reset null}, c: {command: ${SLEEP}}}`;
	await using archon = await boot({config, args: ['-c', over, '--profile', 'on', '--profile=other']});
	await archon.says(/it is over/);
	expect(await names(archon)).toEqual(['a', 'b', 'c']);

	file('over.yaml', `services: {a: {environment: [WHO=other]}, e: {command: ${SLEEP}, profiles: [other]}, d: {command: ${SLEEP}, profiles: [off]}}`);
	expect(await archon.ctl('reload')).toMatchObject({status: 0});
	await archon.says(/it is other/);
	expect(await names(archon)).toEqual(['a', 'b', 'c', 'e']);

	await archon.ctl('upgrade');
	await archon.says(/re-executed/);
	file('over.yaml', `services: {f: {command: ${SLEEP}, profiles: [on]}, g: {command: ${SLEEP}, profiles: [off]}}`);
	expect(await archon.ctl('reload')).toMatchObject({status: 0});
	expect(await names(archon)).toEqual(expect.arrayContaining(['a', 'b', 'c', 'f']));
	expect(await names(archon)).not.toContain('g');
});

test('a reload that needs more of the language than the start did', async () => {
	const further = file(
		'sub/more.yaml', 'services: {more: {extends: base, profiles: !reset null, command: [sleep, "1000000"]}, base: {command: x, profiles: [never]}}\n',
	);
	await using archon = await boot({config: `services: {a: {command: ${SLEEP}}}`});
	await archon.says(/started a/);
	writeFileSync(join(archon.folder, 'archon.yaml'), `include: ${further}\nservices: {a: {command: ${SLEEP}}}`);
	expect(await archon.ctl('reload')).toMatchObject({status: 0});
	expect(await names(archon)).toEqual(['a', 'more']);
	writeFileSync(join(archon.folder, 'archon.yaml'), `include: ${further}x\nservices: {a: {command: ${SLEEP}}}`);
	expect(await archon.ctl('reload')).toMatchObject({status: 1, stderr: expect.stringMatching(/include: cannot read .*more\.yamlx: no such file/)});
	expect(await names(archon)).toEqual(['a', 'more']);
});

test('what archonctl config prints of other files comes to the same anywhere', async () => {
	file('sub/g.env', 'G=1\n');
	file('sub/s.txt', 'hush');
	const further = file('sub/g.yaml', `services: {g: {command: ${SLEEP}, env_file: g.env, secrets: [{source: s, target: ${join(folder, 's')}}]}}\nsecrets: {s: {file: s.txt}}`);
	await using archon = await boot({config: `include: ${further}\nservices: {a: {command: ${SLEEP}}}`});
	await archon.says(/started g/);
	const {stdout} = await archon.ctl('config');
	expect(stdout).toContain(`file: ${join(folder, 'sub/s.txt')}`);
	writeFileSync(join(archon.folder, 'archon.yaml'), stdout);
	expect(await archon.ctl('plan')).toMatchObject({status: 0, stdout: 'nothing would change'});
});

test('$ARCHON_CONFIG may name several files', async () => {
	const [one, two] = [file('one.yaml', `services: {a: {command: ${SLEEP}}}`), file('two.yaml', `services: {b: {command: ${SLEEP}}}`)];
	await using archon = await boot({config: null, env: {ARCHON_CONFIG: `${one}:${two}`}});
	await archon.says(/started b/);
	expect(await names(archon)).toEqual(['a', 'b']);
});

test('archon check takes the same', async () => {
	const one = file('one.yaml', 'services: {a: {command: sleep 1}, b: {command: sleep 1, profiles: [on]}, c: {command: sleep 1, profiles: [env]}}');
	const two = file('two.yaml', 'services: {a: {command: [sleep, "2"]}, d: {command: sleep 1}}');
	const check = async (...args: readonly string[]) =>
		(await execa(ARCHON, ['check', ...args], {reject: false, env: {ARCHON_PROFILES: 'env'}})).stdout;
	expect(await check('-c', one, '-c', two, '--profile', 'on')).toBe('4 services, in this order: a, b, c, d');
	expect(await check(one)).toBe('2 services, in this order: a, c');
	expect(await check('--profile=*', one)).toBe('3 services, in this order: a, b, c');
});

test('variables in docker\'s own format come as they are', async () => {
	file('v.env', 'A="$HOME" # no comment\n');
	await using archon = await boot({config: `services:
  a:
    command: [sh, -c, 'echo "[$$A]"; exec ${SLEEP}']
    env_file: [{path: ${join(folder, 'v.env')}, format: raw}]
  b: {command: ${SLEEP}}
`});
	await archon.says(/\["\$HOME" # no comment\]/);
});
