/** The control socket: a listener and its connections, with the descriptors that clients pass. Knows bytes, not requests. */
import {dirname} from '../core/path.ts';
import {err, ok, type Result} from '../core/result.ts';
import {byteLength, bytesOf, concat, newBytes} from './bytes.ts';
import {close, read} from './descriptors.ts';
import {BrokenPipe, errnoText} from './errno.ts';
import {makeFolder} from './folders.ts';
import {uid as ownUid} from './identity.ts';
import type {KeptFds} from './reexec/kept-fds.ts';
import type {Poller} from './poller.ts';
import {ANCILLARY, STAT} from './layouts.ts';
import {
	EPOLLHUP, EPOLLIN, EPOLLOUT, ERRNO, isLink, newAncillary, newStat, O, SOCK_NONBLOCK, SOCK_STREAM, sys,
} from './sys.ts';

export interface ServeParts {
	readonly poller: Poller;
	readonly kept: KeptFds;
}

/** What is done with a client. */
type Accept = (socket: Socket) => SocketListener;

/** Who is at the other end, as the kernel saw it at connect time. */
export interface Peer {
	readonly pid: number;
	readonly uid: number;
	readonly gid: number;
}

export interface Socket {
	readonly peer: Peer;
	/** Queues bytes; a client that does not read them is closed when too many wait. */
	send(bytes: Uint8Array): void;
	/** Bytes that wait in the queue. */
	pending(): number;
	/** Closes when what was sent is out; no more data is told. */
	end(): void;
	/** The oldest descriptor that came so far, or null. The taker owns it. */
	takeFd(): number | null;
	closeFd(fd: number): void;
}

export interface SocketListener {
	data(bytes: Uint8Array): void;
	/** The client sends no more but still reads. */
	ended(): void;
	/** What waited to be sent is out. */
	drained(): void;
	closed(): void;
	/** Whether nothing that it asked for is under way. */
	isIdle(): boolean;
}

/** Replies that may wait for a client, and for all of them together, in bytes. */
const QUEUE_MAX = 4 << 20;
const ALL_QUEUES_MAX = 16 << 20;
/** A client of whose replies more wait is not heard until it has read them. */
const UNREAD_MAX = 64 << 10;
/** Short replies wait together up to here: one of its own takes ten times its bytes. */
const PIECE = 4 << 10;
const FDS_MAX = 16;
/** Connections; those of them that only root has; and those that all may have together whom nobody answers. */
const CONNECTIONS_MAX = 1024;
const ROOTS = 64;
const STRANGERS_MAX = 64;
/** Read of a connection at a stretch; then others have their turn. */
const BATCH = 4 << 10;

/** A path that fits into sockaddr_un with its NUL (unix(7)). */
const PATH_MAX = 107;

const bytes = newBytes(64 * 1024);
const batch = newBytes(BATCH);
const beside = newAncillary();

/**
 * Listens, in a directory that is made where it is missing. A socket that an earlier archon left is
 * removed, one that somebody answers is not. `load`: with the first client.
 */
export function serve(
	path: string, {poller, kept}: ServeParts, load: () => Promise<Accept>,
): Result<{readonly close: () => void}, string> {
	const listening = listen(path, kept);
	if (!listening.ok) return listening;
	const fd = listening.value;
	const crowd = createCrowd();
	// Given up to take a client off the queue and turn it away when no descriptor is left: it would be told of for ever.
	let spare = openNothing();
	let accept: Accept | null = null;
	poller.watch(fd, EPOLLIN, () => {
		if (accept) return take(accept);
		// Nobody is heard until it is there.
		poller.change(fd, 0);
		void load().then(loaded => poller.whole(() => {
			accept = loaded;
			poller.change(fd, EPOLLIN);
		}));
	});

	function take(accept: Accept): void {
		for (;;) {
			const client = sys.accept(fd);
			if (client === -ERRNO.EMFILE || client === -ERRNO.ENFILE) {
				close(spare);
				close(sys.accept(fd));
				spare = openNothing();
				return;
			}
			if (client < 0) return;
			const peer = peerOf(client);
			if (peer && crowd.hasRoom(peer.uid)) {
				open(client, peer, poller, accept, crowd);
			} else {
				tellCrowded(client);
				sys.closeInbox(client);
			}
		}
	}

	return ok({
		close() {
			poller.forget(fd);
			close(fd);
			// In a read-only or vanished directory it cannot be removed: the socket is dead all the same.
			sys.unlink(path);
		},
	});
}

