/** The TypeScript of `src/` as modules of bytecode: `main.js`, and one for each part that is loaded when it is needed. */
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {constants, zstdCompressSync} from 'node:zlib';
import {execa} from 'execa';
import {type OutputChunk, rolldown} from 'rolldown';
import {minifySync} from 'rolldown/utils';
import {forEngine} from '../by-need.ts';
import type {Libraries} from './libraries.ts';
import {lineTable} from './line-table.ts';
import {linkCompiler} from './link.ts';
import {pageText} from './page.ts';

/** What is embedded in the executable under a name. */
export interface Module {
	readonly name: string;
	readonly file: string;
}

/** The description of the HTTP API. */
const API = 'openapi.json';

/** All that is embedded. */
export interface Modules {
	/** These lie one behind the other as they are, and are the dictionary of those that are packed. */
	readonly plain: readonly Module[];
	readonly packed: readonly Module[];
}

/** The modules, the table of their lines, the status page, and the licence. */
export async function makeModules(root: string, work: string, libraries: Libraries, version: string): Promise<Modules> {
	const [sources, bytecode, compiler] = [join(work, 'modules'), join(work, 'bytecode'), join(work, 'compile')];
	await mkdir(bytecode);
	const [chunks] = await Promise.all([bundle(root, sources, version), linkCompiler(root, compiler, libraries)]);
	const names = chunks.map(({fileName}) => fileName);
	await execa(compiler, [sources, bytecode, ...names], {stderr: 'inherit'});
	// Where the lines of the modules come from, for the trace of an error; the bundler has a module of its own.
	const ours = chunks.filter(({map}) => map !== null).map(({fileName}) => fileName);
	await writeFile(join(bytecode, 'lines'), await lineTable(root, sources, ours));
	const usual = new Set(chunks.filter(({name}) => isUsual(name)).flatMap(({fileName, imports}) => [fileName, ...imports]));
	const embedded = (names: readonly string[]): readonly Module[] => names.map(name => ({name, file: join(bytecode, name)}));
	const plain = embedded(names.filter(name => usual.has(name)));
	await writeFile(join(bytecode, 'page'), pageText(root));
	// Without the white space that people read it with.
	await writeFile(join(bytecode, API), JSON.stringify(JSON.parse(await readFile(join(root, 'docs', API), 'utf8'))));
	const seldom = embedded([...names.filter(name => !usual.has(name)), 'lines', 'page', API]);
	const dictionary = Buffer.concat(await Promise.all(plain.map(async ({file}) => readFile(file))));
	await Promise.all(seldom.map(async ({file}) => pack(file, dictionary)));
	return {plain, packed: [...seldom, {name: 'LICENSE', file: join(root, 'LICENSE')}]};
}

/**
 * What is done most, and where each begins: these load all that they import, whatever else is loaded later. Files that the same
 * ones share are one module, so that each loads few modules and nothing in vain.
 */
const USUAL: Readonly<Record<string, readonly string[]>> = {
	single: ['main.ts', 'programs/up.ts', 'programs/one-command.ts'],
	start: [
		'main.ts', 'programs/up.ts', 'programs/config-source.ts', 'programs/lookups.ts', 'config/yaml/parse.ts', 'programs/supervise.ts',
		'core/signals.ts',
	],
	client: ['main.ts', 'programs/control.ts', 'cli/commands/status.ts'],
	server: ['programs/control-server.ts'],
};

/** What else is done by itself, by the file that imports its parts when they are asked for: it shall load little of the others. */
const BESIDE: Readonly<Record<string, string>> = {command: 'cli/table.ts', helper: 'programs/helper.ts'};

const isUsual = (name: string): boolean =>
	name === 'main' || name.split('-').every(word => Object.hasOwn(USUAL, word) || Object.hasOwn(BESIDE, word));

