/** Reads supervisord's files: those that are given, and those that `[include]` names. */
import {dirname, isAbsolute, join} from '../../../core/path.ts';
import type {Lookups} from '../../planning.ts';
import type {Report, Source} from '../../problems.ts';
import {expand, resolve} from './expressions.ts';
import {applyDefaults, readIni, type Sections, type Setting} from './ini.ts';

export interface Loaded {
	readonly sections: Sections;
	/** Whether all could be read: what is missing because of a mistake is not told. */
	readonly isWhole: boolean;
	/** Patterns of `[include]` that match no file, which supervisord only warns of. */
	readonly unmatched: readonly {readonly at: Setting; readonly pattern: string}[];
	/** The directory of a file, which is `%(here)s` in it. */
	readonly here: (source: Source) => string;
}

/** How many files one pattern may match, and all together. */
const FILES_MAX = 1000;
/** In characters, of all files together. */
const SIZE_MAX = 1024 * 1024;

export function load(sources: readonly Source[], lookups: Lookups, report: Report): Loaded {
	const sections: Sections = new Map();
	const unmatched: Loaded['unmatched'][number][] = [];
	let isWhole = true;
	const tell: Report = (...problem) => {
		isWhole = false;
		report(...problem);
	};
	const here = (source: Source): string => {
		const folder = source.names ? source.file : dirname(source.file);
		return isAbsolute(folder) ? folder : join(lookups.directory(), folder === '.' ? '' : folder);
	};
	let count = 0;
	let size = 0;
	for (const source of sources) {
		const main = mainOf(source, lookups, tell);
		if (main) readIni(main, sections, tell);
		const files = sections.get('include')?.settings.get('files');
		// supervisord reads it once: what included files include is not read.
		sections.delete('include');
		if (!main || !files) continue;
		const expanded = expand(files.text, name => (name === 'here' ? here(files.value.source) : undefined));
		const patterns = expanded.ok ? resolve(expanded.value, lookups.environment) : null;
		if (!expanded.ok) tell(files.value, `include.files ${expanded.error.why}`, expanded.error.hint);
		else if (patterns && !patterns.ok) tell(files.value, `include.files: ${patterns.error} is not set`);
		for (const pattern of patterns?.ok ? patterns.value.split(/\s+/).filter(each => each !== '') : []) {
			const paths = [...glob(isAbsolute(pattern) ? pattern : join(here(main), pattern), lookups)].sort();
			if (paths.length === 0) unmatched.push({at: files, pattern});
			for (const path of paths) {
				const read = lookups.readFile(path);
				size += read.ok ? read.value.text.length : 0;
				if (++count > FILES_MAX || size > SIZE_MAX) {
					tell(files.value, `include.files: more than ${FILES_MAX} files, or than 1 MiB`);
					return {sections, unmatched, here, isWhole};
				}
				if (read.ok) readIni(read.value, sections, tell);
				else tell(files.value, `include.files: ${read.error.problem.message}`);
			}
			sections.delete('include');
		}
	}
	applyDefaults(sections);
	return {sections, unmatched, here, isWhole};
}

/** Of a directory the file in it that supervisord looks for. */
function mainOf(source: Source, lookups: Lookups, report: Report): Source | null {
	if (!source.names) return source;
	const read = lookups.readFile(join(source.file, 'supervisord.conf'));
	if (read.ok) return read.value;
	report({source, offset: 0}, read.error.problem.message);
	return null;
}

/** The paths that a pattern matches, as Python's glob: `*`, `?` and `[…]` within one name, and no hidden names by `*`. */
function glob(pattern: string, {listFolder, readFile}: Lookups): readonly string[] {
	const steps = pattern.split('/').filter(step => step !== '');
	let folders: readonly string[] = [''];
	for (const [index, step] of steps.entries()) {
		const isLast = index === steps.length - 1;
		folders = folders.flatMap(folder => {
			if (!/[*?[]/.test(step)) {
				const path = `${folder}/${step}`;
				return !isLast || readFile(path).ok ? [path] : [];
			}
			const names = listFolder(folder === '' ? '/' : folder);
			return names.ok ? names.value.filter(name => matches(name, step)).map(name => `${folder}/${name}`) : [];
		}).slice(0, FILES_MAX + 1);
	}
	return folders;
}

/** In time that is at most the product of both lengths: only the last `*` is ever tried again. */
function matches(name: string, pattern: string): boolean {
	if (name.startsWith('.') && !pattern.startsWith('.')) return false;
	let [at, star, mark] = [0, -1, 0];
	let from = 0;
	while (at < name.length) {
		const next = pattern.charAt(from) === '*' ? null : matchOne(name.charAt(at), pattern, from);
		if (next === null) {
			[star, mark] = [from, at];
			from += 1;
		} else if (next > from) {
			from = next;
			at += 1;
		} else if (star >= 0) {
			from = star + 1;
			mark += 1;
			at = mark;
		} else {
			return false;
		}
	}
	return /^\**$/.test(pattern.slice(from));
}

/** Where the pattern goes on after one character, or where it was: it does not match. */
function matchOne(char: string, pattern: string, from: number): number {
	const sign = pattern.charAt(from);
	if (sign === '?') return from + 1;
	const end = sign === '[' ? pattern.indexOf(']', from + (/^\[!?\]/.exec(pattern.slice(from, from + 3))?.[0].length ?? 1)) : -1;
	if (end < 0) return sign === char ? from + 1 : from;
	const isNot = pattern.charAt(from + 1) === '!';
	const set = pattern.slice(from + (isNot ? 2 : 1), end);
	let isIn = false;
	for (let at = 0; at < set.length; at++) {
		if (set.charAt(at + 1) === '-' && at + 2 < set.length) {
			isIn ||= set.charAt(at) <= char && char <= set.charAt(at + 2);
			at += 2;
		} else {
			isIn ||= set.charAt(at) === char;
		}
	}
	return isIn === isNot ? from : end + 1;
}