/** The descriptor; the one on which the previous instance listened, where that was here. */
function listen(path: string, kept: KeptFds): Result<number, string> {
	const key = `listener ${path}`;
	const [last] = kept.inherited(key);
	if (last !== undefined) return ok(last);
	if (byteLength(path) > PATH_MAX) return err(`${path}: longer than ${PATH_MAX} bytes`);
	const folder = makeFolder(dirname(path), 0o700);
	const flaw = folder < 0 ? errnoText(-folder) : weaknessOf(dirname(path));
	if (flaw !== null) return err(`${path}: ${flaw}`);
	let fd = sys.listenUnix(path);
	if (fd === -ERRNO.EADDRINUSE && isStale(path)) {
		sys.unlink(path);
		fd = sys.listenUnix(path);
	}
	if (fd < 0) return err(`${path}: ${fd === -ERRNO.EADDRINUSE ? 'another archon answers there' : errnoText(-fd)}`);
	sys.chmod(path, 0o600);
	kept.keep(key, [fd]);
	return ok(fd);
}

const STICKY = 0o1000;
const OTHERS_WRITE = 0o022;

/**
 * Why another user could put a socket of his own in a directory in place of archon's; null: he could not. Where all may
 * write but only to what is theirs (sticky, inode(7)) he could not either, unless he was there first.
 */
