/** Finds the config files and reads their texts, by what it is given to reach them. */
import {byNeed} from '../core/by-need.ts';
import {err, ok, type Result} from '../core/result.ts';
import {lookupIn, type Environment} from '../core/variables.ts';
import type {Files, SharedSource, Unread, Unreadable} from './planning.ts';
import {collector, fileProblem, type Problem, type Source} from './problems.ts';

const reading = byNeed(() => import('../core/env-file.ts'));

export interface Found {
	/** Where the path came from; `none` if there is no config at all. */
	readonly origin: 'option' | 'environment' | 'default' | 'none';
	/** In the order in which each lies over those before it. */
	readonly files: readonly Source[];
	/** What files for `${NAME}` in texts of the config say: archon's own variables outrank it. */
	readonly dotenv: Environment;
	/** Files that were asked for or are there, and cannot be read. */
	readonly problems: readonly Problem[];
	/** Files that are there and are ignored, though a person may expect otherwise. */
	readonly notes: readonly Problem[];
}

/**
 * The `named` files, from the command line, or else those of `$ARCHON_CONFIG` with colons between them (as with compose's
 * $COMPOSE_FILE), each laid over those before it, are the whole config. Without them it is
 * `archon.yaml` in `directory`, and over it each `conf.d/*.yaml` there in the order of their names; either
 * may be missing. `envFiles`: of variables for its texts, each over those before it.
 */
export function findConfig(
	{named, env, envFiles = [], files}: {
		readonly named: readonly string[]; readonly env: Environment; readonly envFiles?: readonly string[]; readonly files: Files;
	},
	directory = '/etc/archon',
): Found {
	const paths = named.length > 0 ? named : (env['ARCHON_CONFIG'] ?? '').split(':').filter(path => path !== '');
	const isDefault = paths.length === 0;
	const origin = named.length > 0 ? 'option' : isDefault ? 'default' : 'environment';
	const read = isDefault ? readDirectory(directory, files) : paths.map(path => readNamed(path, files));
	const found = read.flatMap(each => each.ok ? each.value : []);
	const isTooMuch = found.reduce((sum, {text}) => sum + text.length, 0) > SIZE_MAX;
	const texts = envFiles.map(path => readSource(path, files));
	const dotenv = readVariables(texts.flatMap(each => each.ok ? each.value : []), env);
	const where = isDefault ? `${directory}/archon.yaml and ${directory}/conf.d` : paths.join(', ');
	return {
		origin: read.length === 0 ? 'none' : origin,
		files: isTooMuch ? [] : found,
		dotenv: dotenv.variables,
		notes: isDefault ? noteUnread(directory, files) : [],
		problems: [
			...[...read, ...texts].flatMap(each => each.ok ? [] : each.error.problem),
			...dotenv.problems,
			...isTooMuch ? [fileProblem(isDefault ? directory : '', `cannot read ${where}: together larger than 1 MiB`)] : [],
		],
	};
}

/** The text of what is named, or the names in it: a directory may be a config of another supervisor. */
export function readNamed(file: string, files: Files): Result<Source, Unreadable> {
	const read = readSource(file, files);
	if (read.ok) return read;
	const names = files.list(file);
	return names.ok ? ok({file, text: '', names: names.value, folders: readFolders(file, names.value, files)}) : read;
}

/** What is in the directories of a directory, of as many as are looked at. */
function readFolders(file: string, names: readonly string[], files: Files): ReadonlyMap<string, readonly string[]> {
	const folders = new Map<string, readonly string[]>();
	for (const name of names.slice(0, PARTS_MAX)) {
		if (name === '.' || name === '..') continue;
		const inner = files.list(`${file}/${name}`);
		if (inner.ok) folders.set(name, inner.value);
	}
	return folders;
}

/** `.yml` is what half the world writes. */
function noteUnread(directory: string, files: Files): readonly Problem[] {
	const directories = [[directory, /^archon\.yml$/], [`${directory}/conf.d`, /^[^.].*\.yml$/]] as const;
	return directories.flatMap(([folder, pattern]) => {
		const names = files.list(folder);
		const unread = names.ok ? names.value.filter(name => pattern.test(name)).sort().slice(0, UNREAD_MAX) : [];
		return unread.map(name => fileProblem(`${folder}/${name}`, `${folder}/${name} is ignored`, 'rename it to .yaml'));
	});
}

/** How many are reported for each directory. */
const UNREAD_MAX = 10;

