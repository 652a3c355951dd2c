/** What is in an executable that is not archon's own, as CycloneDX: each with version, licence, origin and checksum. */
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';
import {HERE, LIBRARIES, type LibraryName, MIRROR, MUSL_ARM64, type Target} from '../../scripts/build/libraries.ts';
import {sha256} from './archives.ts';
import type {Release} from './main.ts';

interface Part {
	readonly name: string;
	readonly version: string;
	/** By the list of SPDX. */
	readonly licence: string;
	readonly purl: string;
	readonly origin: string | null;
	readonly hash: {readonly alg: string; readonly content: string} | null;
	readonly does: string;
}

const KNOWN: Readonly<Record<LibraryName, {readonly licence: string; readonly does: string}>> = {
	'quickjs-ng': {licence: 'MIT', does: 'runs archon\'s JavaScript'},
	zlib: {licence: 'Zlib', does: 'packs and unpacks gzip'},
	zstd: {licence: 'BSD-3-Clause', does: 'packs and unpacks zstd'},
	libsodium: {licence: 'ISC', does: 'verifies signatures and checksums'},
	lua: {licence: 'MIT', does: 'runs rules'},
};

/** The text of the file. `versions` are those that were compiled. */
export async function bill(
	root: string, target: Target, release: Release, versions: Readonly<Record<LibraryName, string>>,
): Promise<string> {
	const parts = [...libraries(versions), ...await fromCompiler(target), await yaml(root)];
	const own = `pkg:generic/archon@${release.version}?arch=${target}`;
	const content = {
		$schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
		bomFormat: 'CycloneDX', specVersion: '1.6', version: 1,
		metadata: {
			timestamp: new Date(release.epoch * 1000).toISOString(),
			component: {
				type: 'application', 'bom-ref': own, name: 'archon', version: release.version, description: release.description, purl: own,
				licenses: [{license: {id: 'MIT'}}],
			},
		},
		components: parts.map(component),
		dependencies: [{ref: own, dependsOn: parts.map(({purl}) => purl)}, ...parts.map(({purl}) => ({ref: purl}))],
	};
	const number = sha256(JSON.stringify(content)).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-5$3-8$4-$5');
	const {$schema, bomFormat, ...rest} = content;
	return `${JSON.stringify({$schema, bomFormat, serialNumber: `urn:uuid:${number}`, ...rest}, null, '\t')}\n`;
}

function component({name, version, licence, purl, origin, hash, does}: Part): object {
	return {
		type: 'library', 'bom-ref': purl, name, version, description: does, scope: 'required', purl,
		licenses: [/ /.test(licence) ? {expression: licence} : {license: {id: licence}}],
		...hash && {hashes: [hash]},
		...origin !== null && {externalReferences: [{type: 'distribution', url: origin}]},
	};
}

/** A checksum is that of the file which is pinned; another version, where Debian has the pinned one no more, has none. */
function libraries(versions: Readonly<Record<LibraryName, string>>): readonly Part[] {
	return LIBRARIES.map(({name, debian, kind, version: pinned, path, sha256: content}) => {
		const version = versions[name];
		const isPinned = version === pinned;
		return {
			name, version, ...KNOWN[name],
			purl: `pkg:deb/debian/${debian}@${encodeURIComponent(version)}?arch=${kind === 'deb' ? 'all' : 'source'}`,
			origin: isPinned ? `${MIRROR}/${path}` : null, hash: isPinned ? {alg: 'SHA-256', content} : null,
		};
	});
}

/** What the compiler links in beside them: the C library, and the compiler's own functions. */
async function fromCompiler(target: Target): Promise<readonly Part[]> {
	const part = (name: string, debian: string, version: string, licence: string, does: string): Part => ({
		name, version, licence, does, purl: `pkg:deb/debian/${debian}@${encodeURIComponent(version)}?arch=${target}`, origin: null, hash: null,
	});
	const isOwn = target === HERE;
	const musl = part('musl', 'musl-dev', isOwn ? await versionOf('musl-dev') : MUSL_ARM64.version, 'MIT', 'is the C library');
	const major = (await execa('cc', ['-dumpversion'])).stdout.split('.')[0] ?? '';
	const gcc = isOwn ? `libgcc-${major}-dev` : `libgcc-${major}-dev-${target}-cross`;
	return [
		isOwn ? musl : {...musl, origin: `${MIRROR}/${MUSL_ARM64.path}`, hash: {alg: 'SHA-256', content: MUSL_ARM64.sha256}},
		part('libgcc', gcc, await versionOf(gcc), 'GPL-3.0-or-later WITH GCC-exception-3.1', 'has arithmetic that the processor has not'),
	];
}

async function versionOf(debian: string): Promise<string> {
	return (await execa('dpkg-query', ['-W', '-f', '${Version}', debian])).stdout;
}

/** The one package of npm whose code is in the executable. */
async function yaml(root: string): Promise<Part> {
	const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as
		{packages: Record<string, {version: string; resolved: string; integrity: string; license: string}>};
	const taken = lock.packages['node_modules/yaml'];
	if (!taken) throw new Error('package-lock.json has no yaml');
	return {
		name: 'yaml', version: taken.version, licence: taken.license, purl: `pkg:npm/yaml@${taken.version}`, origin: taken.resolved,
		hash: {alg: 'SHA-512', content: Buffer.from(taken.integrity.replace('sha512-', ''), 'base64').toString('hex')},
		does: 'reads configs',
	};
}
