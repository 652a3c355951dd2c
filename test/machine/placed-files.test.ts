/** `configs` and `secrets` appear as files before a service starts: with their owner and mode, and without a way for others. */
import {chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {diskUnder} from '../../src/os/spawn/placed-files.ts';
import {boot, type Archon} from './archon.ts';

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'archon-files-'));
	chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

const NOBODY = 65_534;
const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);
const path = (name: string): string => join(folder, name);

function reload(archon: Archon, config: string): ReturnType<Archon['ctl']> {
	writeFileSync(join(archon.folder, 'archon.yaml'), config);
	return archon.ctl('reload');
}

describe('a file', () => {
	test('is there before the start and its hooks, for its user only, and nowhere else', async () => {
		writeFileSync(path('pw.txt'), 'hunter2-file');
		const secret = `archon-test-${process.pid}`;
		await using archon = await boot({env: {PW: 'hunter2-variable'}, config: `services:
  web:
    command: sh -c 'cat ${path('in/pw')} | wc -c; exec sleep 1000000'
    user: nobody
    pre_start: [sh -c 'echo hook $$(wc -c <${path('in/pw')})']
    secrets: [{source: pw, target: ${path('in/pw')}}, {source: ${secret}}]
    configs: [{source: conf, target: ${path('in/conf')}}, {source: conf, target: ${path('in/other')}, uid: "7", gid: "8", mode: 0640}]
secrets: {pw: {file: ${path('pw.txt')}}, ${secret}: {environment: PW}}
configs: {conf: {content: "port \${PORT:-80}\\n"}}
`});
		await archon.says(/hook 12\n[^]*\b12\b/);
		expect([modeOf(path('in/pw')), statSync(path('in/pw')).uid]).toEqual(['400', NOBODY]);
		expect([modeOf(path('in/conf')), statSync(path('in/conf')).uid, readFileSync(path('in/conf'), 'utf8')]).toEqual(['444', 0, 'port 80\n']);
		expect([modeOf(path('in/other')), statSync(path('in/other')).uid, statSync(path('in/other')).gid]).toEqual(['640', 7, 8]);
		expect(readFileSync(`/run/secrets/${secret}`, 'utf8')).toBe('hunter2-variable');

		const told = await Promise.all([
			archon.ctl('status', '--json'), archon.ctl('status', 'web'), archon.ctl('tree'), archon.ctl('logs', 'web'), archon.ctl('reload'),
			execa('ps', ['axww', '-o', 'args'], {reject: false}).then(({stdout}) => ({stdout: String(stdout), stderr: ''})),
		]);
		expect([...told.map(({stdout, stderr}) => stdout + stderr), archon.log()].join('\n')).not.toContain('hunter2');

		archon.signal('SIGTERM');
		expect(await archon.ended()).toBe(0);
		expect([path('in/pw'), path('in/conf'), path('in/other'), `/run/secrets/${secret}`].filter(existsSync)).toEqual([]);
	});

	test('is written again at a reload, while its service runs, and removed with the last service that has it', async () => {
		writeFileSync(path('pw.txt'), 'one');
		const config = (services: string): string =>
			`services: {stay: {command: sleep 1000000}, ${services}}\nsecrets: {pw: {file: ${path('pw.txt')}}}\n`;
		const has = `secrets: [{source: pw, target: ${path('pw')}}]`;
		await using archon = await boot({config: config(`a: {command: sleep 1000000, ${has}}, b: {command: sleep 1000000, ${has}}`)});
		await archon.says(/started b/);
		const pids = async (): Promise<unknown> => Object.values(await archon.status()).map(({pid}) => pid);
		const before = await pids();
		writeFileSync(path('pw.txt'), 'another');
		expect((await archon.ctl('reload')).status).toBe(0);
		expect([readFileSync(path('pw'), 'utf8'), modeOf(path('pw')), await pids()]).toEqual(['another', '400', before]);

		rmSync(path('pw.txt'));
		expect((await archon.ctl('reload')).status).toBe(0);
		await archon.says(/keeps .*\/pw as it is: writing secret pw to .*: no such file or directory/);
		expect(readFileSync(path('pw'), 'utf8')).toBe('another');

		expect((await reload(archon, config(`b: {command: sleep 1000000, ${has}}`))).status).toBe(0);
		expect(existsSync(path('pw'))).toBe(true);
		await archon.ctl('upgrade');
		await archon.says(/re-executed/);
		expect((await reload(archon, config('c: {command: sleep 1000000}'))).status).toBe(0);
		await expect.poll(() => existsSync(path('pw'))).toBe(false);
	});

	test.each<[string, () => void, RegExp]>([
		['a symbolic link on the way that another user laid', () => {
			mkdirSync(path('theirs'));
			chownSync(path('theirs'), NOBODY, NOBODY);
			mkdirSync(path('mine'));
			symlinkSync(path('mine'), path('theirs/in'));
		}, /writing secret pw to .*\/theirs\/in\/pw: .*is a symbolic link in a folder that /],
		['a folder in its place', () => mkdirSync(path('theirs/in/pw'), {recursive: true}), /writing secret pw to .*: is a directory/],
	])('%s is told, and the service is not started', async (_, lay, told) => {
		lay();
		writeFileSync(path('pw.txt'), 'hunter2');
		await using archon = await boot({config: `services:
  web: {command: sh -c 'echo started anyway', restart: "no", secrets: [{source: pw, target: ${path('theirs/in/pw')}}]}
  stay: {command: sleep 1000000}
secrets: {pw: {file: ${path('pw.txt')}}}
`});
		await archon.says(told);
		expect(archon.log()).not.toMatch(/started anyway|hunter2/);
		expect(existsSync(path('mine/pw'))).toBe(false);
	});

	test.each<[string, string, RegExp]>([
		['that is not there', 'none', /none: no such file or directory/],
		['that is a device', '/dev/zero', /\/dev\/zero: it is not a regular file/],
	])('%s as its source is told', async (_, source, told) => {
		await using archon = await boot({config: `services:
  web: {command: sh -c 'echo started anyway', restart: "no", secrets: [{source: pw, target: ${path('pw')}}]}
  stay: {command: sleep 1000000}
secrets: {pw: {file: ${source}}}
`});
		await archon.says(told);
		expect(archon.log()).not.toContain('started anyway');
	});
});

test.each([
	['/run/secrets/db', 'overlay / overlay rw 0 0\nproc /proc proc rw 0 0\n', 'overlay at /'],
	['/run/secrets/db', 'overlay / overlay rw 0 0\ntmpfs /run tmpfs rw 0 0\n', null],
	['/run/secrets/db', 'overlay / overlay rw 0 0\ntmpfs /run tmpfs rw 0 0\n/dev/sda1 /run/secrets ext4 rw 0 0\n', 'ext4 at /run/secrets'],
	['/running/db', 'overlay / overlay rw 0 0\ntmpfs /run tmpfs rw 0 0\n', 'overlay at /'],
	['/db', 'overlay / overlay rw 0 0\ntmpfs / tmpfs rw 0 0\n', null],
	['/db', '', null], ['/db', -2, null],
])('%s under %j lies on %s', (target, mounts, disk) => {
	expect(diskUnder(target, mounts)).toBe(disk);
});
