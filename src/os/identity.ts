/** Who archon is; none of it changes while it runs. */
import {sys} from './sys.ts';

export const pid = sys.getpid();
export const uid = sys.getuid();
export const gid = sys.getgid();

/** The file that archon was executed from, by its path: another one may be there now. */
export function ownPath(): string {
	const path = sys.readLink('/proc/self/exe');
	return typeof path === 'number' ? '' : path.replace(/ \(deleted\)$/, '');
}
