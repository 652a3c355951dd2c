/** Rows → text for a terminal: the table of services. */
import type {EndRow} from '../control/requests/history/wire.ts';
import type {StatusRow} from '../control/requests/status/wire.ts';
import {age, aged} from './figures.ts';
import type {Look} from './look.ts';

// ── The table ────────────────────────────────────────────────────────────────────────────────────

interface Column {
	readonly title: string;
	readonly isNumber: boolean;
	readonly text: (row: HostRow, look: Look) => string;
}

/** A service, and where it is, if several archons were asked. */
export type HostRow = StatusRow & {readonly host?: string};

const COLUMNS: readonly Column[] = [
	{title: 'NAME', isNumber: false, text: ({name}) => name},
	{title: 'STATUS', isNumber: false, text: ({status}) => status},
	{title: 'PID', isNumber: true, text: ({pid}) => pid === null ? '-' : String(pid)},
	{title: 'UPTIME', isNumber: true, text: ({pid, since}, {now}) => pid === null ? '-' : age(now - since)},
	{title: 'RESTARTS', isNumber: true, text: ({restarts}) => String(restarts)},
	{title: 'NOTE', isNumber: false, text: noteOf},
];

const HOST: Column = {title: 'HOST', isNumber: false, text: ({host = '-'}) => host};
const GROUPS: Column = {title: 'GROUPS', isNumber: false, text: ({groups}) => groups.length === 0 ? '-' : groups.join(' ')};

/** One line for each service under a line of titles. */
export function renderTable(rows: readonly HostRow[], look: Look, hasGroups = false): string {
	if (rows.length === 0) return 'no services\n';
	const columns = [
		...rows[0]?.host === undefined ? [] : [HOST], ...COLUMNS.slice(0, -1), ...hasGroups ? [GROUPS] : [], ...COLUMNS.slice(-1),
	];
	const cells = rows.map(row => columns.map(({text}) => text(row, look)));
	const widths = columns.map(({title}, index) =>
		cells.reduce((width, line) => Math.max(width, line[index]?.length ?? 0), title.length));
	const pad = (text: string, index: number): string =>
		columns[index]?.isNumber ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0);
	const titles = columns.map(({title}, index) => pad(title, index)).join('  ').trimEnd();
	const lines = rows.map((row, line) => (cells[line] ?? []).map((text, index) => {
		const padded = pad(text, index);
		return columns[index]?.title === 'STATUS' ? paint(padded, row, look) : padded;
	}).join('  ').trimEnd());
	return [paintWith(DIM, titles, look), ...lines, ''].join('\n');
}

/** What has ended also says when, as does a test; and what has a schedule when it is due next. */
export function noteOf(row: StatusRow, look: Pick<Look, 'now'>): string {
	const [how, {next, wanted, by}] = [whatOf(row, look), row];
	if (next === null) return how;
	const when = !wanted && by === 'operator' ? 'no next run: stopped on request' : `next in ${age(Math.max(0, next - look.now))}`;
	return how === '' ? when : `${how}; ${when}`;
}

function whatOf({status, note, exit, since, by, ruled}: StatusRow, {now}: Pick<Look, 'now'>): string {
	// What a test has said is about a moment; lists hold as long as they stand.
	if (by === 'test' && note.startsWith('its test said')) return aged(note, ruled, now);
	const hasEnded = status === 'failed' || (exit !== null && (status === 'exited' || status === 'stopped'));
	return hasEnded ? `${note}, ${age(now - since)} ago` : note;
}

/** One line for each end: when, which service, how. */
export function renderEnds(ends: readonly EndRow[]): string {
	if (ends.length === 0) return 'no run has ended yet\n';
	const width = Math.max(...ends.map(({name}) => name.length));
	return ends.map(({name, at, how}) => `${new Date(at).toISOString()}  ${name.padEnd(width)}  ${how}\n`).join('');
}

// ── Colours ──────────────────────────────────────────────────────────────────────────────────────

export const DIM = 2;
const [RED, GREEN, YELLOW] = [31, 32, 33];

const COLOURS: ReadonlyMap<string, number> = new Map([
	['running', GREEN], ['waiting', YELLOW], ['starting', YELLOW], ['stopping', YELLOW], ['unhealthy', RED],
	['backoff', RED], ['failed', RED], ['exited', DIM], ['stopped', DIM],
]);

/** The code of SGR (ECMA-48) for a status; null: it has no colour. */
export const statusColour = (status: string): number | null => COLOURS.get(status) ?? null;

export const paint = (text: string, {status}: StatusRow, look: Look): string => paintWith(statusColour(status), text, look);

export const paintWith = (colour: number | null, text: string, {isColoured}: Look): string =>
	isColoured && colour !== null ? `\x1b[${colour}m${text}\x1b[0m` : text;
