/** Reads files of NAME=value lines as docker compose does (compose-spec, "env_file format"). */
import {expand, type Lookup} from './variables.ts';

/** Hears what is wrong with a file of variables, and which names in it nothing stands for; each with its place in the text. */
export interface Reporter {
	report(offset: number, message: string, hint?: string | null): void;
	unset(offset: number, name: string): void;
}

/**
 * The variables of a file, in its order. A name alone has the value that `own`, archon's own environment, has for it.
 * Values without quotes or in double quotes may hold variables: archon's own, or those above; where `own` is null a
 * `$` means nothing. No problem repeats a value, which may be a secret.
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

/** Of all values together, in characters: each may hold those above it, and so be twice as long. */
const LENGTH_MAX = 1024 * 1024;

/** A name, and whether something is assigned to it. Nothing where there is neither. */
const LINE = /([^\S\n]*)(?:(?:export[^\S\n]+)?([A-Za-z_][\w.-]*)[^\S\n]*(?:(=|:(?=\s|$))[^\S\n]*|(?=\n|$)))?/y;

/** `\'` is one that does not end it; where the last one is so, it does. */
const SINGLE = /'((?:[^'\\]|\\[^])*)'|'([^']*)'/y;
const DOUBLE = /"((?:[^"\\]|\\[^])*)"/y;

interface Written {
	readonly text: string;
	/** Whether nothing in it is to be expanded. */
	readonly isLiteral: boolean;
	/** Behind its line. */
	readonly end: number;
}

/** The value at a place; in quotes it may go over several lines, and there `\\$` is `dollar`. */
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
	if (!isRestEmpty) report(behind, 'something stands behind a closing quote');
	if (quoteMark === '\'') return {text: escaped === undefined ? content : content.replaceAll('\\\'', '\''), isLiteral: true, end};
	const unescaped = content.replace(/\\([nrt"\\$])/g, (_, escaped: string) => (escaped === '$' ? dollar : ESCAPES[escaped] ?? escaped));
	return {text: unescaped, isLiteral: false, end};
}

const ESCAPES: Readonly<Record<string, string>> = {n: '\n', r: '\r', t: '\t'};

function endOfLine(text: string, from: number): number {
	const end = text.indexOf('\n', from);
	return end < 0 ? text.length : end;
}
