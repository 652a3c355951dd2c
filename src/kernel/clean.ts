/**
 * Removes what an earlier life left behind (pid files, sockets, locks) before a service starts anew. Only names
 * in folders go, never folders or devices, and no symbolic link that a service could have laid leads elsewhere.
 */
import {
	closeSync, constants, type Dirent, lstatSync, opendirSync, openSync, readlinkSync, realpathSync, type Stats, unlinkSync,
} from 'node:fs';
import {join, resolve} from 'node:path';
import {ENOENT, errnoOf, errnoText} from './diagnose.ts';

/** No glob keeps PID 1 from its work: after so many names it looks no further. */
const NAMES_MAX = 10_000;

const ENOTDIR = 20;
const WILD = /[*?[]/;

/** What may still be looked at. */
interface Budget {
	names: number;
}

/** Patterns with `*`, `?` and `[…]`, each within one part of a path. What could not be done, in words. */
export function clean(patterns: readonly string[], cwd: string): string[] {
	const notes: string[] = [];
	for (const pattern of patterns) {
		const budget: Budget = {names: NAMES_MAX};
		const parts = resolve(cwd, pattern).split('/').slice(1);
		const wild = parts.findIndex(part => WILD.test(part));
		const fixed = wild < 0 ? parts.length - 1 : wild;
		try {
			const folder = trusted(parts.slice(0, fixed));
			for (const [place, name] of matches(folder, parts.slice(fixed), budget)) remove(place, name, notes);
		} catch (error) {
			if (!isAbsent(error)) notes.push(`cannot clean ${pattern}: ${reasonOf(error)}`);
		}
		if (budget.names < 0) notes.push(`cannot clean all of ${pattern}: there are more than ${NAMES_MAX} names to look at`);
	}
	return notes;
}

/**
 * The real path of a folder. A link on the way may be root's or archon's own (`/var/run`); a service that may
 * write to a folder must not be able to point archon elsewhere.
 */
function trusted(parts: readonly string[]): string {
	let path = '/';
	for (const part of parts) {
		path = join(path, part);
		const about = lstatSync(path);
		if (about.isSymbolicLink() && about.uid !== 0 && about.uid !== process.getuid?.()) {
			throw new Error(`${path} is a symbolic link of user ${about.uid}`);
		}
	}
	return realpathSync(path);
}

/** Folder and name of each match; links to folders are not entered. */
function* matches(folder: string, parts: readonly string[], budget: Budget): Generator<readonly [folder: string, name: string]> {
	const [part = '', ...rest] = parts;
	const found = WILD.test(part) ? entries(folder, part, budget) : entry(folder, part);
	for (const [name, about] of found) {
		if (rest.length === 0) {
			if (about.isFile() || about.isSocket() || about.isFIFO() || about.isSymbolicLink()) yield [folder, name];
		} else if (about.isDirectory()) {
			yield* matches(join(folder, name), rest, budget);
		}
	}
}

type Entry = readonly [name: string, about: Dirent | Stats];

function entry(folder: string, name: string): Entry[] {
	const about = lstatSync(join(folder, name), {throwIfNoEntry: false});
	return about ? [[name, about]] : [];
}

function entries(folder: string, part: string, budget: Budget): Entry[] {
	const found: Entry[] = [];
	const expression = expressionFor(part);
	const directory = opendirSync(folder);
	try {
		for (let next = directory.readSync(); next && budget.names-- > 0; next = directory.readSync()) {
			if (expression.test(next.name)) found.push([next.name, next]);
		}
	} finally {
		directory.closeSync();
	}
	return found;
}

/** As glob(7) has it: a wildcard does not match a dot at the beginning. */
function expressionFor(part: string): RegExp {
	const body = part.replaceAll(/\[([!^]?)(\]?[^\]]*)\]|[^]/g, (char, not: string | undefined, set: string | undefined) => {
		if (set !== undefined) return `[${not === '' ? '' : '^'}${set.replaceAll(/[\\[\]^]/g, '\\$&')}]`;
		return char === '*' ? '.*' : char === '?' ? '.' : char.replace(/[\\^$.|+(){}[\]]/, '\\$&');
	});
	return new RegExp(`^${WILD.test(part.charAt(0)) ? '(?!\\.)' : ''}${body}$`, 's');
}

/** By a descriptor of the folder, so that nobody can put another one in its place meanwhile. */
function remove(folder: string, name: string, notes: string[]): void {
	let fd = -1;
	try {
		fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
		const place = `/proc/self/fd/${fd}`;
		if (readlinkSync(place) !== folder) throw new Error('its folder has been replaced');
		unlinkSync(`${place}/${name}`);
	} catch (error) {
		if (!isAbsent(error)) notes.push(`cannot remove ${join(folder, name)}: ${reasonOf(error)}`);
	} finally {
		if (fd >= 0) closeSync(fd);
	}
}

const isAbsent = (error: unknown): boolean => [ENOENT, ENOTDIR].includes(errnoOf(error));

function reasonOf(error: unknown): string {
	const errno = errnoOf(error);
	return errno > 0 ? errnoText(errno) : error instanceof Error ? error.message : String(error);
}
