/**
 * The lines of a manifest and of a hitlist. `web|/opt/web` is the program web at /opt/web, as is `/opt/web|web`; `#` begins a
 * comment at the begin of a line or behind a space. A line that means nothing is told with its number, and the others count. Pure.
 */
import {basename, isAbsolute} from '../../../core/path.ts';

export type Kind = 'manifest' | 'hitlist';

/** What one line says. */
export interface Item {
	/** Of the line, from 1. */
	readonly line: number;
	/** Null: the line has a path alone, which only a hitlist may have. */
	readonly name: string | null;
	/** Of its executable, an absolute path; null: the line has a name alone, and means the service of that name. */
	readonly path: string | null;
}

export interface Problem {
	readonly line: number;
	readonly why: string;
}

/** What a whole file says. */
export interface Listing {
	readonly items: readonly Item[];
	readonly problems: readonly Problem[];
}

/** How large a file may be, how many lines of it are read, and how many of its problems are told. */
export const [BYTES_MAX, LINES_MAX, PROBLEMS_MAX] = [1 << 20, 10_000, 100];

/** PATH_MAX, with its NUL; and what a name may come to. */
const [PATH_MAX, NAME_MAX] = [4095, 64];

/** As a service's name; and what names of archon's own are like. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const RESERVED = /^(?:all|archon|archon\..*)$/;

/** What no path of a program has in it. */
const CONTROL = /[\0-\x1f\x7f]/;

/** Reads line by line, so that a long file can be read in pieces. */
export interface Reading {
	/** The next line, without its newline. */
	take(text: string): void;
	listing(): Listing;
}

export function beginReading(kind: Kind): Reading {
	const items: Item[] = [];
	const problems: Problem[] = [];
	/** By what each name and path was listed first. */
	const known = new Map<string, number>();
	let line = 0;
	const complain = (why: string): void => {
		if (problems.length < PROBLEMS_MAX) problems.push({line, why});
	};
	return {
		take(text) {
			line += 1;
			if (line > LINES_MAX) {
				if (line === LINES_MAX + 1) problems.push({line, why: `only ${LINES_MAX} lines are read`});
				return;
			}
			const item = readLine(text, line, kind);
			if (item === null) return;
			if (typeof item === 'string') return complain(item);
			// A hitlist may have a name with several paths, and by itself.
			const id = kind === 'manifest' ? item.name ?? '' : [item.name, item.path].filter(part => part !== null).join('|');
			const first = known.get(id);
			if (first !== undefined) return complain(`${id} is listed already, in line ${first}`);
			known.set(id, line);
			items.push(item);
		},
		listing: () => ({items, problems}),
	};
}

/** A whole text at once. */
export function parse(text: string, kind: Kind): Listing {
	const reading = beginReading(kind);
	for (const line of linesOf(text)) reading.take(line);
	return reading.listing();
}

/** The lines of a text; the end of the last one begins no further one. */
export function linesOf(text: string): readonly string[] {
	const lines = text.split('\n');
	if (lines.at(-1) === '') lines.pop();
	return lines;
}

/** What a line says; null: nothing; a text: what is wrong with it. */
export function readLine(text: string, line: number, kind: Kind): Item | string | null {
	const written = withoutComment(text);
	if (written === '') return null;
	if (CONTROL.test(written)) return 'has a control character';
	const bar = written.indexOf('|');
	if (bar < 0) return alone(written, line, kind);
	const [first, second] = [written.slice(0, bar).trim(), written.slice(bar + 1).trim()];
	if (second.includes('|')) return 'has more than two fields; write name|/path/to/program';
	if (first === '' || second === '') return `has no ${first === '' ? 'first' : 'second'} field; write name|/path/to/program`;
	const isPathFirst = first.includes('/') && !second.includes('/');
	const [given, path] = isPathFirst ? [second, first] : [first, second];
	// Where both are paths the first is the name, and a service's name has no slash.
	return item(line, given.includes('/') ? basename(given) : given, path);
}

function alone(written: string, line: number, kind: Kind): Item | string {
	if (!written.includes('/')) {
		if (faultOfName(written) === null) return item(line, written, null);
		return `is no program: ${written.slice(0, NAME_MAX)}; write name|/path/to/program`;
	}
	if (kind === 'manifest') return `has no name; write ${basename(written) || 'name'}|${written}`;
	const why = faultOfPath(written);
	return why ?? {line, name: null, path: written};
}

function item(line: number, name: string, written: string | null): Item | string {
	// A folder in which the program of that name lies.
	const path = written?.endsWith('/') ? `${written}${name}` : written;
	return faultOfName(name) ?? (path === null ? null : faultOfPath(path)) ?? {line, name, path};
}

/** What keeps a text from being the name of a program. */
export function faultOfName(name: string): string | null {
	if (name.length > NAME_MAX) return `has a name of more than ${NAME_MAX} characters`;
	if (RESERVED.test(name)) return `cannot be called ${name}: that is archon's own`;
	return NAME.test(name) ? null : `cannot be called ${JSON.stringify(name)}: a name has letters, digits, ".", "_" and "-"`;
}

/** What keeps a text from being the path of a program. */
export function faultOfPath(path: string): string | null {
	if (!path.includes('/')) return 'has no destination with a slash in it; write name|/path/to/program';
	if (!isAbsolute(path)) return `has a path that is not absolute: ${path}`;
	if (path.length > PATH_MAX) return 'has a path that is too long';
	if (path.endsWith('/')) return `has a folder and no program: ${path}`;
	if (CONTROL.test(path) || path.includes('|')) return 'has a path with a character that a line cannot hold';
	return path.split('/').some(part => part === '..' || part === '.') ? `has a path with . or .. in it: ${path}` : null;
}

function withoutComment(text: string): string {
	const hash = text.indexOf('#');
	if (hash < 0) return text.trim();
	for (let at = hash; at >= 0; at = text.indexOf('#', at + 1)) {
		const before = text.slice(0, at);
		if (before.trim() === '' || /\s$/.test(before.slice(-1))) return before.trim();
	}
	return text.trim();
}
