/**
 * Files that are there as a whole or not at all, written where only archon's own user writes. It waits for the disk: PID 1 has the
 * jobs `save` and `replace` instead. Each answers null, or why it cannot.
 */
import {errnoText} from './errno.ts';
import {ERRNO, O, type Outcome, sys} from './sys.ts';

export const cannot = (what: string, path: string, result: Outcome): string => `cannot ${what} ${path}: ${errnoText(-result)}`;

/** Who reads the file finds all of this, or what was there before. Its folder has still to be told to the disk (`syncFolder`). */
export function writeWhole(path: string, bytes: Uint8Array, mode = 0o644): string | null {
	const next = `${path}.new`;
	sys.unlink(next);
	const fd = sys.open(next, O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW, mode);
	if (fd < 0) return cannot('write', next, fd);
	const why = writeAll(fd, bytes, next) ?? synced(fd, next);
	sys.close(fd);
	if (why !== null) {
		sys.unlink(next);
		return why;
	}
	const moved = sys.rename(next, path);
	return moved < 0 ? cannot('write', path, moved) : null;
}

export function writeAll(fd: number, bytes: Uint8Array, path: string): string | null {
	for (let rest = bytes; rest.length > 0;) {
		const count = sys.write(fd, rest);
		if (count === -ERRNO.EINTR) continue;
		if (count < 0) return cannot('write', path, count);
		rest = rest.subarray(count);
	}
	return null;
}

export function synced(fd: number, path: string): string | null {
	const result = sys.fsync(fd);
	// A file system that has no such thing needs none.
	return result < 0 && result !== -ERRNO.EINVAL ? cannot('write', path, result) : null;
}

export function syncFolder(path: string): string | null {
	const fd = sys.open(path, O.RDONLY | O.DIRECTORY, 0);
	if (fd < 0) return cannot('write', path, fd);
	const why = synced(fd, path);
	sys.close(fd);
	return why;
}
