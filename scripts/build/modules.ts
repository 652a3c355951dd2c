/** The TypeScript of `src/` as modules of bytecode: `main.js`, and one for each part that is loaded when it is needed. */
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {basename, join} from 'node:path';
import {constants, zstdCompressSync} from 'node:zlib';
import {build as bundle, type Metafile} from 'esbuild';
import {execa} from 'execa';
import {forEngine} from '../by-need.ts';
import type {Libraries} from './libraries.ts';
import {lineTable} from './line-table.ts';
import {linkCompiler} from './link.ts';

/** What is embedded in the executable under a name. */
export interface Module {
	readonly name: string;
	readonly file: string;
}

/** The modules, the table of their lines, and the licence. */
export async function makeModules(root: string, work: string, libraries: Libraries, version: string): Promise<readonly Module[]> {
	const [sources, bytecode, compiler] = [join(work, 'modules'), join(work, 'bytecode'), join(work, 'compile')];
	await mkdir(bytecode);
	const [{warnings, metafile}] = await Promise.all([
		bundle({
			entryPoints: [join(root, 'src', 'main.ts')],
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
			alias: {yaml: join(root, 'node_modules', 'yaml', 'browser', 'dist', 'index.js')},
			legalComments: 'none',
			sourcemap: 'external',
			metafile: true,
			logLevel: 'warning',
		}),
		linkCompiler(root, compiler, libraries),
	]);
	if (warnings.length > 0) throw new Error('the bundle has warnings');
	const names = Object.keys(metafile.outputs).filter(file => file.endsWith('.js')).map(file => basename(file));
	await Promise.all(names.map(async name => {
		const file = join(sources, name);
		const text = await readFile(file, 'utf8');
		const changed = forEngine(name, text);
		if (changed !== text) await writeFile(file, changed);
	}));
	await execa(compiler, [sources, bytecode, ...names], {stderr: 'inherit'});
	// Where the lines of the modules come from, for the trace of an error.
	await writeFile(join(bytecode, 'lines'), await lineTable(root, sources, names));
	const usual = usualModules(metafile.outputs);
	const seldom = [...names.filter(name => !usual.has(name)), 'lines'];
	await Promise.all(seldom.map(async name => pack(join(bytecode, name))));
	return [
		...[...names, 'lines'].map(name => ({name, file: join(bytecode, name)})),
		{name: 'LICENSE', file: join(root, 'LICENSE')},
	];
}

/** What nearly every container loads, where unpacking would cost time: the way to running services, and to `archonctl status`. */
const USUAL = [
	'main.ts', 'programs/up.ts', 'programs/config-source.ts', 'programs/lookups.ts', 'programs/supervise.ts', 'core/signals.ts',
	'programs/one-command.ts', 'programs/drop-in.ts', 'programs/control.ts', 'control/server.ts',
].map(file => `src/${file}`);

/** Their modules, and all that these import. */
function usualModules(outputs: Metafile['outputs']): ReadonlySet<string> {
	const usual = new Set<string>();
	const add = (path: string): void => {
		if (usual.has(basename(path))) return;
		usual.add(basename(path));
		for (const {path: other, kind} of outputs[path]?.imports ?? []) if (kind === 'import-statement') add(other);
	};
	const entries = new Map(Object.entries(outputs).map(([path, {entryPoint}]) => [entryPoint?.replace(/^.*\/src\//, 'src/'), path]));
	for (const file of USUAL) {
		const path = entries.get(file);
		if (path === undefined) throw new Error(`${file} is imported by nothing when it is needed, and so has no module of its own`);
		add(path);
	}
	return usual;
}

async function pack(file: string): Promise<void> {
	await writeFile(file, zstdCompressSync(await readFile(file), {params: {[constants.ZSTD_c_compressionLevel]: 19}}));
}