/** What is not set in them stands for nothing, as in a shell. */
function readVariables(sources: readonly Source[], env: Environment): {variables: Environment; problems: readonly Problem[]} {
	const {report, problems} = collector(sources);
	const layers = sources.map(source => Object.fromEntries(reading().readEnvFile(source.text, lookupIn(env), {
		report: (offset, message, hint) => report({source, offset}, message, hint),
		unset() {},
	})));
	return {variables: Object.assign({}, ...layers), problems: problems()};
}

/** Enough for ten thousand services, in bytes; of one file, and of all together. */
export const SIZE_MAX = 1024 * 1024;

const PARTS_MAX = 1000;

function readDirectory(directory: string, files: Files): readonly Result<Source, Unreadable>[] {
	const main = readSource(`${directory}/archon.yaml`, files);
	const parts = `${directory}/conf.d`;
	const names = files.list(parts);
	if (!names.ok) {
		const failed = failureOf(parts, names.error);
		return [...isMissing(main) ? [] : [main], ...failed.missing ? [] : [err(failed)]];
	}
	const visible = names.value.filter(name => /^[^.].*\.yaml$/.test(name)).sort();
	if (visible.length > PARTS_MAX) return [err(failure(parts, `cannot read ${parts}: more than ${PARTS_MAX} files`))];
	return [...isMissing(main) ? [] : [main], ...visible.map(name => readSource(`${parts}/${name}`, files))];
}

const isMissing = (result: Result<unknown, Unreadable>): boolean => !result.ok && result.error.missing;

/** The text of a file; it is UTF-8, and not larger than a config can be. */
export function readSource(file: string, files: Files): Result<Source, Unreadable> {
	const bytes = files.read(file, SIZE_MAX);
	return bytes.ok ? sourceOf(file, bytes.value) : err(failureOf(file, bytes.error));
}

/** The same of a file of variables, in a directory where others may write. */
export function readShared(file: string, files: Files): Result<SharedSource, Unreadable> {
	const read = files.readShared(file, SIZE_MAX);
	if (!read.ok) return err(failureOf(file, read.error));
	const {bytes, isOfOthers} = read.value;
	const source = sourceOf(file, bytes);
	return source.ok ? ok({...source.value, isOfOthers}) : err({...source.error, isOfOthers});
}

function sourceOf(file: string, bytes: Uint8Array): Result<Source, Unreadable> {
	if (bytes.length > SIZE_MAX) return err(failure(file, `cannot read ${file}: larger than 1 MiB`));
	const other = otherEncoding(bytes);
	const text = other === null ? textOf(bytes) : null;
	if (text === null) return err(failure(file, `cannot read ${file}: ${other ?? 'not UTF-8 text'}`));
	// A byte order mark is no part of the text and of no column.
	return ok({file, text: text.replace(/^\uFEFF/, '')});
}

/** By the byte order mark, or by zeros beside the first character, which is a Latin one in every config. Null: it may be UTF-8. */
function otherEncoding([first, second, third, fourth]: Uint8Array): string | null {
	const [isHigh, isLow] = [first === 0 && second === 0, third === 0 && fourth === 0];
	if (isHigh || isLow) return isHigh && isLow ? 'NUL characters, not text' : 'UTF-32 text, not UTF-8';
	const isMarked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
	return isMarked || first === 0 || second === 0 ? 'UTF-16 text, not UTF-8' : null;
}

/** The names in a directory. */
export function readFolder(folder: string, files: Files): Result<readonly string[], Unreadable> {
	const names = files.list(folder);
	return names.ok ? names : err(failureOf(folder, names.error));
}

/** Null: it is not UTF-8. */
function textOf(bytes: Uint8Array): string | null {
	try {
		return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
	} catch {
		return null;
	}
}

const ENOENT = 2;
const ENOTDIR = 20;
const EISDIR = 21;
const ETIMEDOUT = 110;

/** What docker does to a config that is to be mounted and was not found. */
const FOLDER_HINT = '; write a file there; docker makes a folder of what it is to mount and does not find';

const failureOf = (path: string, {errno, reason, isOfPath, isOfOthers}: Unread): Unreadable => ({
	...failure(
		path, isOfPath ? `${path} ${reason}` : `cannot read ${path}: ${reason}${errno === EISDIR ? FOLDER_HINT : ''}`,
		errno === ENOENT || errno === ENOTDIR, errno === ETIMEDOUT,
	),
	...isOfOthers && {isOfOthers},
});

const failure = (path: string, message: string, missing = false, hangs = false): Unreadable =>
	({problem: fileProblem(path, message), missing, hangs});
