/** Files that are mounted by themselves, as `docker run -v FILE:FILE` does it. */
import {sys} from './sys.ts';

/** What becomes of changes of such a file. */
export const MOUNTED_ALONE =
	'is mounted by itself, and so remains the file that it was when another one takes its place outside: mount its directory';

/** Whether a file is a mount point of its own (proc_pid_mountinfo(5)). */
export function isMountPoint(file: string): boolean {
	const real = sys.realPath(file);
	const mounts = sys.readText('/proc/self/mountinfo', 1 << 20);
	if (typeof real !== 'string' || typeof mounts !== 'string') return false;
	const point = real.replaceAll(/[\s\\]/g, character => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
	return mounts.split('\n').some(line => line.split(' ')[4] === point);
}
