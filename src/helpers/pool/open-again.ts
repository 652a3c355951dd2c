/** A pipe or a terminal that others have as well, as an open file of this process alone. */
import {O, sys} from '../../os/sys.ts';

/**
 * A new descriptor that never blocks, or -errno; it takes /proc. Whether a read or a write waits is said of an open file: who has it
 * as well may change that at any time, and would hold up this process. `access`: O.RDONLY or O.WRONLY.
 */
export const openAgain = (fd: number, access: number): number =>
	sys.open(`/proc/self/fd/${fd}`, access | O.NONBLOCK | O.NOCTTY, 0);
