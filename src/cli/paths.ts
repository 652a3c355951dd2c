/** Paths in requests: archon does not know the working directory of `archonctl`, so they are absolute. */
import {isAbsolute, resolve} from '../core/path.ts';
import {sys} from '../os/sys.ts';

/** When the working directory has been removed it has no path: then archon will say that it finds nothing. */
export function absolutePath(path: string): string {
	const folder = isAbsolute(path) ? '/' : sys.realPath('.');
	return typeof folder === 'string' ? resolve(folder, path) : path;
}
