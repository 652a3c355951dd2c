/** Where clients of a pool come in: its socket, and beside it the file with the pid of who has it, by whose lock there is one pool. */
import {basename, dirname} from '../../core/path.ts';
import {err, ok, type Result} from '../../core/result.ts';
import {byteLength, bytesOf} from '../../os/bytes.ts';
import {errnoText} from '../../os/errno.ts';
import {pid, uid} from '../../os/identity.ts';
import {STAT} from '../../os/layouts.ts';
import {PATH_MAX, peerOf} from '../../os/sockets/trust.ts';
import {ERRNO, isFile, isSocket, newStat, O, SOCK_NONBLOCK, SOCK_STREAM, sys} from '../../os/sys.ts';

export interface Door {
	/** It listens, and never blocks. */
	readonly fd: number;
	/** No client finds it any more. */
	close(): void;
}

/** Why there is no door; `isRunning`: another pool has it. */
export interface NoDoor {
	readonly why: string;
	readonly isRunning: boolean;
}

/** Clients that may wait to be taken. */
const BACKLOG = 1024;
const HINT = 'set socket, or $ZEUSSOCK, to a path in a folder where this user may write';
/** How often a file is tried that is exchanged meanwhile. */
const TRIES = 5;

/** `app.sock` has `app.pid` beside it. */
export const pidFileOf = (socket: string): string => `${socket.endsWith('.sock') ? socket.slice(0, -'.sock'.length) : socket}.pid`;

/** Listens at a path of any length; what a pool has left there that was killed is replaced. */
export function openDoor(path: string, mode: number): Result<Door, NoDoor> {
	const file = pidFileOf(path);
	const about = newStat();
	const lock = takeLock(file);
	if (!lock.ok) return lock;
	const socket = listenAt(path, mode);
	if (!socket.ok) {
		// One that was there may be another program's, which listens.
		if (sys.fstat(lock.value, about) >= 0 && about[STAT.size] === 0) sys.unlink(file);
		sys.close(lock.value);
		return socket;
	}
	sys.ftruncate(lock.value, 0);
	sys.writeAt(lock.value, bytesOf(`${pid}\n`), 0);
	return ok({
		fd: socket.value,
		close() {
			sys.close(socket.value);
			sys.unlink(path);
			sys.unlink(file);
			sys.close(lock.value);
		},
	});
}

const refused = (why: string, isRunning = false): Result<never, NoDoor> => err({why, isRunning});

/** The descriptor that has the lock until it is closed. */
function takeLock(file: string): Result<number, NoDoor> {
	const [about, named] = [newStat(), newStat()];
	for (let left = TRIES; left > 0; left--) {
		const fd = sys.open(file, O.RDWR | O.CREAT | O.NOFOLLOW | O.NONBLOCK | O.NOCTTY, 0o644);
		if (fd < 0) return refused(`${file}: ${errnoText(-fd)}; ${HINT}`);
		const give = (why: string, isRunning = false): Result<never, NoDoor> => {
			sys.close(fd);
			return refused(why, isRunning);
		};
		if (sys.fstat(fd, about) < 0 || !isFile(about) || (about[STAT.links] ?? 0) > 1) return give(`${file} is not a regular file: remove it`);
		if (about[STAT.uid] !== uid) return give(`${file} belongs to uid ${about[STAT.uid]}: remove it`);
		const locked = sys.lock(fd);
		if (locked === -ERRNO.EAGAIN) return give(runs(fd), true);
		if (locked < 0) return give(`cannot lock ${file}: ${errnoText(-locked)}`);
		// One that ended meanwhile has removed it.
		if (sys.lstat(file, named) >= 0 && named[STAT.inode] === about[STAT.inode] && named[STAT.device] === about[STAT.device]) return ok(fd);
		sys.close(fd);
	}
	return refused(`${file} is removed again and again`);
}

/** Who has the lock has written its pid there. */
function runs(fd: number): string {
	const bytes = new Uint8Array(16);
	const count = sys.readAt(fd, bytes, 0);
	const owner = count > 0 ? Number.parseInt(String.fromCharCode(...bytes.subarray(0, count)), 10) : 0;
	return owner > 0 ? `already running (pid ${owner})` : 'already running';
}

function listenAt(path: string, mode: number): Result<number, NoDoor> {
	const folder = byteLength(path) > PATH_MAX ? sys.open(dirname(path), O.PATH | O.DIRECTORY, 0) : -1;
	if (folder < 0 && byteLength(path) > PATH_MAX) return refused(`${dirname(path)}: ${errnoText(-folder)}`);
	// The kernel takes no longer names, but this one leads there as well.
	const name = folder < 0 ? path : `/proc/self/fd/${folder}/${basename(path)}`;
	const result = listen(name, path);
	if (result.ok) {
		sys.setBacklog(result.value, BACKLOG);
		sys.chmod(name, mode);
	}
	if (folder >= 0) sys.close(folder);
	return result;
}

function listen(name: string, path: string): Result<number, NoDoor> {
	const about = newStat();
	if (sys.lstat(name, about) >= 0) {
		if (!isSocket(about)) return refused(`${path} is there and is no socket: remove it`);
		// A blocking one would wait for ever where a process listens and accepts no connection.
		const probe = sys.connectUnix(name, SOCK_STREAM | SOCK_NONBLOCK);
		if (probe >= 0 || probe === -ERRNO.EAGAIN) {
			const owner = probe >= 0 ? peerOf(probe)?.pid ?? 0 : 0;
			if (probe >= 0) sys.close(probe);
			return refused(`already running${owner > 0 ? ` (pid ${owner})` : ''}`, true);
		}
		if (probe !== -ERRNO.ECONNREFUSED) return refused(`${path}: ${errnoText(-probe)}`);
		sys.unlink(name);
	}
	const fd = sys.listenUnix(name);
	if (fd === -ERRNO.ENAMETOOLONG) return refused(`${path}: no socket has so long a name (set socket, or $ZEUSSOCK, to a shorter one)`);
	return fd < 0 ? refused(`${path}: ${errnoText(-fd)}`) : ok(fd);
}
