/** A program is moved between a manifest and a hitlist: the texts of both, changed where that must be and nowhere else. Pure. */
import {basename} from '../../../core/path.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import {BYTES_MAX, faultOfName, faultOfPath, linesOf, LINES_MAX, readLine, type Item, type Kind} from './list.ts';

/** What is asked: a name, a path, or both. */
export interface Program {
	readonly name: string | null;
	readonly path: string | null;
}

/** Both files as they are; empty: it is not there yet. */
export interface Texts {
	readonly manifest: string;
	/** Null: there is no hitlist. */
	readonly hitlist: string | null;
}

/** Both files as they are to be, and what that means in words. A text that stays is the same text. */
export interface Edited extends Texts {
	readonly told: string;
}

/** What a client names: a path where it has a slash in it, else a name. The error continues the program's own text. */
export function readProgram(given: string, path: string | null): Result<Program, string> {
	const program = given.includes('/') ? {name: null, path: given} : {name: given, path};
	const why = (program.name === null ? null : faultOfName(program.name)) ?? (program.path === null ? null : faultOfPath(program.path));
	return why === null ? ok(program) : err(why);
}

/**
 * The program is listed, and on the hitlist no more. `isService`: the config has a service of the name, which needs no path; what
 * is known by neither a list nor the config must be given one.
 */
export function want({manifest, hitlist}: Texts, program: Program, isService: (name: string) => boolean): Result<Edited, string> {
	const hit = hitlist === null ? [] : take(hitlist, program, 'hitlist').found;
	const called = nameOf(program);
	const known = take(manifest, program, 'manifest').found.find(({name}) => program.name === null || name === program.name);
	const path = known?.path ?? program.path ?? hit.find(item => item.path !== null)?.path ?? null;
	const name = known?.name ?? program.name ?? hit.find(item => item.name !== null)?.name ?? called;
	const why = faultOfName(name);
	if (why !== null) return err(`the program ${why}`);
	const other = take(manifest, {name, path: null}, 'manifest').found.find(item => program.path !== null && item.path !== program.path);
	if (other) return err(`${name} is in the manifest with another path, in line ${other.line}: ${other.path ?? 'none'}`);
	if (path === null && !isService(name)) {
		return err(`${name} is neither on the hitlist nor a service of the config: say where it is, as in archonctl want /path/to/${name}`);
	}
	const listed = known ? ok(manifest) : append(manifest, path === null ? name : `${name}|${path}`);
	if (!listed.ok) return listed;
	// By its path as well: else the hitlist would still speak of it.
	const {found, rest} = hitlist === null ? NOTHING : take(hitlist, {name, path}, 'hitlist');
	const left = found.length > 0 ? `${name} is on the hitlist no more` : `${name} is in the manifest already`;
	return ok({manifest: listed.value, hitlist: found.length > 0 ? rest : hitlist, told: known ? left : `${name} is in the manifest`});
}

/** The program is on the hitlist, and listed no more. */
export function unwant(texts: Texts, program: Program): Result<Edited, string> {
	const {found, rest} = take(texts.manifest, program, 'manifest');
	const manifest = found.length > 0 ? rest : texts.manifest;
	const called = program.name ?? program.path ?? '';
	if (texts.hitlist === null) {
		if (found.length === 0) return err(`${called} is not in the manifest, and the config names no hitlist`);
		return ok({manifest, hitlist: null, told: `${called} is in the manifest no more`});
	}
	if (take(texts.hitlist, program, 'hitlist').found.length > 0) {
		return ok({manifest, hitlist: texts.hitlist, told: `${called} is on the hitlist${found.length > 0 ? '' : ' already'}`});
	}
	const [line] = found;
	const path = program.path ?? line?.path ?? null;
	const name = program.name ?? line?.name ?? null;
	// A line with its name alone says less.
	const others = take(texts.hitlist, {name, path}, 'hitlist');
	const entry = [name, path].filter(part => part !== null).join('|');
	const hitlist = append(others.found.length > 0 ? others.rest : texts.hitlist, entry);
	return hitlist.ok ? ok({manifest, hitlist: hitlist.value, told: `${called} is on the hitlist`}) : hitlist;
}

interface Taken {
	readonly found: readonly Item[];
	readonly rest: string;
}

const NOTHING: Taken = {found: [], rest: ''};

const nameOf = ({name, path}: Program): string => name ?? basename(path ?? '');

/** The lines that are about a program, and the text without them. */
function take(text: string, {name, path}: Program, kind: Kind): Taken {
	const found: Item[] = [];
	const lines = text.split('\n');
	const rest = lines.map((line, index) => (index < lines.length - 1 ? `${line}\n` : line)).filter((line, index) => {
		const item = index < LINES_MAX ? readLine(line, index + 1, kind) : null;
		if (item === null || typeof item === 'string') return true;
		const isIt = (name !== null && item.name === name) || (path !== null && item.path === path);
		if (isIt) found.push(item);
		return !isIt;
	});
	return {found, rest: rest.join('')};
}

/** A further line at the end, with such an end of line as the others have. */
function append(text: string, line: string): Result<string, string> {
	const end = text.includes('\r\n') ? '\r\n' : '\n';
	const longer = `${text}${text === '' || text.endsWith('\n') ? '' : end}${line}${end}`;
	return longer.length > BYTES_MAX || linesOf(longer).length > LINES_MAX ? err('the file would be too long') : ok(longer);
}
