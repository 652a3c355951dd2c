/** What of the machine archon finds otherwise than usual: how it makes do, and what it says about it. */
import {access, existsSync} from 'node:fs';
import {hasProc} from './procfs.ts';

const THREADS = 'UV_THREADPOOL_SIZE';

/**
 * libuv makes its threads at the first use, as many as the environment says: a thousand may be meant for the services,
 * four are enough for archon. The variable is left as it was.
 */
export function limitThreads(): void {
	const wanted = process.env[THREADS];
	if (wanted === undefined) return;
	delete process.env[THREADS];
	access('/', () => {});
	process.env[THREADS] = wanted;
}

/** One line for each thing that is missing, and what cannot be had without it. */
export function lacks(): readonly string[] {
	const lines = [];
	if (!hasProc()) {
		lines.push('/proc is not mounted for this PID namespace: processes that leave their service\'s process group are not found, '
			+ 'and none is made likelier to be killed than archon when memory is short');
	}
	if (!existsSync('/dev/null')) lines.push('there is no /dev/null: services read from an empty pipe instead');
	return lines;
}
