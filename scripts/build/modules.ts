/** The TypeScript of `src/` as modules of bytecode: `main.js`, and one for each part that is loaded when it is needed. */
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {build as bundle} from 'esbuild';
import {execa} from 'execa';
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
	const names = Object.keys(metafile.outputs).filter(file => file.endsWith('.js')).map(file => file.slice(file.lastIndexOf('/') + 1));
	await execa(compiler, [sources, bytecode, ...names], {stderr: 'inherit'});
	// Where the lines of the modules come from, for the trace of an error.
	await writeFile(join(bytecode, 'lines'), await lineTable(root, sources, names));
	return [
		...[...names, 'lines'].map(name => ({name, file: join(bytecode, name)})),
		{name: 'LICENSE', file: join(root, 'LICENSE')},
	];
}
