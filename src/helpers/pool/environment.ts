/** The variables of a client that its command gets: those that the config names, in a file of memory. */
import {bytesOf, newBytes, rawTextOf} from '../../os/bytes.ts';
import {STAT} from '../../os/layouts.ts';
import {isFile, newStat, sys} from '../../os/sys.ts';

/** Bytes of an environment that are read. */
const MOST = 1024 * 1024;

/** A new descriptor; empty where the client has given none; -errno where there can be none. `fd`: `NAME=VALUE`, each with a NUL. */
export function passedEnvironment(fd: number | undefined, names: readonly string[]): number {
	const bytes = bytesOf(fd === undefined ? '' : chosen(fd, names));
	const file = sys.memoryFile(bytes.length);
	if (file >= 0 && bytes.length > 0) sys.writeAt(file, bytes, 0);
	return file;
}

function chosen(fd: number, names: readonly string[]): string {
	const about = newStat();
	// A pipe or a file of a dead mount would be waited for.
	const path = sys.readLink(`/proc/self/fd/${fd}`);
	if (sys.fstat(fd, about) < 0 || !isFile(about) || typeof path !== 'string' || !path.startsWith('/memfd:')) return '';
	const bytes = newBytes(Math.min(MOST, about[STAT.size] ?? 0));
	const count = sys.readAt(fd, bytes, 0);
	if (count <= 0) return '';
	const variables = rawTextOf(bytes.subarray(0, count)).split('\0').slice(0, -1);
	return variables.filter(each => names.includes(each.slice(0, each.indexOf('=')))).map(each => `${each}\0`).join('');
}
