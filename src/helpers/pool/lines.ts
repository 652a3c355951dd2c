/** What a pool says on its own stdout and stderr, which its workers have as well. */
import {bytesOf} from '../../os/bytes.ts';
import {O, sys} from '../../os/sys.ts';

/**
 * Says lines at a descriptor. A reader that is slow, or a terminal that is stopped, never keeps the pool from its work: then lines are
 * lost. Workers have the same open file, and it stays as it is for them.
 */
export function linesAt(fd: number): (text: string) => void {
	const own = sys.open(`/proc/self/fd/${fd}`, O.WRONLY | O.APPEND | O.NONBLOCK | O.NOCTTY, 0);
	return text => {
		if (text !== '') sys.write(own < 0 ? fd : own, bytesOf(text));
	};
}
