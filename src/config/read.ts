/** Finds the config files and reads their texts: the only part of the config that touches the machine. */
import {isUtf8} from 'node:buffer';
import {closeSync, openSync, readdirSync, readSync} from 'node:fs';
import {getSystemErrorMap} from 'node:util';
import {err, ok, type Result} from '../core/model.ts';
import type {Unreadable} from './planning.ts';
import {fileProblem, type Problem, type Source} from './problems.ts';

export interface Found {
	/** Who named the place; `none` if there is no config at all. */
	readonly origin: 'option' | 'environment' | 'default' | 'none';
	/** In the order in which each lies over those before it. */
	readonly files: readonly Source[];
	/** Files that were asked for or are there, and cannot be read. */
	readonly problems: readonly Problem[];
}

/**
 * `file`, from the command line, or else `$ARCHON_CONFIG` is the whole config. Without them it is
 * `archon.yaml` in `directory`, and over it each `conf.d/*.yaml` there in the order of their names; either
 * may be missing.
 */
export function findConfig(
	{file, env}: {readonly file: string | null; readonly env: Readonly<Record<string, string | undefined>>},
	directory = '/etc/archon',
): Found {
	const named = file ?? (env['ARCHON_CONFIG'] || null);
	const origin = file !== null ? 'option' : named !== null ? 'environment' : 'default';
	const read = named !== null ? [readSource(named)] : readDirectory(directory);
	return {
		origin: read.length === 0 ? 'none' : origin,
		files: read.flatMap(each => each.ok ? each.value : []),
		problems: read.flatMap(each => each.ok ? [] : each.error.problem),
	};
}

/** Enough for ten thousand services. */
const SIZE_MAX = 1024 * 1024;

function readDirectory(directory: string): readonly Result<Source, Unreadable>[] {
	const main = readSource(`${directory}/archon.yaml`);
	const parts = `${directory}/conf.d`;
	const names = reach(parts, () => readdirSync(parts));
	const visible = names.ok ? names.value.filter(name => /^[^.].*\.yaml$/.test(name)).sort() : [];
	const read = names.ok ? visible.map(name => readSource(`${parts}/${name}`)) : [names];
	return [...isMissing(main) ? [] : [main], ...isMissing(names) ? [] : read];
}

const isMissing = (result: Result<unknown, Unreadable>): boolean => !result.ok && result.error.missing;

/** The text of a file; it is UTF-8 and not larger than any config that somebody wrote. */
export function readSource(file: string): Result<Source, Unreadable> {
	const bytes = reach(file, () => readBytes(file));
	if (!bytes.ok) return bytes;
	if (bytes.value.length > SIZE_MAX) return err(failure(file, 'larger than 1 MiB'));
	if (!isUtf8(bytes.value)) return err(failure(file, 'not UTF-8 text'));
	// A byte order mark is no part of the text and of no column.
	return ok({file, text: bytes.value.toString('utf8').replace(/^\uFEFF/, '')});
}

/** The content, and of one that is too large a little more than is allowed. It may be a pipe. */
function readBytes(file: string): Buffer {
	const descriptor = openSync(file, 'r');
	try {
		const buffer = Buffer.allocUnsafe(SIZE_MAX + 1);
		let length = 0;
		for (let count = -1; count !== 0 && length < buffer.length; length += count) {
			count = readSync(descriptor, buffer, length, buffer.length - length, null);
		}
		return buffer.subarray(0, length);
	} finally {
		closeSync(descriptor);
	}
}

/** Does what may fail with an errno; anything else thrown is a bug. */
function reach<T>(path: string, act: () => T): Result<T, Unreadable> {
	try {
		return ok(act());
	} catch (error) {
		const errno = error instanceof Error && 'errno' in error ? Number(error.errno) : 0;
		const [name, reason] = getSystemErrorMap().get(errno) ?? [];
		if (name === undefined || reason === undefined) throw error;
		return err(failure(path, reason, name === 'ENOENT' || name === 'ENOTDIR'));
	}
}

const failure = (path: string, reason: string, missing = false): Unreadable =>
	({problem: fileProblem(path, `cannot read ${path}: ${reason}`), missing});
