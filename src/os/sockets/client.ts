/** The client's end of the control socket. */
import {dirname} from '../../core/path.ts';
import {err, ok, type Result} from '../../core/result.ts';
import {byteLength, newBytes} from '../bytes.ts';
import {close, read} from '../descriptors.ts';
import {BrokenPipe, errnoText} from '../errno.ts';
import {SOCK_STREAM, sys} from '../sys.ts';
import {borrow, giveBack} from './lent.ts';
import {isTrusted, PATH_MAX, peerOf, weaknessOf} from './trust.ts';

const bytes = newBytes(64 * 1024);

const STDOUT = 1;

/** A blocking connection for a client that does one thing and ends. */
export interface Channel {
	send(bytes: Uint8Array, fds?: readonly number[]): void;
	/**
	 * The next bytes, or null at the end. What `isShown` goes to stdout: when that has no reader any more, it throws what
	 * writing there would (BrokenPipe), and does not wait for something to write.
	 */
	receive(isShown: boolean): Uint8Array | null;
	/** `isWhole`: nothing more is to come, so that a connection that was lent may be lent again. */
	close(isWhole: boolean): void;
}

/** A connection to an archon elsewhere, which waits until there is one. */
export type DialRemote = () => Result<number, string>;

let dialRemote: DialRemote | null = null;

/** From now on every connection is made so. */
export function useRemote(dial: DialRemote): void {
	dialRemote = dial;
}

/**
 * A connection. Before anything is said, it is certain that root or the own user listens there. `isNamed`: a person named the
 * path, and chose with its listener also its directory. `flags`: SOCK_NONBLOCK or 0.
 */
export function dial(path: string, isNamed: boolean, flags: number): Result<number, string> {
	if (dialRemote) {
		const remote = dialRemote();
		if (remote.ok && flags !== 0) sys.setBlocking(remote.value, false);
		return remote;
	}
	if (byteLength(path) > PATH_MAX) return err(`longer than ${PATH_MAX} bytes`);
	const weakness = isNamed ? null : weaknessOf(dirname(path));
	if (weakness !== null) return err(weakness);
	const fd = sys.connectUnix(path, SOCK_STREAM | flags);
	if (fd < 0) return err(errnoText(-fd));
	const uid = peerOf(fd)?.uid ?? -1;
	if (isTrusted(uid)) return ok(fd);
	close(fd);
	return err(`uid ${uid} listens there, which is neither root nor you`);
}

export function connect(path: string, isNamed: boolean): Result<Channel, string> {
	const dialled = borrow(path) ?? dial(path, isNamed, 0);
	if (!dialled.ok) return dialled;
	const fd = dialled.value;
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
			if (isShown && !sys.awaitReadable(fd, STDOUT)) throw new BrokenPipe('stdout has no reader');
			const count = read(fd, bytes);
			return count > 0 ? bytes.slice(0, count) : null;
		},
		close(isWhole) {
			if (!isWhole || !giveBack(fd)) close(fd);
		},
	});
}
