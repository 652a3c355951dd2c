/** All that `archonctl top` knows, and what becomes of it when services change. Pure; `keys.ts` is what a person does to it. */
import type {StatusRow} from '../../control/requests/status/wire.ts';
import type {Size} from '../terminal/screen.ts';
import type {Load} from './load.ts';
import {emptyPane, type LogPane} from './log-pane.ts';
import {compareBy, type SortKey} from './sorting.ts';

export interface Top {
	readonly size: Size;
	/** Whether archon has told services. */
	readonly isTold: boolean;
	/** In the order of the config. */
	readonly services: readonly StatusRow[];
	readonly loads: ReadonlyMap<string, Load>;
	/** Whether archon tells what services use, as far as is known. */
	readonly isMetered: boolean;
	/** The services that are shown, in the order in which they are. */
	readonly shown: readonly StatusRow[];
	readonly sort: SortKey;
	readonly isReversed: boolean;
	/** Words that a service must have in its name, status or groups. */
	readonly filter: string;
	/** Which of the shown services is selected, and which stands at the top. */
	readonly at: number;
	readonly offset: number;
	/** What the arrows move. */
	readonly focus: 'table' | 'log';
	readonly log: LogPane;
	readonly logSize: 'none' | 'some' | 'most';
	readonly mode: Mode;
	/** What is said until the next key. */
	readonly notice: Notice | null;
	/** What is wrong with the connection to archon; null: nothing. */
	readonly trouble: string | null;
}

export interface Notice {
	readonly text: string;
	readonly isProblem: boolean;
}

export type Action = 'start' | 'stop' | 'restart';

export type Mode =
	| {readonly kind: 'table'}
	/** The filter is typed; `before` is what it was. */
	| {readonly kind: 'filter'; readonly before: string}
	/** Whether it is to be done. */
	| {readonly kind: 'question'; readonly action: Action; readonly name: string}
	/** A text over all, from its row `offset`. */
	| {readonly kind: 'text'; readonly title: string; readonly lines: readonly string[]; readonly offset: number};

export const TABLE: Mode = {kind: 'table'};

export const newTop = (size: Size): Top => ({
	size, isTold: false, services: [], loads: new Map(), isMetered: true, shown: [], sort: 'order', isReversed: false, filter: '',
	at: 0, offset: 0, focus: 'table', log: emptyPane(null), logSize: 'some', mode: TABLE, notice: null, trouble: null,
});

export const selectedOf = ({shown, at}: Top): StatusRow | null => shown[at] ?? null;

// ── Where things are ─────────────────────────────────────────────────────────────────────────────

/** Rows of the screen: one of totals, one of titles, services, the log under a row of its own, and one at the bottom. */
export interface Layout {
	readonly table: number;
	/** With its title; 0: it is not shown. */
	readonly log: number;
}

const FIXED = 3;
/** The least log that is worth its place, and the rows that it needs to be shown beside the table. */
const [LOG_LEAST, BOTH] = [3, 6];
const TABLE_SHARE = 0.6;

export function layoutOf({size, services, focus, logSize}: Top): Layout {
	const body = Math.max(1, size.rows - FIXED);
	const isBoth = body >= BOTH;
	let log = 0;
	if (logSize === 'most' || (logSize === 'some' && focus === 'log' && !isBoth)) log = body - 1;
	else if (logSize === 'some' && isBoth) log = Math.max(LOG_LEAST, body - Math.min(services.length, Math.ceil(body * TABLE_SHARE)));
	if (body < LOG_LEAST) log = 0;
	return {table: body - log, log};
}

/** Rows of a text over all. */
export const textHeight = ({size}: Top): number => Math.max(1, size.rows - 2);

/** Puts right what follows from other things: which services are shown, and that the selected one is among the visible ones. */
export function settled(top: Top): Top {
	const {table} = layoutOf(top);
	const at = Math.max(0, Math.min(top.at, top.shown.length - 1));
	const most = Math.max(0, top.shown.length - table);
	const offset = Math.max(0, Math.min(most, Math.max(at - table + 1, Math.min(at, top.offset))));
	const name = top.shown[at]?.name ?? null;
	const log = name === top.log.name ? top.log : emptyPane(name);
	return at === top.at && offset === top.offset && log === top.log ? top : {...top, at, offset, log};
}

/** The same with another choice or order of services; the selected one stays so where it is still shown. */
export function arranged(top: Top): Top {
	const selected = selectedOf(top)?.name;
	const words = top.filter.toLowerCase().split(/\s+/).filter(word => word !== '');
	const fitting = words.length === 0 ? top.services : top.services.filter(row => fits(row, words));
	const shown = top.sort === 'order' ? [...fitting] : fitting.toSorted(compareBy(top.sort, top.loads));
	if (top.isReversed) shown.reverse();
	const found = selected === undefined ? -1 : shown.findIndex(({name}) => name === selected);
	return settled({...top, shown, at: found < 0 ? top.at : found});
}

function fits({name, status, groups}: StatusRow, words: readonly string[]): boolean {
	const text = `${name} ${status} ${groups.join(' ')}`.toLowerCase();
	return words.every(word => text.includes(word));
}

// ── What comes from archon ───────────────────────────────────────────────────────────────────────

/** All services as they are now. */
export const withServices = (top: Top, services: readonly StatusRow[]): Top => arranged({...top, services, isTold: true});

export function withLoads(top: Top, loads: ReadonlyMap<string, Load>): Top {
	const next = {...top, loads};
	return top.sort === 'cpu' || top.sort === 'memory' ? arranged(next) : next;
}

export const resized = (top: Top, size: Size): Top => settled({...top, size});
