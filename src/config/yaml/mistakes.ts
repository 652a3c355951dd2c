/** Which mistake makes a text invalid YAML, in words for a person: from what `yaml` says, and from the line itself. */
import {inQuotes, quote} from '../problems.ts';

/** What `yaml` says of a text. */
export interface Raw {
	readonly code: string;
	readonly message: string;
	readonly pos: readonly [from: number, to: number];
}

/** What a text is read with. */
export interface Reader {
	/** What is wrong with it. */
	readonly errorsIn: (text: string) => readonly Raw[];
	/** Its smallest parts, and between them marks of one control character that are not part of it. */
	readonly lex: (text: string) => Iterable<string>;
}

export interface Mistake {
	readonly offset: number;
	readonly message: string;
	readonly hint: string | null;
	/** What cannot be judged because of it; null: nothing after it can. */
	readonly spoilt: Span | null;
	/** After another mistake this may just follow from that. */
	readonly isVague?: true;
}

/** From the first of these offsets up to the second. */
type Span = readonly [from: number, to: number];

/** How many mistakes of one text are reported. */
const MISTAKES_MAX = 10;

/** In characters: how much is read again to find mistakes after the first one. */
const AGAIN_MAX = 64 * 1024;

/** The mistakes of a text that is not valid YAML, in its order. */
export function mistakesIn(text: string, errors: readonly Raw[], reader: Reader): readonly Mistake[] {
	const mistakes: Mistake[] = [];
	let [rest, found, end] = [text, errors, -1];
	while (found.length > 0) {
		const mistake = firstMistake(rest, found, reader);
		// What stands before the end of the last mistake follows from it.
		if (mistake.offset < end || (mistake.isVague && mistakes.length > 0)) break;
		mistakes.push(mistake);
		if (!mistake.spoilt || mistakes.length === MISTAKES_MAX || text.length * mistakes.length > AGAIN_MAX) break;
		const [from, to] = mistake.spoilt;
		rest = rest.slice(0, from) + rest.slice(from, to).replace(/[^\n]/g, ' ') + rest.slice(to);
		end = to;
		found = reader.errorsIn(rest);
	}
	return mistakes;
}

function firstMistake(text: string, errors: readonly Raw[], reader: Reader): Mistake {
	const conflict = /^<{7} /m.exec(text);
	if (conflict && /^>{7} /m.test(text)) {
		const hint = 'keep one of the two sides, and remove the lines with <<<<<<<, ======= and >>>>>>>';
		return {offset: conflict.index, message: 'a merge conflict was left here', hint, spoilt: null};
	}
	const sorted = errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
	const first = sorted.find(({code}) => code !== 'BLOCK_IN_FLOW') ?? sorted[0]!;
	const isOn = (code: string): boolean => errors.some(each => each.code === code && each.pos[0] === first.pos[0]);
	const crossed = crossedIn(text, first.pos[1], reader);
	if (crossed) return crossed;
	const opening = sorted.find(isOfOpen);
	const open = opening ? openMistake(text, opening, reader) : null;
	if (open && open.offset <= first.pos[0]) return open;
	return BY_CODE[first.code]?.(text, first, isOn) ?? otherMistake(text, first);
}

type Judge = (text: string, raw: Raw, isOn: (code: string) => boolean) => Mistake | null;

const BY_CODE: Readonly<Record<string, Judge>> = {
	TAB_AS_INDENT: (text, {pos: [at]}) => ({
		offset: text.indexOf('\t', at), message: 'a tab indents this line', hint: 'indent with spaces', spoilt: null,
	}),
	BAD_ALIAS: (text, {pos: [at]}) => {
		const what = text[at] === '&' ? 'an anchor, the name of a value' : 'an alias, which repeats a value';
		return quotable(text, at, `${text[at]} begins ${what}, and no name follows`);
	},
	BAD_SCALAR_START: (text, {pos: [at]}) => quotable(text, at, `text cannot begin with ${text[at]}`),
	BAD_DQ_ESCAPE: (text, {pos: [at]}) => {
		const line = lineAt(text, at);
		const escape = text.slice(at, at + 2);
		return {
			offset: at, message: `${escape} means nothing in double quotes`, hint: `write \\${escape}, or use single quotes`,
			spoilt: [at, line.end],
		};
	},
	UNEXPECTED_TOKEN: judgeToken,
	BLOCK_AS_IMPLICIT_KEY: judgeColon,
	BAD_INDENT: judgeIndent,
	MULTILINE_IMPLICIT_KEY: judgeKey,
	MISSING_CHAR: judgeMissing,
};

