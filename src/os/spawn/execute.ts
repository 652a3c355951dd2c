/** A program in archon's own place: with its environment, its directory and its descriptors, as execvp(3) of glibc executes it. */
import type {Command} from '../../core/service.ts';
import {env} from '../environment.ts';
import {candidates} from './lookup.ts';
import {ERRNO, sys} from '../sys.ts';

/** What is searched where there is no PATH. */
const DEFAULT_PATH = '/bin:/usr/bin';
const SHELL = '/bin/sh';

/** After these the search goes on along PATH. */
const PASSING: readonly number[] = [ERRNO.ENOENT, ERRNO.ESTALE, ERRNO.ENOTDIR, ERRNO.ENODEV, ERRNO.ETIMEDOUT];

/** Returns only where nothing could be executed: the errno. */
export function execute([program, ...args]: Command): number {
	if (program === '') return ERRNO.ENOENT;
	let isForbidden = false;
	let errno: number = ERRNO.ENOENT;
	for (const path of candidates(program, env()['PATH'] ?? DEFAULT_PATH)) {
		errno = tryOne(path, [program, ...args]);
		// A script that names no interpreter is the shell's.
		if (errno === ERRNO.ENOEXEC) errno = tryOne(SHELL, [SHELL, path, ...args]);
		if (errno === ERRNO.EACCES) isForbidden = true;
		else if (!PASSING.includes(errno)) return errno;
	}
	return isForbidden ? ERRNO.EACCES : errno;
}

const tryOne = (path: string, argv: Command): number => -sys.execute(path, `${argv.join('\0')}\0`);
