/**
 * Where the lines of the bundled modules come from, small enough to be in the executable. For each module a row `= main.js`,
 * then runs of lines that are also together in their source: how many lines of the source are left out before the run, how
 * many it has, and where there are any, how many of the module are left out before it. `+ src/main.ts` names the next source,
 * `@ 3` is a source that was named before, and both begin at its first line. src/os/trace.ts reads it.
 */
import {readFile} from 'node:fs/promises';
import {SourceMap, type SourceMapPayload} from 'node:module';
import {join, relative} from 'node:path';

export async function lineTable(root: string, folder: string, names: readonly string[]): Promise<string> {
	const sources = new Map<string, number>();
	const paths: string[] = [];
	const named = new Set<string>();
	const table: string[] = [];
	for (const name of names) {
		const text = await readFile(join(folder, name), 'utf8');
		const map = new SourceMap(JSON.parse(await readFile(join(folder, `${name}.map`), 'utf8')) as SourceMapPayload);
		table.push(`= ${name}`);
		let run = {line: 1, source: -1, from: 1, count: 0};
		/** Where the last run that was written ends, in the module and in its source. */
		let last = {line: 1, source: -1, from: 1};
		const end = (): void => {
			const {line, source, from, count} = run;
			if (count === 0) return;
			const path = paths[source] ?? '';
			if (source !== last.source) {
				table.push(named.has(path) ? `@ ${source}` : `+ ${path}`);
				named.add(path);
				last.from = 1;
			}
			table.push(`${from - last.from} ${count}${line > last.line ? ` ${line - last.line}` : ''}`);
			last = {line: line + count, source, from: from + count};
		};
		text.split('\n').forEach((line, i) => {
			const entry = map.findEntry(i, line.length - line.trimStart().length);
			if (!('originalSource' in entry) || entry.generatedLine !== i) return;
			const path = relative(root, join(folder, entry.originalSource));
			if (!sources.has(path)) {
				sources.set(path, sources.size);
				paths.push(path);
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
