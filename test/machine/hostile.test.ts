/**
 * Files that are made to hurt who reads them, and what is no file at all: each is a clear problem, within bounds of memory
 * and of CPU time. The bounds of time are wide, as tests run side by side: what they keep out takes minutes.
 */
import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {ARCHON} from './archon.ts';

const MEMORY_MAX_KIB = 100 * 1024;
const CPU_MAX_S = 5;

let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'archon-hostile-'));
});
afterAll(() => rmSync(folder, {recursive: true, force: true}));

async function check(name: string, command: readonly string[] = ['check', '--portable']): Promise<{status: number; told: string}> {
	const script = join(import.meta.dirname, 'measure.py');
	const {stdout} = await execa('python3', [script, ARCHON, ...command, name], {cwd: folder, env: {NO_COLOR: '1'}});
	const lines = stdout.split('\n');
	const [status = NaN, cpu = NaN, memory = NaN] = (lines.pop() ?? '').split(' ').map(Number);
	expect({cpu: cpu < CPU_MAX_S, memory: memory < MEMORY_MAX_KIB}, `${cpu} s, ${memory} KiB`).toEqual({cpu: true, memory: true});
	return {status, told: lines.join('\n')};
}

const times = (count: number, part: (index: number) => string): string => Array.from({length: count}, (_, index) => part(index)).join('');
const letter = (index: number): string => String.fromCharCode(97 + index);
const WEB = 'services: {web: {command: x}}\n';
const map = (count: number): string => `{${times(count, index => `k${index}: v, `)}z: z}`;
/** All of YAML is needed for it. */
const FULL = '%YAML 1.2\n---\n';

const FILES: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
	['a thousand million laughs', [
		`a: &a [${'x, '.repeat(9)}]\n`, times(12, i => `${letter(i + 1)}: &${letter(i + 1)} [${`*${letter(i)}, `.repeat(9)}]\n`), WEB,
	].join(''), /more than 250000 values, with all that aliases repeat/],
	['laughs in maps', `a: &a {x: y}\n${times(12, i => `${letter(i + 1)}: &${letter(i + 1)} {${times(9, j => `k${j}: *${letter(i)}, `)}}\n`)}${WEB}`, /more than 250000 values/],
	['merge keys', `x-b: &b ${map(5000)}\nservices:\n${times(9000, i => `  s${i}: {<<: *b}\n`)}`, /must be plain YAML, and this is not/],
	['merge keys in all of YAML', `${FULL}x-b: &b ${map(2000)}\nservices:\n${times(3000, i => `  s${i}: {<<: *b}\n`)}`, /more than 250000 values/],
	['one environment for all', `${FULL}x-b: &b ${map(2000)}\nservices:\n${times(480, i => `  s${i}: {command: x, environment: *b}\n`)}`, /more than 250000 values/],
	['an alias of itself', `a: &a [*a]\n${WEB}`, /the alias \*a stands within what it names/],
	['a map that merges itself', 'services: &s\n  web: &w\n    <<: *w\n    command: x\n    <<: *s\n', /the alias \*w stands within what it names/],
	['10,000 levels of brackets', `services: ${'['.repeat(10_000)}${']'.repeat(10_000)}\n`, /nested more than 100 levels deep/],
	['10,000 levels of braces', `services: ${'{a: '.repeat(10_000)}`, /nested more than 100 levels deep/],
	['levels of indentation', times(450, i => `${' '.repeat(i)}a:\n`), /nested more than 100 levels deep/],
	['10,000 lists in a line', `${'- '.repeat(10_000)}x\n`, /nested more than 100 levels deep/],
	['10,000 keys of keys', `${'? '.repeat(10_000)}x\n`, /nested more than 100 levels deep/],
	['10 MB', `services:\n${'  a: {command: x}\n'.repeat(600_000)}`, /cannot read .*: larger than 1 MiB/],
	['60,000 unknown keys', times(60_000, i => `k${i}: v\n`), /services are missing[^]*and \d+ more/],
	['20,000 mistakes', 'a: [}\n'.repeat(20_000), /} stands where ] must close a bracket/],
	['20,000 open quotes', 'a: "\n'.repeat(20_000), /" opens here, and no " closes it/],
	['20,000 tags', `a: ${'!!str '.repeat(20_000)}x\n`, /not valid YAML: a node can have at most one tag/],
	['duplicate keys', 'services:\n  web: {command: x}\n  web: {command: y}\n', /duplicate key "web"; .*|duplicate key "web"/],
	['defaults in defaults', `services: {web: {command: "${'${A:-'.repeat(5000)}${'}'.repeat(5000)}"}}\n`, /has defaults that are nested too deeply/],
	['NUL characters', 'services: {web: {command: "a\0b"}}\n', /services\.web\.command holds a NUL character/],
	['nothing but NUL characters', new Uint8Array(100_000), /NUL characters, not text/],
	['UTF-16', Buffer.from(`\ufeff${WEB}`, 'utf16le'), /UTF-16 text, not UTF-8/],
	['Latin 1', Buffer.from('services: {web: {command: "é"}}\n', 'latin1'), /not UTF-8 text/],
	['tabs', 'services:\n\tweb:\n\t\tcommand: x\n', /a tab indents this line/],
	['services that extend each other in a row', `services:\n${times(9000, i => `  s${i}: {extends: s${i + 1}}\n`)}  s9000: {command: x}\n`, /more than 50 services extend one another/],
	['one service for thousands', [
		`services:\n  base: {command: x, environment: ${map(3000)}}\n`, times(2500, i => `  s${i}: {extends: base, environment: {a: b}}\n`),
	].join(''), /brings what services take over from others above 100000 values/],
	['a file that includes itself', 'include: [8.yaml, self.yaml]\n', /include/],
	['a device that is included', `include: [/dev/zero]\n${WEB}`, /include\[0\]: \/dev\/zero is not a regular file/],
	['a FIFO that is extended', 'services: {a: {extends: {file: fifo, service: x}}}\n', /services\.a\.extends\.file: fifo is not a regular file/],
	['a directory that is included', `include: [dir]\n${WEB}`, /include\[0\]: cannot read dir: is a directory/],
];

