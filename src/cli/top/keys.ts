/** What each key does in `archonctl top`. Pure: a key makes another state, and what is to be done besides. */
import {HELP} from './help.ts';
import {pause, scroll, shift} from './log-pane.ts';
import {stepOf} from '../terminal/steps.ts';
import {SORT_KEYS} from './sorting.ts';
import {type Action, arranged, layoutOf, type Mode, selectedOf, settled, TABLE, textHeight, type Top} from './state.ts';

/** What the program does for a key. */
export type Effect =
	| {readonly kind: 'act'; readonly action: Action; readonly name: string}
	| {readonly kind: 'why'; readonly name: string}
	/** Shows the service's lines in the pager. */
	| {readonly kind: 'page'; readonly name: string}
	| {readonly kind: 'redraw'}
	| {readonly kind: 'suspend'}
	| {readonly kind: 'quit'};

export interface Pressed {
	readonly top: Top;
	readonly effect: Effect | null;
}

const only = (top: Top): Pressed => ({top, effect: null});
const also = (top: Top, effect: Effect): Pressed => ({top, effect});

/** A key is what it types, or its name: `up`, `page-down`, `ctrl-c`. */
export function press(before: Top, key: string): Pressed {
	const top = before.notice ? {...before, notice: null} : before;
	if (key === 'ctrl-c') return also(top, {kind: 'quit'});
	if (key === 'ctrl-z') return also(top, {kind: 'suspend'});
	if (key === 'ctrl-l') return also(top, {kind: 'redraw'});
	switch (top.mode.kind) {
		case 'table': return inTable(top, key);
		case 'filter': return only(inFilter(top, top.mode.before, key));
		case 'question': return inQuestion(top, top.mode, key);
		case 'text': return only(inText(top, top.mode, key));
	}
}

// ── The table and the log ────────────────────────────────────────────────────────────────────────

/** Cells by which the log moves sideways. */
const SIDEWAYS = 8;

function inTable(top: Top, key: string): Pressed {
	const selected = selectedOf(top);
	switch (key) {
		case 'q': return also(top, {kind: 'quit'});
		case '?': case 'h': case 'f1': return only(withText(top, 'keys', HELP));
		case '/': return only({...top, mode: {kind: 'filter', before: top.filter}});
		case 'escape': return only(backed(top));
		case '<': case ',': return only(sorted(top, -1));
		case '>': case '.': return only(sorted(top, 1));
		case 'I': return only(arranged({...top, isReversed: !top.isReversed}));
		case 'tab': return only(focused(top));
		case 'enter': return only(zoomed(top));
		case 'l': return only(settled({...top, focus: 'table', logSize: top.logSize === 'none' ? 'some' : 'none'}));
		case ' ': case 'p': return only({...top, log: pause(top.log, logHeight(top))});
		case 'f': return only({...top, log: {...top.log, top: null}});
		case 'left': return only({...top, log: shift(top.log, -SIDEWAYS)});
		case 'right': return only({...top, log: shift(top.log, SIDEWAYS)});
		default: return selected ? forSelected(top, selected.name, selected.pid !== null, key) : only(moved(top, key));
	}
}

function forSelected(top: Top, name: string, isRunning: boolean, key: string): Pressed {
	switch (key) {
		case 's': return also(top, {kind: 'act', action: 'start', name});
		// To end what runs is asked about first.
		case 'x': return only(asked(top, 'stop', name));
		case 'r': return isRunning ? only(asked(top, 'restart', name)) : also(top, {kind: 'act', action: 'restart', name});
		case 'w': return also(top, {kind: 'why', name});
		case 'o': return also(top, {kind: 'page', name});
		default: return only(moved(top, key));
	}
}

const asked = (top: Top, action: Action, name: string): Top => ({...top, mode: {kind: 'question', action, name}});

/** Back from the log to the table, and then to all services. */
function backed(top: Top): Top {
	if (top.logSize === 'most') return settled({...top, focus: 'table', logSize: 'some'});
	return top.focus === 'log' ? settled({...top, focus: 'table'}) : arranged({...top, filter: ''});
}

const focused = (top: Top): Top => settled(top.focus === 'table'
	? {...top, focus: 'log', logSize: top.logSize === 'none' ? 'some' : top.logSize}
	: {...top, focus: 'table', logSize: top.logSize === 'most' ? 'some' : top.logSize});

const zoomed = (top: Top): Top => settled(top.logSize === 'most'
	? {...top, focus: 'table', logSize: 'some'}
	: {...top, focus: 'log', logSize: 'most'});

function sorted(top: Top, by: number): Top {
	const next = (SORT_KEYS.indexOf(top.sort) + by + SORT_KEYS.length) % SORT_KEYS.length;
	return arranged({...top, sort: SORT_KEYS[next] ?? 'order'});
}

const logHeight = (top: Top): number => Math.max(0, layoutOf(top).log - 1);

function moved(top: Top, key: string): Top {
	const {table} = layoutOf(top);
	const height = top.focus === 'log' ? logHeight(top) : table;
	const by = stepOf(key, height);
	if (by === null) return top;
	if (top.focus === 'log') return {...top, log: scroll(top.log, by, height)};
	return settled({...top, at: Math.max(0, Math.min(top.shown.length - 1, top.at + by))});
}

// ── What is above the table ──────────────────────────────────────────────────────────────────────

const FILTER_MAX = 100;

/** Services are chosen while the filter is typed. */
function inFilter(top: Top, before: string, key: string): Top {
	switch (key) {
		case 'enter': return {...top, mode: TABLE};
		case 'escape': return arranged({...top, filter: before, mode: TABLE});
		case 'backspace': return top.filter === ''
			? {...top, mode: TABLE}
			: arranged({...top, filter: [...top.filter].slice(0, -1).join('')});
		case 'ctrl-u': return arranged({...top, filter: ''});
		case 'ctrl-w': return arranged({...top, filter: top.filter.replace(/\S* *$/, '')});
		case 'up': case 'down': case 'page-up': case 'page-down': return moved({...top, focus: 'table'}, key);
		default: return isText(key) && top.filter.length < FILTER_MAX ? arranged({...top, filter: top.filter + key}) : top;
	}
}

/** Whether a key types itself: one character. */
const isText = (key: string): boolean => [...key].length === 1 && key >= ' ' && key !== '\x7f';

/** Only `y` does it; any other key leaves things as they are. */
function inQuestion(top: Top, {action, name}: Extract<Mode, {kind: 'question'}>, key: string): Pressed {
	const next = {...top, mode: TABLE};
	return key === 'y' || key === 'Y' ? also(next, {kind: 'act', action, name}) : only(next);
}

/** A text over all, until a key takes it away. */
export const withText = (top: Top, title: string, lines: readonly string[]): Top =>
	({...top, mode: {kind: 'text', title, lines, offset: 0}});

function inText(top: Top, mode: Extract<Mode, {kind: 'text'}>, key: string): Top {
	const height = textHeight(top);
	const by = key === ' ' ? height - 1 : stepOf(key, height);
	if (by === null) return {...top, mode: TABLE};
	const most = Math.max(0, mode.lines.length - height);
	return {...top, mode: {...mode, offset: Math.max(0, Math.min(most, mode.offset + by))}};
}
