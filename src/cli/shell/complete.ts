/** What a line may go on with: verbs, options, values and names, from the table of commands and what runs. Pure. */
import {SIGNAL_NAMES} from '../../core/signal-numbers.ts';
import type {Option} from '../command.ts';
import {parse, quoted} from './words.ts';

/** What completion has to know of a command. */
export interface Verb {
	readonly name: string;
	readonly usage: string;
	readonly options: readonly Option[];
	readonly most: number;
	readonly endsOptions: boolean;
}

export interface Known {
	readonly verbs: readonly Verb[];
	/** Of services, groups and whatever else a NAME may be. */
	readonly names: readonly string[];
	/** Names in a folder, those of folders with a slash behind. */
	readonly list: (folder: string) => readonly string[];
}

export interface Completion {
	/** Where the word begins that is completed. */
	readonly from: number;
	/** What the word may become, sorted, none twice. */
	readonly words: readonly string[];
	/** What all of them begin with, as it must be typed; more than that where there is one only. */
	readonly common: string;
}

/** What a terminal would act on, as names of files may hold it, is not offered. */
const UNSAFE = /[\p{Cc}\p{Cs}]/u;

/** More are not worth being looked at. */
const WORDS_MAX = 10_000;

export function complete(line: string, at: number, known: Known): Completion {
	const {last, before} = parse(line.slice(0, at));
	const all = candidates(before, last.value, known).filter(word => word.startsWith(last.value) && !UNSAFE.test(word)).slice(0, WORDS_MAX);
	const words = [...new Set(all)].sort();
	const [only] = words;
	if (only === undefined) return {from: last.from, words, common: line.slice(last.from, at)};
	if (words.length > 1) return {from: last.from, words, common: partly(commonOf(words), line.slice(last.from, at), last.value)};
	const isOpen = only.endsWith('/') || only.endsWith('=');
	return {from: last.from, words, common: quoted(only) + (isOpen ? '' : ' ')};
}

/** What is typed so far stays as it is where nothing is added to it. */
const partly = (common: string, raw: string, value: string): string => (common === value ? raw : quoted(common));

function commonOf(words: readonly string[]): string {
	const [first = ''] = words;
	const last = words.at(-1) ?? '';
	let length = 0;
	while (length < first.length && first[length] === last[length]) length += 1;
	// A character is not parted.
	return first.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}

function candidates(before: readonly string[], word: string, known: Known): readonly string[] {
	const [name, ...rest] = before[0] === 'archonctl' ? before.slice(1) : before;
	if (name === undefined) return known.verbs.map(({name}) => name);
	const verb = known.verbs.find(verb => verb.name === name);
	if (!verb) return [];
	const {options, operands, open} = sorted(rest, verb);
	if (open) return valuesOf(open, word, known);
	const equals = word.startsWith('--') ? word.indexOf('=') : -1;
	if (equals >= 0 && options) {
		const option = verb.options.find(({names}) => names.includes(word.slice(0, equals)));
		return option?.value ? valuesOf(option, word.slice(equals + 1), known).map(value => `${word.slice(0, equals)}=${value}`) : [];
	}
	if (word.startsWith('-') && options) return verb.options.flatMap(({names}) => names.filter(name => name.startsWith('--')));
	return operandsOf(verb, operands, word, known);
}

/** Which of the words are operands, whether options may still come, and the option whose value comes next. */
function sorted(
	words: readonly string[], verb: Verb,
): {readonly options: boolean; readonly operands: number; readonly open: Option | null} {
	let operands = 0;
	for (let i = 0; i < words.length; i++) {
		const word = words[i] ?? '';
		if (word === '--') return {options: false, operands: operands + words.length - i - 1, open: null};
		if (!word.startsWith('-') || word === '-') {
			if (verb.endsOptions) return {options: false, operands: words.length - i, open: null};
			operands += 1;
			continue;
		}
		const option = verb.options.find(({names}) => names.includes(word));
		if (!option?.value) continue;
		if (i === words.length - 1) return {options: true, operands, open: option};
		i += 1;
	}
	return {options: true, operands, open: null};
}

/** What an option takes is told by its own words: `stdout|stderr`, `PATH`, `NAME`. */
function valuesOf({value}: Option, word: string, known: Known): readonly string[] {
	return (value ?? '').split('|').flatMap(each => (/^[a-z][a-z-]*$/.test(each) ? [each] : ofKind(each, word, known)));
}

/** The usage tells what operands are: `SIGNAL NAME|PID...`. */
function operandsOf({usage, most}: Verb, count: number, word: string, known: Known): readonly string[] {
	if (count >= most) return [];
	const kinds = usage.replaceAll(/\[(--?[^\]]*|OPTION\.\.\.)\]|[[\]]/g, '').split(' ').filter(kind => kind !== '');
	const kind = kinds[Math.min(count, kinds.length - 1)] ?? '';
	return kind.replace('...', '').split('|').flatMap(each => ofKind(each, word, known));
}

function ofKind(kind: string, word: string, known: Known): readonly string[] {
	switch (kind) {
		case 'NAME': case 'SERVICE': return known.names;
		case 'VERB': return known.verbs.map(({name}) => name);
		case 'SIGNAL': return SIGNAL_NAMES;
		case 'PATH': case 'FILE': case 'DIR': {
			const folder = word.slice(0, word.lastIndexOf('/') + 1);
			return known.list(folder).map(name => folder + name);
		}
		default: return [];
	}
}

/** Words in columns, no wider than the terminal; what does not fit into `rows` is counted. */
export function columnsOf(words: readonly string[], columns: number, rows: number): readonly string[] {
	const width = Math.max(...words.map(word => word.length)) + 2;
	const across = Math.max(1, Math.floor(columns / width));
	const most = Math.max(1, rows - 2) * across;
	const shown = words.length > most ? words.slice(0, most - across) : words;
	const down = Math.ceil(shown.length / across);
	const lines = Array.from({length: down}, (_, row) =>
		Array.from({length: across}, (_, column) => (shown[column * down + row] ?? '').padEnd(width)).join('').trimEnd());
	return shown.length < words.length ? [...lines, `and ${words.length - shown.length} more`] : lines;
}
