/** `archon check` where it belongs: in images, of their own configs, and of their files from outside. */
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {expect, it} from 'vitest';
import {ARCHON} from '../machine/archon.ts';
import {runOnce} from './harness.ts';

it.each(['web', 'stack', 'tiny'] as const)('has no word about the config of the image %s, which works', async image => {
	expect(await runOnce({image, entrypoint: ['archon'], command: ['check', '--strict']}))
		.toEqual({status: 0, log: expect.stringMatching(/^\d services, in this order: .*\n$/)});
});

it('says of an image\'s files from outside what it says inside', async () => {
	const root = mkdtempSync(join(tmpdir(), 'archon-image-'));
	const {stdout: id} = await execa('docker', ['create', 'archon-web']);
	try {
		await execa('sh', ['-c', `docker export ${id} | tar -x --exclude=dev -C ${root}`]);
	} finally {
		await execa('docker', ['rm', id]);
	}
	expect((await execa(ARCHON, ['check', '--strict', '--root', root])).stdout).toMatch(/^\d services, in this order: redis, migrate, app, nginx$/);
	const config = join(root, 'etc/archon/archon.yaml');
	writeFileSync(config, 'services: {web: {command: nginxx, user: redis}, db: {command: redis-server, user: postgres}, sh: {command: sh -c "pyhton3 x"}}\n');
	const {exitCode, stderr} = await execa(ARCHON, ['check', '--root', root], {reject: false});
	expect([exitCode, stderr.split('\n').filter(line => line.startsWith('/'))]).toEqual([100, [
		expect.stringMatching(/web\.command: there is no program "nginxx" along PATH$/),
		expect.stringMatching(/db\.user: user postgres is not in \/etc\/passwd$/),
		expect.stringMatching(/sh\.command: there is no program "pyhton3" along PATH, and sh is to run it$/),
	]]);
	rmSync(root, {recursive: true});
	expect(stderr).toMatch(/did you mean "nginx"\?[^]*did you mean "python3"\?/);
});
