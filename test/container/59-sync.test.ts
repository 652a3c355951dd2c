/** A master and a follower in two containers: nginx has the programs, and archon pulls them, in both forms. */
import {chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {createMaster} from '../unit/helpers/sync/master.ts';
import {boot, type Box} from './harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'archon-master-'));
// nginx is another user.
chmodSync(folder, 0o755);
const [signed, plain] = [createMaster(join(folder, 'files/signed')), createMaster(join(folder, 'files/plain'))];
let nginx: Box;

beforeAll(async () => {
	mkdirSync(join(folder, 'files'));
	writeFileSync(join(folder, 'nginx.conf'), `
daemon off; pid /run/nginx.pid; error_log stderr warn;
events { worker_connections 64; }
http { access_log /dev/stdout; server { listen 127.0.0.1:8080; location / { root /files; } } }
`);
	nginx = await boot({
		image: 'web', config: 'services: {nginx: {command: nginx}}',
		mounts: {'/etc/nginx/nginx.conf': join(folder, 'nginx.conf'), '/files': join(folder, 'files')},
	});
});

afterAll(async () => {
	await nginx[Symbol.asyncDispose]();
	rmSync(folder, {recursive: true, force: true});
});

const app = (version: string): Record<string, string> => ({'bin/app': `#!/bin/sh\necho "app of ${version}"\nexec sleep 1000000\n`});
async function follow(sync: string): Promise<Box> {
	await nginx.comesTo('nginx', 'running');
	return boot({
		image: 'plain', networkOf: nginx,
		config: `sync: {${sync}, dest: /opt/app, every: 1h}\nservices: {app: {command: /opt/app/current/bin/app}, other: {command: sleep 1000000}}\n`,
	});
}

it('pulls what is signed, starts again from it, and root\'s programs are no other user\'s to alter', async () => {
	signed.publish('version=1 expires=2999-01-31', app('1'));
	await using box = await follow(`source: "http://127.0.0.1:8080/signed", keys: ${signed.key}`);
	await box.says(/app of 1/);
	const other = await box.pid('other');
	signed.publish('version=2 expires=2999-01-31', app('2'));
	expect(await box.exec('archonctl', 'sync', 'now')).toMatchObject({status: 0, stdout: expect.stringContaining('release 2 is in force')});
	await box.says(/app of 2/);
	expect(await box.pid('other')).toBe(other);
	// Only the helper has the user that the releases belong to.
	expect(await box.sh('stat -c %u:%a /opt/app /opt/app/releases /opt/app/current/bin /opt/app/current/bin/app')).toBe('65525:755\n65525:755\n65525:755\n65525:755\n');
	const helper = await box.pid('archon.sync');
	expect(await box.sh('for each in /proc/[0-9]*; do stat -c "%u %n" $each; done 2>/dev/null | sed -n "s/^65525 //p"')).toBe(`/proc/${helper}\n`);
	const attempt = 'echo x >> /opt/app/current/bin/app || ln -sf /tmp /opt/app/current || rm /opt/app/state.json || kill -9 $0';
	expect((await box.exec('setpriv', '--reuid', '65534', '--clear-groups', 'sh', '-c', attempt, String(helper))).status).toBe(1);
	signed.publish('version=1', app('1'));
	expect(await box.exec('archonctl', 'sync', 'now')).toMatchObject({status: 1, stderr: expect.stringContaining('release 1 is older than 2')});
});

it('pulls by quesofiesta\'s manifest: an equal version is nothing, a mismatch keeps the old file, what vanished is gone', async () => {
	plain.publishManifest('1', {...app('1'), 'lib/old': 'x', 'lib/same': 's'});
	await using box = await follow('source: "http://127.0.0.1:8080/plain"');
	await box.says(/app of 1/);
	const before = await box.pid('app');
	plain.publishManifest('1', app('2'));
	expect(await box.exec('archonctl', 'sync', 'now')).toMatchObject({status: 0, stdout: expect.stringMatching(/^release 1 is in force$/m)});
	expect(await box.pid('app')).toBe(before);
	plain.publishManifest('2', {...app('2'), 'lib/same': 'changed'});
	writeFileSync(join(plain.folder, 'lib/same'), 'damaged on the way');
	expect(await box.exec('archonctl', 'sync', 'now')).toMatchObject({status: 1, stderr: expect.stringContaining('lib/same came with another sum and stayed as before')});
	await box.says(/app of 2/);
	expect(await box.sh('cd /opt/app/current; cat lib/same; ls lib')).toBe('ssame\n');
});

it('goes on when the master goes away', async () => {
	signed.publish('version=3', app('3'));
	await using box = await follow(`source: "http://127.0.0.1:8080/signed", keys: ${signed.key}`);
	await box.says(/app of 3/);
	const before = await box.pid('app');
	await nginx.exec('archonctl', 'stop', 'nginx');
	expect(await box.exec('archonctl', 'sync', 'now')).toMatchObject({status: 1, stderr: expect.stringMatching(/SHA256SUMS cannot be fetched: /)});
	expect(await box.pid('app')).toBe(before);
	await nginx.exec('archonctl', 'start', 'nginx');
	await nginx.comesTo('nginx', 'running');
	signed.publish('version=4', app('4'));
	expect(await box.exec('archonctl', 'sync', 'now')).toMatchObject({status: 0, stdout: expect.stringContaining('release 4 is in force')});
	await box.says(/app of 4/);
});
