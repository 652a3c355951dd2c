/** A problem as a person reads it: where, what, the line with a caret under the place, and what to do. */
import {formatPlace, type Problem} from './problems.ts';

/** Whether it keeps the config from being used. */
export type Severity = 'problem' | 'note';

export interface Display {
	readonly isColoured: boolean;
	/** In cells of the terminal. */
	readonly width: number;
}

const sgr = (code: number): string => `\x1b[${code}m`;
const [RED, YELLOW, CYAN, BOLD, DIM, RESET] = [sgr(31), sgr(33), sgr(36), sgr(1), sgr(2), sgr(0)];

/** `line`: the line of the text with the problem; null: it is not shown. */
export function showProblem(severity: Severity, problem: Problem, line: string | null, {isColoured, width}: Display): string {
	const paint = (code: string, text: string): string => (isColoured && text !== '' ? `${code}${text}${RESET}` : text);
	const place = formatPlace(problem);
	const word = severity === 'note' ? paint(YELLOW, 'note: ') : '';
	const said = severity === 'note' ? problem.message : paint(BOLD, problem.message);
	const number = String(problem.line);
	const margin = `  ${' '.repeat(number.length)} `;
	const shown = [`${paint(BOLD, place)}${word}${said}`];
	if (line !== null && problem.line > 0) {
		const {text, from, cells} = cut(line, problem.column - 1, tokenEnd(line, problem.column - 1), width - margin.length - 2);
		const bar = paint(DIM, '|');
		shown.push(
			`  ${paint(DIM, number)} ${bar} ${text}`.trimEnd(),
			`${margin}${bar} ${' '.repeat(from)}${paint(severity === 'note' ? YELLOW : RED, '^'.repeat(cells))}`,
		);
	}
	if (problem.hint !== null) shown.push(`${line === null ? '  ' : margin}${paint(DIM, '=')} ${paint(CYAN, problem.hint)}`);
	return `${shown.join('\n')}\n`;
}

/** Lines of a text by their numbers, from 1; each text is divided once. */
export function lineReader(texts: ReadonlyMap<string, string>): (problem: Problem) => string | null {
	const known = new Map<string, readonly string[]>();
	return ({file, line}) => {
		const text = texts.get(file);
		if (text === undefined || line === 0) return null;
		const lines = known.get(file) ?? text.split('\n');
		known.set(file, lines);
		return lines[line - 1]?.replace(/\r$/, '') ?? '';
	};
}

/** Where the word ends that begins at a place of a line: a text in quotes, or all up to what separates words. */
export function tokenEnd(line: string, start: number): number {
	const rest = line.slice(start, start + TOKEN_MAX);
	const [token = ''] = /^"(?:[^"\\]|\\.)*"|^'(?:[^']|'')*'/.exec(rest) ?? /^(?:\$\{[^}]*\}|:(?=\S)|[^\s,:#'"{}[\]])+/.exec(rest) ?? [];
	return start + Math.max(1, token.length);
}

/** In characters: no longer word is marked whole. */
const TOKEN_MAX = 200;

/** How many cells a tab is shown as. */
const TAB = '    ';
/** How much of what is shown of a long line is before the place. */
const BEFORE = 0.4;

interface Cut {
	readonly text: string;
	readonly from: number;
	readonly cells: number;
}

