/** Control by TCP through a published port: with the token, without it, and when what stands between ends. */
import {execa} from 'execa';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, it} from 'vitest';
import {boot, type Said} from './harness.ts';

const CTL = join(import.meta.dirname, '../../dist/archonctl');
const folder = mkdtempSync(join(tmpdir(), 'archon-remote-'));
const [token, observer, wrong] = ['token', 'observer', 'wrong'].map(name => {
	const file = join(folder, name);
	writeFileSync(file, `${name}-${name}-${name}-${name}\n`, {mode: 0o400});
	return file;
});

afterAll(() => rmSync(folder, {recursive: true, force: true}));

const config = `
services:
  web: {command: sleep 1000000}
  db: {command: sleep 1000000}
remote:
  - {listen: "0.0.0.0:7070", insecure: true, token_file: /run/secrets/token, role: operate, services: [web]}
  - {listen: "0.0.0.0:7070", insecure: true, token_file: /run/secrets/observer}
`;

const mounts = {'/run/secrets/token': token ?? '', '/run/secrets/observer': observer ?? ''};

async function ctl(place: string, file: string | undefined, ...args: readonly string[]): Promise<Said> {
	const words = ['-H', `tcp://${place}`, ...file === undefined ? [] : ['--token-file', file], ...args];
	const {exitCode, stdout, stderr} = await execa(CTL, words, {reject: false, stdin: 'ignore'});
	return {status: exitCode ?? -1, stdout: String(stdout), stderr: String(stderr)};
}

it('lets in who has a token, with the role of the token', async () => {
	await using box = await boot({image: 'plain', config, mounts, port: 7070});
	await box.comesTo('archon.gate', 'running');
	const place = box.published();
	await expect.poll(async () => (await ctl(place, token, 'status')).stdout).toMatch(/^web +running/m);
	expect((await ctl(place, token, 'status')).stdout).not.toMatch(/^db/m);
	expect((await ctl(place, observer, 'status')).stdout).toMatch(/^db +running/m);
	const before = await box.pid('web');
	expect(await ctl(place, token, 'restart', 'web')).toMatchObject({status: 0});
	expect(await box.pid('web')).not.toBe(before);
	expect(await ctl(place, observer, 'restart', 'web')).toMatchObject({status: 1, stderr: expect.stringMatching(/Restart of web takes the role operate/)});
	expect(await ctl(place, token, 'restart', 'db')).toMatchObject({status: 1, stderr: expect.stringMatching(/Restart of db takes the role operate/)});
	expect(await ctl(place, undefined, 'status')).toMatchObject({status: 100, stderr: expect.stringMatching(/takes a token/)});
	expect(await ctl(place, wrong, 'status')).toMatchObject({status: 111, stderr: expect.stringMatching(/wrong token$/)});
	expect((await box.service('archon.gate')).note).toBe('listening at 0.0.0.0:7070');
	// It has a user without rights, and PID 1 listens at no port.
	const gate = (await box.service('archon.gate')).pid ?? 0;
	expect(await box.sh(`sed -n 's/^Uid:\\s*//p' /proc/${gate}/status`)).toMatch(/^65534\s/);
	expect(await box.sh('for fd in /proc/1/fd/*; do readlink $fd; done | sed -n "s/socket:.\\(.*\\)./\\1/p" | while read inode; do grep " $inode " /proc/net/tcp /proc/net/tcp6 || true; done')).toBe('');
});

it('is there again after kill -9 of the gate and after a crash of PID 1, while it is used', async () => {
	await using box = await boot({image: 'plain', config, mounts, port: 7070});
	await box.comesTo('archon.gate', 'running');
	const place = box.published();
	await expect.poll(async () => (await ctl(place, observer, 'status')).status).toBe(0);
	const follow = execa(CTL, ['-H', `tcp://${place}`, '--token-file', observer ?? '', 'logs', '-f', 'archon'], {reject: false, stdin: 'ignore'});
	let said = '';
	follow.stdout.on('data', data => (said += String(data)));
	await expect.poll(() => said).toMatch(/started web/);
	const [gate, web] = [await box.pid('archon.gate'), await box.pid('web')];
	await box.sh(`kill -9 ${gate}`);
	await expect.poll(async () => (await box.service('archon.gate')).restarts).toBe(1);
	await expect.poll(async () => (await ctl(place, token, 'restart', 'web')).status).toBe(0);
	await expect.poll(() => said).toMatch(/stopped web/);
	expect(await box.pid('web')).not.toBe(web);
	await box.signal('SIGSEGV');
	await box.says(/was re-executed/);
	await expect.poll(async () => (await ctl(place, observer, 'status')).stdout).toMatch(/^web +running/m);
	expect((await box.service('archon.gate')).restarts).toBe(1);
	follow.kill();
	expect(await box.stop(10)).toBe(0);
});
