/** A pager on this terminal, which reads what is written to it. Only for a program of one thread. */
import {SIG} from '../core/signal-numbers.ts';
import {bytesOf} from './bytes.ts';
import {close} from './descriptors.ts';
import {BrokenPipe} from './errno.ts';
import {execute} from './spawn/execute.ts';
import {ERRNO, sys} from './sys.ts';

export interface Pager {
	/** Throws BrokenPipe when the pager has ended. */
	write(text: string): void;
	/** Waits until the person has left it. */
	close(): void;
}

/** As a shell tells of a command that is not there. */
const NOT_FOUND = 127;

/** A shell redirects descriptors of one figure only (POSIX). */
const FD_MAX = 9;

/** null: there can be none. */
export function openPager(command: string): Pager | null {
	const ends = new Int32Array(2);
	if (sys.pipe(ends) < 0) return null;
	const [reader = -1, writer = -1] = ends;
	const pid = reader > FD_MAX ? -1 : sys.fork();
	if (pid < 0) {
		close(reader);
		close(writer);
		return null;
	}
	if (pid === 0) {
		sys.restoreSignals();
		sys.setBlocking(reader, true);
		sys.inherit(reader);
		execute(['/bin/sh', '-c', `exec <&${reader} ${reader}<&-; ${command}`]);
		sys.exit(NOT_FOUND);
	}
	close(reader);
	// An interrupt is the pager's, which goes on.
	sys.ignoreSignal(SIG.INT);
	const fd = sys.pidfdOpen(pid);
	return {
		write(text) {
			for (let bytes: Uint8Array = bytesOf(text); bytes.length > 0;) {
				const count = sys.write(writer, bytes);
				if (count === -ERRNO.EPIPE) throw new BrokenPipe('the pager has ended');
				if (count < 0 && count !== -ERRNO.EINTR) return;
				if (count > 0) bytes = bytes.subarray(count);
			}
		},
		close() {
			close(writer);
			while (fd >= 0 && !sys.awaitReadable(fd, -1));
			close(fd);
		},
	};
}
