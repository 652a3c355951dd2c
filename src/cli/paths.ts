/** Paths as archon must be told them, for which the folder of whoever calls `archonctl` means nothing. */
import {isAbsolute, resolve} from '../core/path.ts';
import {sys} from '../os/sys.ts';

/** A folder that is gone has no path: then it is left to archon to say that it finds nothing. */
export function absolutePath(path: string): string {
	const folder = isAbsolute(path) ? '/' : sys.realPath('.');
	return typeof folder === 'string' ? resolve(folder, path) : path;
}
