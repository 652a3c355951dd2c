/** The sockets of a service, as its config defines them: archon binds and holds them, and its runs are given them. */

/** One socket. Its name is its own among those of its service, and stands in $LISTEN_FDNAMES (sd_listen_fds(3)). */
export interface SocketSpec {
	readonly name: string;
	readonly listen: Listen;
	readonly type: 'stream' | 'dgram' | 'seqpacket';
	/** Connections that wait to be accepted; the kernel bounds it (net.core.somaxconn). */
	readonly backlog: number;
	/** The permissions of a unix socket, and whose it is; null: archon's own user. */
	readonly mode: number;
	readonly user: {readonly user: string; readonly group: string | null} | null;
	/** Each instance of the service has a socket of its own at the same address, among which the kernel divides connections (SO_REUSEPORT). */
	readonly reuseport: boolean;
}

/** Where it listens. */
export type Listen =
	/** `host`: an address in figures, null: all of IPv6 and IPv4. `auto`: a port that archon chooses, the same for as long as it lives. */
	| {readonly kind: 'inet'; readonly host: string | null; readonly port: number | 'auto'}
	/** An absolute path. */
	| {readonly kind: 'unix'; readonly path: string}
	/** A socket that archon was started with (sd_listen_fds(3)): by its number, or null: the one that has the same name. */
	| {readonly kind: 'fd'; readonly fd: number | null};

/** What is asked for of a socket that is bound: others differ in more than can be changed then. */
export const isSameSocket = (one: SocketSpec, other: SocketSpec): boolean =>
	one.type === other.type && one.reuseport === other.reuseport && addressOf(one) === addressOf(other);

/** As the config has it: `:8080`, `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/x.sock`, `fd:3`. */
export function addressOf({listen}: Pick<SocketSpec, 'listen'>): string {
	if (listen.kind === 'unix') return `unix:${listen.path}`;
	if (listen.kind === 'fd') return listen.fd === null ? 'fd' : `fd:${listen.fd}`;
	const {host, port} = listen;
	return `${host?.includes(':') ? `[${host}]` : host ?? ''}:${port}`;
}
