/** Writes a file that was not there before. */
import {bytesOf} from '../os/bytes.ts';
import {errnoText} from '../os/errno.ts';
import {ERRNO, O, sys} from '../os/sys.ts';

const MODE = 0o644;

/** Null, or why it cannot be written. A file that is there is left as it is, as is what a link of that name leads to. */
export function writeNew(path: string, text: string): string | null {
	const fd = sys.open(path, O.WRONLY | O.CREAT | O.EXCL | O.NOCTTY, MODE);
	if (fd === -ERRNO.EEXIST) return `${path} is there already, and is left as it is: remove it first, or write another with -o FILE`;
	if (fd < 0) return `cannot write ${path}: ${errnoText(-fd)}`;
	let bytes: Uint8Array = bytesOf(text);
	while (bytes.length > 0) {
		const count = sys.write(fd, bytes);
		if (count < 0 && count !== -ERRNO.EINTR) {
			sys.close(fd);
			sys.unlink(path);
			return `cannot write ${path}: ${errnoText(-count)}`;
		}
		if (count > 0) bytes = bytes.subarray(count);
	}
	sys.close(fd);
	return null;
}
