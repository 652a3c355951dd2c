/**
 * Builds archon: the native library, one bundle of `src/`, and from both the single executable with its link
 * `dist/archonctl`, `dist/rootfs/`, the tree that any image takes with `COPY --from=archon / /`, and
 * `dist/docker-init`, the whole of it in one file.
 */
import {
	access, chmod, copyFile, mkdir, mkdtemp, readFile, realpath, rename, rm, stat, symlink, writeFile,
} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {build as bundle, type Plugin} from 'esbuild';
import {execa} from 'execa';
import {NAMES} from '../src/dropin/names.ts';
import {encapsulate} from './capsule.ts';
import {keepCodeOf} from './code-cache.ts';

/** Where archon lives in an image. The executable names its loader and libraries by these paths. */
const HOME = '/opt/archon';

/** What the executable of images and docker's load before anything else; the one of `dist` stands alone and does without. */
const EARLY = 'libarchon-early.so';

/** What Node itself is told in the executable; the container's NODE_OPTIONS adds nothing to it. */
const NODE_FLAGS = [
	'--disable-warning=ExperimentalWarning',
	// SIGUSR1 is for the services; it must not open a debugger in PID 1.
	'--disable-sigusr1',
	// Much garbage and little to keep: less memory at the same speed.
	'--max-semi-space-size=1',
	// For kernel/settle.ts.
	'--expose-gc',
	// Two threads beside the main one instead of five: each counts against a container's limit of processes.
	'--v8-pool-size=1',
];

/** Modules of Node's that every start compiles, because no image of a process can hold them. */
const NEEDED = ['ffi', 'internal/ffi-shared-buffer', 'internal/ffi/fast-api', 'internal/ffi/vfs', 'sea'];

/** docker takes one file out of its host into the container. */
const CAPSULE = 'docker-init';

/** The other names of the executable, beside it in dist/. */
const LINKS = ['archonctl', ...NAMES.filter(name => name !== CAPSULE)];

const root = dirname(import.meta.dirname);
const dist = join(root, 'dist');
const from = (...path: readonly string[]) => join(root, ...path);

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
		const [node] = await Promise.all([strippedNode(), compileLibrary(work), bundleSources(work)]);
		await makeExecutable(work, node);
		await tryExecutable(work);
		await makeRootfs(work);
		await makeCapsule(work);
		await publish(work);
	} finally {
		await rm(work, {recursive: true, force: true});
	}
	const {size} = await stat(join(dist, 'archon'));
	const seconds = ((performance.now() - began) / 1000).toFixed(1);
	console.log(`built dist/archon (${Math.round(size / 2 ** 20)} MiB) and dist/rootfs in ${seconds} s`);
}

/** Ends the build with all that is missing at once. */
async function demandTools(): Promise<void> {
	const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
	if (major < 26 || (major === 26 && minor < 10)) {
		give(`this is node ${process.versions.node}, archon needs 26.10: run it as \`npm run build\``);
	}
	const tools = ['cc', 'strip', 'ldd', 'patchelf'];
	const missing: string[] = [];
	for (const tool of tools) {
		if (!(await onPath(tool))) missing.push(tool);
	}
	if (missing.length > 0) {
		give(`${missing.join(', ')} missing: run scripts/setup, or apt-get install gcc libc6-dev binutils patchelf`);
	}
}

async function onPath(tool: string): Promise<boolean> {
	for (const folder of (process.env['PATH'] ?? '').split(':')) {
		if (await exists(join(folder, tool))) return true;
	}
	return false;
}

/** The running node without its symbols: 33 MB less. It is kept for the next build. */
async function strippedNode(): Promise<string> {
	const original = await realpath(process.execPath);
	const {size, mtimeMs} = await stat(original);
	const folder = from('node_modules', '.cache', 'archon');
	const stripped = join(folder, `node-${process.versions.node}-${process.arch}-${size}-${Math.trunc(mtimeMs)}`);
	if (await exists(stripped)) return stripped;
	await mkdir(folder, {recursive: true});
	const half = `${stripped}.${process.pid}`;
	await execa('strip', ['-o', half, original]);
	await rename(half, stripped);
	return stripped;
}

