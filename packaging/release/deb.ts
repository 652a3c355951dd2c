/**
 * A package for Debian and what is made of it: the executable at /usr/bin, the other names below /usr/lib/archon/bin, where they are
 * in no other package's way, man pages, completions and licences. It needs no other package and runs nothing when it is installed.
 */
import {createHash} from 'node:crypto';
import {chmod, cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {execa} from 'execa';
import type {Target} from '../../scripts/build/libraries.ts';
import {SHIM} from '../../scripts/build/link.ts';
import {NAMES, PROGRAMS} from '../../src/dropin/names.ts';
import type {Release} from './main.ts';

interface Job {
	readonly root: string;
	/** The tree for images. */
	readonly tree: string;
	readonly target: Target;
	readonly release: Release;
	readonly work: string;
	/** A folder. */
	readonly to: string;
}

/** Who answers for the package; who makes an own one writes themselves down. */
const MAINTAINER = process.env['ARCHON_MAINTAINER'] || 'The archon authors <maintainers@archon.example>';

const LIBRARY = 'usr/lib/archon';

/** Writes `archon_VERSION_TARGET.deb`. */
export async function makePackage({root, tree, target, release, work, to}: Job): Promise<void> {
	const folder = join(work, `deb-${target}`);
	const text = async (path: string, content: string | Buffer): Promise<void> => {
		await mkdir(dirname(join(folder, path)), {recursive: true});
		await writeFile(join(folder, path), content);
	};
	await cp(join(tree, 'usr'), join(folder, 'usr'), {recursive: true, verbatimSymlinks: true});
	await rm(join(folder, 'usr/bin'), {recursive: true});
	await mkdir(join(folder, 'usr/bin'));
	await cp(join(tree, 'opt/archon/bin/archon'), join(folder, 'usr/bin/archon'));
	await symlink('archon', join(folder, 'usr/bin/archonctl'));
	await mkdir(join(folder, LIBRARY, 'bin'));
	await chmod(join(folder, LIBRARY, SHIM), 0o644);
	for (const name of [...NAMES, ...PROGRAMS]) await symlink('../../../bin/archon', join(folder, LIBRARY, 'bin', name));
	for (const page of await filesOf(join(folder, 'usr/share/man'))) {
		const path = join(folder, 'usr/share/man', page);
		await writeFile(`${path}.gz`, gzipSync(await readFile(path), {level: 9}));
		await rm(path);
	}
	const vendor = join(folder, 'usr/share/zsh');
	await mkdir(join(vendor, 'vendor-completions'));
	await rename(join(vendor, 'site-functions/_archonctl'), join(vendor, 'vendor-completions/_archonctl'));
	await rm(join(vendor, 'site-functions'), {recursive: true});
	const [licence, notice, overrides] = await Promise.all(
		['LICENSE', 'packaging/NOTICE', 'packaging/deb/lintian-overrides'].map(path => readFile(join(root, path), 'utf8')),
	);
	await text('usr/share/doc/archon/copyright', `archon and its source:\n\n${licence}\n\n${notice}`);
	await text('usr/share/doc/archon/changelog.gz', gzipSync(changelog(release), {level: 9}));
	await text('usr/share/lintian/overrides/archon', overrides ?? '');
	await control(folder, target, release);
	await execa('dpkg-deb', [
		'--root-owner-group', '-Zxz', '-z9', '--threads-max=1', '--build', folder, join(to, `archon_${release.version}_${target}.deb`),
	], {env: {SOURCE_DATE_EPOCH: String(release.epoch)}});
}

async function control(folder: string, target: Target, {version}: Release): Promise<void> {
	const files = await filesOf(folder);
	const contents = await Promise.all(files.map(async path => ({path, bytes: await readFile(join(folder, path))})));
	const kibibytes = contents.reduce((sum, {bytes}) => sum + Math.ceil(bytes.length / 1024), 0);
	await mkdir(join(folder, 'DEBIAN'));
	await writeFile(join(folder, 'DEBIAN', 'control'), [
		'Package: archon', `Version: ${version}`, `Architecture: ${target}`, `Maintainer: ${MAINTAINER}`, `Installed-Size: ${kibibytes}`,
		'Suggests: python3, ruby', 'Section: admin', 'Priority: optional', 'Multi-Arch: foreign',
		'Description: init for containers that supervises services',
		' archon is PID 1 of a container: it starts services in order, starts them again',
		' when they end, forwards signals, reaps orphans and ends gracefully. It reads',
		' configs of compose, systemd, supervisord, s6 and others as they are, and takes',
		' the place of tini, dumb-init and catatonit, whose names it has as links in',
		' /usr/lib/archon/bin.', '',
	].join('\n'));
	const sums = contents.map(({path, bytes}) => `${createHash('md5').update(bytes).digest('hex')}  ${path}\n`);
	await writeFile(join(folder, 'DEBIAN', 'md5sums'), sums.join(''));
}

/** Files below a folder, without links, sorted. */
async function filesOf(folder: string): Promise<readonly string[]> {
	const entries = await readdir(folder, {recursive: true, withFileTypes: true});
	return entries.filter(entry => entry.isFile()).map(({parentPath, name}) => join(parentPath, name).slice(folder.length + 1)).sort();
}

/** In Debian's form: what the page says of the version, without its links. */
function changelog({version, epoch, changes}: Release): string {
	const entries = changes.entries.map(entry => wrap(entry.replaceAll(/\s*\(\[[^\]]+\]\([^)]+\)\)/g, '').replaceAll(/[`*]/g, '')));
	const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
	return `archon (${version}) stable; urgency=medium\n\n${entries.join('')}\n -- ${MAINTAINER}  ${date}\n`;
}

function wrap(text: string): string {
	const lines = [''];
	for (const word of text.split(' ')) {
		const line = lines.at(-1) ?? '';
		if (line.length + word.length > 72) lines.push(word);
		else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
	}
	return lines.map((line, i) => `${i === 0 ? '  * ' : '    '}${line}\n`).join('');
}
