/**
 * Makes a release: for each machine the image tree as an archive, and a package for Debian; images for both as an OCI layout; what is in
 * them, checksums and a signature. What it makes depends on the sources, the tools and SOURCE_DATE_EPOCH alone.
 */
import {createHash} from 'node:crypto';
import {rmSync} from 'node:fs';
import {mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile} from 'node:fs/promises';
import {dirname, join, resolve} from 'node:path';
import {parseArgs} from 'node:util';
import {execa, ExecaError} from 'execa';
import {HERE, prepareLibraries, type Target} from '../../scripts/build/libraries.ts';
import {writeHeader} from '../../scripts/build/layouts.ts';
import {missingTools} from '../../scripts/build/link.ts';
import {makeModules} from '../../scripts/build/modules.ts';
import {makeTree} from '../../scripts/build/trees.ts';
import {tryExecutable} from '../../scripts/build/trial.ts';
import {undo} from '../../scripts/undo.ts';
import {packed} from './archives.ts';
import {changesOf, type Changes} from './changes.ts';
import {makePackage} from './deb.ts';
import {emulated, EMULATOR} from './emulation.ts';
import {imagesOf} from './oci.ts';
import {bill} from './sbom.ts';
import {sign} from './sign.ts';

/** What a release is of. */
export interface Release {
	readonly version: string;
	/** Seconds since 1970: the time of all that is in it. */
	readonly epoch: number;
	/** The commit, as far as there is one. */
	readonly revision: string | null;
	readonly description: string;
	readonly changes: Changes;
}

const root = resolve(import.meta.dirname, '..', '..');

try {
	await main();
} catch (error) {
	const reason = error instanceof ExecaError ? `${error.shortMessage}\n${error.stderr}` : error instanceof Error ? error.message : String(error);
	console.error(`cannot make a release: ${reason}`);
	process.exitCode = 1;
}

async function main(): Promise<void> {
	process.umask(0o022);
	const {only, to} = parseArgs({options: {only: {type: 'string'}, to: {type: 'string', default: join(root, 'dist', 'release')}}}).values;
	const targets = (['amd64', 'arm64'] as const).filter(target => only === undefined || only === target);
	if (targets.length === 0) throw new Error(`--only takes amd64 or arm64, and not ${only}`);
	const missing = [...await missingTools(targets), ...await lacking('dpkg-deb', 'tar')];
	if (missing.length > 0) throw new Error(`${missing.join(', ')} missing: run scripts/setup`);
	const release = await about();

	await mkdir(dirname(to), {recursive: true});
	const work = await mkdtemp(join(dirname(to), '.release-'));
	using _ = undo(() => rmSync(work, {recursive: true, force: true}));
	await writeHeader(root);
	const libraries = await prepareLibraries();
	const modules = await makeModules(root, work, libraries, release.version);
	// This machine's first: it is asked for the texts of both.
	const speaker = join(work, HERE, 'archon');
	for (const target of new Set([HERE, ...targets])) {
		await makeTree(root, work, target, {modules, speaker, version: release.version});
		await trial(work, target, release.version);
	}

	const made = join(work, 'release');
	await mkdir(made);
	const layers = await Promise.all(targets.map(async target => {
		const tree = join(work, target, 'rootfs');
		const layer = await packed(tree, release.epoch);
		const name = `archon-${release.version}-linux-${target}`;
		await writeFile(join(made, `${name}.tar.gz`), layer.bytes);
		await writeFile(join(made, `${name}.cdx.json`), await bill(root, target, release, libraries.versions));
		await makePackage({root, tree, target, release, work, to: made});
		return {target, ...layer};
	}));
	await imagesOf(layers, release, work, join(made, `archon-${release.version}-oci.tar`));
	await seal(made, release);
	await rm(to, {recursive: true, force: true});
	await rename(made, to);
	for (const file of (await readdir(to)).sort()) console.log(join(to, file));
}

/** What is released, by package.json, git and CHANGELOG.md. */
async function about(): Promise<Release> {
	const {version, description} = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {version: string; description: string};
	const git = async (...args: readonly string[]): Promise<string | null> => {
		const {failed, stdout} = await execa('git', ['-C', root, ...args], {reject: false, stdin: 'ignore'});
		return failed ? null : stdout;
	};
	const epoch = Number(process.env['SOURCE_DATE_EPOCH'] || await git('log', '-1', '--format=%ct') || NaN);
	if (!Number.isSafeInteger(epoch)) throw new Error('no commit says of when this is: set SOURCE_DATE_EPOCH, in seconds since 1970');
	if (await git('status', '--porcelain')) say('WARNING: there are files that differ from the last commit');
	const changes = changesOf(await readFile(join(root, 'CHANGELOG.md'), 'utf8'), version);
	if (!changes) throw new Error(`CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD": write it before the release`);
	return {version, epoch, description, changes, revision: await git('rev-parse', 'HEAD')};
}

/** Tries what was linked, as far as this machine can run it. */
async function trial(work: string, target: Target, version: string): Promise<void> {
	const archon = join(work, target, 'archon');
	if (target === HERE) {
		await execa('ln', ['-sf', 'archon', join(dirname(archon), 'archonctl')]);
		const {weaker} = await tryExecutable(archon, version);
		weaker.forEach(say);
		return;
	}
	if ((await lacking(EMULATOR)).length > 0) {
		say(`${target} was not tried, as there is no ${EMULATOR}`);
		return;
	}
	const {stdout} = await emulated(archon, 'archonctl', ['--version']);
	if (stdout !== `archonctl ${version}`) throw new Error(`archon for ${target} does not tell its version, but ${stdout}`);
	const {exitCode} = await emulated(archon, 'archon', ['--', 'sh', '-c', 'exit 7']);
	if (exitCode !== 7) throw new Error(`archon for ${target} ends with ${exitCode} where its command ends with 7`);
}

/** Checksums of all that is there, in the order of names, and the signature of them. */
async function seal(folder: string, {version}: Release): Promise<void> {
	const names = (await readdir(folder)).sort();
	const rows = await Promise.all(names.map(async name =>
		`${createHash('sha256').update(await readFile(join(folder, name))).digest('hex')}  ${name}\n`));
	await writeFile(join(folder, 'SHA256SUMS'), rows.join(''));
	const note = await sign(root, join(folder, 'SHA256SUMS'), version);
	if (note !== null) say(note);
}

async function lacking(...tools: readonly string[]): Promise<string[]> {
	const there = await Promise.all(tools.map(async tool => !(await execa('sh', ['-c', `command -v ${tool}`], {reject: false})).failed));
	return tools.filter((_, i) => !there[i]);
}

function say(message: string): void {
	console.error(`release: ${message}`);
}