async function compileLibrary(work: string): Promise<void> {
	const exported = join(work, 'exported');
	await writeFile(exported, '{ global: archon_*; local: *; };\n');
	await mkdir(join(work, 'native'));
	await compile(join(work, 'native', 'libarchon.so'), [`-Wl,--version-script=${exported}`], ['archon.c', 'guard.c', 'settle.c']);
	await compile(join(work, 'native', EARLY), ['-fvisibility=hidden'], ['early.c']);
}

async function compile(output: string, flags: readonly string[], sources: readonly string[]): Promise<void> {
	await execa('cc', [
		'-std=gnu17', '-O2', '-Wall', '-Wextra', '-Werror', '-fPIC', '-shared', '-Wl,-z,relro,-z,now,-s', ...flags,
		'-o', output, ...sources.map(name => from('src', 'native', name)),
	], {stderr: 'inherit'});
}

/** One CommonJS file, of which the executable holds an image as it is once it was loaded. What is imported lazily stays so. */
async function bundleSources(work: string): Promise<void> {
	const {warnings} = await bundle({
		entryPoints: [from('src', 'main.ts')],
		outfile: join(work, 'main.cjs'),
		bundle: true,
		format: 'cjs',
		platform: 'node',
		target: 'node26',
		// The same library without its look at the environment for every token; it loads and reads faster.
		alias: {yaml: from('node_modules', 'yaml', 'browser', 'dist', 'index.js')},
		// Where a source file lies means something to sources only.
		define: {'import.meta.dirname': 'undefined'},
		minifyWhitespace: true,
		minifySyntax: true,
		legalComments: 'none',
		// The executable's own `require` knows only Node's modules, and `import()` there would know no better.
		supported: {'dynamic-import': false},
		logLevel: 'warning',
		plugins: [loadLater(['node:ffi', 'node:sea', 'node:diagnostics_channel', 'node:fs/promises', 'node:stream/promises'])],
	});
	if (warnings.length > 0) give('the bundle has warnings');
}

/** Modules of Node's that must not be in the executable's image of archon: each is loaded when something of it is used. */
function loadLater(names: readonly string[]): Plugin {
	return {name: 'load-later', setup(build) {
		build.onResolve({filter: /^node:/}, ({path}) => (names.includes(path) ? {path, namespace: 'later'} : undefined));
		build.onLoad({filter: /.*/, namespace: 'later'}, ({path}) => {
			const getters = Object.keys(process.getBuiltinModule(path) ?? {}).map(key => `get ${key}() { return load().${key}; }`);
			const load = `let loaded; const load = () => loaded ??= process.getBuiltinModule('${path}');`;
			return {contents: `${load} module.exports = {${getters.join(', ')}};`};
		});
	}};
}

async function makeExecutable(work: string, node: string): Promise<void> {
	const config = join(work, 'sea.json');
	await writeFile(config, JSON.stringify({
		main: join(work, 'main.cjs'),
		output: join(work, 'archon'),
		executable: node,
		// What is loaded and tried at this point need not be at every start (src/rehearsal.ts).
		useSnapshot: true,
		assets: {'libarchon.so': join(work, 'native', 'libarchon.so'), LICENSE: from('LICENSE')},
		execArgv: NODE_FLAGS,
		execArgvExtension: 'none',
	}));
	await execa(process.execPath, ['--build-sea', config]);
	if (!await keepCodeOf(NEEDED, join(work, 'archon'))) {
		give('this node has another format of start-up snapshots than scripts/code-cache.ts knows');
	}
	await chmod(join(work, 'archon'), 0o755);
	for (const name of LINKS) await symlink('archon', join(work, name));
}

/** An executable that cannot say its version must not replace one that can. */
async function tryExecutable(work: string): Promise<void> {
	const {version} = JSON.parse(await readFile(from('package.json'), 'utf8')) as {version: string};
	// Node would complain on stderr if something in the image of archon did not go on.
	const {all} = await execa(join(work, 'archonctl'), ['--version'], {all: true});
	if (all !== `archonctl ${version}`) give(`archonctl --version says "${all}", not ${version}`);
}

