/**
 * Makes and removes directories of a service's own, which lie where their service's user may write. Root makes and removes
 * nothing there but them: each folder on the way is opened in the one before it, what another user has laid in their place
 * is refused, and nothing is given away but an empty folder.
 */
import type {Refusal} from '../../core/outcome.ts';
import {basename, dirname, join} from '../../core/path.ts';
import {err, ok, type Result} from '../../core/result.ts';
import type {Directory, Service} from '../../core/service.ts';
import {errnoText, isTemporary} from '../errno.ts';
import {gid as ownGid, uid as ownUid} from '../identity.ts';
import {STAT} from '../layouts.ts';
import {openFolder} from '../places.ts';
import {ERRNO, isFolder, newStat, O, type Stat, sys} from '../sys.ts';
import {findUser, userName} from './users.ts';

/** Nothing that a service leaves keeps PID 1 from its work: more names, or folders in folders, are left where they are. */
const [NAMES_MAX, DEPTH_MAX] = [10_000, 32];

const MODE = 0o755;
const PERMISSIONS = 0o7777;
/** unlinkat(2), AT_REMOVEDIR. */
const FOLDER = 0x200;
const OPENED = O.RDONLY | O.DIRECTORY | O.NOFOLLOW | O.NONBLOCK;

/** Null: they are all there. */
export function makeDirectories({name, exec}: Service): Refusal | null {
	for (const directory of exec.directories) {
		const made = make(directory, exec.user, name);
		if (!made.ok) {
			const {errno, reason} = made.error;
			return {stage: `making ${directory.path}`, errno, reason, temporary: isTemporary(errno)};
		}
	}
	return null;
}

interface Unmade {
	readonly errno: number;
	readonly reason: string;
}

const unmade = (errno: number, reason = errnoText(errno)): Result<never, Unmade> => err({errno, reason});

/** Whose a directory is. */
function ownerOf({user}: Directory, serviceUser: Service['exec']['user']): Result<{readonly uid: number; readonly gid: number}, Unmade> {
	const spec = user ?? serviceUser;
	if (spec === null) return ok({uid: ownUid, gid: ownGid});
	const found = findUser(spec);
	return found.ok ? found : unmade(ERRNO.ENOENT, found.error);
}

function make(directory: Directory, serviceUser: Service['exec']['user'], name: string): Result<void, Unmade> {
	const owner = ownerOf(directory, serviceUser);
	if (!owner.ok) return owner;
	const {path, mode} = directory;
	const parent = openFolder(dirname(path), true);
	if (typeof parent === 'string') return unmade(ERRNO.ELOOP, parent);
	if (typeof parent === 'number') return unmade(-parent);
	// Closed to all others until it is whose it is to be.
	const made = sys.mkdirAt(parent.fd, basename(path), 0o700);
	const fd = made < 0 && made !== -ERRNO.EEXIST ? made : sys.openAt(parent.fd, basename(path), OPENED, 0);
	sys.close(parent.fd);
	if (fd < 0) return unmade(-fd, fd === -ERRNO.ENOTDIR || fd === -ERRNO.ELOOP ? 'it is there, and is not a directory' : errnoText(-fd));
	try {
		return settle(fd, made === 0, {...owner.value, mode}, name);
	} finally {
		sys.close(fd);
	}
}

function settle(
	fd: number, isNew: boolean, {uid, gid, mode}: {readonly uid: number; readonly gid: number; readonly mode: number | null}, name: string,
): Result<void, Unmade> {
	const about = newStat();
	const seen = sys.fstat(fd, about);
	if (seen < 0) return unmade(-seen);
	const has = about[STAT.uid] ?? -1;
	// Also a new one: who may write to its parent may have put another folder in its place since.
	const isGiven = has === ownUid && has !== uid && isEmpty(fd);
	if (has !== uid && !isGiven) {
		const reason = `it belongs to ${userName(has)}, and not to ${userName(uid)}: give it to ${userName(uid)}, or ${name} another one`;
		return unmade(ERRNO.EPERM, reason);
	}
	const given = isNew || isGiven ? sys.fchown(fd, uid, gid) : 0;
	const wanted = mode ?? (isNew ? MODE : null);
	const isOther = wanted !== null && ((about[STAT.mode] ?? 0) & PERMISSIONS) !== wanted;
	const result = given < 0 ? given : isOther ? sys.fchmod(fd, wanted) : 0;
	return result < 0 ? unmade(-result) : ok(undefined);
}

