/** The table by which the trace of a bug names the files and lines that archon was written in. */
import {mkdirSync, mkdtempSync, readFileSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {build} from 'esbuild';
import {expect, test} from 'vitest';
import {lineTable} from '../../../scripts/build/line-table.ts';
import {placeIn} from '../../../src/os/trace.ts';

const SOURCES = {
	'main.ts': `/** A comment that no module has. */
import {fail} from './deep/fail.ts';

interface Nothing {
	readonly at: number;
}

export const start = (nothing: Nothing): number => fail(nothing.at);
start({at: 1});
`,
	'deep/fail.ts': `type Number = number;

export function fail(at: Number): Number {
	if (at > 0) {
		throw new Error('here');
	}
	return at;
}
`,
};

test('each line of a bundled module leads back to its source', async () => {
	const root = mkdtempSync(join(tmpdir(), 'archon-lines-'));
	mkdirSync(join(root, 'src', 'deep'), {recursive: true});
	for (const [name, text] of Object.entries(SOURCES)) writeFileSync(join(root, 'src', name), text);
	const outdir = join(root, 'out');
	await build({entryPoints: [join(root, 'src', 'main.ts')], outdir, bundle: true, format: 'esm', sourcemap: 'external'});
	const table = await lineTable(root, outdir, ['main.js']);
	const lines = readFileSync(join(outdir, 'main.js'), 'utf8').split('\n');
	const place = (text: string): string | null => placeIn(table, 'main.js', lines.findIndex(line => line.includes(text)) + 1);
	expect(place('throw new Error')).toBe('src/deep/fail.ts:5');
	expect(place('start({')).toBe('src/main.ts:9');
	expect(placeIn(table, 'main.js', 10_000)).toBeNull();
	expect(placeIn(table, 'other.js', 1)).toBeNull();
});
