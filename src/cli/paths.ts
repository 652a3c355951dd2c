/** Paths in requests: archon does not know the working directory of `archonctl`, so they are absolute. */
import {isAbsolute, resolve} from '../core/path.ts';
import {sys} from '../os/sys.ts';

/** A folder that is gone has no path: then it is left to archon to say that it finds nothing. */
export function absolutePath(path: string): string {
	const folder = isAbsolute(path) ? '/' : sys.realPath('.');
	return typeof folder === 'string' ? resolve(folder, path) : path;
}
