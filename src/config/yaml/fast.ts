/**
 * Reads the part of YAML that nearly all configs are written in, at a fraction of what the whole language
 * costs: all services wait while archon starts. It judges nothing and gives up at the first
 * thing that it is not sure of; what it does read, it reads exactly as `yaml` does.
 */
import type {Source} from '../problems.ts';
import type {Entry, List, Mapping, Scalar, Value} from '../values.ts';

/** The value of the text; null if all of YAML is needed to read it. */
export function readFast(source: Source): Value | null {
	if (STRANGE.test(source.text)) return null;
	const cursor = begin(source);
	if (cursor.column < 0) return null;
	const value = readBlock(cursor, 0);
	return cursor.column < 0 ? value : null;
}

/** Where reading it gave up, or a little after that. */
export function whereFastEnds(source: Source): number {
	const strange = STRANGE.exec(source.text);
	if (strange) return strange.index;
	const cursor = begin(source);
	if (cursor.column >= 0) readBlock(cursor, 0);
	return Math.min(cursor.at, source.text.length);
}

/** Tabs, foreign line ends and control characters have rules of their own. */
const STRANGE = /[^\n -~\u00a0-\u2027\u2030-\ufefe\uff00-\ufffd]/;

const KEY = /[A-Za-z0-9_/][A-Za-z0-9_./-]{0,99}(?=:[ \n]|:$)/y;
const QUOTED_KEY = /(?:'(?:[^'\n]|''){0,99}'|"[^"\\\n]{0,99}")(?=:[ \n]|:$)/y;
const MERGE = '<<';
const MERGE_KEY = /<<(?=:[ \n]|:$)/y;

/** What plain text may not begin with, or only before certain others. */
const INDICATORS = '-?:,[]{}#&*!|>\'"%@`';

