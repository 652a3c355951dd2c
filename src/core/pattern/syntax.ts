/** Reads a pattern as people write it: JavaScript's regular expressions without flags, less what cannot be matched in linear time. */
import {err, ok, type Result} from '../result.ts';
import {complement, DIGITS, inBothCases, NEWLINES, range, SPACES, union, WORD, type Characters} from './characters.ts';

/** Why a source is no pattern, in lower case and without a full stop, and the index in it (in code units) of what is at fault. */
export interface PatternProblem {
	readonly message: string;
	readonly at: number;
}

/** What is asked of a place between two characters. */
export type Edge = 'start' | 'end' | 'line start' | 'line end' | 'word edge' | 'no word edge';

export type Tree =
	| {readonly kind: 'one of'; readonly set: Characters}
	| {readonly kind: 'edge'; readonly edge: Edge}
	| {readonly kind: 'sequence'; readonly parts: readonly Tree[]}
	| {readonly kind: 'choice'; readonly branches: readonly Tree[]}
	/** `max` may be Infinity; `at` is the index of what says how often. */
	| {readonly kind: 'repeat'; readonly body: Tree; readonly min: number; readonly max: number; readonly at: number};

/** Code units of a pattern's source. */
const SOURCE_MAX = 1000;
/** Groups within each other: what goes through a tree calls itself for each, and an interpreter's stack is small. */
const DEPTH_MAX = 50;

/** A group that is being read: its branches so far, and the parts of the one that is being read. */
interface Group {
	/** The index of its bracket. */
	readonly at: number;
	/** Of `i`, `m` and `s`, those that hold within it. */
	readonly modes: string;
	readonly branches: Tree[];
	parts: Tree[];
}

/** What was read, and the index behind it. */
type Read<T> = Result<T & {readonly end: number}, PatternProblem>;

const refuse = (at: number, message: string): Result<never, PatternProblem> => err({message, at});
const unsupported = (at: number, what: string) => refuse(at, `${what} is not supported: patterns are matched in linear time`);

/** The tree of a pattern, at most DEPTH_MAX groups deep. What RegExp takes for an octal number or a spare backslash is refused. */
export function parse(source: string): Result<Tree, PatternProblem> {
	if (source.length > SOURCE_MAX) return refuse(SOURCE_MAX, `a pattern has at most ${SOURCE_MAX} characters`);
	const outer: Group[] = [];
	let group: Group = {at: 0, modes: '', branches: [], parts: []};
	// Neither an edge nor a repetition can be repeated.
	let canRepeat = false;
	for (let at = 0; at < source.length;) {
		const char = source.charAt(at);
		const times = readTimes(source, at);
		if (times) {
			const body = canRepeat ? group.parts.pop() : undefined;
			if (!body) return refuse(at, 'there is nothing to repeat');
			if (times.min > times.max) return refuse(at, 'the smaller number comes first');
			group.parts.push({kind: 'repeat', body, min: times.min, max: times.max, at});
			canRepeat = false;
			at = times.end;
		} else if (char === '(') {
			const head = readHead(source, at, group.modes);
			if (!head.ok) return head;
			outer.push(group);
			if (outer.length > DEPTH_MAX) return refuse(at, `at most ${DEPTH_MAX} groups are within each other`);
			group = {at, modes: head.value.modes, branches: [], parts: []};
			canRepeat = false;
			at = head.value.end;
		} else if (char === ')') {
			const inner = treeOf(group);
			const next = outer.pop();
			if (!next) return refuse(at, 'no group is open');
			group = next;
			group.parts.push(inner);
			canRepeat = true;
			at++;
		} else if (char === '|') {
			group.branches.push(sequence(group.parts));
			group.parts = [];
			canRepeat = false;
			at++;
		} else {
			const edge = readEdge(source, at, group.modes);
			const read = edge ? ok(edge) : readOne(source, at, group.modes);
			if (!read.ok) return read;
			group.parts.push(read.value.tree);
			canRepeat = !edge;
			at = read.value.end;
		}
	}
	return outer.length > 0 ? refuse(group.at, 'the group is not closed') : ok(treeOf(group));
}

const sequence = (parts: readonly Tree[]): Tree => (parts.length === 1 && parts[0] ? parts[0] : {kind: 'sequence', parts});

function treeOf({branches, parts}: Group): Tree {
	const last = sequence(parts);
	return branches.length > 0 ? {kind: 'choice', branches: [...branches, last]} : last;
}

