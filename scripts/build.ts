/**
 * Builds archon: the modules of `src/` as bytecode, the engine that runs them, and the system calls in C, linked into
 * one static executable, with its other names as links beside it; `dist/rootfs/`, the tree for images; and for the tests
 * the same C as an addon for Node. The executable is tried before it replaces an older one.
 *
 * `--addon` builds only the addon. `--target arm64` also cross-builds `dist/arm64/`, executable, library and tree.
 */
import {rmSync} from 'node:fs';
import {mkdir, mkdtemp, readFile, rename, stat, symlink} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {ExecaError} from 'execa';
import {NAMES, PROGRAMS} from '../src/dropin/names.ts';
import {writeHeader} from './build/layouts.ts';
import {HERE, prepareLibraries, type Target} from './build/libraries.ts';
import {exists, linkAddon, linkEngine, linkExecutable, linkShim, linkTelling, missingTools, SHIM} from './build/link.ts';
import {makeModules} from './build/modules.ts';
import {makeTree} from './build/trees.ts';
import {tryExecutable} from './build/trial.ts';
import './by-need-hook.ts';
import {undo} from './undo.ts';

/** The other names of the executable, beside it in dist/. */
const LINKS = ['archonctl', ...NAMES, ...PROGRAMS];

/** In MiB. README says less than three megabytes; what few need is in it too, and lies packed. */
const MOST_MEBIBYTES = 2.86;

const root = dirname(import.meta.dirname);
const dist = join(root, 'dist');

try {
	await main();
} catch (error) {
	// A compiler has said itself what it did not like.
	const reason = error instanceof ExecaError ? error.shortMessage : error instanceof Error ? error.message : String(error);
	console.error(`cannot build archon: ${reason}`);
	process.exitCode = 111;
}

async function main(): Promise<void> {
	const began = performance.now();
	// Any user of an image must be able to read and run what is made here.
	process.umask(0o022);
	const other = process.argv.includes('--target') ? process.argv[process.argv.indexOf('--target') + 1] as Target : HERE;
	await demandTools(other);
	await mkdir(dist, {recursive: true});
	// Made aside and moved into place at the end: the files of an earlier build may be running.
	await writeHeader(root);
	const work = await mkdtemp(join(dist, '.work-'));
	using _ = undo(() => rmSync(work, {recursive: true, force: true}));
	const libraries = await prepareLibraries();
	await mkdir(join(work, 'native', 'telling'), {recursive: true});
	if (process.argv.includes('--addon')) {
		await linkAddon(root, work, libraries);
		await publish(work, ['native/archon.node']);
		return;
	}
	const {version} = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {version: string};
	const [modules] = await Promise.all([
		makeModules(root, work, libraries, version), linkAddon(root, work, libraries), linkEngine(root, work, libraries),
		linkShim(root, join(work, SHIM)),
	]);
	await Promise.all([linkExecutable(root, work, libraries, modules), linkTelling(root, work, libraries, modules)]);
	for (const name of [...LINKS, 'native/telling/archonctl']) await symlink('archon', join(work, name));
	const {weaker} = await tryExecutable(join(work, 'archon'), version);
	for (const note of weaker) say(note);
	// What the pages are made of is loaded with the hook.
	const {makeRootfs} = await import('../packaging/rootfs.ts');
	const executable = join(work, 'archon');
	await makeRootfs({executable, shim: join(work, SHIM), speaker: executable}, join(work, 'rootfs'), version);
	if (other !== HERE) {
		await makeTree(root, work, other, {modules, speaker: executable, version});
		await replace(work, other);
	}
	const natives = ['archon.node', 'engine', 'telling/archon', 'telling/archonctl'].map(name => `native/${name}`);
	await publish(work, [...natives, 'archon', SHIM, ...LINKS]);
	await replace(work, 'rootfs');
	const mebibytes = (await stat(join(dist, 'archon'))).size / 2 ** 20;
	if (mebibytes > MOST_MEBIBYTES) say(`WARNING: the executable has more than ${MOST_MEBIBYTES} MiB, README says less than 3 MB`);
	const seconds = ((performance.now() - began) / 1000).toFixed(1);
	console.log(`built dist/archon (${mebibytes.toFixed(2)} MiB) and dist/rootfs in ${seconds} s`);
}

/** Ends the build with all that is missing at once. */
async function demandTools(target: Target): Promise<void> {
	const {engines} = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {engines: {node: string}};
	if (process.versions.node !== engines.node) {
		throw new Error(`this is node ${process.versions.node}, the build is made with ${engines.node}: run it as \`npm run build\``);
	}
	const missing = await missingTools([HERE, target]);
	if (missing.length === 0) return;
	throw new Error(`${missing.join(', ')} missing: run scripts/setup, or apt-get install gcc libc6-dev binutils musl-tools`);
}

/** Moves files to their places; a process that runs an older one keeps it. */
async function publish(work: string, files: readonly string[]): Promise<void> {
	await mkdir(join(dist, 'native', 'telling'), {recursive: true});
	for (const file of files) await rename(join(work, file), join(dist, file));
}

/** The same for a folder. */
async function replace(work: string, folder: string): Promise<void> {
	if (await exists(join(dist, folder))) await rename(join(dist, folder), join(work, `old-${folder}`));
	await rename(join(work, folder), join(dist, folder));
}

function say(message: string): void {
	console.error(`build: ${message}`);
}
