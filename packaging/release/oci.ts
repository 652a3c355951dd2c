/**
 * Images as an archive of an OCI layout, one for each machine and an index of both: what `skopeo copy oci-archive:…` and docker since 25
 * read. Beside it stands what an older `docker load` reads of the same files.
 */
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {Target} from '../../scripts/build/libraries.ts';
import {archive, type Packed, sha256} from './archives.ts';
import type {Release} from './main.ts';

const TYPE = 'application/vnd.oci.image';

export interface Layer extends Packed {
	readonly target: Target;
}

interface Descriptor {
	readonly mediaType: string;
	readonly digest: string;
	readonly size: number;
}

/** Writes the archive `to`. */
export async function imagesOf(layers: readonly Layer[], release: Release, work: string, to: string): Promise<void> {
	const layout = join(work, 'layout');
	await mkdir(join(layout, 'blobs', 'sha256'), {recursive: true});
	const blob = async (mediaType: string, content: unknown): Promise<Descriptor> => {
		const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
		await writeFile(join(layout, 'blobs', 'sha256', sha256(bytes)), bytes);
		return {mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length};
	};
	const created = new Date(release.epoch * 1000).toISOString().replace('.000Z', 'Z');
	const labels = labelsOf(release, created);
	const images = [];
	const loadable = [];
	for (const {target, bytes, unpacked} of layers) {
		const layer = await blob(`${TYPE}.layer.v1.tar+gzip`, bytes);
		const config = await blob(`${TYPE}.config.v1+json`, {
			created, architecture: target, os: 'linux',
			config: {Entrypoint: ['/usr/bin/archon'], Labels: labels},
			rootfs: {type: 'layers', diff_ids: [`sha256:${unpacked}`]},
			history: [{created, created_by: `archon ${release.version}`}],
		});
		const manifest = {schemaVersion: 2, mediaType: `${TYPE}.manifest.v1+json`, config, layers: [layer], annotations: labels};
		images.push({...await blob(manifest.mediaType, manifest), platform: {architecture: target, os: 'linux'}});
		loadable.push({Config: place(config), RepoTags: [`archon:${release.version}-${target}`], Layers: [place(layer)]});
	}
	const both = {schemaVersion: 2, mediaType: `${TYPE}.index.v1+json`, manifests: images, annotations: labels};
	const index = await blob(both.mediaType, both);
	const named = {...index, annotations: {'org.opencontainers.image.ref.name': release.version}};
	const files = {
		'oci-layout': {imageLayoutVersion: '1.0.0'},
		'index.json': {schemaVersion: 2, mediaType: both.mediaType, manifests: [named]},
		'manifest.json': loadable,
	};
	for (const [name, content] of Object.entries(files)) await writeFile(join(layout, name), JSON.stringify(content));
	await writeFile(to, await archive(layout, release.epoch));
}

const place = ({digest}: Descriptor): string => `blobs/${digest.replace(':', '/')}`;

function labelsOf({version, description, revision}: Release, created: string): Readonly<Record<string, string>> {
	const labels: Record<string, string | null> = {title: 'archon', description, version, licenses: 'MIT', created, revision};
	return Object.fromEntries(Object.entries(labels).flatMap(([name, value]) =>
		(value === null ? [] : [[`org.opencontainers.image.${name}`, value]])));
}
