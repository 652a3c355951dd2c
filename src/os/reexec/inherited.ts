/** What archon was started with beyond its three streams. */
import {newStat, sys} from '../sys.ts';

let found: readonly number[] = [];

/** Remembers what archon was started with, before its reexec takes everything for its own. */
export function rememberInherited(): void {
	found = lastingFds();
}

/** What was remembered, which a command in archon's place is given. */
export const inheritedFds = (): readonly number[] => found;

/** Beyond it nothing is looked for where there is no /proc. */
const PROBED_MAX = 1 << 16;

/**
 * Descriptors from 3 on that would outlive an exec: what archon was started with, as whatever it opens is close-on-exec;
 * after an exec of its own, what the previous instance kept.
 */
export function lastingFds(): readonly number[] {
	const names = sys.readFolder('/proc/self/fd', PROBED_MAX);
	const fds = typeof names === 'number' ? Array.from({length: PROBED_MAX}, (_, fd) => fd) : names.map(Number).sort((a, b) => a - b);
	const about = newStat();
	return fds.filter(fd => fd > 2 && sys.fstat(fd, about) === 0 && !sys.isCloseOnExec(fd));
}
