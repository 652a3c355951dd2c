/** What every program says before it becomes something else, and the statuses with which archon ends by itself. */
import {bytesOf, concat, textOf} from '../os/bytes.ts';
import {BrokenPipe, errnoText} from '../os/errno.ts';
import {ERRNO, sys} from '../os/sys.ts';

/** The status with which archon ends when a program is done; null: it goes on. */
export type Status = number | null;

/** Wrong usage or a bad config. */
export const USAGE = 100;
/** The system failed archon itself. */
export const SYSTEM = 111;

/** Says what was asked for. */
export function say(text: string): 0 {
	write(1, text);
	return 0;
}

/** Prints why archon does not start; the exit status says the same to scripts. */
export function refuse(text: string, status: number): number {
	try {
		write(2, text.endsWith('\n') ? text : `${text}\n`);
	} catch {}
	return status;
}

/** All that comes, to its end, or a little more than that many bytes. */
export function stdin(most = Infinity): string {
	const parts: Uint8Array[] = [];
	let size = 0;
	while (size <= most) {
		const bytes = new Uint8Array(64 * 1024);
		const count = sys.read(0, bytes);
		if (count === -ERRNO.EINTR) continue;
		if (count <= 0) break;
		parts.push(bytes.subarray(0, count));
		size += count;
	}
	return textOf(concat(parts));
}

/** Writes all of the text, even if another process made the descriptor non-blocking and its reader is slow. */
export function write(fd: number, text: string): void {
	let bytes: Uint8Array = bytesOf(text);
	while (bytes.length > 0) {
		const count = sys.write(fd, bytes);
		if (count === -ERRNO.EAGAIN) sys.sleep(5);
		else if (count === -ERRNO.EPIPE) throw new BrokenPipe();
		else if (count < 0 && count !== -ERRNO.EINTR) throw new Error(errnoText(-count));
		else if (count > 0) bytes = bytes.subarray(count);
	}
}
