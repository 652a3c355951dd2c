/**
 * Where the lines of the bundled modules come from, small enough to be in the executable. For each module a line
 * `= main.js`, then runs of lines: where the run begins in the module, the number of its source, where it begins there,
 * and how many lines it has; `+ src/main.ts` names the next source. src/os/trace.ts reads it.
 */
import {readFile} from 'node:fs/promises';
import {SourceMap, type SourceMapPayload} from 'node:module';
import {join, relative} from 'node:path';

export async function lineTable(root: string, folder: string, names: readonly string[]): Promise<string> {
	const sources = new Map<string, number>();
	const table: string[] = [];
	for (const name of names) {
		const text = await readFile(join(folder, name), 'utf8');
		const map = new SourceMap(JSON.parse(await readFile(join(folder, `${name}.map`), 'utf8')) as SourceMapPayload);
		table.push(`= ${name}`);
		let run = {line: 0, source: -1, from: 0, count: 0};
		const end = (): void => {
			if (run.count > 0) table.push(`${run.line} ${run.source} ${run.from} ${run.count}`);
		};
		text.split('\n').forEach((line, i) => {
			const entry = map.findEntry(i, line.length - line.trimStart().length);
			if (!('originalSource' in entry) || entry.generatedLine !== i) return;
			const path = relative(root, join(folder, entry.originalSource));
			if (!sources.has(path)) {
				sources.set(path, sources.size);
				table.push(`+ ${path}`);
			}
			const [source, from] = [sources.get(path) ?? 0, entry.originalLine + 1];
			if (run.source === source && run.line + run.count === i + 1 && run.from + run.count === from) {
				run.count++;
				return;
			}
			end();
			run = {line: i + 1, source, from, count: 1};
		});
		end();
	}
	return `${table.join('\n')}\n`;
}
