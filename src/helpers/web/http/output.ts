/** Bytes on their way to a client, as fast as it takes them. */
import {bytesOf, newBytes} from '../../../os/bytes.ts';
import {ERRNO, MSG_DONTWAIT, sys} from '../../../os/sys.ts';

export interface Output {
	put(...parts: readonly (string | Uint8Array)[]): void;
	/** Sends what goes; false: the client is gone. */
	flush(): boolean;
	/** Bytes that it has not taken. */
	queued(): number;
	/** Forgets what is left. */
	drop(): void;
}

/** `changed`: by how many bytes more, or fewer, the queue is longer. */
export function createOutput(fd: number, changed: (bytes: number) => void): Output {
	let queue: Uint8Array[] = [];
	let queued = 0;

	function count(bytes: number): void {
		queued += bytes;
		changed(bytes);
	}

	return {
		put(...parts) {
			for (const part of parts) {
				const bytes = typeof part === 'string' ? bytesOf(part) : part;
				if (bytes.length === 0) continue;
				queue.push(bytes);
				count(bytes.length);
			}
		},
		flush() {
			let sent = 0;
			for (let [first = newBytes(0)] = queue; queue.length > sent; first = queue[sent] ?? newBytes(0)) {
				const result = sys.send(fd, first, [], MSG_DONTWAIT);
				if (result === -ERRNO.EINTR) continue;
				if (result < 0 && result !== -ERRNO.EAGAIN) return false;
				count(-Math.max(0, result));
				if (result < first.length) {
					queue[sent] = first.subarray(Math.max(0, result));
					break;
				}
				sent += 1;
			}
			queue = queue.slice(sent);
			return true;
		},
		queued: () => queued,
		drop() {
			queue = [];
			count(-queued);
		},
	};
}