/** A part of a line that holds a place and fits into `width` cells: as it is shown, and where in it the place is, in cells. */
function cut(line: string, start: number, end: number, width: number): Cut {
	let first = Math.max(0, Math.min(start, line.length));
	const isLong = cellsOf(visible(line.slice(0, LOOK_MAX))) > width || line.length > LOOK_MAX;
	let room = isLong ? Math.floor(width * BEFORE) : Infinity;
	while (first > 0 && room > 0) {
		const step = isLowSurrogate(line, first - 1) ? 2 : 1;
		room -= cellsOf(visible(line.slice(first - step, first)));
		if (room >= 0) first -= step;
	}
	const head = first > 0 ? '…' : '';
	const before = head + visible(line.slice(first, start));
	let shown = before;
	let left = width - cellsOf(before);
	let at = start;
	for (const each of line.slice(start, start + LOOK_MAX)) {
		const next = visible(each);
		left -= cellsOf(next);
		if (left < 1) break;
		shown += next;
		at += each.length;
	}
	const marked = cellsOf(visible(line.slice(start, Math.min(end, at))));
	return {text: at < line.length ? `${shown}…` : shown, from: cellsOf(before), cells: Math.max(1, marked)};
}

/** In characters: more of a line fits into no terminal. */
const LOOK_MAX = 2000;

const isLowSurrogate = (text: string, at: number): boolean => ((text.charCodeAt(at) ^ 0xdc00) & 0xfc00) === 0 && at > 0;

/** What a terminal would obey is shown as what it is (Unicode's control pictures), and a mark for what has no width of its own. */
const visible = (text: string): string => text.replaceAll('\t', TAB)
	.replaceAll(/[\0-\x1f]/g, each => String.fromCharCode(0x2400 + each.charCodeAt(0)))
	.replaceAll(/[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, '\ufffd');

/** How many cells a terminal gives to a text (East Asian Width, UAX 11; combining marks have none). */
export function cellsOf(text: string): number {
	if (/^[ -~]*$/.test(text)) return text.length;
	let cells = 0;
	for (const each of text) cells += NARROW.test(each) ? 1 : MARK.test(each) ? 0 : WIDE.test(each) ? 2 : 1;
	return cells;
}

const NARROW = /[ -~\u00a0-\u02ff]/;

const setOf = (ranges: string): RegExp =>
	new RegExp(`[${ranges.trim().split(/\s+/).map(range => range.replaceAll(/[0-9a-f]+/g, code => `\\u{${code}}`)).join('')}]`, 'u');

const MARK = setOf(`
	300-36f 483-489 591-5bd 610-61a 64b-65f 900-902 93c 941-948 94d e31 e34-e3a e47-e4e 1ab0-1aff 1dc0-1dff 20d0-20ff
	302a-302d 3099 309a fe00-fe0f fe20-fe2f 1f3fb-1f3ff e0100-e01ef
`);

const WIDE = setOf(`
	1100-115f 231a-231b 23e9-23ec 23f0 23f3 25fd-25fe 2614-2615 2648-2653 267f 2693 26a1 26aa-26ab 26bd-26be 26c4-26c5 26ce
	26d4 26ea 26f2-26f3 26f5 26fa 26fd 2705 270a-270b 2728 274c 274e 2753-2755 2757 2795-2797 27b0 27bf 2b1b-2b1c 2b50 2b55
	2e80-303e 3041-33ff 3400-4dbf 4e00-9fff a000-a4cf a960-a97f ac00-d7a3 f900-faff fe10-fe19 fe30-fe6f ff00-ff60 ffe0-ffe6
	16fe0-18cff 1aff0-1b2ff 1f004 1f0cf 1f18e 1f191-1f19a 1f200-1f265 1f300-1f320 1f32d-1f335 1f337-1f37c 1f37e-1f393
	1f3a0-1f3ca 1f3cf-1f3d3 1f3e0-1f3f0 1f3f4 1f3f8-1f43e 1f440 1f442-1f4fc 1f4ff-1f53d 1f54b-1f54e 1f550-1f567 1f57a
	1f595-1f596 1f5a4 1f5fb-1f64f 1f680-1f6c5 1f6cc 1f6d0-1f6d2 1f6d5-1f6d7 1f6dc-1f6df 1f6eb-1f6ec 1f6f4-1f6fc 1f7e0-1f7eb
	1f90c-1f93a 1f93c-1f945 1f947-1f9ff 1fa70-1faff 20000-3fffd
`);