/** The executable with a C library of its own, so that it runs on alpine, distroless and scratch too. */
async function makeRootfs(work: string): Promise<void> {
	const rootfs = join(work, 'rootfs');
	const home = join(rootfs, HOME);
	await mkdir(join(home, 'bin'), {recursive: true});
	await mkdir(join(home, 'lib'), {recursive: true});
	await mkdir(join(rootfs, 'usr', 'bin'), {recursive: true});
	const executable = join(home, 'bin', 'archon');
	await copyFile(join(work, 'archon'), executable);
	// Only here: an image may have a tini of its own at /usr/bin.
	for (const name of NAMES) await symlink('archon', join(home, 'bin', name));
	for (const name of ['LICENSE', 'NOTICE']) await copyFile(from(name), join(home, name));
	for (const name of ['archon', 'archonctl']) {
		await symlink(`../..${HOME}/bin/archon`, join(rootfs, 'usr', 'bin', name));
	}

	const {loader, libraries} = await neededBy(executable);
	for (const file of [loader, ...libraries]) {
		const copy = join(home, 'lib', basename(file));
		await copyFile(await realpath(file), copy);
		await chmod(copy, file === loader ? 0o755 : 0o644);
	}
	// For where it cannot be loaded from memory.
	await copyFile(join(work, 'native', 'libarchon.so'), join(home, 'lib', 'libarchon.so'));
	// RPATH, not RUNPATH: an image's LD_LIBRARY_PATH must not put another C library under PID 1.
	await execa('patchelf', [
		'--set-interpreter', `${HOME}/lib/${basename(loader)}`,
		'--force-rpath', '--set-rpath', `${HOME}/lib`,
		executable,
	]);
	// In front of the C library. Both at once is more than patchelf can do.
	await copyFile(join(work, 'native', EARLY), join(home, 'lib', EARLY));
	await chmod(join(home, 'lib', EARLY), 0o644);
	await execa('patchelf', ['--add-needed', EARLY, executable]);
}

/** All of that in one file, for `docker run --init`. */
async function makeCapsule(work: string): Promise<void> {
	const executable = join(work, CAPSULE);
	await copyFile(join(work, 'archon'), executable);
	const {loader, libraries} = await neededBy(executable);
	await execa('patchelf', ['--add-needed', EARLY, executable]);
	libraries.push(join(work, 'native', EARLY));
	await encapsulate({executable, loader, libraries, source: from('src', 'native', 'capsule.c'), work});
	const {all} = await execa(executable, ['--version'], {all: true});
	if (!all.startsWith('tini version ')) give(`${CAPSULE} --version says "${all}"`);
}

/** The loader of an executable and the libraries that it finds on this machine. */
async function neededBy(executable: string): Promise<{loader: string; libraries: string[]}> {
	const {stdout: loader} = await execa('patchelf', ['--print-interpreter', executable]);
	const {stdout} = await execa('ldd', [executable]);
	const libraries: string[] = [];
	for (const [, name, path] of stdout.matchAll(/^\s*(\S+) => (\S+)/gm)) {
		if (path === undefined || !path.startsWith('/')) give(`library ${name} of node is missing on this machine`);
		else libraries.push(path);
	}
	return {loader, libraries};
}

/** Moves everything to its place; who runs an older file keeps it. */
async function publish(work: string): Promise<void> {
	await mkdir(join(dist, 'native'), {recursive: true});
	for (const file of ['native/libarchon.so', `native/${EARLY}`, 'archon', CAPSULE, ...LINKS]) {
		await rename(join(work, file), join(dist, file));
	}
	const old = join(work, 'old');
	if (await exists(join(dist, 'rootfs'))) await rename(join(dist, 'rootfs'), old);
	await rename(join(work, 'rootfs'), join(dist, 'rootfs'));
}

async function exists(path: string): Promise<boolean> {
	return access(path).then(() => true, () => false);
}

function give(message: string): never {
	console.error(`cannot build archon: ${message}`);
	process.exit(111);
}
