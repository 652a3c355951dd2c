/** The connection to the pool of the folder that the client is in. */
import {basename, dirname} from '../../core/path.ts';
import {err, ok, type Result} from '../../core/result.ts';
import {byteLength} from '../../os/bytes.ts';
import type {Environment} from '../../os/environment.ts';
import {errnoText} from '../../os/errno.ts';
import {PEER_REPORT} from '../../os/layouts.ts';
import {PATH_MAX} from '../../os/sockets/trust.ts';
import {ERRNO, newStat, O, SOCK_STREAM, sys} from '../../os/sys.ts';
import {findProject, SOCKET} from './project.ts';

/** Names in a folder that are looked at for what makes it a project. */
const NAMES_MAX = 10_000;

const START = 'start one with archon zeus start, or archonctl start where archon keeps it as a service';

export interface Pool {
	/** The connection, which blocks. */
	readonly fd: number;
	readonly path: string;
	/** Who listens. */
	readonly pid: number;
	readonly uid: number;
}

/** The folder of the project that the client is in; null: it is in none. */
export function ownProject(): string | null {
	const here = sys.realPath('.');
	if (typeof here === 'number') return null;
	return findProject(here, {
		isThere: path => sys.lstat(path, newStat()) >= 0,
		names(folder) {
			const names = sys.readFolder(folder, NAMES_MAX);
			return typeof names === 'number' ? [] : names;
		},
	});
}

/** Where a pool is reached. */
export function socketPath(env: Environment): Result<string, string> {
	const given = env['ZEUSSOCK'];
	if (given) return ok(given);
	const project = ownProject();
	if (project === null) {
		return err('this folder is in no project: neither it nor one above has .zeus.sock, zeus.json, zeus.yaml, archon.yaml, a Gemfile or .git; '
			+ 'go to one that has, or let $ZEUSSOCK name the socket of a pool');
	}
	return ok(`${project === '/' ? '' : project}/${SOCKET}`);
}

/** WAITS for as long as more clients than the kernel queues are before this one. */
export function reach(env: Environment): Result<Pool, string> {
	const path = socketPath(env);
	if (!path.ok) return path;
	const fd = connect(path.value);
	if (fd < 0) return err(whyNot(path.value, -fd));
	const peer = new Int32Array(Object.keys(PEER_REPORT).length);
	sys.peer(fd, peer);
	const pool = {fd, path: path.value, pid: peer[PEER_REPORT.pid] ?? 0, uid: peer[PEER_REPORT.uid] ?? 0};
	const own = sys.getuid();
	// It would be given the terminal, the arguments and the input. Root may use the pools of others.
	if (own === 0 || pool.uid === own || pool.uid === 0) return ok(pool);
	sys.close(fd);
	return err(`the pool at ${path.value} is of another user (${pool.uid}), and is not trusted`);
}

/** A path of any length. */
function connect(path: string): number {
	if (byteLength(path) <= PATH_MAX) return sys.connectUnix(path, SOCK_STREAM);
	const folder = sys.open(dirname(path), O.PATH | O.DIRECTORY, 0);
	if (folder < 0) return folder;
	// The kernel takes no longer names, but this one leads there as well.
	const fd = sys.connectUnix(`/proc/self/fd/${folder}/${basename(path)}`, SOCK_STREAM);
	sys.close(folder);
	return fd;
}

function whyNot(path: string, errno: number): string {
	switch (errno) {
		case ERRNO.ENOENT:
		case ERRNO.ENOTDIR: return `no pool runs in ${dirname(path)}, as there is no ${path}: ${START}`;
		case ERRNO.ECONNREFUSED: return `the pool of ${dirname(path)} has ended, and nothing listens at ${path}: ${START}`;
		case ERRNO.ENAMETOOLONG: return `${path} has a name that is too long for a socket: use a shorter one, and name it in $ZEUSSOCK`;
		case ERRNO.EACCES: return `the pool at ${path} may not be reached by this user: permission denied`;
		default: return `the pool at ${path} cannot be reached: ${errnoText(errno)}`;
	}
}
