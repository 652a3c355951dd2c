/**
 * Reads the plain part of YAML that most configs are written in, at a fraction of what the whole language
 * costs: starting is what archon does while everybody waits. It judges nothing and gives up at the first
 * thing that it is not sure of; what it does read, it reads exactly as `yaml` does.
 */
import type {Source} from './problems.ts';
import type {Entry, List, Mapping, Scalar, Value} from './values.ts';

/** The value of the text; null if all of YAML is needed to read it. */
export function readQuickly(source: Source): Value | null {
	if (STRANGE.test(source.text)) return null;
	const cursor: Cursor = {source, text: source.text, at: 0, column: -1, end: -1};
	nextLine(cursor);
	if (cursor.column === 0 && cursor.text.slice(cursor.at, cursor.end) === '---') nextLine(cursor);
	if (cursor.column < 0) return null;
	const value = readBlock(cursor, 0);
	return cursor.column < 0 ? value : null;
}

/** Tabs, foreign line ends and control characters have rules of their own. */
const STRANGE = /[^\n -~\u00a0-\u2027\u2030-\ud7ff]/;

const KEY = /[A-Za-z0-9_/][A-Za-z0-9_./-]{0,99}(?=:[ \n]|:$)/y;

/** What plain text may not begin with, or only before certain others. */
const INDICATORS = '-?:,[]{}#&*!|>\'"%@`';

const SINGLE_QUOTED = /'(?:[^'\n]|'')*'/y;
const DOUBLE_QUOTED = /"[^"\\\n]*"/y;

