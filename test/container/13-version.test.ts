/** What the image tells of itself. */
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';
import {expect, it} from 'vitest';
import manifest from '../../package.json' with {type: 'json'};
import {runOnce} from './harness.ts';
import {ROOT} from './places.ts';

it('runs in an image of nothing else, and tells its version', async () => {
	expect(await runOnce({image: 'archon', command: ['--version']}))
		.toEqual({status: 0, log: `archon ${manifest.version}\n`});
});

it('carries version and licence as labels', async () => {
	const {stdout} = await execa('docker', ['inspect', '--format', '{{json .Config.Labels}}', 'archon']);
	expect(JSON.parse(stdout)).toMatchObject({
		'org.opencontainers.image.version': manifest.version,
		'org.opencontainers.image.licenses': manifest.license,
	});
});

it('is the same image from a clean clone', async () => {
	const last = async (file: string) => (await readFile(join(ROOT, file), 'utf8')).split('FROM scratch\n')[1];
	expect(await last('packaging/Dockerfile')).toBe((await last('packaging/images/archon/Dockerfile'))
		?.replace('COPY . /', 'COPY --from=build /build/dist/rootfs /'));
});
