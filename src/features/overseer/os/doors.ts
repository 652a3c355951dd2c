/** Where overseer's daemon is asked: a socket and a port of this machine only, and the lock by which there is one daemon. */
import {err, ok, type Result} from '../../../core/result.ts';
import {byteLength, bytesOf} from '../../../os/bytes.ts';
import {close} from '../../../os/descriptors.ts';
import {errnoText} from '../../../os/errno.ts';
import {pid} from '../../../os/identity.ts';
import {PATH_MAX} from '../../../os/sockets/trust.ts';
import {ERRNO, isFile, isSocket, newStat, O, sys} from '../../../os/sys.ts';
import {writeWhole} from '../../../os/whole-file.ts';
import type {Homes} from '../core/homes.ts';

/** Descriptors that listen, and never block. */
export interface Doors {
	readonly socket: number;
	readonly tcp: number;
	/** Of `tcp`. */
	readonly port: number;
}

/** How long a lock is tried for, as a client has it for a moment while it deletes a stale socket (ms). */
const [PATIENCE, PAUSE] = [500, 20];
const OWN_ONLY = 0o600;

/** The descriptor that has the lock until it is closed; or why it cannot be had. */
export function takeLock({lock}: Pick<Homes, 'lock'>, patience = PATIENCE): Result<number, string> {
	const fd = sys.open(lock, O.RDWR | O.CREAT | O.NOFOLLOW | O.NONBLOCK | O.NOCTTY, OWN_ONLY);
	if (fd < 0) return err(`${lock}: ${errnoText(-fd)}`);
	const about = newStat();
	const give = (why: string): Result<number, string> => {
		close(fd);
		return err(why);
	};
	if (sys.fstat(fd, about) < 0 || !isFile(about)) return give(`${lock} is not a regular file: remove it`);
	for (let waited = 0;; waited += PAUSE) {
		const result = sys.lock(fd);
		if (result >= 0) return ok(fd);
		if (result === -ERRNO.EINTR) continue;
		if (result !== -ERRNO.EAGAIN) return give(`cannot lock ${lock}: ${errnoText(-result)}`);
		if (waited >= patience) return give(runs(lock));
		sys.sleep(PAUSE);
	}
}

/** Who has the lock has written its pid there. */
function runs(lock: string): string {
	const text = sys.readText(lock, 20);
	const owner = typeof text === 'string' ? /^\d+/.exec(text)?.[0] : undefined;
	return `already running${owner === undefined ? '' : ` as pid ${owner}`}`;
}

/** Says who has the lock, for people and for a second daemon. */
export function signLock(fd: number): void {
	sys.ftruncate(fd, 0);
	sys.write(fd, bytesOf(`${pid}\n`));
}

/**
 * Listens. Only who has the lock may call it: what is left of another daemon's socket is replaced. `port`: 0 lets the kernel choose.
 * The socket comes last: who finds it finds the port as well.
 */
export function openDoors(homes: Pick<Homes, 'socket' | 'port'>, port: number): Result<Doors, string> {
	const tcp = sys.listenInet('127.0.0.1', port);
	if (tcp < 0) return err(`cannot listen at 127.0.0.1:${port}: ${errnoText(-tcp)}`);
	const ports = new Int32Array(2);
	sys.ports(tcp, ports);
	const [found = port] = ports;
	const why = writeWhole(homes.port, bytesOf(`${found}\n`), OWN_ONLY);
	const socket = why === null ? openSocket(homes.socket) : err(why);
	if (socket.ok) return ok({socket: socket.value, tcp, port: found});
	close(tcp);
	sys.unlink(homes.port);
	return socket;
}

function openSocket(path: string): Result<number, string> {
	if (byteLength(path) > PATH_MAX) return err(`${path} is longer than ${PATH_MAX} bytes: set $XDG_DATA_HOME to a shorter path`);
	const about = newStat();
	if (sys.lstat(path, about) >= 0) {
		if (!isSocket(about)) return err(`${path} is there and is no socket: remove it`);
		sys.unlink(path);
	}
	const fd = sys.listenUnix(path);
	if (fd < 0) return err(`cannot listen at ${path}: ${errnoText(-fd)}`);
	sys.chmod(path, OWN_ONLY);
	return ok(fd);
}

/** They are gone for clients as well. */
export function closeDoors(homes: Pick<Homes, 'socket' | 'port'>, {socket, tcp}: Pick<Doors, 'socket' | 'tcp'>): void {
	close(socket);
	close(tcp);
	sys.unlink(homes.socket);
	sys.unlink(homes.port);
}
