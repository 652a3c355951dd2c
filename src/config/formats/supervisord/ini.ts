/**
 * Reads an INI file as supervisord does, with Python's ConfigParser: keys in lower case, `=` or `:` after them, comments at
 * the begin of a line and after a blank, further lines by their indentation, and sections that may be written in parts.
 */
import type {Place, Report, Source} from '../../problems.ts';

export interface Setting {
	readonly key: Place;
	readonly value: Place;
	/** Lines are joined by newlines. */
	readonly text: string;
}

export interface Section {
	readonly name: string;
	readonly at: Place;
	readonly settings: Map<string, Setting>;
}

/** By name, in the order in which each is met first. What is read later replaces what is there. */
export type Sections = Map<string, Section>;

/** What all sections have that do not say otherwise. */
const DEFAULTS = 'DEFAULT';

/** Adds the sections of a text. */
export function readIni(source: Source, sections: Sections, report: Report): void {
	const {text} = source;
	let section: Section | null = null;
	let open: {readonly name: string; readonly at: Place; readonly key: Place; readonly lines: string[]} | null = null;
	let indent = 0;
	let isTold = false;
	const close = (): void => {
		if (open && section) section.settings.set(open.name, {key: open.key, value: open.at, text: open.lines.join('\n').trimEnd()});
		open = null;
	};
	for (let start = 0; start < text.length;) {
		const end = endOfLine(text, start);
		const line = text.slice(start, end);
		const at = (column: number): Place => ({source, offset: start + column});
		const comment = commentIn(line);
		const value = line.slice(0, comment ?? line.length).trim();
		const column = line.search(/\S/);
		if (CONTROL.test(line)) report(at(line.search(CONTROL)), 'a control character cannot stand here');
		if (value === '') {
			// An empty line belongs to the value before it, a comment does not.
			if (comment === null && open) open.lines.push('');
		} else if (open && column > indent) {
			open.lines.push(value);
		} else {
			close();
			indent = column;
			const name = /^\[(.+)\]/.exec(value)?.[1];
			const [, key = '', sign = ''] = /^([^=:]*)([=:])/.exec(value) ?? [];
			if (name !== undefined) {
				section = sections.get(name) ?? {name, at: at(column), settings: new Map()};
				sections.set(name, section);
			} else if (!section) {
				if (!isTold) report(at(column), 'a [section] must come first');
				isTold = true;
			} else if (key.trim() === '' || sign === '') {
				report(at(column), 'this is neither a [section] nor KEY=value', 'indent it if it goes on with the value above');
			} else {
				const after = line.slice(column + key.length + 1);
				const place = at(column + key.length + 1 + Math.max(0, after.search(/\S/)));
				open = {name: key.trimEnd().toLowerCase(), at: place, key: at(column), lines: [value.slice(key.length + 1).trim()]};
			}
		}
		start = end + (text.startsWith('\r\n', end) ? 2 : 1);
	}
	close();
}

/** Takes the section of defaults away, and gives the others what they lack. */
export function applyDefaults(sections: Sections): void {
	const defaults = sections.get(DEFAULTS);
	sections.delete(DEFAULTS);
	for (const {settings} of sections.values()) {
		for (const [name, setting] of defaults?.settings ?? []) if (!settings.has(name)) settings.set(name, setting);
	}
}

/** They stand for variables where expressions are expanded. */
const CONTROL = /[\0-\x03]/;

/** Both at once: one that the text has not would be looked for to its end at each line. */
const END_OF_LINE = /[\r\n]/g;

function endOfLine(text: string, start: number): number {
	END_OF_LINE.lastIndex = start;
	return END_OF_LINE.exec(text)?.index ?? text.length;
}

/** Where a comment begins: at the begin of the line, or after a blank; null: nowhere. */
function commentIn(line: string): number | null {
	for (let at = 0; at < line.length; at++) {
		const char = line.charAt(at);
		if ((char === ';' || char === '#') && (at === 0 || /\s/.test(line.charAt(at - 1)))) return at;
	}
	return null;
}
