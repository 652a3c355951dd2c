/**
 * A screen of cells that knows what the terminal shows, and writes what differs and nothing else. Pure: frames come in,
 * and what is to be written comes out. Whatever the text of a frame holds, no control character of it is written.
 */
import {PLAIN, sgrOf, type Span, type Style, withoutColours} from './spans.ts';
import {widthOf} from './width.ts';

export interface Size {
	readonly rows: number;
	readonly columns: number;
}

/** What is to be seen: rows from the top, each cut at the right edge; rows that are missing are empty. */
export interface Frame {
	readonly size: Size;
	readonly rows: readonly (readonly Span[])[];
	/** Where the cursor stands; null: it is hidden. */
	readonly cursor: {readonly row: number; readonly column: number} | null;
}

export interface Screen {
	/** What makes the terminal show the frame; empty where it does so already. */
	draw(frame: Frame): string;
	/** What the terminal shows is not known any more. */
	forget(): void;
}

/** The alternate screen, without wrapping at the edge, what is pasted marked as such, and the cursor hidden. `LEAVE` undoes it. */
export const ENTER = '\x1b[?1049h\x1b[?2004h\x1b[?7l\x1b[?25l';
export const LEAVE = '\x1b[m\x1b[2J\x1b[?7h\x1b[?25h\x1b[?2004l\x1b[?1049l';

/** Terminals that know it show nothing until the end, and others ignore it (synchronized output). */
const [BEGIN, END] = ['\x1b[?2026h', '\x1b[?2026l'];

/** What is shorter needs no such brackets: it is written at once. */
const LONG = 256;

/** A row as cells: the second cell of a wide character is an empty text. */
interface Cells {
	readonly texts: readonly string[];
	readonly styles: readonly Style[];
}

/** A row as it was given, and its cells. */
interface Row {
	readonly spans: readonly Span[];
	readonly cells: Cells;
}

export function createScreen({isColoured}: {readonly isColoured: boolean}): Screen {
	let size: Size | null = null;
	let shown: Row[] = [];
	let cursor: Frame['cursor'] = null;

	const draw = (frame: Frame): string => {
		const pen = createPen(isColoured, frame.size);
		if (!size || size.rows !== frame.size.rows || size.columns !== frame.size.columns) {
			size = frame.size;
			const empty = rowOf([], size.columns);
			shown = Array.from({length: size.rows}, () => empty);
			pen.clear();
		}
		for (let at = 0; at < size.rows; at++) {
			const [before, spans] = [shown[at], frame.rows[at] ?? []];
			if (!before || isSame(before.spans, spans)) continue;
			const row = rowOf(spans, size.columns);
			drawRow(pen, at, before.cells, row.cells);
			shown[at] = row;
		}
		const text = pen.finish(cursor, frame.cursor);
		cursor = frame.cursor;
		return text.length > LONG ? `${BEGIN}${text}${END}` : text;
	};
	return {
		draw,
		forget() {
			size = null;
		},
	};
}

const isSame = (before: readonly Span[], after: readonly Span[]): boolean => before === after
	|| (before.length === after.length && before.every(({text, style}, at) => text === after[at]?.text && style === after[at].style));

// ── From text to cells ───────────────────────────────────────────────────────────────────────────

const TAB_STOP = 8;

/** Anything that is not one cell for sure. */
const UNUSUAL = /[^ -~]/;

/** Marks that stand over one character. */
const MARKS_MAX = 4;

function rowOf(spans: readonly Span[], columns: number): Row {
	const texts: string[] = [];
	const styles: Style[] = [];
	const put = (text: string, style: Style): void => {
		texts.push(text);
		styles.push(style);
	};
	for (const {text, style} of spans) {
		if (texts.length >= columns) break;
		if (!UNUSUAL.test(text)) {
			const length = Math.min(text.length, columns - texts.length);
			for (let at = 0; at < length; at++) put(text.charAt(at), style);
			continue;
		}
		for (const character of text) {
			if (texts.length >= columns) break;
			const code = character.codePointAt(0) ?? 0;
			if (code >= 0x20 && code < 0x7f) put(character, style);
			else if (code === 0x09) for (let left = TAB_STOP - texts.length % TAB_STOP; left > 0; left--) put(' ', style);
			else putOther(character, code, style);
		}
	}
	function putOther(character: string, code: number, style: Style): void {
		if (isControl(code)) return put('?', style);
		const width = widthOf(code);
		// Behind the last cell terminals differ in where a mark goes.
		if (width === 0) return texts.length < columns ? mark(texts, character, code) : undefined;
		if (texts.length + width > columns) return put(' ', style);
		put(character, style);
		if (width === 2) put('', style);
	}
	texts.length = Math.min(texts.length, columns);
	while (texts.length < columns) put(' ', PLAIN);
	return {spans, cells: {texts, styles}};
}

/** C0, C1, a half of a pair, and what would turn the direction of writing (UAX 9). */
const isControl = (code: number): boolean => code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0xd800 && code <= 0xdfff)
	|| code === 0x061c || (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);

/** A mark joins the character before it; joiners and selectors, of which terminals differ in what they make, are left out. */
function mark(texts: string[], character: string, code: number): void {
	if ((code >= 0x200b && code <= 0x200d) || (code >= 0xfe00 && code <= 0xfe0f) || code === 0xfeff || code >= 0xe0000) return;
	let at = texts.length - 1;
	if (texts[at] === '') at -= 1;
	const base = texts[at];
	if (base !== undefined && base.length <= MARKS_MAX) texts[at] = base + character;
}

