/** The lines of one service below the table: kept within a bound, followed, and scrolled back through. Pure. */
import type {LogRow} from '../../features/logging/requests/logs/rows.ts';

export interface LogPane {
	/** Whose lines they are; null: no service is selected. */
	readonly name: string | null;
	readonly lines: readonly string[];
	/** The number of the first of them: earlier ones are not kept. */
	readonly first: number;
	/** The number of the line at the top of the pane; null: the last lines are shown, also when more come. */
	readonly top: number | null;
	/** Cells at the left that are not shown. */
	readonly column: number;
	/** The beginning of a line whose rest has not come. */
	readonly begun: string;
	/** Why there are no lines; null: there may be. */
	readonly note: string | null;
}

/** Lines that are kept, and characters of each. */
export const LINES_MAX = 1000;
const LINE_MAX = 2000;

const TAB_STOP = 8;

export const emptyPane = (name: string | null): LogPane =>
	({name, lines: [], first: 0, top: null, column: 0, begun: '', note: null});

/** With rows of an answer to `Logs`. */
export function withRows(pane: LogPane, rows: readonly LogRow[]): LogPane {
	let {begun, note} = pane;
	const more: string[] = [];
	for (const row of rows) {
		if (row.kind === 'unseen') note = `archon does not read its output: ${row.why}`;
		if (row.kind === 'dropped') more.push(`(${row.count} lines are left out here: they came too fast)`);
		if (row.kind !== 'line' && row.kind !== 'part') continue;
		if (begun.length < LINE_MAX) begun += row.text;
		if (row.kind === 'part') continue;
		more.push(tidy(begun));
		begun = '';
	}
	return {...pane, ...withLines(pane, more), begun, note};
}

/** With a word of archonctl's own between the lines. */
export const withRemark = (pane: LogPane, remark: string): LogPane => ({...pane, ...withLines(pane, [`(${remark})`]), begun: ''});

function withLines({lines, first}: LogPane, more: readonly string[]): Pick<LogPane, 'lines' | 'first'> {
	if (more.length === 0) return {lines, first};
	const all = [...lines, ...more];
	const lost = Math.max(0, all.length - LINES_MAX);
	return {lines: lost === 0 ? all : all.slice(lost), first: first + lost};
}

/** Tabs become spaces, as the pane may begin in the middle of a line. */
function tidy(line: string): string {
	const text = line.slice(0, LINE_MAX).replace(/\r$/, '');
	if (!text.includes('\t')) return text;
	let wide = '';
	for (const [at, part] of text.split('\t').entries()) wide += at === 0 ? part : ' '.repeat(TAB_STOP - wide.length % TAB_STOP) + part;
	return wide;
}

/** The number of the line at the top of a pane of that height. */
export function topOf({lines, first, top}: LogPane, height: number): number {
	const last = first + Math.max(0, lines.length - height);
	return top === null ? last : Math.max(first, Math.min(top, last));
}

/** The lines that a pane of that height shows. */
export function visibleLines(pane: LogPane, height: number): readonly string[] {
	const from = topOf(pane, height) - pane.first;
	return pane.lines.slice(from, from + height);
}

/** How many lines are below those that are shown. */
export const linesBelow = (pane: LogPane, height: number): number =>
	Math.max(0, pane.first + pane.lines.length - topOf(pane, height) - height);

/** Down by a number of lines; at the end the last lines are followed again. */
export function scroll(pane: LogPane, by: number, height: number): LogPane {
	const last = pane.first + Math.max(0, pane.lines.length - height);
	const top = Math.max(pane.first, topOf(pane, height) + by);
	return {...pane, top: top >= last ? null : top};
}

/** Stays where it is while lines come, or follows them again. */
export const pause = (pane: LogPane, height: number): LogPane => ({...pane, top: pane.top === null ? topOf(pane, height) : null});

const COLUMN_MAX = LINE_MAX - 1;

export const shift = (pane: LogPane, by: number): LogPane =>
	({...pane, column: Math.max(0, Math.min(COLUMN_MAX, pane.column + by))});
