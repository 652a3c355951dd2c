/** What `archonctl top` shows of its state, as rows of the screen. Pure; only what is visible is made. */
import type {StatusRow} from '../../control/requests/status/wire.ts';
import {plainText} from '../../core/plain.ts';
import {size as sizeOf} from '../figures.ts';
import type {Frame} from '../terminal/screen.ts';
import {BOLD, colour, DIM, PLAIN, REVERSE, type Span, spansOf, type Style, UNDERLINE} from '../terminal/spans.ts';
import {textWidth, widthOf} from '../terminal/width.ts';
import {type Cell, columnsFor, type Column, fitted, styleOf} from './columns.ts';
import {linesBelow, visibleLines} from './log-pane.ts';
import {layoutOf, type Mode, textHeight, type Top} from './state.ts';

type Row = readonly Span[];

const RED = colour(1);

const span = (text: string, style: Style = PLAIN): Span => ({text, style});

/** `now` in milliseconds since 1970. */
export function view(top: Top, now: number): Frame {
	const {size, mode} = top;
	if (mode.kind === 'text') return {size, cursor: null, rows: [...textRows(top, mode), foot(top)]};
	const {table, log} = layoutOf(top);
	const rows = [totals(top), ...tableRows(top, table, now), ...logRows(top, log)];
	while (rows.length < size.rows - 1) rows.push([]);
	const cursor = mode.kind === 'filter' ? {row: size.rows - 1, column: Math.min(size.columns - 1, 1 + textWidth(typed(top)))} : null;
	// A screen of one row or two shows what can be done last.
	return {size, cursor, rows: [...rows.slice(0, Math.max(0, size.rows - 1)), foot(top)]};
}

// ── The first row ────────────────────────────────────────────────────────────────────────────────

/** Statuses as they are counted, in this order. */
const COUNTED = ['failed', 'backoff', 'unhealthy', 'stopping', 'starting', 'waiting', 'running', 'exited', 'stopped'];

function totals(top: Top): Row {
	const {services, shown, loads, trouble, size: {columns}} = top;
	if (trouble !== null) return [span('archon', BOLD), span('  '), span(trouble, RED | BOLD)];
	const counts = new Map<string, number>();
	for (const {status} of services) counts.set(status, (counts.get(status) ?? 0) + 1);
	let [percent, memory] = [0, 0];
	for (const load of loads.values()) {
		percent += load.percent ?? 0;
		memory += load.memory;
	}
	if (!top.isTold) return [span('archon', BOLD)];
	const left = [span('archon', BOLD), span(`  ${services.length} ${services.length === 1 ? 'service' : 'services'}`)];
	let used = left.reduce((sum, {text}) => sum + text.length, 0);
	for (const status of COUNTED) {
		const text = `${counts.get(status)} ${status}`;
		if (!counts.has(status) || used + 2 + text.length > columns) continue;
		left.push(span('  '), span(text, styleOf(status)));
		used += 2 + text.length;
	}
	const right = [
		...top.filter !== '' ? [`/${top.filter} ${shown.length}`] : [],
		...top.sort !== 'order' || top.isReversed ? [`by ${top.sort}${top.isReversed ? ', reversed' : ''}`] : [],
		...loads.size > 0 ? [`cpu ${percent.toFixed(1)}%  mem ${sizeOf(memory)}`] : [],
	];
	while (right.length > 0 && used + 2 + textWidth(right.join('  ')) > columns) right.pop();
	const tail = right.join('  ');
	return tail === '' ? left : [...left, span(' '.repeat(columns - used - textWidth(tail))), span(tail)];
}

// ── The table ────────────────────────────────────────────────────────────────────────────────────

function tableRows(top: Top, height: number, now: number): Row[] {
	const {shown, services, size, sort, offset, at, loads, isMetered} = top;
	const {columns, gap} = columnsFor(size.columns, longestOf(services), isMetered);
	const space = ' '.repeat(gap);
	const titles = columns.flatMap(({title, width, isNumber, key}, index): Span[] => [
		...index > 0 ? [span(space)] : [],
		...parts(fitted(title, width, isNumber), key !== null && key === sort ? BOLD | UNDERLINE : BOLD),
	]);
	const rows: Row[] = [titles];
	for (const [index, row] of shown.slice(offset, offset + height).entries()) {
		const cell = {row, load: loads.get(row.name), now};
		rows.push(offset + index === at ? selectedRow(columns, cell, space, top) : plainRow(columns, cell, space));
	}
	if (shown.length === 0 && height > 0 && top.isTold) rows.push([span(services.length === 0 ? 'no services' : 'no service has that', DIM)]);
	while (rows.length < height + 1) rows.push([]);
	return rows;
}