/** Between brackets, plain text also ends at a comma or bracket. */
const FLOW_PLAIN =
	/(?:[^\n ,[\]{}:#"'&*!|>%@`?-]|-(?=[^\n ,[\]{}:]))(?:[^\n,[\]{}:#]|:(?=[^\n ,[\]{}:#]))*/y;

const DEPTH_MAX = 20;

/** Where reading is: at `at` in a line that ends at `end`. */
interface Cursor {
	readonly source: Source;
	readonly text: string;
	at: number;
	end: number;
	/** In which column of its line the content began; -1 behind the last line. */
	column: number;
}

/** Goes to the next line that holds more than spaces and a comment. */
function nextLine(cursor: Cursor): void {
	const {text} = cursor;
	cursor.column = -1;
	for (let start = cursor.end + 1; start < text.length; start = cursor.end + 1) {
		cursor.at = start;
		skipSpaces(cursor);
		const newline = text.indexOf('\n', cursor.at);
		cursor.end = newline < 0 ? text.length : newline;
		if (cursor.at === cursor.end || text[cursor.at] === '#') continue;
		cursor.column = cursor.at - start;
		return;
	}
}

function skipSpaces(cursor: Cursor): void {
	while (cursor.text[cursor.at] === ' ') cursor.at += 1;
}

/** A map or list, whose first line is the current one. */
function readBlock(cursor: Cursor, depth: number): Value | null {
	if (depth > DEPTH_MAX) return null;
	return isItem(cursor) ? readList(cursor, depth) : readMap(cursor, depth);
}

function isItem({text, at, end}: Cursor): boolean {
	return text[at] === '-' && (at + 1 === end || text[at + 1] === ' ');
}

function readMap(cursor: Cursor, depth: number): Mapping | null {
	const {source, text, at: offset, column} = cursor;
	const entries = new Map<string, Entry>();
	while (cursor.column === column) {
		const key = {source, offset: cursor.at};
		const name = take(KEY, cursor);
		if (name === null || entries.has(name)) return null;
		cursor.at += 1;
		skipSpaces(cursor);
		const empty = cursor.at === cursor.end || text[cursor.at] === '#';
		const value = empty ? readBelow(cursor, column, depth) : readLine(cursor, depth);
		if (value === null) return null;
		entries.set(name, {key, value});
	}
	return cursor.column > column ? null : {kind: 'map', source, offset, entries};
}

/** What stands below a key with nothing behind it. A list need not be further in than its key. */
function readBelow(cursor: Cursor, column: number, depth: number): Value | null {
	const {source, at: offset} = cursor;
	nextLine(cursor);
	const below = cursor.column > column || (cursor.column === column && isItem(cursor));
	return below ? readBlock(cursor, depth + 1) : {kind: 'scalar', source, offset, text: '', plain: true};
}

function readList(cursor: Cursor, depth: number): List | null {
	const {source, at: offset, column} = cursor;
	const items: Value[] = [];
	while (cursor.column === column && isItem(cursor)) {
		const dash = cursor.at;
		cursor.at += 1;
		skipSpaces(cursor);
		const item = readItem(cursor, column + cursor.at - dash, depth);
		if (item === null) return null;
		items.push(item);
	}
	return cursor.column > column ? null : {kind: 'list', source, offset, items};
}

/** One item: a map that begins behind the dash, in `column`; or what stands on the line. */
function readItem(cursor: Cursor, column: number, depth: number): Value | null {
	KEY.lastIndex = cursor.at;
	if (!KEY.test(cursor.text)) return readLine(cursor, depth);
	cursor.column = column;
	return readMap(cursor, depth + 1);
}

/** A value that ends with its line, where only a comment may follow. */
function readLine(cursor: Cursor, depth: number): Value | null {
	const value = readDelimited(cursor, depth, readPlain);
	if (value === null) return null;
	const behind = cursor.at;
	skipSpaces(cursor);
	const comment = cursor.at > behind && cursor.text[cursor.at] === '#';
	if (cursor.at !== cursor.end && !comment) return null;
	nextLine(cursor);
	return value;
}

/** A value that shows its own end, or plain text. */
function readDelimited(
	cursor: Cursor,
	depth: number,
	readOther: (cursor: Cursor) => Scalar | null,
): Value | null {
	if (depth > DEPTH_MAX) return null;
	switch (cursor.text[cursor.at]) {
		case '"': return readQuoted(DOUBLE_QUOTED, cursor, '"');
		case '\'': return readQuoted(SINGLE_QUOTED, cursor, '\'\'');
		case '[': return readFlowList(cursor, depth);
		case '{': return readFlowMap(cursor, depth);
		default: return readOther(cursor);
	}
}

/** Text between quotes; one of its own it writes as `quoteWithin`. */
function readQuoted(pattern: RegExp, cursor: Cursor, quoteWithin: string): Scalar | null {
	const {source, at: offset} = cursor;
	const text = take(pattern, cursor)?.slice(1, -1).replaceAll(quoteWithin, quoteWithin.slice(-1));
	return text === undefined ? null : {kind: 'scalar', source, offset, text, plain: false};
}

/** Plain text up to the end of the line or a comment. */
function readPlain(cursor: Cursor): Scalar | null {
	const {source, at: offset} = cursor;
	const line = cursor.text.slice(offset, cursor.end);
	const [first = '', second = ' '] = line;
	if (INDICATORS.includes(first) && !(first === '-' && second !== ' ')) return null;
	const comment = line.indexOf(' #');
	const text = (comment < 0 ? line : line.slice(0, comment)).trimEnd();
	if (text.includes(': ') || text.endsWith(':')) return null;
	cursor.at = offset + text.length;
	return {kind: 'scalar', source, offset, text, plain: true};
}

function readFlowList(cursor: Cursor, depth: number): List | null {
	const {source, at: offset} = cursor;
	const items: Value[] = [];
	const complete = readBetween(cursor, ']', () => {
		const item = readFlowItem(cursor, depth);
		if (item !== null) items.push(item);
		return item !== null;
	});
	return complete ? {kind: 'list', source, offset, items} : null;
}

function readFlowMap(cursor: Cursor, depth: number): Mapping | null {
	const {source, at: offset} = cursor;
	const entries = new Map<string, Entry>();
	const complete = readBetween(cursor, '}', () => {
		const key = {source, offset: cursor.at};
		const name = take(KEY, cursor);
		if (name === null || entries.has(name)) return false;
		cursor.at += 1;
		skipSpaces(cursor);
		const value = readFlowItem(cursor, depth);
		if (value !== null) entries.set(name, {key, value});
		return value !== null;
	});
	return complete ? {kind: 'map', source, offset, entries} : null;
}

/** From an opening bracket to the closing one; `readPart` reads what stands between commas. */
function readBetween(cursor: Cursor, close: string, readPart: () => boolean): boolean {
	cursor.at += 1;
	skipSpaces(cursor);
	for (let first = true; cursor.text[cursor.at] !== close || !first; first = false) {
		if (!readPart()) return false;
		skipSpaces(cursor);
		if (cursor.text[cursor.at] === close) break;
		if (cursor.text[cursor.at] !== ',') return false;
		cursor.at += 1;
		skipSpaces(cursor);
	}
	cursor.at += 1;
	return true;
}

function readFlowItem(cursor: Cursor, depth: number): Value | null {
	return readDelimited(cursor, depth + 1, readFlowPlain);
}

function readFlowPlain(cursor: Cursor): Scalar | null {
	const {source, at: offset} = cursor;
	const text = take(FLOW_PLAIN, cursor)?.trimEnd();
	return text === undefined ? null : {kind: 'scalar', source, offset, text, plain: true};
}

/** What the sticky pattern matches at the cursor, which then stands behind it. */
function take(pattern: RegExp, cursor: Cursor): string | null {
	pattern.lastIndex = cursor.at;
	if (!pattern.test(cursor.text)) return null;
	const taken = cursor.text.slice(cursor.at, pattern.lastIndex);
	cursor.at = pattern.lastIndex;
	return taken;
}
