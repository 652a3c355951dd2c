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
	const table = textOf(bytes).split('\n');
	const sources = table.flatMap(row => (row.startsWith('+ ') ? [row.slice(2)] : []));
	return trace.replaceAll(/([\w.-]+\.js):(\d+)(:\d+)?/g, (place: string, module: string, line: string) =>
		find(table, sources, module, Number(line)) ?? place);
}

/** scripts/line-table.ts says what the rows are. */
function find(table: readonly string[], sources: readonly string[], module: string, line: number): string | null {
	const begin = table.indexOf(`= ${module}`);
	for (const row of begin < 0 ? [] : table.slice(begin + 1)) {
		if (row.startsWith('= ')) break;
		const [at = 0, source = 0, from = 0, count = 0] = row.split(' ').map(Number);
		if (line >= at && line < at + count) return `${sources[source]}:${from + line - at}`;
	}
	return null;
}
