/** What archon was started with beyond its three streams. */
import {FDS_MAX} from './request.ts';
import {newStat, sys} from './sys.ts';

/** Beyond it nothing is looked for where there is no /proc. */
const PROBED_MAX = 1 << 16;

/** Descriptors from 3 on that are not archon's own, and that a child can have: whatever archon opens is close-on-exec. */
export const inheritedFds = (): readonly number[] => lastingAmong(range(FDS_MAX));

/** Descriptors from 3 on that would outlive an exec; after one, what the last life kept. */
export function lastingFds(): readonly number[] {
	const names = sys.readFolder('/proc/self/fd', PROBED_MAX);
	return lastingAmong(typeof names === 'number' ? range(PROBED_MAX) : names.map(Number).sort((a, b) => a - b));
}

const range = (end: number): readonly number[] => Array.from({length: end}, (_, fd) => fd);

function lastingAmong(fds: readonly number[]): number[] {
	const about = newStat();
	return fds.filter(fd => fd > 2 && sys.fstat(fd, about) === 0 && !sys.isCloseOnExec(fd));
}
