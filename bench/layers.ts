/**
 * Measures what an image pays for archon and for others: each is put onto debian:bookworm-slim by a Dockerfile, and the layer which
 * that makes is counted as registries keep it. Writes bench/results/layers.json. Needs docker, Debian's mirror and a build.
 */
import {execFileSync} from 'node:child_process';
import {cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {constants, gzipSync, zstdCompressSync} from 'node:zlib';
import {undo} from '../scripts/undo.ts';
import type {LayerFigures} from './layer-figures.ts';

const root = dirname(import.meta.dirname);
const TAG = 'archon-bench-layer';

const debian = (...packages: readonly string[]): string => `RUN apt-get update \\
 && apt-get install -y --no-install-recommends ${packages.join(' ')} \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*.log /var/log/apt`;

/** The name, how it is told, and what is done in the Dockerfile. */
const ENTRANTS: readonly (readonly [name: string, how: string, line: string])[] = [
	['archon', '`COPY --from=archon / /`', 'COPY rootfs /'],
	['archon, the executable only', '`COPY --from=archon /opt/archon/bin/archon /usr/bin/`', 'COPY rootfs/opt/archon/bin/archon /usr/bin/'],
	['s6 and execline', 'Debian\'s packages', debian('s6', 'execline')],
	['supervisord', 'Debian\'s package, with python3', debian('supervisor')],
];

const folder = mkdtempSync(join(tmpdir(), 'archon-layers-'));
using _ = undo(() => rmSync(folder, {recursive: true, force: true}));
cpSync(join(root, 'dist', 'rootfs'), join(folder, 'rootfs'), {recursive: true, verbatimSymlinks: true});

const layers = ENTRANTS.map(([name, how, line]): LayerFigures => {
	console.error(`layers: ${name}`);
	writeFileSync(join(folder, 'Dockerfile'), `FROM debian:bookworm-slim\n${line}\n`);
	docker('build', '--quiet', '--network', 'host', '--tag', TAG, folder);
	const saved = join(folder, 'saved');
	mkdirSync(saved);
	docker('save', '-o', join(saved, 'image.tar'), TAG);
	execFileSync('tar', ['-xf', join(saved, 'image.tar'), '-C', saved]);
	docker('rmi', TAG);
	const [image] = JSON.parse(readFileSync(join(saved, 'manifest.json'), 'utf8')) as readonly {Layers: readonly string[]}[];
	const layer = readFileSync(join(saved, image?.Layers.at(-1) ?? ''));
	rmSync(saved, {recursive: true});
	return {
		name, how, unpacked: layer.length, gzip: gzipSync(layer, {level: 6}).length,
		zstd: zstdCompressSync(layer, {params: {[constants.ZSTD_c_compressionLevel]: 3}}).length,
	};
});
writeFileSync(join(root, 'bench', 'results', 'layers.json'), `${JSON.stringify(layers, null, '\t')}\n`);
console.log(layers);

function docker(...args: readonly string[]): void {
	execFileSync('docker', args, {stdio: ['ignore', 'ignore', 'pipe'], env: {...process.env, DOCKER_BUILDKIT: '0'}});
}
