/** Loggers of s6 and runit → `logging`: s6-log, logutil-service and svlogd with plain directives. */
import type {Place} from '../../problems.ts';
import type {Value} from '../../values.ts';
import {list, map, word, written} from '../translation.ts';
import {resolve} from './chain.ts';
import {folderOf, readChainTo} from './script.ts';
import type {Reading} from './reading.ts';

/** Where the lines go that a logger reads. */
export interface Logger {
	readonly at: Place;
	/** A directory with the file `current`; null: only on. */
	readonly folder: string | null;
	/** How many rotated files are kept beside the current one, and how large each is, in bytes. */
	readonly count: number;
	readonly size: number;
	readonly hasTimes: boolean;
	/** Whether lines also go on to archon's own output. */
	readonly goesOn: boolean;
	/** Whose the files are. */
	readonly user: string | null;
}

/** s6-overlay's own, where $S6_LOGGING_SCRIPT does not say otherwise. */
const SCRIPT = 'n20 s1000000 T';

/** Null: it does more than archon's drivers do. */
export function readLogger(disk: string, path: string, reading: Reading): Logger | null {
	const chain = readChainTo(disk, path, name => name === 's6-log' || name === 'logutil-service', reading);
	const source = reading.read(disk);
	if (!chain || source === null || source === 'other' || chain.before.length > 0) return null;
	const [program = '', ...words] = chain.argv;
	const at = {source, offset: 0};
	const folder = chain.cwd ?? folderOf(path);
	const name = program.slice(program.lastIndexOf('/') + 1);
	if (name === 'logutil-service') {
		const [target = ''] = words;
		if (words.length !== 1 || !target.startsWith('/')) return null;
		const script = reading.lookups.environment['S6_LOGGING_SCRIPT'] ?? SCRIPT;
		return readDirectives([...script.trim().split(/\s+/), target], {at, folder, user: 'nobody'});
	}
	if (name === 's6-log') return readDirectives(withoutOptions(words), {at, folder, user: chain.user});
	return name === 'svlogd' ? readSvlogd(words, {at, folder, user: chain.user}) : null;
}

type Known = Pick<Logger, 'at' | 'user'> & {readonly folder: string};

/** Options of s6-log that do not change where lines go. */
function withoutOptions(words: readonly string[]): readonly string[] {
	const first = words.findIndex(word => !/^-[bpqvet]+$|^-[dl]\d+$/.test(word));
	const rest = first < 0 ? [] : words.slice(first);
	return rest[0] === '--' ? rest.slice(1) : rest;
}

/** s6-log, "Logging script": one action and what it is done with. */
function readDirectives(words: readonly string[], {at, folder: base, user}: Known): Logger | null {
	let [count, size, hasTimes, goesOn, folder]: [number, number, boolean, boolean, string | null] = [10, 99_999, false, false, null];
	for (const word of words) {
		const [, letter = '', number = ''] = /^([nsSlrEf])(\d{1,12})$/.exec(word) ?? [];
		if (letter === 'n') count = Number(number);
		else if (letter === 's') size = Number(number);
		else if (letter === 'S' || letter === 'l' || letter === 'r' || word === 'b') continue;
		else if (word === 't' || word === 'T') hasTimes = true;
		else if (word === '1') goesOn = true;
		else if (/^[./]/.test(word) && folder === null) folder = resolve(word, base);
		else return null;
	}
	return folder === null && !goesOn ? null : {at, folder, count, size, hasTimes, goesOn, user};
}

function readSvlogd(words: readonly string[], {at, folder: base, user}: Known): Logger | null {
	const flags = words.filter(word => word.startsWith('-'));
	const [folder = '', ...others] = words.filter(word => !word.startsWith('-'));
	if (folder === '' || others.length > 0 || flags.some(flag => !/^-[tv]+$/.test(flag))) return null;
	const hasTimes = flags.some(flag => flag.includes('t'));
	return {at, folder: resolve(folder, base), count: 10, size: 1_000_000, hasTimes, goesOn: false, user};
}

/**
 * `isMerged`: stderr is written to the pipe as well; else it goes where archon's own goes. `isShared`: several services
 * write to the logger, and each has a file of its own here.
 */
export function loggingOf({at, folder, count, size, hasTimes, goesOn, user}: Logger, isMerged: boolean, isShared: boolean): Value {
	if (folder === null) return word(at, 'prefix');
	const options = map(at, {
		path: written(at, `${folder}/${isShared ? '{name}' : 'current'}`),
		format: hasTimes ? word(at, 'timestamps') : undefined,
		'max-size': word(at, sizeText(size)), 'max-file': word(at, Math.min(count + 1, 1000)),
		user: user === null ? undefined : written(at, user),
		streams: isMerged ? undefined : word(at, 'stdout'),
	});
	const file = map(at, {driver: word(at, 'file'), options});
	if (isMerged && !goesOn) return file;
	const rest = goesOn ? word(at, 'prefix') : map(at, {driver: word(at, 'prefix'), options: map(at, {streams: word(at, 'stderr')})});
	return map(at, {drivers: list(at, [file, rest])});
}

const sizeText = (bytes: number): string => (bytes < 1024 ? '1k' : String(bytes));
