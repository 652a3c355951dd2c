/** The engine of the executable, on scripts of the tests. */
import {mkdtempSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {build} from 'esbuild';

const root = join(import.meta.dirname, '..', '..');

/** `engine FILE ARGUMENTS…`; built with archon. */
export const ENGINE = join(root, 'dist', 'native', 'engine');

/** A script of `test/characters`, bundled with what it takes of archon's sources. */
export async function script(name: string): Promise<string> {
	const outfile = join(mkdtempSync(join(tmpdir(), 'archon-script-')), `${name}.js`);
	await build({
		entryPoints: [join(root, 'test', 'characters', `${name}.ts`)], outfile,
		bundle: true, format: 'esm', platform: 'neutral', target: 'es2024', logLevel: 'warning',
	});
	return outfile;
}
