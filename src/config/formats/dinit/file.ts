/** Service descriptions of dinit: lines of settings, with includes, quotes and variables (dinit-service(5)). */
import {dirname, join} from '../../../core/path.ts';
import type {Lookups} from '../../planning.ts';
import {quote, type Place, type Report, type Source} from '../../problems.ts';

export interface Setting {
	readonly at: Place;
	readonly name: string;
	/** `+=`: added to what is said before. */
	readonly isMore: boolean;
	/** As it is written, without comments. */
	readonly text: string;
	readonly valueAt: Place;
}

/** A word as archon's own format has it: with `${NAME}` for variables, and `$$` for `$`. */
export interface Word {
	readonly text: string;
	/** A variable whose value dinit would split into words. */
	readonly splits: string | null;
}

const DEPTH_MAX = 8;
const LINES_MAX = 10_000;

/** The settings of a file and of those that it includes, whose paths are added. */
export function readSettings(source: Source, lookups: Lookups, report: Report, included: Set<string>): readonly Setting[] {
	const settings: Setting[] = [];
	const visit = (source: Source, depth: number): void => {
		for (const {text, offset} of linesOf(source.text)) {
			const at: Place = {source, offset};
			const [, meta, target = ''] = /^@([a-z-]+)\s*(.*)$/.exec(text) ?? [];
			if (settings.length >= LINES_MAX) {
				report(at, `there are more than ${LINES_MAX} settings`);
				return;
			}
			if (meta === 'include' || meta === 'include-opt') {
				const path = pathFrom(source, plainText(target));
				included.add(path);
				const found = depth < DEPTH_MAX ? lookups.readFile(path) : null;
				if (!found) report(at, `includes are more than ${DEPTH_MAX} deep`);
				else if (found.ok) visit(found.value, depth + 1);
				else if (meta === 'include' || !found.error.missing) report(at, found.error.problem.message);
				continue;
			}
			if (meta !== undefined) {
				settings.push({at, name: `@${meta}`, isMore: false, text: target, valueAt: at});
				continue;
			}
			const [head, name = '', operator = ''] = /^([\w.-]+)\s*(\+=|=|:)\s*/.exec(text) ?? [];
			if (head === undefined) {
				report(at, `${quote(text)} is no setting`, 'write NAME = VALUE');
				continue;
			}
			const valueAt = {source, offset: offset + head.length};
			settings.push({at, name, isMore: operator === '+=', text: text.slice(head.length), valueAt});
		}
	};
	visit(source, 0);
	return settings;
}

/** Relative paths begin where the description is. */
export const pathFrom = ({file}: Source, path: string): string => (path.startsWith('/') ? path : join(dirname(file), path));

/** Lines without comments and outer blanks; one that ends in a backslash goes on in the next. */
function linesOf(text: string): readonly {readonly text: string; readonly offset: number}[] {
	const lines: {text: string; offset: number}[] = [];
	let offset = 0;
	let open: {text: string; offset: number} | null = null;
	for (const line of text.split('\n')) {
		const begin = line.length - line.trimStart().length;
		const goesOn = /\\\r?$/.test(line) && !/\\\\\r?$/.test(line);
		const content = goesOn ? line.replace(/\\\r?$/, '') : line;
		const joined: {text: string; offset: number} = open ? {...open, text: open.text + content} : {text: content, offset: offset + begin};
		offset += line.length + 1;
		open = goesOn ? joined : null;
		const bare = goesOn ? '' : withoutComment(joined.text).trim();
		if (bare !== '') lines.push({...joined, text: bare});
	}
	return lines;
}

/** A comment begins with `#` at the begin or after a blank, outside of quotes. */
function withoutComment(line: string): string {
	let isQuoted = false;
	for (let at = 0; at < line.length; at++) {
		const character = line[at];
		if (character === '\\') at += 1;
		else if (character === '"') isQuoted = !isQuoted;
		else if (character === '#' && !isQuoted && (at === 0 || /\s/.test(line[at - 1] ?? ''))) return line.slice(0, at);
	}
	return line;
}

/** The words of a command, or a value as one word; `argument`: what `$1` stands for. */
export function readWords(text: string, argument: string | null): readonly Word[] {
	const words: Word[] = [];
	let [parts, splits, isQuoted, isBegun]: [string[], string | null, boolean, boolean] = [[], null, false, false];
	const end = (): void => {
		if (isBegun) words.push({text: parts.join(''), splits});
		[parts, splits, isBegun] = [[], null, false];
	};
	for (let at = 0; at < text.length; at++) {
		const character = text[at] ?? '';
		if (/\s/.test(character) && !isQuoted) {
			end();
			continue;
		}
		isBegun = true;
		if (character === '"') {
			isQuoted = !isQuoted;
		} else if (character === '\\') {
			parts.push(escape(text[++at] ?? ''));
		} else if (character === '$') {
			const variable = readVariable(text.slice(at, at + VARIABLE_MAX), argument);
			if (variable?.splits) splits = variable.name;
			parts.push(variable?.text ?? '$$');
			at += (variable?.length ?? 1) - 1;
		} else {
			parts.push(escape(character));
		}
	}
	end();
	return words.map(word => ({...word, text: word.text.replace(/(?<!\$)\{(?=(?:instance|index|service|name)\})/g, '\\{')}));
}

const VARIABLE_MAX = 1000;

const escape = (text: string): string => (text === '$' ? '$$' : text);

/** `$NAME`, `${NAME}`, `${NAME:-default}` and the like; `$/` before a name splits its value; `$$` is `$`. */
function readVariable(
	text: string, argument: string | null,
): {readonly text: string; readonly length: number; readonly name: string; readonly splits: boolean} | null {
	if (text.startsWith('$$')) return {text: '$$', length: 2, name: '', splits: false};
	const found = /^\$(\/?)(?:(\d|[A-Za-z_]\w*)|\{(\d|[A-Za-z_]\w*)(:?[-+][^{}$]*)?\})/.exec(text);
	if (!found) return null;
	const [whole, slash, bare, braced, rest = ''] = found;
	const name = bare ?? braced ?? '';
	const isArgument = /^\d$/.test(name);
	return {
		text: isArgument ? (argument ?? '').replaceAll('$', '$$$$') : `\${${name}${rest}}`, length: whole.length, name, splits: slash === '/',
	};
}

/** A value without variables: blanks are one space, quotes and backslashes are taken away. */
export const plainText = (text: string): string => readWords(text, null).map(word => word.text.replaceAll('$$', '$')).join(' ');
