/** Who holds an address that cannot be bound: the socket as the kernel lists it, and a process that has it open (proc(5)). */
import type {Millis} from '../core/time.ts';
import {pid as ownPid} from './identity.ts';
import {pids, slurp, statOf} from './reap/procfs.ts';
import {sys} from './sys.ts';

/** What could not be bound. */
export type Taken =
	| {readonly kind: 'tcp' | 'udp'; readonly port: number}
	/** As it was bound: a path, or a name of the abstract namespace behind `@`. */
	| {readonly kind: 'unix'; readonly path: string};

export interface Holder {
	/** Null: the socket is known, and its process is not: it is in another PID namespace, or may not be looked at. */
	readonly pid: number | null;
	/** The name of the process; empty where that is not known. */
	readonly name: string;
	/** Whether it is archon itself. */
	readonly isOwn: boolean;
}

/** What is read of a list of sockets: those that listen come first. */
const LIST_MAX = 1 << 20;
/** How many sockets may be meant, as listeners with SO_REUSEPORT. */
const SOCKETS_MAX = 64;
/** How many descriptors are looked at, of one process and of all, and for how long: this is asked for in PID 1, and seldom. */
const [OWN_MAX, FDS_MAX, PATIENCE] = [4096, 65_536, 50 satisfies Millis];

/** The state of a socket for TCP that listens, in the kernel's figures. */
const LISTEN = '0A';

/**
 * Null: no socket has it that can be seen, as where one of another network namespace is forwarded. It is to be asked only after
 * EADDRINUSE: all processes may be looked at.
 */
export function holderOf(taken: Taken): Holder | null {
	const inodes = taken.kind === 'unix' ? inodesOfPath(taken.path) : inodesOfPort(taken.kind, taken.port);
	if (inodes.size === 0) return null;
	const deadline = sys.now() + PATIENCE;
	let left = FDS_MAX;
	for (const pid of pids()) {
		if (left <= 0 || sys.now() > deadline) break;
		const fds = sys.readFolder(`/proc/${pid}/fd`, OWN_MAX);
		if (typeof fds === 'number') continue;
		left -= fds.length;
		for (const fd of fds) {
			const link = sys.readLink(`/proc/${pid}/fd/${fd}`);
			if (typeof link !== 'string' || !link.startsWith('socket:[') || !inodes.has(link.slice('socket:['.length, -1))) continue;
			return {pid, name: statOf(pid)?.name ?? '', isOwn: pid === ownPid};
		}
	}
	return {pid: null, name: '', isOwn: false};
}

/** The ports at which something listens (tcp), of any address. Others may have thousands of sockets: the lists are read once for all. */
export function listeningPorts(): ReadonlySet<number> {
	const ports = new Set<number>();
	for (const path of ['/proc/net/tcp', '/proc/net/tcp6']) {
		for (const line of linesOf(path)) {
			// Most lines may be others: that is told without cutting them.
			if (!line.includes(` ${LISTEN} `)) continue;
			const [, local = '', , state] = line.trimStart().split(/ +/, 4);
			if (state === LISTEN) ports.add(Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16));
		}
	}
	return ports;
}

/** As it ends `address in use`: ` by nginx (pid 71)`; empty where no one is known. */
export function describeHolder(holder: Holder | null): string {
	if (!holder) return '';
	if (holder.isOwn) return ' by archon itself';
	return holder.pid === null ? ' by a process that archon cannot see' : ` by ${printable(holder.name)} (pid ${holder.pid})`;
}

/** A process names itself as it likes (prctl(2), PR_SET_NAME). */
const printable = (name: string): string => name.replace(/[^\x20-\x7E]/g, '?') || 'a process';

/** `sl local_address rem_address st … inode`: the address and port in hexadecimal, the inode in the tenth field. */
function inodesOfPort(kind: 'tcp' | 'udp', port: number): ReadonlySet<string> {
	const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
	const found = new Set<string>();
	for (const path of [`/proc/net/${kind}`, `/proc/net/${kind}6`]) {
		for (const line of linesOf(path)) {
			// Most lines are others': that is told without cutting them.
			if (!line.includes(suffix)) continue;
			const [, local, , state, , , , , , inode] = line.trim().split(/ +/);
			if (!local?.endsWith(suffix) || (kind === 'tcp' && state !== LISTEN) || inode === undefined || inode === '0') continue;
			found.add(inode);
			if (found.size >= SOCKETS_MAX) return found;
		}
	}
	return found;
}

/** `num: refcount protocol flags type st inode path`. */
function inodesOfPath(path: string): ReadonlySet<string> {
	const found = new Set<string>();
	for (const line of linesOf('/proc/net/unix')) {
		if (!line.endsWith(` ${path}`)) continue;
		const inode = line.split(/ +/)[6];
		if (inode !== undefined && found.size < SOCKETS_MAX) found.add(inode);
	}
	return found;
}

function* linesOf(path: string): Generator<string> {
	const text = slurp(path, LIST_MAX) ?? '';
	for (let at = text.indexOf('\n') + 1; at > 0 && at < text.length;) {
		const end = text.indexOf('\n', at);
		yield text.slice(at, end < 0 ? text.length : end);
		at = end + 1;
	}
}
