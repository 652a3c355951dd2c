/** /dev/termination-log, which an orchestrator reads when a container has ended. */
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {boot} from './harness.ts';

let folder = '';
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'archon-termination-'))));
afterAll(() => rm(folder, {recursive: true}));

it.each<readonly [string, string, RegExp]>([
	['an essential service', 'job: {command: sh -c "exit 42", essential: true, restart: no}', /job failed; status 42/],
	['a config that is no good', 'job: {comand: x}', /unknown key "comand"/],
])('has the cause where %s ended the container', async (_, service, cause) => {
	const file = join(folder, 'log');
	await writeFile(file, '');
	await using box = await boot({image: 'plain', config: `services:\n  ${service}\n`, mounts: {'/dev/termination-log': file}});
	expect(await box.ended()).not.toBe(0);
	expect(await readFile(file, 'utf8')).toMatch(cause);
});

it('has the signal where somebody stopped the container, and is not made where it is not', async () => {
	const file = join(folder, 'log');
	await writeFile(file, '');
	const config = 'services:\n  steady: {command: sleep 1000000}\n';
	await using box = await boot({image: 'plain', config, mounts: {'/dev/termination-log': file}});
	await using other = await boot({image: 'plain', config});
	await box.pid('steady');
	await other.pid('steady');
	expect(await other.exec('test', '-e', '/dev/termination-log')).toMatchObject({status: 1});
	expect(await box.stop()).toBe(0);
	expect(await readFile(file, 'utf8')).toMatch(/SIGTERM/);
});
