/** What is wrong with a config and where: collected while reading on, reported all at once. */
import {nearest} from '../core/nearest.ts';
import {dirname} from '../core/path.ts';
import type {Environment} from '../core/variables.ts';

/** One config file's text, or a directory, and the name it has for the user. */
export interface Source {
	readonly file: string;
	/** Of a directory an empty one. */
	readonly text: string;
	/** What is in it if it is a directory. */
	readonly names?: readonly string[];
	/** Where relative paths in it begin, if not in its own directory (compose-spec, `project_directory`). */
	readonly directory?: string;
	/** Variables for `${NAME}` in it, under archon's own. */
	readonly variables?: Environment;
	/** The names in the directories that are in it. */
	readonly folders?: ReadonlyMap<string, readonly string[]>;
}

/** A place in a text; `offset` counts from 0 in UTF-16 units. Line numbers are computed only for what is reported. */
export interface Place {
	readonly source: Source;
	readonly offset: number;
}

/** Where a relative path at a place begins. */
export const directoryOf = ({source}: Place): string => source.directory ?? dirname(source.file);

/** Something wrong with the user's config. */
export interface Problem {
	readonly file: string;
	/** From 1; 0 for both if the problem is with the file and not with a place in it. */
	readonly line: number;
	readonly column: number;
	/** Lower case, no full stop. */
	readonly message: string;
	/** What to do about it, in the same tone. */
	readonly hint: string | null;
}

/** Takes down one problem. The same one at the same place counts once. */
export type Report = (place: Place, message: string, hint?: Hint) => void;

/** One that costs a search is a function: it is asked only for the first few problems. */
export type Hint = string | null | (() => string | null);

/** Adds a word to the one problem that all such words share, which is reported at the place of the first. */
export type Gather = (place: Place, message: string, word: string) => void;

export interface Collector {
	readonly report: Report;
	readonly gather: Gather;
	/** The first of them: source by source, each in the order of its text. */
	readonly problems: () => readonly Problem[];
	/** All that something was told of, and those that were given. */
	readonly sources: () => readonly Source[];
}

/** How many problems of one config are reported; a last line says how many more there are. */
const PROBLEMS_MAX = 100;
/** How many hints are searched for. */
const SEARCHES_MAX = 20;
/** How many words are named in one problem. */
const WORDS_MAX = 100;
/** In characters; all else is the user's own text, over and over. */
const MESSAGE_MAX = 2000;

/** A place to put the problems of some sources, and of others that are met on the way. */
export function collector(sources: readonly Source[]): Collector {
	const found = new Map<Source, Map<string, Finding>>(sources.map(source => [source, new Map()]));
	const gathered = new Map<string, {readonly place: Place; readonly words: Set<string>}>();
	let [count, excess, searches] = [0, 0, 0];
	const search = (hint: () => string | null): string | null => (++searches > SEARCHES_MAX ? null : hint());
	const report: Report = ({source, offset}, message, hint = null) => {
		const text = message.length > MESSAGE_MAX ? `${message.slice(0, MESSAGE_MAX)}…` : message;
		const findings = found.get(source) ?? new Map<string, Finding>();
		// What several services have from one place (an anchor) is reported for the first.
		const key = `${offset} ${text.replaceAll(/\bservices\.[^.: ]+/g, '')}`;
		if (findings.has(key)) return;
		if (++count > PROBLEMS_MAX) return void (excess += 1);
		found.set(source, findings.set(key, {offset, message: text, hint: typeof hint === 'function' ? search(hint) : hint}));
	};
	return {
		report,
		gather: (place, message, word) => {
			const words = gathered.get(message)?.words ?? new Set();
			if (words.size === 0) gathered.set(message, {place, words});
			words.add(word);
		},
		problems: () => {
			for (const [message, {place, words}] of gathered) report(place, `${message}: ${listed([...words])}`);
			const told = [...found].flatMap(([source, findings]) => located(source, [...findings.values()]));
			return excess === 0 ? told : [...told, fileProblem('', `and ${excess} more`)];
		},
		sources: () => [...found.keys()],
	};
}

const listed = (words: readonly string[]): string => words.length <= WORDS_MAX
	? words.join(', ') : `${words.slice(0, WORDS_MAX).join(', ')} and ${words.length - WORDS_MAX} more`;

/** The line and column of a place; 0 for both if it is a directory. */
export function locate({source: {file, text, names}, offset}: Place): Pick<Problem, 'file' | 'line' | 'column'> {
	if (names) return {file, line: 0, column: 0};
	const lines = text.slice(0, offset).split('\n');
	return {file, line: lines.length, column: (lines.at(-1) ?? '').length + 1};
}

/** A problem with a file as a whole; its message names the file. */
export const fileProblem = (file: string, message: string, hint: string | null = null): Problem =>
	({file, line: 0, column: 0, message, hint});

/** One line: `archon.yaml:3:5: unknown key "comand" in services.web; did you mean "command"?` */
export const formatProblem = (problem: Problem): string =>
	`${formatPlace(problem)}${problem.message}${problem.hint === null ? '' : `; ${problem.hint}`}`;

/** `archon.yaml:3:5: `; empty for a problem with a file as a whole. */
export const formatPlace = ({file, line, column}: Problem): string => (line > 0 ? `${file}:${line}:${column}: ` : '');

/** The user's own text as a part of a message: on one line, and short. */
export const quote = (text: string): string =>
	JSON.stringify(text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}…` : text).replaceAll(UNSEEN, escaped);

/** What JSON leaves as it is, and a terminal obeys or shows as nothing: text may look like another one by them. */
const UNSEEN = /[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

const QUOTED_LENGTH = 60;

/** The same of a text that stands at a place: as it is written there, for the value of a variable may be a secret. */
export const quoteWritten = (place: Place, text: string): string => quote(writtenIn(place) ?? text);

/** What is written at a place if it holds variables; else null. */
export const writtenIn = (place: Place): string | null =>
	('text' in place && typeof place.text === 'string' && place.text.includes('$') ? place.text : null);

/** What is said of a file that cannot be read (read.ts), with its path as it is written; null: as it is. */
export function nameAs(written: string | null, file: string, message: string): string {
	if (written === null) return message;
	if (message.startsWith(`${file} `)) return `${written}${message.slice(file.length)}`;
	const begin = `cannot read ${file}: `;
	return message.startsWith(begin) ? `cannot read ${written}: ${message.slice(begin.length)}` : `${written} cannot be read`;
}

/** A text as YAML has it in quotes: double ones, unless they would change it. */
export const inQuotes = (text: string): string => (/["\\]/.test(text) ? `'${text.replaceAll('\'', '\'\'')}'` : `"${text}"`);

/** As a hint: the known word that may have been meant. */
export function didYouMean(word: string, known: Iterable<string>): string | null {
	const meant = nearest(word, known);
	return meant === null ? null : `did you mean "${meant}"?`;
}

/** From 1. */
export function lineOf({source: {text}, offset}: Place): number {
	let line = 1;
	for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
	return line;
}

interface Finding {
	readonly offset: number;
	readonly message: string;
	readonly hint: string | null;
}

function located({file, text, names}: Source, findings: readonly Finding[]): readonly Problem[] {
	if (names) return findings.map(({message, hint}) => fileProblem(file, message, hint));
	let line = 1;
	let start = 0;
	return findings.toSorted((a, b) => a.offset - b.offset).map(({offset, message, hint}) => {
		for (let end = text.indexOf('\n', start); end >= 0 && end < offset; end = text.indexOf('\n', start)) {
			line += 1;
			start = end + 1;
		}
		return {file, line, column: offset - start + 1, message, hint};
	});
}