async function bundle(root: string, to: string, version: string): Promise<readonly OutputChunk[]> {
	const warnings: string[] = [];
	let groupOf: ((id: string) => string | null) | null = null;
	const input = await rolldown({
		input: join(root, 'src', 'main.ts'),
		// Names of modules are made of paths from here: they must not say where this folder lies.
		cwd: root,
		platform: 'neutral',
		preserveEntrySignatures: false,
		resolve: {
			symlinks: false,
			mainFields: ['module', 'main'],
			// The same library without its look at the environment for every token; it loads and reads faster.
			alias: {yaml: join(root, 'node_modules', 'yaml', 'browser', 'dist', 'index.js')},
		},
		transform: {target: 'es2024', define: {VERSION: JSON.stringify(version)}},
		onLog(level, {code, message}) {
			// A part may be loaded when it is needed by one, and be there already for another.
			if (level === 'warn' && code !== 'INEFFECTIVE_DYNAMIC_IMPORT') warnings.push(message);
		},
	});
	const {output} = await input.write({
		dir: to, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js', sourcemap: 'hidden', comments: false,
		codeSplitting: {
			includeDependenciesRecursively: false,
			groups: [{
				debugName: 'usual',
				name(id, modules) {
					groupOf ??= grouping(root, id => modules.getModuleInfo(id));
					return groupOf(id);
				},
			}],
		},
	});
	if (warnings.length > 0) throw new Error(`the bundle has warnings: ${warnings.join('; ')}`);
	const chunks = output.filter(each => each.type === 'chunk');
	for (const {fileName, code, map} of chunks) {
		// Names of variables are in the bytecode, and each start reads them: short ones take a twentieth less. Those of
		// functions and classes stay, and so do lines, for the trace of an error.
		const short = minifySync(fileName, forEngine(fileName, code), {
			module: true, compress: false, codegen: {removeWhitespace: false}, mangle: {toplevel: true, keepNames: true},
			...map && {sourcemap: true, inputMap: map},
		});
		if (short.errors.length > 0) throw new Error(`${fileName}: ${short.errors.map(({message}) => message).join('; ')}`);
		await writeFile(join(to, fileName), short.code);
		if (short.map) await writeFile(join(to, `${fileName}.map`), JSON.stringify(short.map));
	}
	return chunks;
}

interface Imports {
	readonly importedIds: readonly string[];
	readonly dynamicallyImportedIds: readonly string[];
}

/** By a file: the name of its module; null: the bundler's choice. */
function grouping(root: string, infoOf: (id: string) => Imports | null): (id: string) => string | null {
	const reached = (ids: readonly string[]): ReadonlySet<string> => {
		const found = new Set<string>();
		const add = (id: string): void => {
			if (found.has(id)) return;
			found.add(id);
			infoOf(id)?.importedIds.forEach(add);
		};
		ids.forEach(add);
		return found;
	};
	const path = (file: string): string => join(root, 'src', file);
	const usual = Object.entries(USUAL).map(([name, files]) => [name, reached(files.map(path))] as const);
	const beside = Object.entries(BESIDE).map(([name, file]) =>
		[name, reached([path(file), ...infoOf(path(file))?.dynamicallyImportedIds ?? []])] as const);
	return id => {
		const names = usual.filter(([, files]) => files.has(id)).map(([name]) => name);
		if (names.length === 0 || id === path('main.ts')) return null;
		// Each command has what the client has.
		const others = beside.filter(([name, files]) => files.has(id) && !(name === 'command' && names.includes('client')));
		return [...names, ...others.map(([name]) => name)].join('-');
	};
}

/**
 * Most words of a small module are in those which each start has: with these as the dictionary it takes a sixth less. One after the
 * other: each compressor has some forty megabytes while it is there.
 */
async function pack(file: string, dictionary: Buffer): Promise<void> {
	const packed = zstdCompressSync(await readFile(file), {dictionary, params: {[constants.ZSTD_c_compressionLevel]: 19}});
	await writeFile(file, packed);
}
