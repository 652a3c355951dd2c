/** Where a service's variables are beside the config itself, and what is there now: `env_file`, `env_dir`, `env_from`. */
import {UNSOURCED} from '../core/defaults.ts';
import {readEnvFile, readRawEnvFile, type Reporter} from '../core/env-file.ts';
import {isAbsolute, join} from '../core/path.ts';
import {ok, type Result} from '../core/result.ts';
import type {VariableSource} from '../core/service.ts';
import {FOLDER_MAX, foreign, isVariableFile, type Layer, merged, SOURCE_MAX, stampOf, textOfFolder, valueOfFile} from '../core/sources.ts';
import {type Lookup, lookupIn, UNSET} from '../core/variables.ts';
import type {EnvPath} from './keys/environment.ts';
import type {Variables} from './make-service.ts';
import type {Planning, Unreadable} from './planning.ts';
import {directoryOf, nameAs, writtenIn, type Source} from './problems.ts';
import type {ServiceSettings} from './schema/service.ts';
import type {Context} from './shape.ts';
import type {Value} from './values.ts';

/** What a file or directory of variables holds: the text, which is stamped, and the variables. */
interface Looked extends Layer {
	readonly text: string;
}

type Found = Pick<Variables, 'sources' | 'sourced'>;

const NO_SOURCES: Found = {sources: [], sourced: UNSOURCED};

/** Of all files of variables together, in characters. */
const SOURCES_MAX = 1024 * 1024;

/**
 * Where a service's variables are, and what is there now: read to find what is wrong with it, and to see later whether
 * it has changed. It is read again before each start, so that what is not there yet is only noted. Each file is read
 * once; none after one that does not answer, for each would be waited for.
 */
export function sourceReader(
	planning: Planning, context: Context,
): (settings: Pick<ServiceSettings, 'env_file' | 'env_dir' | 'env_from' | 'user'>, path: string) => Found {
	const {problems, notes, lookups} = planning;
	/** By path, and by whether it is for a service of archon's own user. */
	const known = {own: new Map<string, Looked | null>(), other: new Map<string, Looked | null>()};
	const found = new Map<string, Found>();
	const own = lookupIn(lookups.environment);
	let size = 0;
	let hangs = false;

	/** The text of a file or directory, read once; null: it cannot be used. */
	function look(
		{path, required, isRaw, at}: EnvPath, file: string, key: string, reader: Reader, whose: Whose,
	): Looked | null {
		const id = isRaw ? `raw ${file}` : file;
		const before = known[whose].get(id);
		if (before !== undefined) return before;
		if (hangs || size > SOURCES_MAX) return null;
		const found = reader(file, whose, isRaw);
		if (found.ok) {
			size += found.value.text.length;
			if (size > SOURCES_MAX) problems.report(at, `${key}: all files of variables together are larger than 1 MiB`);
		} else {
			const {problem, missing, isOfOthers} = found.error;
			hangs ||= found.error.hangs ?? false;
			const written = pathWritten(at);
			const message = nameAs(written, file, problem.message);
			if (!missing) (isOfOthers ? notes : problems).report(at, `${key}: ${message}`);
			else if (required) notes.gather(at, UNREAD, written ?? path);
		}
		const looked = found.ok ? found.value : null;
		known[whose].set(id, looked);
		return looked;
	}

	function readFile(file: string, whose: Whose, isRaw: boolean): Result<Looked, Unreadable> {
		const source = lookups.readFile(file);
		if (!source.ok) return source;
		const {text} = source.value;
		const isForeign = whose === 'other' && source.value.isOfOthers;
		// What others may write never makes the config a bad one: the start is refused to their service.
		const {report} = isForeign ? notes : problems;
		if (text.length <= SOURCE_MAX) {
			const read = isRaw ? readRawEnvFile : readEnvFile;
			const variables = read(text, isForeign ? NOTHING : own, reporterOf(source.value, {...context, report}));
			return ok({text, variables: Object.fromEntries(variables), ...foreign(isForeign ? variables.keys() : [])});
		}
		report({source: source.value, offset: 0}, `a file of variables may have ${SOURCE_MAX / 1024} KiB`);
		return ok({text: '', variables: {}});
	}

	function readFolder(folder: string, whose: Whose): Result<Looked, Unreadable> {
		const names = lookups.listFolder(folder);
		if (!names.ok) return names;
		const variables = new Map<string, string>();
		const theirs: string[] = [];
		let size = 0;
		for (const name of names.value.filter(isVariableFile).slice(0, FOLDER_MAX).sort()) {
			const source = lookups.readFile(`${folder}/${name}`);
			if (source.ok) {
				size += source.value.text.length;
				// At its start the service is refused.
				if (size > SOURCE_MAX) return ok({text: '', variables: {}});
				variables.set(name, valueOfFile(source.value.text));
			} else if (source.error.hangs) {
				return source;
			}
			if (whose === 'other' && source.ok && source.value.isOfOthers) theirs.push(name);
		}
		return ok({text: textOfFolder(variables), variables: Object.fromEntries(variables), ...foreign(theirs)});
	}

	return ({env_file: files, env_dir: folders, env_from: commands, user}, path) => {
		if (files.length + folders.length + commands.length === 0) return NO_SOURCES;
		const whose = user === null ? 'own' : 'other';
		const paths = [
			...files.map(named => ({named, kind: 'file' as const, read: readFile, key: `${path}.env_file`})),
			...folders.map(named => ({named, kind: 'folder' as const, read: readFolder, key: `${path}.env_dir`})),
		].map(({named, kind, read, key}) => {
			const file = isAbsolute(named.path) ? named.path : join(directoryOf(named.at), named.path);
			const source = {kind, path: file, required: named.required, ...named.isRaw && {isRaw: true as const}};
			return {source, content: look(named, file, key, read, whose)};
		});
		const sources: readonly VariableSource[] = [
			...paths.map(({source}) => source), ...commands.map(command => ({kind: 'command' as const, command})),
		];
		// Many services have the same.
		const id = JSON.stringify([whose, sources]);
		const before = found.get(id);
		if (before) return before;
		const isKnown = paths.every(({source: {required}, content}) => content !== null || !required);
		const {variables, foreign: names} = merged(paths.map(({content}) => content ?? {variables: {}}));
		const stamp = isKnown ? stampOf(paths.map(({content}) => content?.text ?? null)) : '';
		const each = {sources, sourced: {variables, ...names && {foreign: names}, stamp}};
		found.set(id, each);
		return each;
	};
}

/** Whether it is for a service of archon's own user: that one has nothing to gain from what it writes. */
type Whose = 'own' | 'other';
type Reader = (file: string, whose: Whose, isRaw: boolean) => Result<Looked, Unreadable>;

const NOTHING: Lookup = () => undefined;

/** A path with variables, as it stands where it is named. */
const pathWritten = (at: Value): string | null =>
	writtenIn(at.kind === 'map' ? at.entries.get('path')?.value ?? at : at);

/** Noted once for all files and directories of variables that are not there. */
const UNREAD = 'not there yet, and read before each start (write {path: …, required: false} if a service can start without it)';

const reporterOf = (source: Source, {report, note}: Context): Reporter => ({
	report: (offset, message, hint) => report({source, offset}, message, hint),
	unset: (offset, name) => note({source, offset}, UNSET, name),
});