test.each(FILES)('%s', async (_, text, told) => {
	const index = FILES.findIndex(([, each]) => each === text);
	mkdirSync(join(folder, 'dir'), {recursive: true});
	execFileSync('sh', ['-c', 'test -p fifo || mkfifo fifo'], {cwd: folder});
	writeFileSync(join(folder, `${index}.yaml`), text);
	const answer = await check(`${index}.yaml`);
	expect(answer.told).toMatch(told);
	expect(answer.status).toBe(100);
	expect(answer.told.length).toBeLessThan(64 * 1024);
}, 60_000);

test('files that include one another twice each', async () => {
	for (let index = 0; index < 300; index += 1) {
		writeFileSync(join(folder, `f${index}.yaml`), `include: [f${index + 1}.yaml, f${index + 1}.yaml]\nservices: {s${index}: {command: x}}\n`);
	}
	expect(await check('f0.yaml')).toEqual({status: 100, told: expect.stringMatching(/more than 50 files include one another/)});
}, 60_000);

test.each([
	['a byte order mark', `\ufeff${WEB}`], ['lines that end with a carriage return too', 'services:\r\n  web:\r\n    command: x\r\n'],
	['500,000 comments', `${'#\n'.repeat(400_000)}${WEB}`], ['a command of 1 MB', `services: {web: {command: "${'x'.repeat(1_000_000)}"}}\n`],
])('%s is no problem', async (_, text) => {
	writeFileSync(join(folder, 'good.yaml'), text);
	expect(await check('good.yaml')).toEqual({status: 0, told: '1 service, in this order: web\n'});
}, 60_000);

test.each([
	['supervisord.conf', `[program:web]\ncommand=x\n${'; comment\n'.repeat(80_000)}`, {status: 0, told: '1 service, in this order: web\n'}],
	['Procfile', times(50_000, i => `p${i}: cat $PORT\n`), {status: 100, told: expect.stringMatching(/services has more than 10000 services/)}],
])('a whole MiB of %s', async (name, text, told) => {
	writeFileSync(join(folder, name), text);
	expect(await check(name)).toEqual(told);
}, 60_000);

const PROGRAM = '[supervisord]\n[program:web]\ncommand=x\n';

test.each<[string, string, number, RegExp]>([
	['supervisord, with a value of 150,000 lines', `${PROGRAM}${' y\n'.repeat(150_000)}`, 0, /in this order: web/],
	['supervisord, with 30,000 programs', times(30_000, i => `[program:p${i}]\ncommand=x\n`), 100, /more than 10000 services/],
	['supervisord, with a program 200,000 times in a group', `${PROGRAM}[group:g]\nprograms=${'web,'.repeat(200_000)}\n`, 100, /in a group already/],
	['supervisord, with a program in 30,000 groups', `${PROGRAM}${times(30_000, i => `[group:g${i}]\nprograms=web\n`)}`, 100, /in a group already/],
])('a config of %s', async (_, text, status, told) => {
	writeFileSync(join(folder, 'foreign.service'), text);
	expect(await check('foreign.service')).toEqual({status, told: expect.stringMatching(told)});
}, 60_000);

test('directories of services that lead on without end', async () => {
	for (const each of ['dinit.d', 'services.d/web']) mkdirSync(join(folder, each), {recursive: true});
	for (let index = 0; index < 3000; index++) {
		writeFileSync(join(folder, `dinit.d/s${index}`), `type = process\ncommand = x\ndepends-on = s${(index + 1)}\n`);
	}
	writeFileSync(join(folder, 'dinit.d/s3000'), 'type = process\ncommand = x\n');
	expect(await check('dinit.d/s0', ['import'])).toEqual({status: 0, told: expect.stringMatching(/s3000:\n/)});
	writeFileSync(join(folder, 'services.d/web/run'), `#!/bin/sh\nexec env ${'A=b '.repeat(70_000)}y`);
	expect(await check('services.d', ['import'])).toEqual({status: 0, told: expect.stringMatching(/web:\n/)});
}, 60_000);

test('what is no file at all', async () => {
	const server = createServer().listen(join(folder, 'socket'));
	try {
		for (const [name, told] of [
			['dir', /dir is a directory, and a config is a file/], ['fifo', /fifo is a FIFO that nothing writes to/],
			['/dev/zero', /is not a regular file/], ['/dev/full', /is not a regular file/], ['socket', /cannot read socket|is not a regular file/],
			['/proc/self/mem', /cannot read|not UTF-8|input\/output error/],
		] as const) {
			expect(await check(name), name).toEqual({status: 100, told: expect.stringMatching(told)});
		}
	} finally {
		server.close();
	}
}, 60_000);