/** Of the longest name; it is asked for each frame, and changes only with the services. */
function longestOf(services: readonly StatusRow[]): number {
	const known = LONGEST.get(services);
	if (known !== undefined) return known;
	const longest = services.reduce((most, {name}) => Math.max(most, name.length), 0);
	LONGEST.set(services, longest);
	return longest;
}

const LONGEST = new WeakMap<readonly StatusRow[], number>();

const plainRow = (columns: readonly Column[], cell: Cell, space: string): Row =>
	columns.flatMap((column, index): Span[] => [
		...index > 0 ? [span(space)] : [],
		...parts(fitted(column.text(cell), column.width, column.isNumber), column.style(cell.row)),
	]);

/** The spaces around a text have no style, so that they cost nothing where there is nothing. */
function parts(text: string, style: Style): readonly Span[] {
	if (style === PLAIN) return [span(text)];
	const [word, from] = [text.trim(), text.search(/\S/)];
	return from < 0 ? [span(text)] : [span(text.slice(0, from)), span(word, style), span(text.slice(from + word.length))];
}

/** One bar over the whole width; it is thinner while the arrows move the log. */
function selectedRow(columns: readonly Column[], cell: Cell, space: string, {size, focus}: Top): Row {
	const text = columns.map(column => fitted(column.text(cell), column.width, column.isNumber)).join(space);
	return [span(fitted(text, size.columns), focus === 'table' ? REVERSE : UNDERLINE | BOLD)];
}

// ── The log ──────────────────────────────────────────────────────────────────────────────────────

function logRows(top: Top, height: number): Row[] {
	if (height === 0) return [];
	const {log, size: {columns}, focus} = top;
	const below = linesBelow(log, height - 1);
	const state = log.top === null ? 'following' : below === 0 ? 'held' : `held, ${below} more below`;
	const name = log.name === null ? 'log' : `log of ${log.name}`;
	const shown = log.column > 0 ? `, from column ${log.column + 1}` : '';
	const title = `── ${name}: ${state}${shown} `;
	const rows: Row[] = [[span(`${title}${'─'.repeat(Math.max(0, columns - title.length))}`, focus === 'log' ? BOLD : DIM)]];
	for (const line of visibleLines(log, height - 1)) rows.push(cut(spansOf(plainText(line)), log.column));
	if (log.lines.length === 0 && log.name !== null) rows.push([span(log.note ?? 'no lines yet', DIM)]);
	return rows.slice(0, height);
}

/** Without that many cells at the left. */
function cut(spans: Row, cells: number): Row {
	let left = cells;
	if (left === 0) return spans;
	return spans.flatMap(({text, style}): readonly Span[] => {
		let from = 0;
		for (const character of text) {
			if (left <= 0) break;
			left -= widthOf(character.codePointAt(0) ?? 0);
			from += character.length;
		}
		return from === text.length ? [] : [span(text.slice(from), style)];
	});
}

// ── A text over all, and the last row ────────────────────────────────────────────────────────────

function textRows(top: Top, {title, lines, offset}: Extract<Mode, {kind: 'text'}>): Row[] {
	const height = textHeight(top);
	const rows: Row[] = [[span(title, BOLD)], ...lines.slice(offset, offset + height).map(line => spansOf(plainText(line)))];
	while (rows.length < height + 1) rows.push([]);
	return rows.slice(0, Math.max(0, top.size.rows - 1));
}

const HINTS: readonly (readonly [key: string, what: string])[] = [
	['?', 'help'], ['q', 'leave'], ['/', 'filter'], ['r', 'restart'], ['x', 'stop'], ['s', 'start'], ['w', 'why'], ['o', 'pager'],
	['tab', 'log'], ['<>', 'sort'],
];

function foot(top: Top): Row {
	const {mode, notice, size: {columns}} = top;
	if (mode.kind === 'filter') return [span(`/${typed(top)}`)];
	if (mode.kind === 'question') return [span(`${mode.action} ${mode.name}? y: yes, any other key: no`, BOLD)];
	if (notice) return [span(plainText(notice.text), notice.isProblem ? RED | BOLD : BOLD)];
	if (mode.kind === 'text') {
		const left = mode.lines.length - mode.offset - textHeight(top);
		return [span(left > 0 ? `${left} more below; arrows move, any other key leaves` : 'any key leaves', DIM)];
	}
	const row: Span[] = [];
	let used = 0;
	for (const [key, what] of HINTS) {
		const lead = used === 0 ? '' : '  ';
		used += lead.length + key.length + 1 + what.length;
		if (used > columns) break;
		row.push(span(lead), span(key, BOLD), span(` ${what}`, DIM));
	}
	return row;
}

/** The end of the filter, where all of it is too long. */
function typed({filter, size: {columns}}: Top): string {
	let text = filter;
	while (textWidth(text) > columns - 2) text = [...text].slice(1).join('');
	return text;
}