function otherMistake(text: string, {pos: [at], message}: Raw): Mistake {
	const line = lineAt(text, at);
	return {
		// An error of indentation points at the line, and not at what stands there.
		offset: Math.max(at, line.start + line.indent),
		message: `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`, hint: null, spoilt: blockOf(text, line), isVague: true,
	};
}

/** A bracket that closes one of the other kind, in the lines up to the first error and the one after it. */
function crossedIn(text: string, until: number, {lex}: Reader): Mistake | null {
	const open: string[] = [];
	const end = lineAt(text, Math.min(lineAt(text, Math.min(until, text.length)).end + 1, text.length)).end;
	let offset = 0;
	for (const lexeme of lex(text)) {
		if (lexeme === '\x18') open.length = 0;
		if (lexeme === '\x02' || lexeme === '\x1f' || lexeme === '\x18') continue;
		if (offset > end) return null;
		const close = open.at(-1) === '[' ? ']' : '}';
		if (lexeme === '[' || lexeme === '{') open.push(lexeme);
		else if ((lexeme === ']' || lexeme === '}') && open.length > 0 && open.pop() !== (lexeme === ']' ? '[' : '{')) {
			return {offset, message: `${lexeme} stands where ${close} must close a bracket`, hint: `write ${close}`, spoilt: null};
		}
		offset += lexeme.length;
	}
	return null;
}

const isOfOpen = ({message}: Raw): boolean => /^(Flow (map|sequence)|Missing closing|Missing , between)/.test(message);

/** A quote or bracket before the error that nothing closes. */
function openMistake(text: string, {pos: [at]}: Raw, reader: Reader): Mistake | null {
	const open = openIn(text, at, reader);
	if (!open) return null;
	const {sign, offset} = open;
	const line = lineAt(text, offset);
	const written = withoutComment(text.slice(offset, line.end));
	const isQuote = sign === '"' || sign === '\'';
	const close = sign === '[' ? ']' : sign === '{' ? '}' : sign;
	// After a quote with brackets before it, it is not known what belongs to what.
	const isSimple = isQuote && /^.[^[\]{},]+$/.test(written) && written.length <= SHOWN_MAX;
	const isText = !isQuote && written.length > 1 && written.length <= SHOWN_MAX && !/[:,"']/.test(written);
	const hint = isQuote ? `close it${isSimple ? `: ${written}${sign}` : ''}`
		: `close it with ${close}${isText ? `, or quote the text: ${inQuotes(written)}` : ''}`;
	const end = isQuote ? line.end : Math.max(line.end, lineAt(text, at).start - 1);
	return {offset, message: `${sign} opens here, and no ${close} closes it`, hint, spoilt: [offset, end]};
}

/** The last of what is open at the first place where `yaml` gave up. */
function openIn(text: string, at: number, {lex}: Reader): {readonly sign: string; readonly offset: number} | null {
	const brackets: number[] = [];
	let offset = 0;
	for (const lexeme of lex(text)) {
		const [sign = ''] = lexeme;
		// The lexer's own marks: a document, a scalar; and brackets that the next line cannot belong to.
		if (lexeme === '\x18' && brackets.length > 0) break;
		if (lexeme === '\x02' || lexeme === '\x1f' || lexeme === '\x18') continue;
		if (offset > at) break;
		if ((sign === '"' || sign === '\'') && (lexeme.length === 1 || !lexeme.endsWith(sign))) return {sign, offset};
		if (lexeme === '[' || lexeme === '{') brackets.push(offset);
		else if (lexeme === ']' || lexeme === '}') brackets.pop();
		offset += lexeme.length;
	}
	const open = brackets.at(-1);
	return open === undefined ? null : {sign: text.charAt(open), offset: open};
}

/** Nothing but brackets is on it. */
const isAlone = (line: Line): boolean => /^[\]},]+$/.test(line.content);

