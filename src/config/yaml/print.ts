/** Values → YAML as a person would write it, which reads back to the same values. */
import type {Mapping, Scalar, Value} from '../values.ts';

/** Lines without `#`, by the value before whose content they stand. */
export type Comments = ReadonlyMap<Value, readonly string[]>;

/** The text of a value, with comments beside those that have some. */
export function printYaml(value: Value, comments: Comments = new Map()): string {
	const lines: string[] = [];
	printBlock(value, '', comments, lines);
	return `${lines.join('\n')}\n`;
}

const INDENT = '  ';
/** In characters: what is shorter may stand between brackets on one line. */
const WIDTH = 100;

/** The lines of a value that begins on a line of its own. */
function printBlock(value: Value, indent: string, comments: Comments, lines: string[]): void {
	for (const comment of comments.get(value) ?? []) lines.push(`${indent}# ${comment}`.trimEnd());
	if (value.kind === 'map' && value.entries.size > 0) {
		for (const [name, entry] of value.entries) {
			const begin = `${indent}${inline(name, false)}:`;
			if (isEmptyMap(entry.value) && comments.has(entry.value)) {
				lines.push(begin);
				printBlock(entry.value, indent + INDENT, comments, lines);
			} else {
				printAfter(begin, entry.value, indent, comments, lines);
			}
		}
	} else if (value.kind === 'list' && value.items.length > 0) {
		for (const item of value.items) printItem(item, indent, comments, lines);
	} else {
		lines.push(`${indent}${flow(value)}`);
	}
}

/** The first line of a block stands behind the dash. */
function printItem(item: Value, indent: string, comments: Comments, lines: string[]): void {
	const isBlock = item.kind !== 'scalar' && !comments.has(item) && fittingFlow(item, WIDTH - indent.length) === null;
	if (!isBlock) return printAfter(`${indent}-`, item, indent, comments, lines);
	const from = lines.length;
	printBlock(item, indent + INDENT, comments, lines);
	lines[from] = `${indent}- ${(lines[from] ?? '').trimStart()}`;
}

const isEmptyMap = (value: Value): value is Mapping => value.kind === 'map' && value.entries.size === 0;

/** A value after `name:` or `-`: on the same line if it fits there. */
function printAfter(begin: string, value: Value, indent: string, comments: Comments, lines: string[]): void {
	if (value.kind === 'scalar') {
		const text = literalOf(value);
		if (text === null) lines.push(`${begin} ${flow(value)}`.trimEnd());
		else lines.push(`${begin} ${text.sign}`, ...text.lines.map(line => (line === '' ? '' : indent + INDENT + line)));
		return;
	}
	const short = hasComment(value, comments) ? null : fittingFlow(value, WIDTH - begin.length) ?? smallFlow(value, indent);
	if (short !== null) {
		lines.push(`${begin} ${short}`);
	} else {
		lines.push(begin);
		printBlock(value, indent + INDENT, comments, lines);
	}
}

function hasComment(value: Value, comments: Comments): boolean {
	if (comments.has(value)) return true;
	const parts = value.kind === 'list' ? value.items : value.kind === 'map' ? [...value.entries.values()].map(({value}) => value) : [];
	return parts.some(part => hasComment(part, comments));
}

/** A list of texts on one line, or a map or list that is empty; null if it is more, or too long. */
function fittingFlow(value: Value, width: number): string | null {
	if (value.kind === 'map') return value.entries.size === 0 ? '{}' : null;
	if (value.kind === 'list' && value.items.some(item => item.kind !== 'scalar' || item.text.includes('\n'))) return null;
	const text = flow(value);
	return text.length <= width ? text : null;
}

/** A map of few short texts on one line, but for services, of which each key has a line. */
function smallFlow(value: Value, indent: string): string | null {
	if (value.kind !== 'map' || value.entries.size > SMALL || indent === INDENT) return null;
	const isFlat = [...value.entries.values()].every(({value}) => value.kind === 'scalar' && !value.text.includes('\n'));
	const text = isFlat ? flow(value) : '';
	return isFlat && text.length <= SMALL_WIDTH ? text : null;
}

/** How many keys, and how many characters. */
const SMALL = 4;
const SMALL_WIDTH = 70;

/** On one line, whatever it is. */
export function flow(value: Value): string {
	switch (value.kind) {
		case 'scalar': return inline(value.text, value.plain);
		case 'list': return `[${value.items.map(flow).join(', ')}]`;
		case 'map': return `{${[...value.entries].map(([name, entry]) => `${inline(name, false)}: ${flow(entry.value)}`).join(', ')}}`;
	}
}

/** Words that are no text where nothing quotes them, here or in YAML 1.1 (compose-go, PyYAML). */
const WORDS = /^(?:~|null|true|false|yes|no|on|off|y|n)$/i;
const NUMERIC = /^[-+.]?\d/;
const NUMBER = /^-?\d+(?:\.\d+)?$/;
/** What needs no quotes anywhere, between brackets too: words with single spaces. */
const WORD = String.raw`(?:[\w./+$%@=^~()!?*&'|<>-]|:(?=[\w/]))`;
const SAFE = new RegExp(String.raw`^(?:--?(?=[A-Za-z]))?[\w./+$=^~(]${WORD}*(?: ${WORD}+)*$`);

/** `isPlain`: it was written without quotes, and means what YAML makes of it. */
function inline(text: string, isPlain: boolean): string {
	if (isPlain && (text === '' || text === '~' || /^null$/i.test(text))) return 'null';
	if (isPlain && NUMBER.test(text)) return text;
	const isWord = WORDS.test(text) || NUMERIC.test(text);
	if (text.length <= QUOTED_FROM && SAFE.test(text) && (!isWord || isPlain)) return text;
	return /["\\]/.test(text) && PRINTABLE.test(text) && !text.includes('\n') ? `'${text.replaceAll('\'', '\'\'')}'` : doubleQuoted(text);
}

/** In characters; the pattern above is asked for short texts only. */
const QUOTED_FROM = 1000;
const PRINTABLE = /^[\n -~\u00a0-\u2027\u2030-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/;

const doubleQuoted = (text: string): string => JSON.stringify(text).replace(
	/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
);

/** A text of several lines as a block, as scripts are read best; null where quotes are needed or shorter. */
function literalOf({text}: Scalar): {readonly sign: string; readonly lines: readonly string[]} | null {
	const body = text.endsWith('\n') ? text.slice(0, -1) : text;
	if (!body.includes('\n') || !PRINTABLE.test(body) || /^\s|[ \n]$|\n[ ]+(?:\n|$)/.test(body)) return null;
	return {sign: text.endsWith('\n') ? '|' : '|-', lines: body.split('\n')};
}
