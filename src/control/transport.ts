/**
 * What the control socket's two ends need of a socket. `os/sockets/` implements these by shape; nothing
 * here knows how bytes travel.
 */
import type {Id} from '../core/ids.ts';
import type {Result} from '../core/result.ts';

/** The process at the other end, as the kernel knows it (SO_PEERCRED, unix(7)): it says nothing about itself. */
export interface Peer {
	readonly pid: number;
	readonly uid: number;
	readonly gid: number;
	/** Its further groups. */
	readonly groups: readonly number[];
	/**
	 * The service that made it, or made who made it: found out by nothing that it could forge. `unknown`: of one that is no
	 * more, or it had ended itself.
	 */
	readonly owner: Owner | null | 'unknown';
}

/** A service, as it was known when a process of it was met. */
export interface Owner {
	readonly id: Id;
	readonly name: string;
}

/** One client, as the server sees it. */
export interface Connection {
	readonly peer: Peer;
	/** Queues bytes, or drops them once closed. The queue is bounded: a client that never reads is closed. */
	send(bytes: Uint8Array): void;
	/** Bytes that wait in the queue. */
	pending(): number;
	/** No more requests are read. Closes when what was sent is out. */
	end(): void;
	/** The oldest descriptor that came with the bytes so far (SCM_RIGHTS), or null. The taker owns it. */
	takeFd(): number | null;
	/** Closes a descriptor that was taken and is not used. */
	closeFd(fd: number): void;
}

export interface ConnectionListener {
	data(bytes: Uint8Array): void;
	/** The client sends no more (it shut down its writing end) but still reads. */
	ended(): void;
	/** What waited to be sent is out. */
	drained(): void;
	/** The connection is gone, closed by either end. Nothing is called after it. */
	closed(): void;
	/** Whether no request of it is under way: where there are too many clients, it may be closed. */
	isIdle(): boolean;
}

export type Accept = (connection: Connection) => ConnectionListener;

/** What becomes of who knocks. */
export interface Reception {
	readonly accept: Accept;
	/** What is said to someone who may ask nothing, and whose connection is closed at once; null: it is accepted. */
	readonly turnAway: (peer: Peer) => Uint8Array | null;
}

/** The client's end: blocking, for a program that asks one thing and leaves. */
export interface Channel {
	send(bytes: Uint8Array, fds?: readonly number[]): void;
	/** The next bytes, at least one; null at the end. Where `isShown` and the reader of stdout has gone, throws as writing would. */
	receive(isShown: boolean): Uint8Array | null;
	/** `isWhole`: all that was asked is answered, and nothing else has come or was sent. */
	close(isWhole: boolean): void;
}

/** `isNamed`: a person named the path. The error is why, in words: `no such file or directory`. */
export type Connect = (path: string, isNamed: boolean) => Result<Channel, string>;

/** Where the control socket may be: archon takes the first it can make, a client the first that answers. */
export function socketPaths(
	env: Readonly<Record<string, string | undefined>>, uid: number,
): readonly string[] {
	if (env['ARCHON_SOCKET']) return [env['ARCHON_SOCKET']];
	const runtime = env['XDG_RUNTIME_DIR'];
	return [
		'/run/archon/archon.sock',
		...(runtime ? [`${runtime}/archon/archon.sock`] : []),
		`/tmp/archon-${uid}/archon.sock`,
		// Where the root is read-only, this is what engines still let a container write to.
		`/dev/shm/archon-${uid}/archon.sock`,
	];
}
