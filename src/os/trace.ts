/** The trace of an error, in the files and lines that archon was written in, and not in those of its bundled modules. */
import {textOf} from './bytes.ts';
import {sys} from './sys.ts';

/** What is told of a bug: its message and where it came up. */
export function traceOf(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	const {stack = ''} = error;
	const head = `${error.name}: ${error.message}`;
	const trace = stack.startsWith(head) ? stack : `${head}\n${stack}`;
	return translate(trace.trimEnd());
}

/** `main.js:120:7` becomes `src/main.ts:88`. */
function translate(trace: string): string {
	const bytes = sys.embedded('lines');
	if (!bytes) return trace;
	const table = textOf(bytes);
	return trace.replaceAll(/([\w.-]+\.js):(\d+)(:\d+)?/g, (place: string, module: string, line: string) =>
		placeIn(table, module, Number(line)) ?? place);
}

/** Where a line of a module comes from, by a table whose rows scripts/build/line-table.ts explains; null where it does not say. */
export function placeIn(table: string, module: string, line: number): string | null {
	const rows = table.split('\n');
	const sources = rows.flatMap(row => (row.startsWith('+ ') ? [row.slice(2)] : []));
	const begin = rows.indexOf(`= ${module}`);
	let [source, at, from] = ['', 1, 1];
	for (const row of begin < 0 ? [] : rows.slice(begin + 1)) {
		const [first = '', second = ''] = row.split(' ');
		if (first === '=') break;
		if (first === '+' || first === '@') {
			source = first === '+' ? second : sources[Number(second)] ?? '';
			from = 1;
			continue;
		}
		const [skipped = 0, count = 0, gap = 0] = row.split(' ').map(Number);
		at += gap;
		from += skipped;
		if (line >= at && line < at + count) return `${source}:${from + line - at}`;
		at += count;
		from += count;
	}
	return null;
}
