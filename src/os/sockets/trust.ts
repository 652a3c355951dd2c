/** Whom archon and its clients believe at the other end of a socket, and where another user could put a socket in its place. */
import {errnoText} from '../errno.ts';
import {uid as ownUid} from '../identity.ts';
import {PEER_REPORT, STAT} from '../layouts.ts';
import {isLink, newStat, sys} from '../sys.ts';

/** A path that fits into sockaddr_un with its NUL (unix(7)). */
export const PATH_MAX = 107;

/** Who is at the other end, as the kernel saw it at connect time. */
export interface Peer {
	readonly pid: number;
	readonly uid: number;
	readonly gid: number;
}

const STICKY = 0o1000;
const OTHERS_WRITE = 0o022;

/**
 * Why another user could put a socket in a directory in place of archon's; null: no other user could. Where all may write but
 * only to what is theirs (sticky, inode(7)) none could either, unless that user was there first.
 */
export function weaknessOf(directory: string): string | null {
	const about = newStat();
	const result = sys.lstat(directory, about);
	if (result < 0) return errnoText(-result);
	const [mode = 0, uid = -1] = [about[STAT.mode], about[STAT.uid]];
	if (!isTrusted(uid)) return `its directory belongs to uid ${uid}, who could put another socket there`;
	if (isLink(about)) {
		const real = sys.realPath(directory);
		return typeof real === 'string' ? weaknessOf(real) : errnoText(-real);
	}
	if ((mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0) return null;
	return 'others may write to its directory and could put another socket there (chmod go-w)';
}

export const isTrusted = (uid: number): boolean => uid === 0 || uid === ownUid;

/** Null where the kernel does not say. */
export function peerOf(fd: number): Peer | null {
	const report = new Int32Array(Object.keys(PEER_REPORT).length);
	if (sys.peer(fd, report) < 0) return null;
	const [pid = 0, uid = -1, gid = -1] = report;
	return {pid, uid: uid >>> 0, gid: gid >>> 0};
}
