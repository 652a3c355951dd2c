/** Reads files of NAME=value lines as docker compose does (compose-spec, "env_file format"). */
import {expand, type Lookup} from './variables.ts';

/** Is told of the problems in a file of variables and of variables that are not set, each with its offset in the text. */
export interface Reporter {
	report(offset: number, message: string, hint?: string | null): void;
	unset(offset: number, name: string): void;
}

/**
 * The variables of a file, in its order. A name alone gets its value from `own`, archon's own environment.
 * Values without quotes or in double quotes can hold variables: archon's own, or those above. Where `own` is null, `$` is
 * an ordinary character. No problem shows a value, which may be a secret.
 */
export function readEnvFile(text: string, own: Lookup | null, hearing: Reporter): ReadonlyMap<string, string> {
	const variables = new Map<string, string>();
	let [at, length] = [0, 0];
	while (at < text.length) {
		LINE.lastIndex = at;
		const [line = '', indent = '', name, assigned] = LINE.exec(text) ?? [];
		const place = at + indent.length;
		at += line.length;
		if (name === undefined) {
			at = endOfLine(text, at);
			if (!/^\s*(#[^]*)?$/.test(text.slice(place, at))) {
				hearing.report(place, 'this is not NAME=value');
			}
		} else if (assigned === undefined) {
			const value = own?.(name);
			if (value !== undefined) variables.set(name, value);
		} else {
			const value = readValue(text, at, own ? '$$' : '$', hearing);
			at = value.end;
			const content = value.isLiteral || !own ? value.text : expandIn(value.text, place, name, own);
			length += content?.length ?? 0;
			if (length > LENGTH_MAX) {
				hearing.report(place, 'the values of all variables so far are longer than 1 MiB');
				return variables;
			}
			if (content !== null) variables.set(name, content);
		}
		at += 1;
	}
	return variables;

	function expandIn(written: string, place: number, name: string, own: Lookup): string | null {
		const expanded = expand(written, each => own(each) ?? variables.get(each), each => hearing.unset(place, each));
		if (expanded.ok) return expanded.value;
		hearing.report(place, `${name} ${expanded.error.why}`, expanded.error.hint);
		return null;
	}
}

/**
 * The same of a file in docker's own format (compose-spec, `format: raw`): what stands after the first `=` is the value, to
 * the end of the line, with quotes, `$` and `#` in it.
 */
export function readRawEnvFile(text: string, own: Lookup, {report}: Pick<Reporter, 'report'>): ReadonlyMap<string, string> {
	const variables = new Map<string, string>();
	let at = 0;
	for (const line of text.split('\n')) {
		const written = line.replace(/\r$/, '').trimStart();
		const place = at + line.length - line.trimStart().length;
		at += line.length + 1;
		if (written === '' || written.startsWith('#')) continue;
		const end = written.indexOf('=');
		const name = end < 0 ? written : written.slice(0, end);
		if (name === '' || /\s/.test(name)) {
			report(place, 'this is not NAME=value');
		} else {
			const value = end < 0 ? own(name) : written.slice(end + 1);
			if (value !== undefined) variables.set(name, value);
		}
	}
	return variables;
}

/** The limit of all values together, in characters: each can hold those above it, and so double the length. */
const LENGTH_MAX = 1024 * 1024;

/** Matches a name, with or without an assignment; matches nothing on other lines. */
const LINE = /([^\S\n]*)(?:(?:export[^\S\n]+)?([A-Za-z_][\w.-]*)[^\S\n]*(?:(=|:(?=\s|$))[^\S\n]*|(?=\n|$)))?/y;

/** `\'` does not end a single-quoted value, unless it is the last quote of the text. */
const SINGLE = /'((?:[^'\\]|\\[^])*)'|'([^']*)'/y;
const DOUBLE = /"((?:[^"\\]|\\[^])*)"/y;

interface Written {
	readonly text: string;
	/** Whether variables in it stay as they are. */
	readonly isLiteral: boolean;
	/** The offset after its line. */
	readonly end: number;
}

/** The value at an offset; in quotes it can span lines, and `\\$` in double quotes becomes `dollar`. */
function readValue(text: string, offset: number, dollar: string, {report}: Reporter): Written {
	const quoteMark = text[offset];
	if (quoteMark !== '"' && quoteMark !== '\'') {
		const end = endOfLine(text, offset);
		return {text: text.slice(offset, end).replace(/(^|\s)#[^]*$/, '').trim(), isLiteral: false, end};
	}
	const pattern = quoteMark === '"' ? DOUBLE : SINGLE;
	pattern.lastIndex = offset;
	const [whole, escaped, content = escaped ?? ''] = pattern.exec(text) ?? [];
	if (whole === undefined) {
		report(offset, `a ${quoteMark === '"' ? 'double' : 'single'} quote is not closed`);
		return {text: '', isLiteral: true, end: text.length};
	}
	const behind = offset + whole.length;
	const end = endOfLine(text, behind);
	const isRestEmpty = /^\s*(#[^]*)?$/.test(text.slice(behind, end));
	if (!isRestEmpty) report(behind, 'there is text after a closing quote');
	if (quoteMark === '\'') return {text: escaped === undefined ? content : content.replaceAll('\\\'', '\''), isLiteral: true, end};
	const unescaped = content.replace(/\\([nrt"\\$])/g, (_, escaped: string) => (escaped === '$' ? dollar : ESCAPES[escaped] ?? escaped));
	return {text: unescaped, isLiteral: false, end};
}

const ESCAPES: Readonly<Record<string, string>> = {n: '\n', r: '\r', t: '\t'};

function endOfLine(text: string, from: number): number {
	const end = text.indexOf('\n', from);
	return end < 0 ? text.length : end;
}
