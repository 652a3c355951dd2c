/** The machine that services are to run on, as `archon check` looks at it: this one, or an image's tree of files. */
import {nearest} from '../../core/nearest.ts';
import {basename, join} from '../../core/path.ts';
import type {Result} from '../../core/result.ts';
import type {UserSpec} from '../../core/service.ts';
import {env} from '../environment.ts';
import {gid as ownGid, uid as ownUid} from '../identity.ts';
import {candidates, DEFAULT_PATH} from '../spawn/lookup.ts';
import {findUser, type Identity, slurp, userName} from '../spawn/users.ts';
import {libraryPath, PRELOADED} from '../../features/bind/os/library.ts';
import {isMountPoint, MOUNTED_ALONE} from '../mount-point.ts';
import {isFile, isFolder, sys} from '../sys.ts';
import {examineProgram} from './program.ts';
import {createTree, mayExecute, type Found, type Miss, type Tree, type Viewer} from './tree.ts';

/** As what a program is executed. */
export interface Executor {
	/** Null: archon's own. */
	readonly user: UserSpec | null;
	/** Null: archon's own directory, which is not known here. */
	readonly cwd: string | null;
	readonly path: string;
}

/** Why something cannot work, and what to do about it. */
export interface Fault {
	readonly why: string;
	readonly hint: string | null;
}

export interface Machine {
	/** `PATH` as archon has it there; `default`: where it has none, or a service does not inherit it. */
	readonly paths: {readonly own: string; readonly default: string};
	isThere(path: string): boolean;
	findUser(spec: UserSpec): Result<Identity, string>;
	/** Why a program cannot be executed; null: it can, as far as one can see. */
	programFault(program: string, as: Executor): Fault | null;
	/** Why a program cannot be given sockets by rules of `bind`: the library, or the program, which must load it. */
	bindFault(program: string, as: Executor, library: string | null): Fault | null;
	/** Why a process cannot be in a directory. */
	folderFault(path: string, user: UserSpec | null): Fault | null;
	/** Why changes of a path may not be seen as one thinks; null: they are. */
	watchDoubt(path: string): string | null;
	/** Why no file can be written there. */
	fileFault(path: string): Fault | null;
	/** Whether anything of this was not as it should be. */
	lacks(): boolean;
	readonly tree: Tree;
}

const ROOT: Viewer = {uid: 0, gids: [0], name: 'root'};

/** How many names along PATH are compared with one that is not there. */
const NAMES_MAX = 20_000;

/** How much of PATH is shown, in characters. */
const PATH_SHOWN = 100;

const FAMILY = new Map([
	[3, 'x86'], [8, 'MIPS'], [20, 'PowerPC'], [21, 'ppc64'], [22, 's390x'], [40, 'arm'], [62, 'x86-64'], [183, 'arm64'], [243, 'RISC-V'],
	[258, 'LoongArch'],
]);

/** Machines that also execute what is made for another one. */
const ALSO: Readonly<Record<number, number>> = {62: 3, 183: 40, 21: 20};

