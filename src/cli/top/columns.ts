/** The columns of the table: which of them a width has room for, and what stands in them. Pure. */
import type {StatusRow} from '../../control/requests/status/wire.ts';
import {age, size} from '../figures.ts';
import {noteOf, statusColour} from '../render.ts';
import {colour, DIM, PLAIN, type Style} from '../terminal/spans.ts';
import type {Load} from './load.ts';
import type {SortKey} from './sorting.ts';

export interface Column {
	readonly title: string;
	readonly width: number;
	readonly isNumber: boolean;
	/** What it is sorted by; null: it cannot be. */
	readonly key: SortKey | null;
	readonly text: (cell: Cell) => string;
	readonly style: (row: StatusRow) => Style;
}

/** A service, and what it uses; `now` in milliseconds since 1970. */
export interface Cell {
	readonly row: StatusRow;
	readonly load: Load | undefined;
	readonly now: number;
}

const plain = (): Style => PLAIN;

type Kind = Omit<Column, 'style'> & Partial<Pick<Column, 'style'>>;

const number = (title: string, width: number, key: SortKey, text: Column['text']): Kind => ({title, width, isNumber: true, key, text});

const STATUS: Kind = {
	title: 'STATUS', width: 'unhealthy'.length, isNumber: false, key: 'status',
	text: ({row: {status}}) => status, style: row => styleOf(row.status),
};
const READY: Kind = {
	title: 'READY', width: 5, isNumber: false, key: null,
	text: ({row: {status, pid}}) => status === 'running' ? 'yes' : pid === null ? '-' : 'no',
};
const PID = number('PID', 7, 'pid', ({row: {pid}}) => pid === null ? '-' : String(pid));
const UPTIME = number('UPTIME', 7, 'uptime', ({row: {pid, since}, now}) => pid === null ? '-' : age(now - since));
const RESTARTS = number('RESTARTS', 8, 'restarts', ({row: {restarts}}) => String(restarts));
const CPU = number('CPU%', 6, 'cpu', ({row: {pid}, load}) =>
	pid === null || !load || load.percent === null ? '-' : load.percent.toFixed(1));
const MEMORY = number('MEM', 5, 'memory', ({row: {pid}, load}) => pid === null || !load ? '-' : size(load.memory));

/** In the order in which they stand, and how early each gets its place. */
const KINDS: readonly (readonly [kind: Kind, rank: number])[] = [
	[STATUS, 0], [READY, 7], [PID, 4], [UPTIME, 1], [RESTARTS, 5], [CPU, 2], [MEMORY, 3],
];

const [NAME_MAX, NOTE_LEAST, NOTE_WISHED] = [32, 12, 24];

/** How the status of a service looks, as in `archonctl status`. */
export function styleOf(status: string): Style {
	const code = statusColour(status);
	return code === null ? PLAIN : code < 30 ? DIM : colour(code - 30);
}

/** Columns, and the spaces between two of them. */
export interface Columns {
	readonly columns: readonly Column[];
	readonly gap: number;
}

/** `longest`: characters of the longest name. `isMetered`: whether archon tells what services use. */
export function columnsFor(columns: number, longest: number, isMetered: boolean): Columns {
	const gap = columns < 70 ? 1 : 2;
	const name: Kind = {
		title: 'NAME', width: Math.max(4, Math.min(longest, NAME_MAX, Math.max(8, Math.floor(columns * 0.35)))),
		isNumber: false, key: 'name', text: ({row}) => row.name,
	};
	let left = columns - name.width;
	const chosen = new Set<Kind>();
	for (const [kind] of KINDS.toSorted(([, a], [, b]) => a - b)) {
		if (!isMetered && (kind === CPU || kind === MEMORY)) continue;
		// The last ones must leave room for the note.
		const spare = kind === READY ? NOTE_WISHED + gap : kind === RESTARTS ? NOTE_LEAST + gap : 0;
		if (left < gap + kind.width + spare) continue;
		left -= gap + kind.width;
		chosen.add(kind);
	}
	const note: Kind = {
		title: 'NOTE', width: left - gap, isNumber: false, key: null, text: ({row, now}) => noteOf(row, {now}),
	};
	const kinds = [name, ...KINDS.map(([kind]) => kind).filter(kind => chosen.has(kind)), ...note.width >= NOTE_LEAST ? [note] : []];
	return {gap, columns: kinds.map(kind => ({style: plain, ...kind}))};
}

/** In exactly that many cells: cut with a sign that it is, or filled with spaces. All that `Status` tells is ASCII. */
export function fitted(text: string, width: number, isRight = false): string {
	if (text.length > width) return width < 1 ? '' : `${text.slice(0, width - 1)}…`;
	return isRight ? text.padStart(width) : text.padEnd(width);
}
