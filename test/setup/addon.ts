/** Builds the seam for Node before the first test that needs it, where its sources are newer. */
import {globSync, statSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {execa} from 'execa';

const root = dirname(dirname(import.meta.dirname));

export async function setup(): Promise<void> {
	const changed = (file: string): number => statSync(join(root, file), {throwIfNoEntry: false})?.mtimeMs ?? 0;
	const built = changed('dist/native/archon.node');
	const sources = globSync('src/native/*.{c,h}', {cwd: root});
	if (sources.every(file => changed(file) < built)) return;
	await execa(process.execPath, [join(root, 'scripts', 'build.ts'), '--addon'], {cwd: root, stdio: 'inherit'});
}
