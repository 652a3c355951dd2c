/** Binds sockets for the network, and finds those that archon was started with (sd_listen_fds(3)). */
import {err, ok, type Result} from '../../../core/result.ts';
import {env, isReexecuted} from '../../../os/environment.ts';
import {errnoText} from '../../../os/errno.ts';
import {pid as ownPid} from '../../../os/identity.ts';
import {describeHolder, holderOf} from '../../../os/port-holder.ts';
import {ERRNO, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM, sys} from '../../../os/sys.ts';
import type {SocketSpec} from '../core/spec.ts';

/** Why a socket cannot be had. */
export interface Unbound {
	readonly errno: number;
	readonly reason: string;
	/** What was about to be done; the bank says it. */
	readonly stage?: string;
	/** The socket whose port others have; its service waits for it. */
	readonly taken?: SocketSpec;
}

export const TYPES = {stream: SOCK_STREAM, dgram: SOCK_DGRAM, seqpacket: SOCK_SEQPACKET} as const;

/** Listens at an address in figures; null: at all. */
export function bindInet(host: string | null, port: number, {type, reuseport, backlog}: SocketSpec): Result<number, Unbound> {
	const fd = sys.bindInet(host ?? '', port, TYPES[type], reuseport, backlog);
	if (fd >= 0) return ok(fd);
	const errno = -fd;
	const text = errnoText(errno);
	if (errno === ERRNO.EADDRINUSE) {
		return err({errno, reason: `address in use${describeHolder(holderOf({kind: type === 'dgram' ? 'udp' : 'tcp', port}))}`});
	}
	const isLow = (errno === ERRNO.EACCES || errno === ERRNO.EPERM) && port < 1024;
	return err({errno, reason: isLow ? `${text}: that takes the capability NET_BIND_SERVICE, which archon does not have` : text});
}

const ports = new Int32Array(2);

/** The port of a bound socket of the network; 0: it has none. */
export const portOf = (fd: number): number => (sys.ports(fd, ports) < 0 ? 0 : ports[0] ?? 0);

/** The first that is passed (sd_listen_fds(3)). */
const FIRST = 3;

/** A socket that archon was started with. */
export function passedFd({name, type, listen}: SocketSpec): Result<number, Unbound> {
	const fd = findPassed(name, listen.kind === 'fd' ? listen.fd : null);
	if (typeof fd === 'string') return err({errno: ERRNO.ENOENT, reason: fd});
	const kind = sys.socketType(fd);
	if (kind < 0) return err({errno: -kind, reason: `descriptor ${fd} of archon is no socket`});
	if (kind !== TYPES[type]) return err({errno: ERRNO.EPROTOTYPE, reason: `descriptor ${fd} is a socket of another type than ${type}`});
	return ok(fd);
}

/** By its number, by its name, or the only one that there is. What another instance was given and has not used is gone. */
function findPassed(name: string, number: number | null): number | string {
	const {LISTEN_FDS: fds = '', LISTEN_PID: pid = '', LISTEN_FDNAMES: names = ''} = env();
	const count = /^\d{1,4}$/.test(fds) && pid === String(ownPid) && !isReexecuted() ? Number(fds) : 0;
	if (count === 0) return 'archon was started with no sockets ($LISTEN_FDS and $LISTEN_PID)';
	if (number !== null) {
		return number < FIRST + count ? number : `archon was started with sockets up to descriptor ${FIRST + count - 1} ($LISTEN_FDS)`;
	}
	const index = names.split(':').indexOf(name);
	if (index >= 0 && index < count) return FIRST + index;
	return count === 1 ? FIRST : `none of the ${count} sockets that archon was started with is called ${name} ($LISTEN_FDNAMES)`;
}
