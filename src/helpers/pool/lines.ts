/** What a pool says on its own stdout and stderr, which its workers have as well. */
import {bytesOf} from '../../os/bytes.ts';
import {isFile, newStat, O, sys} from '../../os/sys.ts';
import {openAgain} from './open-again.ts';

/**
 * Says lines at a descriptor. A reader that is slow, or a terminal that is stopped, never keeps the pool from its work: then lines are
 * lost. Workers have the same open file, and it stays as it is for them.
 */
export function linesAt(fd: number): (text: string) => void {
	const stat = newStat();
	// A file keeps no one waiting, and all who write to it must share one place in it.
	const isShared = sys.fstat(fd, stat) < 0 || isFile(stat);
	const own = isShared ? fd : openAgain(fd, O.WRONLY | O.APPEND);
	return text => {
		if (text !== '') sys.write(own < 0 ? fd : own, bytesOf(text));
	};
}