const SINGLE_QUOTED = /'(?:[^'\n]|'')*'/y;
const DOUBLE_QUOTED = /"(?:[^"\\\n]|\\["\\/nrt])*"/y;
const ESCAPES: Readonly<Record<string, string>> = {n: '\n', r: '\r', t: '\t'};

/** Between brackets, plain text also ends at a comma or bracket. */
const FLOW_PLAIN =
	/(?:[^\n ,[\]{}:#"'&*!|>%@`?-]|-(?=[^\n ,[\]{}:]))(?:[^\n,[\]{}:#]|:(?=[^\n ,[\]{}:#]))*/y;

const ANCHOR = /&([A-Za-z0-9_-]{1,99})(?=[ \n]|$)/y;
const ALIAS = /\*([A-Za-z0-9_-]{1,99})(?=[ \n,\]}]|$)/y;

/** Text in lines of its own: whether lines are joined, and what becomes of the line ends after it. */
const LINES_HEAD = /([|>])([+-]?) *(?:\n|$)/y;

/** Between a line and the next one, with neither comments nor empty lines. */
const BETWEEN_LINES = /^ *\n *$/;

const DEPTH_MAX = 20;

/** In values, each counted as often as aliases repeat it. */
const SIZE_MAX = 100_000;

/** Where reading is: at `at` in a line that ends at `end`. */
interface Cursor {
	readonly source: Source;
	readonly text: string;
	/** Values by their anchors, each with how many it consists of. */
	readonly anchors: Map<string, {readonly value: Value; readonly size: number}>;
	at: number;
	end: number;
	/** In which column of its line the content began; -1 after the last line. */
	column: number;
	/** Values so far. */
	size: number;
	/** The column that what stands between brackets must be further in than. */
	outer: number;
}

/** At the first line that says something. */
function begin(source: Source): Cursor {
	const cursor: Cursor = {source, text: source.text, anchors: new Map(), at: 0, column: -1, end: -1, size: 0, outer: -1};
	nextLine(cursor);
	if (cursor.column === 0 && cursor.text.slice(cursor.at, cursor.end) === '---') nextLine(cursor);
	return cursor;
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

/** Whether a map begins here. */
function isKey({text, at}: Cursor): boolean {
	return [KEY, QUOTED_KEY, MERGE_KEY].some(pattern => {
		pattern.lastIndex = at;
		return pattern.test(text);
	});
}

/** The name of a key, which is in quotes or not; the cursor stands after the colon then. */
function readKey(cursor: Cursor): string | null {
	const isQuoted = cursor.text[cursor.at] === '"' || cursor.text[cursor.at] === '\'';
	const taken = isQuoted ? take(QUOTED_KEY, cursor) : take(KEY, cursor) ?? take(MERGE_KEY, cursor);
	cursor.at += 1;
	skipSpaces(cursor);
	if (!isQuoted || taken === null) return taken;
	const name = taken.slice(1, -1);
	// Only without quotes it is the key that merges.
	if (name === MERGE) return null;
	return taken.startsWith('\'') ? name.replaceAll('\'\'', '\'') : name;
}

function readMap(cursor: Cursor, depth: number): Mapping | null {
	const {source, text, at: offset, column} = cursor;
	const entries = new Map<string, Entry>();
	const merged: Value[] = [];
	cursor.size += 1;
	while (cursor.column === column) {
		const key = {source, offset: cursor.at};
		const name = readKey(cursor);
		if (name === null || entries.has(name)) return null;
		const anchor = readAnchor(cursor);
		const before = cursor.size;
		if (anchor !== null && text[cursor.at] === '*') return null;
		const empty = cursor.at === cursor.end || text[cursor.at] === '#';
		const value = empty ? readBelow(cursor, column, depth, anchor !== null) : readLine(cursor, column, depth);
		if (value === null) return null;
		if (anchor !== null) cursor.anchors.set(anchor, {value, size: cursor.size - before});
		if (name === MERGE) merged.push(value);
		else entries.set(name, {key, value});
	}
	return cursor.column > column || !merge(merged, entries) ? null : {kind: 'map', source, offset, entries};
}

/** The name of an anchor, if there is one; the cursor stands after it then. */
function readAnchor(cursor: Cursor): string | null {
	const anchor = cursor.text[cursor.at] === '&' ? take(ANCHOR, cursor) : null;
	skipSpaces(cursor);
	return anchor?.slice(1) ?? null;
}

/** What is there already wins: the map's own keys, and those of maps before it. False: something cannot be merged. */
function merge(merged: readonly Value[], entries: Map<string, Entry>): boolean {
	for (const base of merged.flatMap(each => each.kind === 'list' ? each.items : each)) {
		if (base.kind !== 'map') return false;
		for (const [name, entry] of base.entries) if (!entries.has(name)) entries.set(name, entry);
	}
	return true;
}

/** What stands below a key with nothing after it. A list need not be further in than its key. */
function readBelow(cursor: Cursor, column: number, depth: number, isAnchored: boolean): Value | null {
	const {source, at: offset} = cursor;
	nextLine(cursor);
	const isBlock = isItem(cursor) || isKey(cursor);
	if (cursor.column > column && !isBlock) {
		return BETWEEN_LINES.test(cursor.text.slice(offset, cursor.at)) ? readLine(cursor, column, depth) : null;
	}
	if (cursor.column > column || (cursor.column === column && isItem(cursor))) return readBlock(cursor, depth + 1);
	cursor.size += 1;
	return isAnchored ? null : {kind: 'scalar', source, offset, text: '', plain: true};
}

function readList(cursor: Cursor, depth: number): List | null {
	const {source, at: offset, column} = cursor;
	const items: Value[] = [];
	cursor.size += 1;
	while (cursor.column === column && isItem(cursor)) {
		const dash = cursor.at;
		cursor.at += 1;
		skipSpaces(cursor);
		const item = readItem(cursor, column, column + cursor.at - dash, depth);
		if (item === null) return null;
		items.push(item);
	}
	return cursor.column > column ? null : {kind: 'list', source, offset, items};
}

/** One item: a map that begins after the dash, in `column`; or what stands on the line. */
function readItem(cursor: Cursor, outer: number, column: number, depth: number): Value | null {
	if (!isKey(cursor)) return readLine(cursor, outer, depth);
	cursor.column = column;
	return readMap(cursor, depth + 1);
}

/** A value that begins on this line, within what begins in the column `outer`; only a comment may follow it. */
function readLine(cursor: Cursor, outer: number, depth: number): Value | null {
	cursor.size += 1;
	const first = cursor.text[cursor.at];
	if (first === '|' || first === '>') return readLines(cursor, outer);
	cursor.outer = outer;
	const value = readDelimited(cursor, depth, readPlain);
	if (value === null) return null;
	const ended = cursor.at;
	skipSpaces(cursor);
	const comment = cursor.at > ended && cursor.text[cursor.at] === '#';
	if (cursor.at !== cursor.end && !comment) return null;
	const isPlain = value.kind === 'scalar' && value.plain && first !== '*';
	nextLine(cursor);
	return isPlain && cursor.column > outer ? (comment ? null : readOn(value, ended, cursor, outer)) : value;
}

/** Plain text that goes on in the next lines, which a space joins. */
function readOn(scalar: Scalar, ended: number, cursor: Cursor, outer: number): Scalar | null {
	let {text} = scalar;
	for (let last = ended; cursor.column > outer; nextLine(cursor)) {
		// Between the lines there is nothing else than their ends.
		if (!BETWEEN_LINES.test(cursor.text.slice(last, cursor.at))) return null;
		const more = readPlain(cursor);
		if (more === null) return null;
		last = cursor.at;
		skipSpaces(cursor);
		if (cursor.at !== cursor.end) return null;
		text += ` ${more.text}`;
	}
	return {...scalar, text};
}

/** Text in lines of its own below the current one, all of them further in than `outer`. */
function readLines(cursor: Cursor, outer: number): Scalar | null {
	const {source, text, at: offset} = cursor;
	LINES_HEAD.lastIndex = offset;
	const [head, style, chomp] = LINES_HEAD.exec(text) ?? [];
	if (head === undefined) return null;
	const lines: string[] = [];
	let indent = -1;
	let start = cursor.end + 1;
	for (; start < text.length; start = cursor.end + 1) {
		cursor.at = start;
		skipSpaces(cursor);
		const newline = text.indexOf('\n', cursor.at);
		const end = newline < 0 ? text.length : newline;
		const column = cursor.at - start;
		if (cursor.at === end) {
			// Spaces beyond the others' indentation would be text.
			if (column > Math.max(indent, 0)) return null;
			lines.push('');
		} else {
			if (indent < 0) indent = column;
			if (column < indent) break;
			// Such a line is not joined with those around it.
			if (style === '>' && column > indent) return null;
			lines.push(text.slice(start + indent, end));
		}
		cursor.end = end;
	}
	if (indent <= outer) return null;
	const length = lines.findLastIndex(line => line !== '') + 1;
	const content = lines.slice(0, length);
	const empty = lines.length - length;
	const body = style === '|' ? content.join('\n') : joined(content);
	if (body === null || (chomp === '+' && empty > 0)) return null;
	nextLine(cursor);
	// A comment that is further in than what follows is one all the same.
	return {kind: 'scalar', source, offset, text: chomp === '-' ? body : `${body}\n`, plain: false};
}

/** Lines as text: a space joins two of them, and each empty line between two is a line end. */
function joined(lines: readonly string[]): string | null {
	let text = '';
	let empty = 0;
	for (const line of lines) {
		if (line === '' && text === '') return null;
		if (line === '') empty += 1;
		else text += (text === '' ? '' : empty === 0 ? ' ' : '\n'.repeat(empty)) + line;
		if (line !== '') empty = 0;
	}
	return text;
}

/** A value that shows its own end, or plain text. */
function readDelimited(
	cursor: Cursor,
	depth: number,
	readOther: (cursor: Cursor) => Scalar | null,
): Value | null {
	if (depth > DEPTH_MAX) return null;
	switch (cursor.text[cursor.at]) {
		case '"': return readDoubleQuoted(cursor);
		case '\'': return readSingleQuoted(cursor);
		case '[': return readFlowList(cursor, depth);
		case '{': return readFlowMap(cursor, depth);
		case '*': return readAlias(cursor);
		default: return readOther(cursor);
	}
}

function readAlias(cursor: Cursor): Value | null {
	const anchored = cursor.anchors.get(take(ALIAS, cursor)?.slice(1) ?? '');
	cursor.size += anchored?.size ?? 0;
	return anchored && cursor.size <= SIZE_MAX ? anchored.value : null;
}

function readSingleQuoted(cursor: Cursor): Scalar | null {
	const {source, at: offset} = cursor;
	const text = take(SINGLE_QUOTED, cursor)?.slice(1, -1).replaceAll('\'\'', '\'');
	return text === undefined ? null : {kind: 'scalar', source, offset, text, plain: false};
}

function readDoubleQuoted(cursor: Cursor): Scalar | null {
	const {source, at: offset} = cursor;
	const written = take(DOUBLE_QUOTED, cursor)?.slice(1, -1);
	if (written === undefined) return null;
	const text = written.includes('\\') ? written.replace(/\\(.)/g, (_, sign: string) => ESCAPES[sign] ?? sign) : written;
	return {kind: 'scalar', source, offset, text, plain: false};
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
	const merged: Value[] = [];
	const complete = readBetween(cursor, '}', () => {
		const key = {source, offset: cursor.at};
		const name = readKey(cursor);
		if (name === null || entries.has(name)) return false;
		const value = readFlowItem(cursor, depth);
		if (value === null) return false;
		if (name === MERGE) merged.push(value);
		else entries.set(name, {key, value});
		return true;
	});
	return complete && merge(merged, entries) ? {kind: 'map', source, offset, entries} : null;
}

/** From an opening bracket to the closing one; `readPart` reads what stands between commas. */
function readBetween(cursor: Cursor, close: string, readPart: () => boolean): boolean {
	cursor.at += 1;
	skipFlow(cursor);
	while (cursor.text[cursor.at] !== close) {
		if (!readPart()) return false;
		skipFlow(cursor);
		if (cursor.text[cursor.at] === close) break;
		if (cursor.text[cursor.at] !== ',') return false;
		cursor.at += 1;
		skipFlow(cursor);
	}
	cursor.at += 1;
	return true;
}

/** Spaces, and between brackets also comments and the ends of lines. */
function skipFlow(cursor: Cursor): void {
	const ended = cursor.at;
	skipSpaces(cursor);
	const isComment = cursor.at > ended && cursor.text[cursor.at] === '#';
	if (cursor.at < cursor.end && !isComment) return;
	nextLine(cursor);
	// What is not far enough in ends nothing and begins nothing, and is no comment either.
	const isFarIn = cursor.column > cursor.outer && !cursor.text.slice(ended, cursor.at).includes('\n#');
	if (!isFarIn) cursor.at = cursor.text.length;
}

function readFlowItem(cursor: Cursor, depth: number): Value | null {
	cursor.size += 1;
	return readDelimited(cursor, depth + 1, readFlowPlain);
}

function readFlowPlain(cursor: Cursor): Scalar | null {
	const {source, at: offset} = cursor;
	const text = take(FLOW_PLAIN, cursor)?.trimEnd();
	return text === undefined ? null : {kind: 'scalar', source, offset, text, plain: true};
}

/** What the sticky pattern matches at the cursor, which then stands after it. */
function take(pattern: RegExp, cursor: Cursor): string | null {
	pattern.lastIndex = cursor.at;
	if (!pattern.test(cursor.text)) return null;
	const taken = cursor.text.slice(cursor.at, pattern.lastIndex);
	cursor.at = pattern.lastIndex;
	return taken;
}
