/** Whether it can be waited for that a descriptor is ready. */
import {isCharacterDevice, isFile, newStat, sys} from '../../os/sys.ts';

/** Files and devices as /dev/null are always ready, and epoll(7) refuses them. */
export function isPollable(fd: number): boolean {
	const stat = newStat();
	if (sys.fstat(fd, stat) < 0 || isFile(stat)) return false;
	return !isCharacterDevice(stat) || sys.isTerminal(fd);
}