function isEmpty(fd: number): boolean {
	const names = sys.readFolderAt(fd, 1);
	return typeof names === 'object' && names.length === 0;
}

/** What could not be removed, in words. */
export function removeDirectories({exec}: Service): readonly string[] {
	const notes: string[] = [];
	for (const directory of exec.keepsRuntime ? [] : exec.directories.filter(({kind}) => kind === 'runtime')) {
		const failure = remove(directory, exec.user);
		if (failure !== null) notes.push(`cannot remove ${directory.path}: ${failure}`);
	}
	return notes;
}

/** What is being removed: the device that it lies on, and how many names may still be looked at. */
interface Removal {
	readonly device: number;
	names: number;
}

function remove(directory: Directory, serviceUser: Service['exec']['user']): string | null {
	const {path} = directory;
	const parent = openFolder(dirname(path));
	if (typeof parent === 'string') return parent;
	if (typeof parent === 'number') return isAbsent(parent) ? null : errnoText(-parent);
	try {
		const fd = sys.openAt(parent.fd, basename(path), OPENED, 0);
		if (fd < 0) return isAbsent(fd) ? null : errnoText(-fd);
		const owner = ownerOf(directory, serviceUser);
		const about = newStat();
		const seen = sys.fstat(fd, about);
		// Not archon's own folders: who may write to the parent can give one the name, and could not empty it.
		const isOwn = owner.ok && about[STAT.uid] === owner.value.uid;
		const failure = seen < 0 ? errnoText(-seen) : !isOwn ? `it belongs to ${userName(about[STAT.uid] ?? -1)} by now`
			: empty(fd, path, {device: about[STAT.device] ?? -1, names: NAMES_MAX}, DEPTH_MAX);
		sys.close(fd);
		return failure ?? removed(parent.fd, basename(path), FOLDER);
	} finally {
		sys.close(parent.fd);
	}
}

/** Removes all that is in a folder; the first reason why something cannot be. */
function empty(fd: number, path: string, removal: Removal, depth: number): string | null {
	const names = sys.readFolderAt(fd, removal.names + 1);
	if (typeof names === 'number') return errnoText(-names);
	if (names.length > removal.names) return `there are more than ${NAMES_MAX} names in it`;
	removal.names -= names.length;
	const about = newStat();
	let failure: string | null = null;
	for (const name of names) {
		const seen = sys.lstatAt(fd, name, about);
		if (seen < 0) continue;
		const reason = isFolder(about) ? removeFolder(fd, name, {path: join(path, name), about, removal, depth}) : removed(fd, name, 0);
		if (reason !== null) failure ??= reason;
	}
	return failure;
}

function removeFolder(
	fd: number, name: string, {path, about, removal, depth}: {path: string; about: Stat; removal: Removal; depth: number},
): string | null {
	if (about[STAT.device] !== removal.device) return `something is mounted at ${path}`;
	if (depth === 0) return `there are more than ${DEPTH_MAX} folders in one another`;
	const inner = sys.openAt(fd, name, OPENED, 0);
	if (inner < 0) return isAbsent(inner) ? null : `${path}: ${errnoText(-inner)}`;
	const failure = empty(inner, path, removal, depth - 1);
	sys.close(inner);
	return failure ?? removed(fd, name, FOLDER);
}

function removed(fd: number, name: string, flags: number): string | null {
	const result = sys.unlinkAt(fd, name, flags);
	return result < 0 && !isAbsent(result) ? `${name}: ${errnoText(-result)}` : null;
}

const isAbsent = (result: number): boolean => result === -ERRNO.ENOENT;
