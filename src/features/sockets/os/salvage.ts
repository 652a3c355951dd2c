/** Sockets of a service that runs, found again among descriptors of which nothing says what they are. */
import {ERRNO, sys} from '../../../os/sys.ts';
import type {SocketSpec} from '../core/spec.ts';
import {portOf, TYPES} from './bind.ts';
import {boundPath} from './unix.ts';

/** How many descriptors of a process are looked at. */
const FDS_MAX = 4096;

/** Which of them is the socket that the process with this number was given; undefined: none is. */
export function findSocket(spec: SocketSpec, strays: Iterable<number>, pid: number): number | undefined {
	const own = spec.reuseport ? linksOf(pid) : null;
	for (const fd of strays) if (isThat(fd, spec) && (own === null || own.has(linkOf('self', fd)))) return fd;
	return undefined;
}

/** Whether it is bound where the config says. A connection that came by it has the same address, and another end. */
function isThat(fd: number, {type, listen}: SocketSpec): boolean {
	if (sys.socketType(fd) !== TYPES[type] || sys.peerAddress(fd) !== -ERRNO.ENOTCONN) return false;
	const address = sys.ownAddress(fd);
	if (typeof address === 'number' || address === '') return false;
	if (listen.kind === 'unix') return address === boundPath(listen.path);
	// Which port archon had chosen is not known any more.
	if (listen.kind === 'fd' || listen.port === 'auto' || portOf(fd) !== listen.port) return false;
	return listen.host === null ? address === '::' || address === '0.0.0.0' : address === listen.host;
}

const linkOf = (process: number | 'self', fd: number | string): string => {
	const link = sys.readLink(`/proc/${process}/fd/${fd}`);
	return typeof link === 'string' ? link : '';
};

/** The descriptors that a process has, as the kernel calls them. Each instance has a socket of its own at the same address. */
function linksOf(pid: number): ReadonlySet<string> {
	const fds = sys.readFolder(`/proc/${pid}/fd`, FDS_MAX);
	return new Set(typeof fds === 'number' ? [] : fds.map(fd => linkOf(pid, fd)).filter(link => link !== ''));
}
