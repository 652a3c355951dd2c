/** Where on a terminal the prompt and the line are, and what must be written so that they are seen there. Pure. */
import {clusterEnd, textWidth, widthOf} from '../terminal/width.ts';

/** A piece of the prompt. `colour`: the number of SGR (ECMA-48); null: none. */
export interface Piece {
	readonly text: string;
	readonly colour: number | null;
}

/** What is to be seen. */
export interface View {
	readonly prompt: readonly Piece[];
	readonly text: string;
	/** Where the cursor is in the text. */
	readonly at: number;
	readonly columns: number;
	readonly rows: number;
}

/** Rows, from the first of the prompt on, and the cursor. Only as many as the terminal has. */
export interface Layout {
	readonly rows: readonly Row[];
	/** Of the cursor: which of the rows, and the cell in it. */
	readonly row: number;
	readonly column: number;
}

export interface Row {
	readonly text: string;
	readonly width: number;
	/** What follows is the same line, and the terminal goes on in its next row by itself. */
	readonly isWrapped: boolean;
}

/** A prompt in no more cells than a half of the terminal: pieces that do not fit are left out, all but the last. */
export function fitted(prompt: readonly Piece[], columns: number): readonly Piece[] {
	const width = (pieces: readonly Piece[]): number => pieces.reduce((sum, {text}) => sum + textWidth(text), 0);
	if (width(prompt) <= columns / 2 || prompt.length === 0) return prompt;
	const last = prompt.slice(-1);
	return width(last) <= columns / 2 ? last : [];
}

export function layout({prompt, text, at, columns, rows}: View): Layout {
	const all: Row[] = [];
	let [line, width] = ['', 0];
	let [row, column] = [0, 0];
	const wrap = (isWrapped: boolean): void => {
		all.push({text: line, width, isWrapped});
		[line, width] = ['', 0];
	};
	const put = (cluster: string, cells: number): void => {
		if (width + cells > columns && width > 0) wrap(true);
		line += cluster;
		width += Math.min(cells, columns);
	};
	for (const {text, colour} of fitted(prompt, columns)) {
		if (colour !== null) line += `\x1b[${colour}m`;
		for (const character of text) put(character, widthOf(character.codePointAt(0) ?? 0));
		if (colour !== null) line += '\x1b[0m';
	}
	const mark = (): void => {
		// Behind the last cell of a row there is only the next one.
		if (width >= columns) wrap(true);
		[row, column] = [all.length, width];
	};
	for (let i = 0; i < text.length;) {
		if (i === at) mark();
		if (text[i] === '\n') {
			wrap(false);
			i += 1;
			continue;
		}
		const end = clusterEnd(text, i);
		const cluster = text.slice(i, end);
		put(cluster, textWidth(cluster));
		i = end;
	}
	if (at >= text.length) mark();
	wrap(false);
	return windowOf({rows: all, row, column}, rows);
}

/** The rows around the cursor that fit. */
function windowOf(whole: Layout, most: number): Layout {
	const {rows, row} = whole;
	if (rows.length <= most) return whole;
	const from = Math.min(Math.max(0, row - most + 1), rows.length - most);
	return {...whole, rows: rows.slice(from, from + most), row: row - from};
}

/** What is on the terminal now; null: nothing, and the cursor is at the begin of a row. */
export type Shown = Layout | null;

/** What must be written to have `next` there where `shown` is. */
export function paint(shown: Shown, next: Layout): string {
	const suffix = shown && appended(shown, next);
	if (typeof suffix === 'string') return suffix;
	let out = `${erase(shown)}`;
	for (const [index, {text, width, isWrapped}] of next.rows.entries()) {
		out += text;
		if (index === next.rows.length - 1) break;
		const [follower] = next.rows.slice(index + 1);
		if (!isWrapped) out += '\r\n';
		// A terminal goes on in the next row only when there is something to put there.
		else if (follower?.width === 0) out += ' \r';
		else if (width === 0) out += '\r\n';
	}
	const up = next.rows.length - 1 - next.row;
	return out + move(up, next.column);
}

/** Up, and to a cell of that row. */
const move = (up: number, column: number): string =>
	`${up > 0 ? `\x1b[${up}A` : ''}\r${column > 0 ? `\x1b[${column}C` : ''}`;

/** The cursor where the first row begins, and nothing below it. */
export const erase = (shown: Shown): string => (shown ? `${move(shown.row, 0)}\x1b[J` : '');

/** Behind the last row, where other text may follow. */
export const leave = (shown: Shown): string =>
	(shown ? `${shown.rows.length - 1 > shown.row ? `\x1b[${shown.rows.length - 1 - shown.row}B` : ''}\r\n` : '');

/** What is written where characters came only at the end, as nearly always; null: more than that is new. */
function appended(shown: Layout, next: Layout): string | null {
	const [row, other] = [shown.rows.at(-1), next.rows.at(-1)];
	if (!row || !other || shown.rows.length !== next.rows.length) return null;
	const last = next.rows.length - 1;
	if (shown.row !== last || next.row !== last || shown.column !== row.width || next.column !== other.width) return null;
	if (!other.text.startsWith(row.text)) return null;
	return next.rows.slice(0, -1).every(({text}, index) => text === shown.rows[index]?.text) ? other.text.slice(row.text.length) : null;
}

/**
 * What is there when the terminal has another width: some part the rows again, others do not. It is never more than is certainly
 * the prompt's, so that nothing else is erased.
 */
export function resized(shown: Shown, columns: number): Shown {
	if (!shown) return null;
	const above = shown.rows.slice(0, shown.row);
	const reflowed = above.reduce((sum, {width}) => sum + Math.max(1, Math.ceil(width / columns)), 0) + Math.floor(shown.column / columns);
	return {...shown, row: Math.min(shown.row, reflowed)};
}