function judgeToken(text: string, {message, pos: [at]}: Raw): Mistake | null {
	const sign = text.charAt(at);
	const line = lineAt(text, at);
	const before = text.slice(line.start, at);
	if (/flow-(map|seq)-end/.test(message)) {
		if (/: *$|^ *- *$/.test(before)) return quotable(text, at, `text cannot begin with ${sign}`);
		const spoilt: Span = before.trim() !== '' ? [at, at + 1] : isAlone(line) ? [line.start, line.end] : blockOf(text, line);
		return {offset: at, message: `${sign} closes nothing`, hint: 'remove it, or add what it should close', spoilt};
	}
	const header = /[|>][^\s|>]*\s*$/.exec(`${before}${/^Block scalar/.test(message) ? sign : ''}`);
	if (header && /^(Block scalar|Not a YAML token)/.test(message)) {
		const start = line.start + header.index;
		return quotable(text, start, `text cannot stand on the line of its ${text[start]}`, ', or put it on the next lines');
	}
	if (/^Unexpected block-seq-ind/.test(message)) {
		const hint = 'begin a new line with it, or put it in quotes if it is text';
		return {offset: at, message: 'a list item follows its key on the same line', hint, spoilt: [at, line.end]};
	}
	if (!/at node end$/.test(message)) {
		return /^Unexpected (\w+-quoted-)?scalar/.test(message) ? missingComma(text, at) : null;
	}
	const closing = /["'\]}](?=\s*$)/.exec(before);
	const start = line.start + startOfValue(text, line);
	if (!closing) return text[start] === '*' ? quotable(text, start, '* begins an alias, which repeats a value') : null;
	return behindClosing(text, at, closing[0]);
}

/** Something follows where a value has ended already. */
function behindClosing(text: string, at: number, closing: string): Mistake {
	const line = lineAt(text, at);
	const start = startOfValue(text, line);
	const written = withoutComment(text.slice(line.start + start, line.end));
	const hint = closing === '\'' && !/\s/.test(text.charAt(at - 1))
		? 'write \'\' for a \' within single quotes, or use double quotes'
		: `quote all of it${written.length > SHOWN_MAX ? '' : `: ${inQuotes(written)}`}`;
	return {offset: at, message: `text follows the closing ${closing}`, hint, spoilt: [line.start + start, line.end]};
}

/** After the key or dash, in its line. */
const startOfValue = (text: string, {start, end}: Line): number =>
	/^ *(?:- +)?(?:[\w./-]+: +)?/.exec(text.slice(start, end))?.[0].length ?? 0;

function missingComma(text: string, at: number): Mistake {
	const before = text.charAt(at - 1);
	if (before === '"' || before === '\'') return {...behindClosing(text, at, before), hint: 'write \\" for a " within double quotes'};
	return {offset: at, message: 'a comma is missing before this', hint: null, spoilt: null};
}

/** A colon, dash or question mark where text must go on; or a line that is too far in, so that its colon belongs to the line above. */
function judgeColon(text: string, raw: Raw, isOn: (code: string) => boolean): Mistake | null {
	const {pos: [at], message} = raw;
	const line = lineAt(text, at);
	if (/block sequence/.test(message)) return judgeItem(text, line);
	if (isOn('MULTILINE_IMPLICIT_KEY')) return tooFarIn(text, line);
	const written = withoutComment(text.slice(at, line.end));
	if (written.startsWith('? ')) return quotable(text, at, 'text cannot begin with "? "');
	const word = /^([\w.-]+): /.exec(written)?.[1];
	return quotable(text, at, '": " is not allowed inside text', word === undefined ? '' : `, or begin a new line with ${word}`);
}

/** A list item beside lines that are not list items. */
function judgeItem(text: string, at: Line): Mistake {
	const isItem = ({content}: Line): boolean => /^-(\s|$)/.test(content);
	const line = isItem(at) ? at : linesFrom(text, at.end + 1).find(isItem) ?? at;
	const above = linesAbove(text, line).find(({content, indent}) => indent < line.indent || /^-(\s|$)/.test(content));
	if (above && above.indent > line.indent) return indentMistake(text, line);
	const message = `${quote(line.content)} is an item of a list, and the lines before it are keys with values`;
	return {offset: line.start + line.indent, message, hint: 'write all of them in one way', spoilt: blockOf(text, line), isVague: true};
}

function judgeIndent(text: string, {pos: [at]}: Raw): Mistake | null {
	const line = lineAt(text, at);
	const dash = missingBlank(line);
	if (dash) return dash;
	const beside = linesAbove(text, line).find(({indent}) => indent <= line.indent);
	if (beside?.indent === line.indent && /^-(\s|$)/.test(beside.content) && !/^-/.test(line.content)) {
		const message = `${quote(line.content)} is a key with a value, and the lines before it are items of a list`;
		return {offset: line.start + line.indent, message, hint: 'write all of them in one way', spoilt: blockOf(text, line), isVague: true};
	}
	return indentMistake(text, line);
}

/** A line that should be a key with a value, and is not. */
function judgeKey(text: string, raw: Raw): Mistake | null {
	const {pos: [at]} = raw;
	const line = lineAt(text, at);
	if (at > line.start + line.indent) return tooFarIn(text, line);
	return keyMistake(text, line);
}

function judgeMissing(text: string, raw: Raw): Mistake | null {
	const {pos: [at], message} = raw;
	const line = lineAt(text, at);
	if (/^Missing , (or|between)/.test(message)) return missingComma(text, at);
	if (/directives-end/.test(message)) {
		const offset = text.search(/^%/m);
		return offset < 0 ? null : {offset, message: 'a line cannot begin with %', hint: 'remove it', spoilt: null};
	}
	return /^Implicit map keys/.test(message) ? keyMistake(text, line) : null;
}

function keyMistake(text: string, line: Line): Mistake {
	const {content} = line;
	const offset = line.start + line.indent;
	const spoilt = blockOf(text, line);
	const make = (message: string, written: string): Mistake =>
		({offset, message, hint: written.length > SHOWN_MAX ? null : `write "${written}"`, spoilt});
	const above = linesAbove(text, line)[0];
	if (above && /(^|\s)[|>][+-]?\d?$/.test(above.content)) {
		const message = 'text below | or > must be indented further than its key';
		return {offset, message, hint: `indent it by more than ${above.indent}`, spoilt};
	}
	const dash = missingBlank(line);
	if (dash) return dash;
	const close = /^([\w./-]+)( *):(?!\/\/)(\S.*)$/.exec(content);
	if (close) return make(`a space is missing after ${close[1]}:`, `${close[1]}: ${close[3]}`);
	const assigned = /^([\w.-]+) *=(.*)$/.exec(content);
	if (assigned) return make(`${assigned[1]} has = where a colon belongs`, `${assigned[1]}: ${assigned[2]?.trim()}`);
	const bare = /^([\w./-]+) *[;,]?$/.exec(content);
	if (bare) return make(`a colon is missing after ${bare[1]}`, `${bare[1]}:`);
	const apart = /^([A-Za-z][\w.-]*)[;,]? +(.*)$/.exec(content);
	if (apart) return make(`a colon is missing after ${apart[1]}`, `${apart[1]}: ${apart[2]}`);
	return {offset, message: `${quote(content)} is neither a key with a colon nor a list item`, hint: null, spoilt};
}

/** `-x` among `- x`. */
function missingBlank(line: Line): Mistake | null {
	const item = /^-([^\s-].*)$/.exec(line.content)?.[1];
	if (item === undefined) return null;
	return {
		offset: line.start + line.indent, message: 'a space is missing after -',
		hint: item.length > SHOWN_MAX ? null : `write "- ${item}"`, spoilt: [line.start, line.end],
	};
}

/** The line after this one continues its text, and has a colon. */
function tooFarIn(text: string, line: Line): Mistake | null {
	const below = linesFrom(text, line.end + 1).find(each => each.indent > line.indent && /:(\s|$)/.test(each.content));
	return below ? indentMistake(text, below) : null;
}

function indentMistake(text: string, line: Line): Mistake {
	const open: number[] = [];
	// From the line above outwards: each that is not as far in as those passed so far is a place where this one could belong.
	for (const {indent} of linesAbove(text, line)) {
		if (indent < (open.at(-1) ?? Infinity)) open.push(indent);
		if (indent < line.indent) break;
	}
	const choices = open.slice(-2);
	if (choices.includes(line.indent)) {
		const message = `${quote(line.content)} does not continue what is above it`;
		return {offset: line.start + line.indent, message, hint: null, spoilt: null, isVague: true};
	}
	const places = choices.map(String).join(' or ');
	return {
		offset: line.start + line.indent, message: `this line is indented by ${line.indent}, and those above it by ${places}`,
		hint: choices.length === 1 ? `indent it by ${places}` : 'indent it like the lines that it belongs to',
		spoilt: blockOf(text, line), isVague: true,
	};
}

/** Text that has to be in quotes. */
function quotable(text: string, at: number, message: string, or = ''): Mistake {
	const line = lineAt(text, at);
	const written = withoutComment(text.slice(at, line.end));
	const hint = written.length > SHOWN_MAX ? 'put it in quotes' : `quote it: ${inQuotes(written)}`;
	return {offset: at, message, hint: `${hint}${or}`, spoilt: [at, line.end]};
}

/** In characters: what is shown as it should be written. */
const SHOWN_MAX = 60;

interface Line {
	readonly start: number;
	/** Without the line end. */
	readonly end: number;
	/** In spaces. */
	readonly indent: number;
	/** Without spaces and comments around it. */
	readonly content: string;
}

function lineAt(text: string, offset: number): Line {
	// From -1 lastIndexOf would look at the first character.
	const start = offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
	const newline = text.indexOf('\n', offset);
	const end = newline < 0 ? text.length : newline;
	const written = text.slice(start, end);
	const indent = /^ */.exec(written)![0].length;
	return {start, end, indent, content: withoutComment(written.slice(indent))};
}

const withoutComment = (written: string): string => written.replace(/(^|\s)#.*$/, '').trimEnd();

/** The lines that say something, from an offset at which one begins. */
function linesFrom(text: string, offset: number): readonly Line[] {
	const lines: Line[] = [];
	for (let at = offset; at < text.length && lines.length < LINES_MAX;) {
		const line = lineAt(text, at);
		if (line.content !== '') lines.push(line);
		at = line.end + 1;
	}
	return lines;
}

/** The lines above that say something, from the nearest. */
function linesAbove(text: string, line: Line): readonly Line[] {
	const lines: Line[] = [];
	for (let at = line.start - 1; at >= 0 && lines.length < LINES_MAX;) {
		const above = lineAt(text, at);
		if (above.content !== '') lines.push(above);
		at = above.start - 1;
	}
	return lines;
}

/** How many lines around a mistake are examined. */
const LINES_MAX = 1000;

/** The line with all below it that is further in. */
function blockOf(text: string, line: Line): Span {
	let {end} = line;
	for (const below of linesFrom(text, line.end + 1)) {
		if (below.indent <= line.indent) break;
		({end} = below);
	}
	return [line.start, end];
}