function weaknessOf(directory: string): string | null {
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

const isTrusted = (uid: number): boolean => uid === 0 || uid === ownUid;

const openNothing = (): number => sys.open('/dev/null', O.RDONLY, 0);

function isStale(path: string): boolean {
	// Where somebody listens who accepts nobody, it would wait for ever.
	const probe = sys.connectUnix(path, SOCK_STREAM | SOCK_NONBLOCK);
	if (probe >= 0) close(probe);
	return probe === -ERRNO.ECONNREFUSED;
}

function peerOf(fd: number): Peer | null {
	const report = new Int32Array(3);
	if (sys.peer(fd, report) < 0) return null;
	const [pid = 0, uid = -1, gid = -1] = report;
	return {pid, uid: uid >>> 0, gid: gid >>> 0};
}

/** Says why, for whoever is patient enough to read it. */
const tellCrowded = (fd: number): void => void sys.send(fd, bytesOf('Error,too many connections\n'), [], 0);

/** A connection among the others. */
interface Member {
	readonly uid: number;
	/** Bytes that wait for it. */
	queued(): number;
	isIdle(): boolean;
	shut(): void;
	/** Makes room for another one, and is told so. */
	yield(): void;
}

/** All connections: what they take together is bounded, and nobody takes all of it. */
interface Crowd {
	/** Whether one more of the user may come; where there are too many, the one that was idle for the longest goes. */
	hasRoom(uid: number): boolean;
	join(member: Member): void;
	leave(member: Member): void;
	/** It was heard of just now. */
	stir(member: Member): void;
	/** More bytes wait than before, or fewer; where all are too many, those go for whom the most wait. */
	queue(count: number): void;
}

function createCrowd(): Crowd {
	/** Whoever was heard of last is the last. */
	const members = new Set<Member>();
	let strangers = 0;
	let queued = 0;
	const isFull = (uid: number): boolean => {
		if (!isTrusted(uid) && strangers >= STRANGERS_MAX) return true;
		return members.size >= (uid === 0 ? CONNECTIONS_MAX : CONNECTIONS_MAX - ROOTS);
	};
	return {
		hasRoom(uid) {
			if (!isFull(uid)) return true;
			// Its own user's, but root may have anybody's place.
			members.values().find(member => (uid === 0 || member.uid === uid) && member.isIdle())?.yield();
			return !isFull(uid);
		},
		join(member) {
			members.add(member);
			if (!isTrusted(member.uid)) strangers++;
		},
		leave(member) {
			if (members.delete(member) && !isTrusted(member.uid)) strangers--;
		},
		stir(member) {
			if (members.delete(member)) members.add(member);
		},
		queue(count) {
			queued += count;
			while (queued > ALL_QUEUES_MAX) {
				let most: Member | undefined;
				for (const member of members) if (!most || member.queued() > most.queued()) most = member;
				if (!most) return;
				most.shut();
			}
		},
	};
}

function open(fd: number, peer: Peer, poller: Poller, accept: Accept, crowd: Crowd): void {
	const queue: Uint8Array[] = [];
	let queued = 0;
	let isEnding = false;
	let isClosed = false;
	/** Until it has said its last; a hang-up is told always. */
	let isHeard = true;
	let interest = EPOLLIN;
	const fds: number[] = [];

	function shut(): void {
		if (isClosed) return;
		isClosed = true;
		poller.forget(fd);
		sys.closeInbox(fd);
		fds.forEach(sys.closeForeign);
		crowd.leave(member);
		crowd.queue(-queued);
		listener.closed();
	}

	/** Listens for what matters now. */
	function adjust(): void {
		const wanted = (isHeard && queued <= UNREAD_MAX ? EPOLLIN : 0) | (queue.length > 0 ? EPOLLOUT : 0);
		if (wanted === interest) return;
		interest = wanted;
		poller.change(fd, wanted);
	}

	function flush(): void {
		let sent = 0;
		for (let head = queue[0]; head; head = queue[0]) {
			const count = sys.send(fd, head, [], 0);
			if (count === -ERRNO.EAGAIN) break;
			if (count < 0) return shut();
			sent += count;
			if (count < head.length) queue[0] = head.subarray(count);
			else queue.shift();
		}
		queued -= sent;
		crowd.queue(-sent);
		if (isEnding && queue.length === 0) shut();
		else adjust();
	}

	function onReadable(events: number): void {
		const count = sys.receive(fd, batch, beside);
		if (count === -ERRNO.EAGAIN) return;
		for (let i = 0; i < (beside[ANCILLARY.count] ?? 0); i++) {
			const passed = beside[ANCILLARY.fds + i] ?? -1;
			if (fds.length < FDS_MAX) fds.push(passed);
			else sys.closeForeign(passed);
		}
		if (count < 0 || (count === 0 && events & EPOLLHUP)) return shut();
		crowd.stir(member);
		if (count === 0) {
			isHeard = false;
			adjust();
			return listener.ended();
		}
		// What the listener keeps must be its own: the buffer is used again.
		if (!isEnding) listener.data(batch.slice(0, count));
	}

	const listener = accept({
		peer,
		send(data) {
			if (isClosed || data.length === 0) return;
			const wasEmpty = queue.length === 0;
			const last = queue.at(-1);
			if (last && last.length + data.length <= PIECE) queue[queue.length - 1] = concat([last, data]);
			else queue.push(data);
			queued += data.length;
			crowd.queue(data.length);
			if (isClosed) return;
			if (wasEmpty) flush();
			if (queued > QUEUE_MAX) shut();
			else if (!isClosed) adjust();
		},
		pending: () => queued,
		end() {
			isEnding = true;
			isHeard = false;
			if (queue.length === 0) shut();
			else adjust();
		},
		takeFd: () => fds.shift() ?? null,
		closeFd: passed => void sys.closeForeign(passed),
	});
	const member: Member = {
		uid: peer.uid, queued: () => queued, isIdle: listener.isIdle, shut,
		yield() {
			if (queue.length === 0) tellCrowded(fd);
			shut();
		},
	};
	crowd.join(member);
	poller.watch(fd, EPOLLIN, events => {
		// Who hung up reads nothing any more.
		if (!(events & EPOLLOUT) || events & EPOLLHUP) return onReadable(events);
		flush();
		if (!isClosed && queue.length === 0) listener.drained();
	});
}

const STDOUT = 1;

/** A blocking connection for a client that does one thing and ends. */
export interface Channel {
	send(bytes: Uint8Array, fds?: readonly number[]): void;
	/**
	 * The next bytes, or null at the end. What `isShown` goes to stdout: when nobody reads that any more, it throws what
	 * writing there would (BrokenPipe), and does not wait for something to write.
	 */
	receive(isShown: boolean): Uint8Array | null;
	close(): void;
}

/**
 * Before anything is said, it is certain that root or the own user listens there. `isNamed`: a person named the path, and
 * not only its listener but also its directory is his choice.
 */
export function connect(path: string, isNamed: boolean): Result<Channel, string> {
	if (byteLength(path) > PATH_MAX) return err(`longer than ${PATH_MAX} bytes`);
	const weakness = isNamed ? null : weaknessOf(dirname(path));
	if (weakness !== null) return err(weakness);
	const fd = sys.connectUnix(path, SOCK_STREAM);
	if (fd < 0) return err(errnoText(-fd));
	const report = new Int32Array(3);
	const uid = sys.peer(fd, report) < 0 ? -1 : (report[1] ?? -1) >>> 0;
	if (!isTrusted(uid)) {
		close(fd);
		return err(`uid ${uid} listens there, who is neither root nor you`);
	}
	return ok({
		send(data, fds = []) {
			let left = data;
			for (let passed = fds; left.length > 0; passed = []) {
				const count = sys.send(fd, left, passed, 0);
				if (count < 0) return; // The other end is gone, and the next receive says so.
				left = left.subarray(count);
			}
		},
		receive(isShown) {
			if (isShown && !sys.awaitReadable(fd, STDOUT)) throw new BrokenPipe('nobody reads stdout');
			const count = read(fd, bytes);
			return count > 0 ? bytes.slice(0, count) : null;
		},
		close: () => void close(fd),
	});
}