// ── From cells to what is written ────────────────────────────────────────────────────────────────

/** Unchanged cells between changed ones that are written again, as that is not longer than to move over them. */
const GAP = 4;

/** Spaces at the end of a row that are written; more of them are erased. */
const SPACES = 3;

function drawRow(pen: Pen, row: number, before: Cells, after: Cells): void {
	const {length} = after.texts;
	const differs = (at: number): boolean => after.texts[at] !== before.texts[at] || after.styles[at] !== before.styles[at];
	let first = 0;
	while (first < length && !differs(first)) first += 1;
	if (first === length) return;
	const dirty = dirtyCells(after, first, differs);
	const isBlank = (at: number): boolean => after.texts[at] === ' ' && after.styles[at] === PLAIN;
	let blank = length;
	while (blank > 0 && isBlank(blank - 1)) blank -= 1;
	const isErased = dirty.length - Math.max(blank, first) > SPACES;
	const end = isErased ? blank : dirty.length;
	for (let at = first; at < end; at++) {
		const text = after.texts[at] ?? ' ';
		if (dirty[at] && text !== '') pen.put(row, at, text, after.styles[at] ?? PLAIN, after.texts[at + 1] === '' ? 2 : 1);
	}
	if (isErased) pen.eraseFrom(row, dirty.indexOf(true, blank));
}

/** Which cells are to be written, up to the last of them; none before `first` differs. */
function dirtyCells({texts}: Cells, first: number, differs: (at: number) => boolean): boolean[] {
	let last = texts.length - 1;
	while (!differs(last)) last -= 1;
	const dirty = Array.from({length: last + 1}, () => false);
	const isSureAt = (at: number): boolean => isSure(texts[at] ?? '');
	/** How many cells in a row are as they were, since one that is written. */
	let clean = 0;
	for (let at = first; at <= last; at++) {
		if (!differs(at) && !dirty[at]) {
			clean = isSureAt(at) ? clean + 1 : Infinity;
			continue;
		}
		if (clean <= GAP) dirty.fill(true, at - clean, at);
		dirty[at] = true;
		clean = 0;
		if (isSureAt(at)) continue;
		// A terminal that takes a character for wider than it is has written over the next one.
		const next = texts[at + 1] === '' ? at + 2 : at + 1;
		if (next >= texts.length) continue;
		dirty[next] = true;
		last = Math.max(last, next);
	}
	return dirty;
}

/** Whether all terminals agree on how many cells that takes: about emoji and marks they do not. */
function isSure(text: string): boolean {
	const code = text.charCodeAt(0);
	return text.length === 0 || (text.length === 1 && (code < 0x300 || (code >= 0x370 && code < 0x530) || (code >= 0x2010 && code < 0x2028)
		|| (code >= 0x2190 && code < 0x2200) || (code >= 0x2500 && code < 0x25a0) || (code >= 0x3041 && code < 0x3200)
		|| (code >= 0x4e00 && code < 0xa000) || (code >= 0xac00 && code < 0xd7a4)));
}

/** Writes cells, and knows where the terminal's cursor stands and in which style it writes. */
interface Pen {
	clear(): void;
	put(row: number, column: number, text: string, style: Style, width: 1 | 2): void;
	/** The rest of a row becomes empty. */
	eraseFrom(row: number, column: number): void;
	/** All that is to be written. */
	finish(before: Frame['cursor'], after: Frame['cursor']): string;
}

function createPen(isColoured: boolean, {columns}: Size): Pen {
	let out = '';
	let style = PLAIN;
	/** null: not known. */
	let place: {readonly row: number; readonly column: number} | null = null;

	const moveTo = (row: number, column: number): void => {
		if (place?.row !== row || place.column !== column) {
			const ahead = place?.row === row ? column - place.column : 0;
			out += ahead > 0 ? `\x1b[${ahead > 1 ? ahead : ''}C` : `\x1b[${row + 1};${column + 1}H`;
		}
		place = {row, column};
	};
	const write = (wanted: Style): void => {
		const next = isColoured ? wanted : withoutColours(wanted);
		if (next !== style) out += sgrOf(next);
		style = next;
	};
	return {
		clear() {
			out += '\x1b[m\x1b[2J';
			place = null;
		},
		put(row, column, text, next, width) {
			moveTo(row, column);
			write(next);
			const isKnown = isSure(text);
			// Where it turns out to be narrower, nothing old stands beside it.
			if (!isKnown && width === 2) out += `  \x1b[${row + 1};${column + 1}H`;
			out += text;
			place = isKnown && column + width < columns ? {row, column: column + width} : null;
		},
		eraseFrom(row, column) {
			moveTo(row, column);
			write(PLAIN);
			out += '\x1b[K';
		},
		finish(before, after) {
			if (out === '' && before?.row === after?.row && before?.column === after?.column) return '';
			write(PLAIN);
			if (after) {
				moveTo(after.row, after.column);
				if (!before) out += '\x1b[?25h';
			} else if (before) {
				out += '\x1b[?25l';
			}
			return out;
		},
	};
}
