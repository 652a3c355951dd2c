/**
 * Removes what an earlier instance left behind (pid files, sockets, locks) before a service starts again. Only names
 * in folders go, never folders or devices, and no symbolic link that a service could have laid leads elsewhere:
 * from the root on each folder is opened in the one before it, and no process can put another one in its place meanwhile.
 */
import {join, resolve} from '../../core/path.ts';
import {errnoText} from '../errno.ts';
import {type Folder, openFolder} from '../places.ts';
import {ERRNO, isFifo, isFile, isFolder, isLink, isSocket, newStat, O, type Outcome, sys} from '../sys.ts';

/** No glob keeps PID 1 from its work: it looks at no more names than this. */
const NAMES_MAX = 10_000;

const WILD = /[*?[]/;

/** One pattern, and what may still be looked at. */
interface Search {
	names: number;
	/** What could not be removed, in words. */
	readonly notes: string[];
	/** No character of the path has a meaning. */
	readonly isPlain: boolean;
}

/** Patterns with `*`, `?` and `[…]`, each within one part of a path. What could not be done, in words. */
export function clean(patterns: readonly string[], cwd: string): string[] {
	const notes: string[] = [];
	for (const pattern of patterns) cleanAll(pattern, cwd, {names: NAMES_MAX, notes, isPlain: false});
	return notes;
}

/** One file, in whose name no character has a meaning. */
export function cleanFile(path: string): string[] {
	const notes: string[] = [];
	cleanAll(path, '/', {names: NAMES_MAX, notes, isPlain: true});
	return notes;
}

function cleanAll(pattern: string, cwd: string, search: Search): void {
	const {notes} = search;
	const parts = resolve(cwd, pattern).split('/').slice(1);
	const wild = search.isPlain ? -1 : parts.findIndex(part => WILD.test(part));
	const fixed = wild < 0 ? parts.length - 1 : wild;
	const place = openFolder(`/${parts.slice(0, fixed).join('/')}`);
	if (typeof place === 'object') {
		const result = remove(place, parts.slice(fixed), search);
		sys.close(place.fd);
		if (result < 0) notes.push(`cannot clean ${pattern}: ${errnoText(-result)}`);
	} else if (typeof place === 'string') {
		notes.push(`cannot clean ${pattern}: ${place}`);
	} else if (!isAbsent(place)) {
		notes.push(`cannot clean ${pattern}: ${errnoText(-place)}`);
	}
	if (search.names < 0) notes.push(`cannot clean all of ${pattern}: there are more than ${NAMES_MAX} names to look at`);
}

/** What matches in a folder and, where more parts follow, in the folders there; links to folders are not entered. */
function remove({fd, path}: Folder, [part = '', ...rest]: readonly string[], search: Search): Outcome {
	const names = !search.isPlain && WILD.test(part) ? namesIn(fd, part, search) : [part];
	if (typeof names === 'number') return isAbsent(names) ? 0 : names;
	const about = newStat();
	for (const name of names) {
		const seen = sys.lstatAt(fd, name, about);
		if (isAbsent(seen)) continue;
		if (seen < 0) return seen;
		if (rest.length === 0) {
			if (!isFile(about) && !isSocket(about) && !isFifo(about) && !isLink(about)) continue;
			const result = sys.unlinkAt(fd, name, 0);
			if (result < 0 && !isAbsent(result)) search.notes.push(`cannot remove ${join(path, name)}: ${errnoText(-result)}`);
		} else if (isFolder(about)) {
			const inner = sys.openAt(fd, name, O.PATH | O.DIRECTORY | O.NOFOLLOW, 0);
			if (inner < 0) continue;
			const result = remove({fd: inner, path: join(path, name)}, rest, search);
			sys.close(inner);
			if (result < 0) return result;
		}
	}
	return 0;
}

function namesIn(fd: number, part: string, search: Search): string[] | Outcome {
	if (search.names < 0) return [];
	const names = sys.readFolderAt(fd, search.names + 1);
	if (typeof names === 'number') return names;
	const isMatch = matcherFor(part);
	const looked = names.slice(0, search.names);
	search.names -= names.length;
	return looked.filter(isMatch);
}

const isAbsent = (result: Outcome): boolean => result === -ERRNO.ENOENT || result === -ERRNO.ENOTDIR;

const STAR = null;
/** One character of a name, or any number of them. */
type Token = ((char: string) => boolean) | typeof STAR;

/** As glob(7) has it: a wildcard does not match a dot at the beginning. */
function matcherFor(part: string): (name: string) => boolean {
	const tokens: Token[] = [];
	for (const [whole, not = '', set] of part.matchAll(/\[([!^]?)(\]?[^\]]*)\]|[^]/g)) {
		if (set !== undefined) tokens.push(isInSet(set, not !== ''));
		else tokens.push(whole === '*' ? STAR : whole === '?' ? () => true : char => char === whole);
	}
	const isDegraded = !WILD.test(part.charAt(0));
	return name => (isDegraded || !name.startsWith('.')) && matches(tokens, name);
}

/** Single characters and ranges. */
function isInSet(set: string, isInverted: boolean): (char: string) => boolean {
	const ranges = [...set.matchAll(/([^])-([^])|[^]/g)].map(([one, from = one, to = one]) => [from, to] as const);
	return char => ranges.some(([from, to]) => from <= char && char <= to) !== isInverted;
}

/** At a mismatch the last star takes one character more: no pattern takes longer than its length times the name's. */
function matches(tokens: readonly Token[], name: string): boolean {
	let [at, token, star, from] = [0, 0, -1, 0];
	while (at < name.length) {
		const test = tokens[token];
		if (test === STAR) {
			[star, from] = [token++, at];
		} else if (test?.(name.charAt(at))) {
			at++;
			token++;
		} else if (star >= 0) {
			[token, at] = [star + 1, ++from];
		} else {
			return false;
		}
	}
	while (tokens[token] === STAR) token++;
	return token === tokens.length;
}
