/**
 * Builds archon: the modules of `src/` as bytecode, the engine that runs them, and the system calls in C, linked into
 * one static executable, with its other names as links beside it; `dist/rootfs/`, the tree that any image takes with
 * `COPY --from=archon / /`; and for the tests the same C as an addon for Node.
 *
 * `--addon` builds only the addon.
 */
import {access, chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {build as bundle} from 'esbuild';
import {execa} from 'execa';
import {NAMES} from '../src/dropin/names.ts';
import {type Libraries, prepareLibraries} from './libraries.ts';
import {lineTable} from './line-table.ts';

/** Where archon lives in an image. */
const HOME = '/opt/archon';

/** The other names of the executable, beside it in dist/. */
const LINKS = ['archonctl', ...NAMES];

const root = dirname(import.meta.dirname);
const dist = join(root, 'dist');
const from = (...path: readonly string[]) => join(root, ...path);

/** C of the seam, which the executable and the addon share; of the executable; of the addon. */
const HOST = ['host.c', 'call-engine.c'];
const ADDON = ['call-node.c'];
const TOOLS = ['compile.c'];

const WARNINGS = ['-std=gnu17', '-Wall', '-Wextra', '-Werror'];
/** musl's headers first, and behind them the kernel's. */
const MACHINE = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const KERNEL_HEADERS = ['/usr/include', `/usr/include/${MACHINE}-linux-gnu`].flatMap(path => ['-idirafter', path]);

const {version} = JSON.parse(await readFile(from('package.json'), 'utf8')) as {version: string};

const STATIC = [
	'-static', '-fno-pie', '-no-pie', '-fstack-protector-strong', '-ffunction-sections', '-fdata-sections', '-Wl,--gc-sections',
	'-Wl,--build-id=none',
];

await main();

async function main(): Promise<void> {
	const began = performance.now();
	// Any user of an image must be able to read and run what is made here.
	process.umask(0o022);
	await demandTools();
	await mkdir(dist, {recursive: true});
	// Made aside and moved into place at the end: the files of an earlier build may be running.
	const work = await mkdtemp(join(dist, '.work-'));
	try {
		const libraries = await prepareLibraries().catch((error: unknown) => give(error instanceof Error ? error.message : String(error)));
		await mkdir(join(work, 'native'));
		if (process.argv.includes('--addon')) {
			await makeAddon(work, libraries);
			await publish(work, ['native/archon.node']);
			return;
		}
		const [modules] = await Promise.all([makeModules(work, libraries), makeAddon(work, libraries), makeEngine(work, libraries)]);
		await makeExecutable(work, libraries, modules);
		await tryExecutable(work);
		await makeRootfs(work);
		await publish(work, ['native/archon.node', 'native/engine', 'archon', ...LINKS]);
		await publishRootfs(work);
	} finally {
		await rm(work, {recursive: true, force: true});
	}
	const {size} = await stat(join(dist, 'archon'));
	const seconds = ((performance.now() - began) / 1000).toFixed(1);
	console.log(`built dist/archon (${(size / 2 ** 20).toFixed(2)} MiB) and dist/rootfs in ${seconds} s`);
}

/** Ends the build with all that is missing at once. */
async function demandTools(): Promise<void> {
	const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
	if (major < 26 || (major === 26 && minor < 10)) {
		give(`this is node ${process.versions.node}, the build needs 26.10: run it as \`npm run build\``);
	}
	const missing: string[] = [];
	for (const tool of ['cc', 'musl-gcc', 'ar']) {
		if (!(await onPath(tool))) missing.push(tool);
	}
	if (missing.length > 0) give(`${missing.join(', ')} missing: run scripts/setup, or apt-get install gcc libc6-dev binutils musl-tools`);
}

async function onPath(tool: string): Promise<boolean> {
	for (const folder of (process.env['PATH'] ?? '').split(':')) {
		if (await exists(join(folder, tool))) return true;
	}
	return false;
}

/** The sources of the seam. */
async function seam(): Promise<string[]> {
	const others = [...HOST, ...ADDON, ...TOOLS];
	const files = (await readdir(from('src', 'native'))).filter(file => file.endsWith('.c') && !others.includes(file));
	return files.map(file => from('src', 'native', file));
}

function own(files: readonly string[]): string[] {
	return files.map(file => from('src', 'native', file));
}

function includes({include}: Libraries): string[] {
	return include.flatMap(path => ['-I', path]);
}

/** For Node, by the system's compiler and C library. */
async function makeAddon(work: string, libraries: Libraries): Promise<void> {
	await execa('cc', [
		...WARNINGS, '-O1', '-g', '-fPIC', '-shared', '-pthread', '-DARCHON_UNDER_NODE',
		'-I', from('node_modules', 'node-api-headers', 'include'), ...includes(libraries),
		'-o', join(work, 'native', 'archon.node'), ...own(ADDON), ...await seam(), ...libraries.forAddon,
	], {stderr: 'inherit'});
}

/** A module of the executable, as bytecode. */
interface Module {
	readonly name: string;
	readonly file: string;
}

/** `main.js`, and a chunk for each part that is loaded when it is needed. */
async function makeModules(work: string, libraries: Libraries): Promise<readonly Module[]> {
	const [sources, bytecode, compiler] = [join(work, 'modules'), join(work, 'bytecode'), join(work, 'compile')];
	await mkdir(bytecode);
	const [{warnings, metafile}] = await Promise.all([
		bundle({
			entryPoints: [from('src', 'main.ts')],
			outdir: sources,
			bundle: true,
			splitting: true,
			chunkNames: '[hash]',
			format: 'esm',
			platform: 'neutral',
			mainFields: ['module', 'main'],
			target: 'es2024',
			define: {VERSION: JSON.stringify(version)},
			// The same library without its look at the environment for every token; it loads and reads faster.
			alias: {yaml: from('node_modules', 'yaml', 'browser', 'dist', 'index.js')},
			legalComments: 'none',
			sourcemap: 'external',
			metafile: true,
			logLevel: 'warning',
		}),
		execa('musl-gcc', [
			'-O2', '-static', '-D_GNU_SOURCE', ...includes(libraries), '-o', compiler, ...own(TOOLS), ...libraries.engine, '-lm',
		], {stderr: 'inherit'}),
	]);
	if (warnings.length > 0) give('the bundle has warnings');
	const names = Object.keys(metafile.outputs).filter(file => file.endsWith('.js')).map(file => file.slice(file.lastIndexOf('/') + 1));
	await execa(compiler, [sources, bytecode, ...names], {stderr: 'inherit'});
	// Where the lines of the modules come from, for the trace of an error.
	await writeFile(join(bytecode, 'lines'), await lineTable(root, sources, names));
	return [
		...[...names, 'lines'].map(name => ({name, file: join(bytecode, name)})),
		{name: 'LICENSE', file: from('LICENSE')},
	];
}

/** The table of what is in the executable, for the assembler. */
function embedding(modules: readonly Module[]): string {
	const bodies = modules.map(({file}, i) => `begin${i}:\n.incbin "${file}"\nend${i}:\n.byte 0\n`);
	const names = modules.map(({name}, i) => `name${i}: .asciz "${name}"\n`);
	const rows = modules.map((_, i) => `.quad name${i}, begin${i}, end${i}\n`);
	return [
		'.section .rodata\n', ...bodies, ...names, '.balign 8\n.globl EMBEDDED\nEMBEDDED:\n', ...rows, '.quad 0, 0, 0\n',
		'.section .note.GNU-stack,"",%progbits\n',
	].join('');
}


async function makeExecutable(work: string, libraries: Libraries, modules: readonly Module[]): Promise<void> {
	const table = join(work, 'embedded.S');
	await writeFile(table, embedding(modules));
	await execa('musl-gcc', [
		...WARNINGS, ...KERNEL_HEADERS, '-O2', ...STATIC, '-s', ...includes(libraries),
		'-o', join(work, 'archon'), ...own(HOST), ...await seam(), table, ...libraries.engine, ...libraries.archives, '-lm',
	], {stderr: 'inherit'});
	for (const name of LINKS) await symlink('archon', join(work, name));
}

/** The same host for the tests: it runs the file that it is given. */
async function makeEngine(work: string, libraries: Libraries): Promise<void> {
	await execa('musl-gcc', [
		...WARNINGS, ...KERNEL_HEADERS, '-O2', '-g', ...STATIC, '-DARCHON_RUNS_FILES', ...includes(libraries),
		'-o', join(work, 'native', 'engine'), ...own(HOST), from('test', 'characters', 'deaths.c'), ...await seam(),
		...libraries.engine, ...libraries.archives, '-lm',
	], {stderr: 'inherit'});
}

/** An executable that cannot say its version must not replace one that can. */
async function tryExecutable(work: string): Promise<void> {
	const {all} = await execa(join(work, 'archonctl'), ['--version'], {all: true});
	if (all !== `archonctl ${version}`) give(`archonctl --version says "${all}", not ${version}`);
}

/** The executable and its links, as an image has them. */
async function makeRootfs(work: string): Promise<void> {
	const rootfs = join(work, 'rootfs');
	const home = join(rootfs, HOME);
	await mkdir(join(home, 'bin'), {recursive: true});
	await mkdir(join(rootfs, 'usr', 'bin'), {recursive: true});
	await copyFile(join(work, 'archon'), join(home, 'bin', 'archon'));
	await chmod(join(home, 'bin', 'archon'), 0o755);
	// Only here: an image may have a tini of its own at /usr/bin.
	for (const name of NAMES) await symlink('archon', join(home, 'bin', name));
	for (const name of ['LICENSE', 'NOTICE']) await copyFile(from(name), join(home, name));
	for (const name of ['archon', 'archonctl']) {
		await symlink(`../..${HOME}/bin/archon`, join(rootfs, 'usr', 'bin', name));
	}
}

/** Moves files to their places; who runs an older one keeps it. */
async function publish(work: string, files: readonly string[]): Promise<void> {
	await mkdir(join(dist, 'native'), {recursive: true});
	for (const file of files) await rename(join(work, file), join(dist, file));
}

async function publishRootfs(work: string): Promise<void> {
	if (await exists(join(dist, 'rootfs'))) await rename(join(dist, 'rootfs'), join(work, 'old'));
	await rename(join(work, 'rootfs'), join(dist, 'rootfs'));
}

async function exists(path: string): Promise<boolean> {
	return access(path).then(() => true, () => false);
}

function give(message: string): never {
	console.error(`cannot build archon: ${message}`);
	process.exit(111);
}