const TIMES = /(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/y;

/** How often; null where nothing is said of it: a `{` by itself is a character like others. */
function readTimes(source: string, at: number): {readonly min: number; readonly max: number; readonly end: number} | null {
	TIMES.lastIndex = at;
	const found = TIMES.exec(source);
	if (!found) return null;
	const [whole, sign, least = '0', comma, most = ''] = found;
	const end = at + whole.length;
	if (sign) return {min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Infinity, end};
	return {min: Number(least), max: comma ? Number(most || Infinity) : Number(least), end};
}

const HEAD = /\((?:(?!\?)|\?([ims]*)(?:-([ims]+))?:|\?<[A-Za-z_$][\w$]*>)/y;

/** The beginning of a group, and the modes within. */
function readHead(source: string, at: number, modes: string): Read<{readonly modes: string}> {
	HEAD.lastIndex = at;
	const found = HEAD.exec(source);
	if (found) {
		const [whole, on = '', off = ''] = found;
		return ok({modes: [...modes, ...on].filter(mode => !off.includes(mode)).join(''), end: at + whole.length});
	}
	if (/^\(\?[=!]/.test(source.slice(at))) return unsupported(at, 'lookahead');
	if (/^\(\?<[=!]/.test(source.slice(at))) return unsupported(at, 'lookbehind');
	return refuse(at, 'a group begins with (, (?:, (?<name> or (?i:');
}

function readEdge(source: string, at: number, modes: string): {readonly tree: Tree; readonly end: number} | null {
	const edge = (edge: Edge, length: number) => ({tree: {kind: 'edge', edge} as const, end: at + length});
	if (source.startsWith('^', at)) return edge(modes.includes('m') ? 'line start' : 'start', 1);
	if (source.startsWith('$', at)) return edge(modes.includes('m') ? 'line end' : 'end', 1);
	if (source.startsWith('\\b', at)) return edge('word edge', 2);
	return source.startsWith('\\B', at) ? edge('no word edge', 2) : null;
}

/** What stands for one character. */
function readOne(source: string, at: number, modes: string): Read<{readonly tree: Tree}> {
	const one = (set: Characters, end: number) => ok({tree: {kind: 'one of', set} as const, end});
	if (source.startsWith('.', at)) return one(complement(modes.includes('s') ? [] : NEWLINES), at + 1);
	const read = source.startsWith('[', at) ? readClass(source, at, modes) : readUnit(source, at, modes);
	return read.ok ? one(read.value.set, read.value.end) : read;
}

/** From the bracket to the one that closes it. */
function readClass(source: string, start: number, modes: string): Read<{readonly set: Characters}> {
	const isNegated = source.startsWith('^', start + 1);
	const sets: Characters[] = [];
	let at = start + (isNegated ? 2 : 1);
	while (!source.startsWith(']', at)) {
		if (at >= source.length) return refuse(start, 'the bracket is not closed');
		const from = readUnit(source, at, modes, true);
		if (!from.ok) return from;
		const {set, code, end} = from.value;
		sets.push(set);
		const isRange = source.startsWith('-', end) && end + 1 < source.length && !source.startsWith(']', end + 1);
		const to = isRange ? readUnit(source, end + 1, modes, true) : from;
		if (!to.ok) return to;
		if (isRange) {
			// Where one of both is a class of its own, the hyphen stands for itself.
			const isPlain = code === null || to.value.code === null;
			if (!isPlain && code > to.value.code) return refuse(at, 'the range ends before it begins');
			sets.push(isPlain ? range(0x2d, 0x2d) : range(code, to.value.code), to.value.set);
		}
		at = to.value.end;
	}
	const all = modes.includes('i') ? inBothCases(union(sets)) : union(sets);
	return ok({set: isNegated ? complement(all) : all, end: at + 1});
}

const CODES: Readonly<Record<string, number>> = {0: 0, t: 0x09, n: 0x0a, v: 0x0b, f: 0x0c, r: 0x0d};
const CLASSES: Readonly<Record<string, Characters>> = {d: DIGITS, w: WORD, s: SPACES};
const HEXADECIMAL = /\\(?:x([\da-f]{2})|u([\da-f]{4}))/iy;

/** A character or an escape; `code` is null for an escape that stands for many. */
function readUnit(
	source: string, at: number, modes: string, isInClass = false,
): Read<{readonly set: Characters; readonly code: number | null}> {
	const plain = (code: number, length: number): ReturnType<typeof readUnit> => {
		if (!modes.includes('i')) return ok({set: range(code, code), code, end: at + length});
		if (code >= 0x80) return refuse(at, 'only characters of ASCII can be matched in both cases');
		return ok({set: inBothCases(range(code, code)), code, end: at + length});
	};
	if (!source.startsWith('\\', at)) return plain(source.charCodeAt(at), 1);
	const letter = source.charAt(at + 1);
	if (letter === '') return refuse(at, 'nothing follows the last backslash');
	HEXADECIMAL.lastIndex = at;
	const [whole = '', two, four = two] = HEXADECIMAL.exec(source) ?? [];
	if (four) return plain(parseInt(four, 16), whole.length);
	if (letter === 'x' || letter === 'u') return refuse(at, `\\${letter} takes ${letter === 'x' ? 'two' : 'four'} hexadecimal digits`);
	const many = CLASSES[letter.toLowerCase()];
	if (many) return ok({set: letter in CLASSES ? many : complement(many), code: null, end: at + 2});
	if (letter === 'b' && isInClass) return plain(0x08, 2);
	const code = CODES[letter];
	if (code === 0 && /\d/.test(source.charAt(at + 2))) return refuse(at, 'a number in octal is not supported: write \\x and two digits');
	if (code !== undefined) return plain(code, 2);
	if (/[1-9k]/.test(letter)) return unsupported(at, 'a backreference');
	if (/p/i.test(letter)) return refuse(at, `\\${letter} is not supported: write the characters in brackets`);
	return /[a-z]/i.test(letter) ? refuse(at, `\\${letter} stands for nothing`) : plain(letter.charCodeAt(0), 2);
}
