/** The file of `--log`: a line for each change of a node, appended as it happens. */
import {err, ok, type Result} from '../../core/result.ts';
import {changeLine, type NodeRow} from '../../features/pools/core/rows.ts';
import {bytesOf} from '../../os/bytes.ts';
import {errnoText} from '../../os/errno.ts';
import {O, sys} from '../../os/sys.ts';

export interface TransitionLog {
	write(row: NodeRow): void;
	close(): void;
}

/** The error says why it cannot be written. It never waits: what a pipe has no room for is counted, and told in the next line. */
export function openTransitionLog(path: string): Result<TransitionLog, string> {
	const fd = sys.open(path, O.WRONLY | O.CREAT | O.APPEND | O.NONBLOCK | O.NOCTTY, 0o644);
	if (fd < 0) return err(`${path}: ${errnoText(-fd)}`);
	let lost = 0;
	return ok({
		write(row) {
			const note = lost > 0 ? `${lost} lines before this one are lost\n` : '';
			const bytes = bytesOf(`${note}${changeLine(row)}\n`);
			// A line of a few hundred bytes is written whole or not at all, but where the disk is full.
			lost = sys.write(fd, bytes) === bytes.length ? 0 : lost + 1;
		},
		close: () => void sys.close(fd),
	});
}
