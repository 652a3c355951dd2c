/**
 * Binds unix sockets: in a folder that is found by no link that others may have laid, and is made where it is missing. The file of
 * a socket at which no process listens any more is replaced, and no other file is.
 */
import {err, ok, type Result} from '../../../core/result.ts';
import {close} from '../../../os/descriptors.ts';
import {errnoText} from '../../../os/errno.ts';
import {PLACE, STAT} from '../../../os/layouts.ts';
import {type FilePlace, findPlace} from '../../../os/places.ts';
import {describeHolder, holderOf} from '../../../os/port-holder.ts';
import {findUser} from '../../../os/spawn/users.ts';
import {ERRNO, isSocket, newStat, SOCK_NONBLOCK, type Stat, sys} from '../../../os/sys.ts';
import type {SocketSpec} from '../core/spec.ts';
import {TYPES, type Unbound} from './bind.ts';

/** The file of a socket, and the number by which it is known again. */
export interface UnixPlace {
	readonly path: string;
	readonly inode: number;
}

const about: Stat = newStat();

/** The socket file that is at a path. */
export function placeOfUnix(path: string): UnixPlace {
	const isThere = sys.lstat(path, about) === 0 && isSocket(about);
	return {path, inode: isThere ? about[STAT.inode] ?? 0 : 0};
}

/** Listens at a path, with the mode and the owner that the config says. */
export function bindUnix(path: string, spec: SocketSpec): Result<{readonly fd: number; readonly place: UnixPlace}, Unbound> {
	const found = findPlace(path, PLACE.make);
	if (typeof found === 'string') return err({errno: ERRNO.EACCES, reason: found});
	try {
		const fd = bindIn(found, spec);
		if (!fd.ok) return fd;
		const isThere = sys.lstatAt(found.folder.fd, found.name, about) === 0 && isSocket(about);
		const place = {path: realPath(found), inode: isThere ? about[STAT.inode] ?? 0 : 0};
		const why = give(found, spec);
		if (why === null) return ok({fd: fd.value, place});
		close(fd.value);
		sys.unlinkAt(found.folder.fd, found.name, 0);
		return err(why);
	} finally {
		close(found.folder.fd);
	}
}

/** Under which path a socket for this one is bound: links to its folder are followed. Empty: its folder cannot be found. */
export function boundPath(path: string): string {
	const found = findPlace(path);
	if (typeof found === 'string') return '';
	close(found.folder.fd);
	return realPath(found);
}

const realPath = ({folder, name}: FilePlace): string => (folder.path === '/' ? `/${name}` : `${folder.path}/${name}`);

function bindIn(place: FilePlace, {type, backlog}: SocketSpec): Result<number, Unbound> {
	const path = realPath(place);
	const bind = (): number => sys.bindUnix(path, TYPES[type], backlog, place.folder.fd, place.name);
	let fd = bind();
	if (fd === -ERRNO.EADDRINUSE) {
		const isThere = sys.lstatAt(place.folder.fd, place.name, about) === 0;
		if (isThere && !isSocket(about)) return err({errno: ERRNO.EEXIST, reason: 'a file that is no socket has that name: remove it'});
		if (!isThere || isStale(`/proc/self/fd/${place.folder.fd}/${place.name}`, TYPES[type])) {
			sys.unlinkAt(place.folder.fd, place.name, 0);
			fd = bind();
		}
	}
	if (fd >= 0) return ok(fd);
	if (fd !== -ERRNO.EADDRINUSE) return err({errno: -fd, reason: errnoText(-fd)});
	return err({errno: -fd, reason: `address in use${describeHolder(holderOf({kind: 'unix', path}))}`});
}

/** Whether no process listens at it any more. */
function isStale(path: string, type: number): boolean {
	// A blocking one would wait for ever where a process listens and accepts no connection.
	const probe = sys.connectUnix(path, type | SOCK_NONBLOCK);
	if (probe >= 0) close(probe);
	return probe === -ERRNO.ECONNREFUSED || probe === -ERRNO.ENOENT;
}

function give({folder, name}: FilePlace, {mode, user}: SocketSpec): Unbound | null {
	const found = user ? findUser(user) : null;
	if (found && !found.ok) return {errno: ERRNO.ENOENT, reason: found.error};
	const {uid, gid} = found?.value ?? {uid: -1, gid: -1};
	const result = sys.setSocketFile(folder.fd, name, mode, uid, gid);
	return result < 0 ? {errno: -result, reason: `setting its mode and user: ${errnoText(-result)}`} : null;
}

/** Gives the file of a bound socket another mode or owner, as far as that can be. */
export function ownUnix({path}: UnixPlace, spec: SocketSpec): void {
	const found = findPlace(path);
	if (typeof found === 'string') return;
	give(found, spec);
	close(found.folder.fd);
}

/** Removes the file, if it is still the same. */
export function unlinkUnix({path, inode}: UnixPlace): void {
	const found = findPlace(path);
	if (typeof found === 'string') return;
	if (sys.lstatAt(found.folder.fd, found.name, about) === 0 && isSocket(about) && about[STAT.inode] === inode) {
		sys.unlinkAt(found.folder.fd, found.name, 0);
	}
	close(found.folder.fd);
}
