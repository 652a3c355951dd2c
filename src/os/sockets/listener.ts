/** The control socket's listener, which lives on when archon is re-executed. */
import {basename, dirname} from '../../core/path.ts';
import {err, ok, type Result} from '../../core/result.ts';
import {byteLength} from '../bytes.ts';
import {close} from '../descriptors.ts';
import {errnoText} from '../errno.ts';
import {makeFolder} from '../folders.ts';
import {pid as ownPid, uid as ownUid} from '../identity.ts';
import {STAT} from '../layouts.ts';
import type {Poller} from '../poller.ts';
import type {KeptFds} from '../reexec/kept-fds.ts';
import {EPOLLIN, ERRNO, isLink, MSG_DONTWAIT, newStat, O, SOCK_NONBLOCK, SOCK_STREAM, sys} from '../sys.ts';
import {type Asker, askerOf, type Owner} from './asker.ts';
import {type Accept, open, tellCrowded} from './connection.ts';
import {createCrowd} from './crowd.ts';
import {PATH_MAX, peerOf, weaknessOf} from './trust.ts';

export interface ServeParts {
	readonly poller: Poller;
	readonly kept: KeptFds;
	/** The service that a living process belongs to, by nothing that it could forge. */
	readonly ownerOf: (pid: number) => Owner | null | 'unknown';
	/** Is told of each client that goes. */
	readonly left?: () => void;
}

/** What becomes of who knocks. */
export interface Reception {
	readonly accept: Accept;
	/** What is said to someone who may ask nothing; null: the client is accepted. */
	readonly turnAway: (asker: Asker) => Uint8Array | null;
}

export interface Listener {
	/** Whether others than root and archon's own user can reach it, from now on; why they cannot, if they are to. */
	setOpen(isOpen: boolean): string | null;
	/** Serves a connection that was made otherwise, and never blocks. */
	admit(fd: number, asker: Asker): void;
	close(): void;
}

/** Clients that are taken at a stretch, before others have their turn. */
const AT_ONCE = 64;

/**
 * Listens, in a directory that is made where it is missing. A socket that an earlier archon left is
 * removed, one that is answered is not. Only root and archon's own user can reach it. `load`: with the first client.
 */
export function serve(
	path: string, {poller, kept, ownerOf, left}: ServeParts, load: () => Promise<Reception>,
): Result<Listener, string> {
	const listening = listen(path, kept);
	if (!listening.ok) return listening;
	const {fd, hasOwnFolder} = listening.value;
	const crowd = createCrowd(left);
	const folder = createFolder(dirname(path));
	// Given up to take a client off the queue and turn it away when no descriptor is left: epoll would report the client for ever.
	let spare = openNothing();
	let reception: Reception | null = null;
	let loading: Promise<Reception> | null = null;
	/** Calls back with what is loaded for the first client; no client is heard until it is there. */
	const whenLoaded = (done: (reception: Reception) => void): void => {
		loading ??= load();
		void loading.then(loaded => poller.whole(() => done(reception = loaded)));
	};
	poller.watch(fd, EPOLLIN, () => {
		if (reception) return take(reception);
		poller.change(fd, 0);
		whenLoaded(() => poller.change(fd, EPOLLIN));
	});

	function take(reception: Reception): void {
		for (let left = AT_ONCE; left > 0; left--) {
			const client = sys.accept(fd);
			if (client === -ERRNO.EMFILE || client === -ERRNO.ENFILE) {
				close(spare);
				close(sys.accept(fd));
				spare = openNothing();
				return;
			}
			if (client < 0) return;
			meet(client, askerOf(client, ownerOf), reception);
		}
	}

	function meet(client: number, asker: Asker | null, {accept, turnAway}: Reception): void {
		const refusal = asker && turnAway(asker);
		if (asker && refusal === null && crowd.hasRoom(asker.uid)) {
			open(client, asker, poller, accept, crowd);
		} else {
			if (refusal) sys.send(client, refusal, [], MSG_DONTWAIT);
			else tellCrowded(client);
			sys.closeInbox(client);
		}
	}

	return ok({
		setOpen(isOpen) {
			if (hasOwnFolder) folder.setOpen(isOpen);
			const result = sys.chmod(path, isOpen ? 0o666 : 0o600);
			if (result < 0) return `${path}: ${errnoText(-result)}`;
			return isOpen && !folder.isPassable() ? `${dirname(path)} is closed to them (chmod o+x)` : null;
		},
		admit: (client, asker) => whenLoaded(reception => meet(client, asker, reception)),
		close() {
			poller.forget(fd);
			close(fd);
			// In a read-only or vanished directory it cannot be removed: the socket is dead all the same.
			sys.unlink(path);
		},
	});
}

/**
 * `hasOwnFolder`: the directory is archon's own to open and to close. The descriptor is the one on which the previous instance
 * listened, where that was here.
 */
function listen(path: string, kept: KeptFds): Result<{readonly fd: number; readonly hasOwnFolder: boolean}, string> {
	const key = `listener ${path}`;
	const [last] = kept.inherited(key);
	const isNamedSo = /^archon(-\d+)?$/.test(basename(dirname(path)));
	if (last !== undefined) return ok({fd: last, hasOwnFolder: isNamedSo});
	if (byteLength(path) > PATH_MAX) return err(`${path}: longer than ${PATH_MAX} bytes`);
	const isThere = sys.lstat(dirname(path), newStat()) === 0;
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
	return ok({fd, hasOwnFolder: isNamedSo || !isThere});
}

/** A directory as archon makes it, and as others may pass it but not read it. */
const [CLOSED, OPEN] = [0o700, 0o711];

/** The directory of the socket. It is opened only if it is closed as archon closes one, and closed only if it was opened. */
function createFolder(path: string): {setOpen(isOpen: boolean): void; isPassable(): boolean} {
	const about = newStat();
	let isOpened = false;
	const mode = (): number => (sys.lstat(path, about) === 0 && !isLink(about) ? (about[STAT.mode] ?? 0) & 0o777 : OPEN);
	return {
		setOpen(isOpen) {
			if (isOpen === isOpened || mode() !== (isOpen ? CLOSED : OPEN) || about[STAT.uid] !== ownUid) return;
			if (sys.chmod(path, isOpen ? OPEN : CLOSED) === 0) isOpened = isOpen;
		},
		isPassable: () => (mode() & 0o001) !== 0,
	};
}

const openNothing = (): number => sys.open('/dev/null', O.RDONLY, 0);

/** Whether no other archon listens there. */
function isStale(path: string): boolean {
	// A blocking one would wait for ever where a process listens and accepts no connection.
	const probe = sys.connectUnix(path, SOCK_STREAM | SOCK_NONBLOCK);
	if (probe < 0) return probe === -ERRNO.ECONNREFUSED;
	// The kernel names who called listen(2): a child that has not executed yet may hold what an earlier instance closed.
	const isOwn = peerOf(probe)?.pid === ownPid;
	close(probe);
	return isOwn;
}
