/** Files of secrets that a config names: what keeps one from being believed. */
import {errnoText} from '../os/errno.ts';
import type {Done} from '../os/jobs.ts';
import {isOfOthers, isRefused, refusalOf} from '../os/places.ts';
import {ERRNO} from '../os/sys.ts';

/** Why what was read of a file must not be used; null: it may. */
export function flawOf(done: Done, file: string): string | null {
	if (done.result >= 0) return isOfOthers(done) ? 'may be written by others than root and archon\'s own user' : null;
	if (isRefused(done)) return `cannot be read: ${refusalOf(done, file)}`;
	return done.result === -ERRNO.EINVAL ? 'is not a regular file' : `cannot be read: ${errnoText(-done.result)}`;
}