/** `folder`: null for this machine, else an image's root. */
export function createMachine(folder: string | null): Machine {
	const tree = createTree(folder ?? '/');
	const own = folder === null ? env()['PATH'] ?? DEFAULT_PATH : DEFAULT_PATH;
	const viewers = new Map<string, Viewer>();
	let names: readonly string[] | undefined;
	let family: number | null | undefined;

	const read = (path: string): string => {
		const found = tree.find(path);
		return found.ok && isFile(found.value.about) ? slurp(found.value.path) : '';
	};
	let isLacking = false;
	const find = (spec: UserSpec): Result<Identity, string> => {
		const found = findUser(spec, read);
		isLacking ||= !found.ok;
		return found;
	};
	const noted = <A extends readonly unknown[]>(look: (...args: A) => Fault | null) => (...args: A): Fault | null => {
		const fault = look(...args);
		isLacking ||= fault !== null;
		return fault;
	};

	return {
		tree, paths: {own, default: DEFAULT_PATH}, isThere: path => tree.find(path).ok, findUser: find, lacks: () => isLacking,
		programFault: noted(programFault), bindFault: noted(bindFault), folderFault: noted(folderFault), fileFault: noted(fileFault), watchDoubt,
	};

	/** A user that is not there, which has been reported, could do anything: what is missing is missing for all. */
	function viewerOf(user: UserSpec | null): Viewer {
		const id = user === null ? '' : `${user.user}:${user.group}`;
		const known = viewers.get(id);
		if (known !== undefined) return known;
		const found = user === null ? null : find(user);
		const archon = folder === null ? {uid: ownUid, gids: [ownGid, ...sys.getgroups()]} : {uid: 0, gids: [0]};
		const viewer = user === null ? {...archon, name: archon.uid === 0 ? 'root' : userName(archon.uid)}
			: found?.ok ? {uid: found.value.uid, gids: [found.value.gid, ...found.value.groups], name: `user ${user.user}`} : ROOT;
		viewers.set(id, viewer);
		return viewer;
	}

	function programFault(program: string, as: Executor): Fault | null {
		const viewer = viewerOf(as.user);
		const isSearched = !program.includes('/');
		const paths = candidates(program, as.path).flatMap(path => (path.startsWith('/') ? path : as.cwd === null ? [] : join(as.cwd, path)));
		// Where it depends on a directory that is not known, there is nothing to say.
		if (paths.length === 0) return null;
		let refusal: Fault | null = null;
		for (const path of paths) {
			const found = tree.find(path, viewer);
			if (!found.ok) {
				if (found.error.kind === 'unknown') return null;
				if (found.error.kind === 'denied') refusal ??= deniedTo(viewer, found.error, path);
				else if (!isSearched) refusal ??= missing(path, found.error);
			} else if (isFolder(found.value.about)) {
				if (!isSearched) refusal ??= {why: `${path} is a directory and no program`, hint: null};
			} else if (!isFile(found.value.about)) {
				refusal ??= {why: `${path} is no regular file`, hint: null};
			} else if (!mayExecute(found.value.about, viewer)) {
				refusal ??= forbidden(path, found.value, viewer);
			} else {
				return contentFault(path, found.value, as, viewer);
			}
		}
		return refusal ?? {why: `there is no program "${program}" along PATH`, hint: likeness(program, as.path)};
	}

	function bindFault(program: string, as: Executor, given: string | null): Fault | null {
		const library = given ?? (folder === null ? libraryPath(null) : PRELOADED);
		if (!tree.find(library).ok) {
			return {
				why: `${library} does not exist, which rules of bind need`,
				hint: 'it comes with archon: COPY --from=archon / /; or write where it is: bind.library',
			};
		}
		const paths = candidates(program, as.path).filter(path => path.startsWith('/'));
		const path = paths.find(isProgram);
		const found = path === undefined ? null : tree.find(path);
		const about = found?.ok ? examineProgram(found.value.path) : null;
		// What a script is executed by is the program.
		if (about?.interpreter && about.machine === null) return about.interpreter === path ? null : bindFault(about.interpreter, as, given);
		if (!about || about.machine === null || about.interpreter !== null) return null;
		return {why: `${path} is linked statically, and rules of bind do not reach it`, hint: 'let it take its sockets from archon: sockets'};
	}

	function forbidden(path: string, {about}: Found, viewer: Viewer): Fault {
		const isForRoot = mayExecute(about, ROOT);
		return {
			why: `${path} is not executable${isForRoot ? ` for ${viewer.name}` : ''}`,
			hint: `give it the permission: chmod ${isForRoot ? 'a+rx' : '+x'} ${path}`,
		};
	}

	function missing(path: string, {at, link}: Miss): Fault {
		const elsewhere = folderOf(basename(path));
		const hint = elsewhere === null ? 'install it, or write where it is' : `there is ${elsewhere}/${basename(path)}`;
		if (link !== null) return {why: `${link} is a symbolic link, and leads to ${at}, which does not exist`, hint};
		return {why: at === path ? `${path} does not exist` : `${path} does not exist: there is no ${at}`, hint};
	}

	/** Where along archon's own PATH a program is. */
	function folderOf(program: string): string | null {
		return own.split(':').find(part => isProgram(`${part}/${program}`)) ?? null;
	}

	function isProgram(path: string): boolean {
		const found = tree.find(path);
		return found.ok && isFile(found.value.about) && mayExecute(found.value.about, ROOT);
	}

	/** Why the kernel would not execute what the file holds. */
	function contentFault(path: string, {path: real}: Found, as: Executor, viewer: Viewer): Fault | null {
		const program = examineProgram(real);
		if (!program) return null;
		const {interpreter, argument, machine} = program;
		const here = familyHere();
		if (machine !== null && here !== null && machine !== here && machine !== ALSO[here]) {
			const [its, own] = [FAMILY.get(machine) ?? `machine ${machine}`, FAMILY.get(here) ?? `machine ${here}`];
			const where = folder === null ? 'this machine' : 'the image';
			return {why: `${path} is built for ${its}, and ${where} is ${own}`, hint: `build or install the one for ${own}`};
		}
		if (interpreter === null) return null;
		if (interpreter.endsWith('\r') || argument?.endsWith('\r')) {
			return {why: `${path} has line ends of Windows, and its #! line with them`, hint: 'save it with LF instead of CRLF'};
		}
		if (!interpreter.startsWith('/')) return null;
		const found = tree.find(interpreter);
		if (!found.ok && found.error.kind === 'missing') {
			return machine === null
				? {why: `${path} needs ${interpreter}, which does not exist`, hint: 'install it, or write another program in the #! line'}
				: {
					why: `${path} needs the loader ${interpreter}, which does not exist`,
					hint: `it was built for ${interpreter.includes('musl') ? 'musl (Alpine)' : 'another C library'}: install that, or link it statically`,
				};
		}
		const [word = '', ...rest] = argument?.split(/\s+/) ?? [];
		const isPlain = basename(interpreter) === 'env' && /^[\w.+][\w.+-]*$/.test(word) && rest.length === 0;
		if (machine !== null || !isPlain) return null;
		const isThere = as.path.split(':').some(part => {
			const each = tree.find(`${part}/${word}`, viewer);
			return part.startsWith('/') && (each.ok ? isFile(each.value.about) : each.error.kind === 'unknown');
		});
		if (isThere) return null;
		return {why: `${path} needs "${word}" (#!${interpreter} ${word}), which is not along PATH`, hint: likeness(word, as.path)};
	}

	/** What programs there are for; null: that is not known. */
	function familyHere(): number | null {
		if (family !== undefined) return family;
		const known = folder === null ? ['/proc/self/exe'] : ['/bin/sh', '/usr/bin/env', '/usr/local/bin/archon', '/bin/archon'];
		for (const path of known) {
			const found = folder === null ? null : tree.find(path);
			const program = found?.ok === false ? null : examineProgram(found?.value.path ?? path);
			if (program?.machine) return family = FAMILY.has(program.machine) ? program.machine : null;
		}
		return family = null;
	}

	function likeness(program: string, path: string): string {
		// A whole command line as one word of a list.
		const words = program.split(/\s+/).filter(word => word !== '');
		if (words.length > 1) return `write its words one by one: [${words.join(', ')}]`;
		names ??= own.split(':').flatMap(part => {
			const found = part.startsWith('/') ? tree.find(part) : null;
			const listed = found?.ok && isFolder(found.value.about) ? sys.readFolder(found.value.path, NAMES_MAX) : [];
			return typeof listed === 'number' ? [] : listed;
		});
		const meant = nearest(program, new Set(names));
		const shown = path.length > PATH_SHOWN ? `${path.slice(0, PATH_SHOWN)}…` : path;
		const which = path === DEFAULT_PATH ? '' : `; PATH is ${shown}`;
		if (meant === program) return `it is in ${folderOf(program)}${which}`;
		return meant === null ? `install it, or write its whole path${which}` : `did you mean "${meant}"?`;
	}

	function deniedTo(viewer: Viewer, {at}: Miss, path: string): Fault {
		const way = at === path ? '' : `, the way to ${path}`;
		return {why: `${viewer.name} may not enter ${at}${way}`, hint: `give it the permission: chmod a+x ${at}`};
	}

	function folderFault(path: string, user: UserSpec | null): Fault | null {
		const viewer = viewerOf(user);
		const found = tree.find(path, viewer);
		if (found.ok) {
			if (!isFolder(found.value.about)) return {why: `${path} is not a directory`, hint: null};
			return mayExecute(found.value.about, viewer) ? null : deniedTo(viewer, {kind: 'denied', at: path, link: null}, path);
		}
		const {kind, at, link} = found.error;
		if (kind === 'denied') return deniedTo(viewer, found.error, path);
		if (kind === 'unknown') return null;
		const why = link === null ? `${path} does not exist` : `${link} is a symbolic link, and leads to ${at}, which does not exist`;
		return {why, hint: 'make it in the image, or in a pre_start command'};
	}

	function watchDoubt(path: string): string | null {
		const found = tree.find(path);
		if (!found.ok) return found.error.kind === 'missing' ? `${path} does not exist: it counts as changed when it comes` : null;
		// What is mounted in a container is not known from its image.
		return folder === null && isFile(found.value.about) && isMountPoint(path) ? `${path} ${MOUNTED_ALONE}` : null;
	}

	function fileFault(path: string): Fault | null {
		const found = tree.find(path);
		if (found.ok) return isFolder(found.value.about) ? {why: `${path} is a directory`, hint: 'name a file in it'} : null;
		if (found.error.kind !== 'missing' || found.error.at === path) return null;
		const above = tree.find(found.error.at);
		return above.ok && !isFolder(above.value.about) ? {why: `${path}: ${found.error.at} is not a directory`, hint: null} : null;
	}
}
