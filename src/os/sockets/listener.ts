/** The control socket's listener, which lives on when archon is re-executed. */
import {dirname} from '../../core/path.ts';
import {err, ok, type Result} from '../../core/result.ts';
import {byteLength} from '../bytes.ts';
import {close} from '../descriptors.ts';
import {errnoText} from '../errno.ts';
import {makeFolder} from '../folders.ts';
import {pid as ownPid} from '../identity.ts';
import type {Poller} from '../poller.ts';
import type {KeptFds} from '../reexec/kept-fds.ts';
import {EPOLLIN, ERRNO, O, SOCK_NONBLOCK, SOCK_STREAM, sys} from '../sys.ts';
import {type Accept, open, tellCrowded} from './connection.ts';
import {createCrowd} from './crowd.ts';
import {PATH_MAX, peerOf, weaknessOf} from './trust.ts';

export interface ServeParts {
	readonly poller: Poller;
	readonly kept: KeptFds;
}

/**
 * Listens, in a directory that is made where it is missing. A socket that an earlier archon left is
 * removed, one that is answered is not. `load`: with the first client.
 */
export function serve(
	path: string, {poller, kept}: ServeParts, load: () => Promise<Accept>,
): Result<{readonly close: () => void}, string> {
	const listening = listen(path, kept);
	if (!listening.ok) return listening;
	const fd = listening.value;
	const crowd = createCrowd();
	// Given up to take a client off the queue and turn it away when no descriptor is left: epoll would report the client for ever.
	let spare = openNothing();
	let accept: Accept | null = null;
	poller.watch(fd, EPOLLIN, () => {
		if (accept) return take(accept);
		// No client is heard until it is there.
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
