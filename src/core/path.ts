/** Paths of POSIX as texts: nothing is looked at. */

/** The last part, without slashes. */
export function basename(path: string): string {
	const bare = trimmed(path);
	return bare.slice(bare.lastIndexOf('/') + 1);
}

/** All but the last part: `/` of `/a`, `.` of `a`. */
export function dirname(path: string): string {
	const bare = trimmed(path);
	const end = bare.lastIndexOf('/');
	if (bare === '') return isAbsolute(path) ? '/' : '.';
	return end < 0 ? '.' : trimmed(bare.slice(0, end)) || '/';
}

export const isAbsolute = (path: string): boolean => path.startsWith('/');

/** Without `.`, `..` and doubled slashes, as far as the text itself can tell; one at the end stays. */
export function normalize(path: string): string {
	const isRooted = isAbsolute(path);
	const parts: string[] = [];
	for (const part of path.split('/')) {
		if (part === '' || part === '.') continue;
		if (part !== '..' || (!isRooted && (parts.at(-1) ?? '..') === '..')) parts.push(part);
		else parts.pop();
	}
	const text = parts.join('/') || (isRooted ? '' : '.');
	const end = path.endsWith('/') && text !== '' ? '/' : '';
	return `${isRooted ? '/' : ''}${text}${end}`;
}

export const join = (...parts: readonly string[]): string => normalize(parts.filter(part => part !== '').join('/'));

/** From a folder on, which counts for nothing where the path is absolute. */
export const resolve = (folder: string, path: string): string => trimmed(normalize(isAbsolute(path) ? path : `${folder}/${path}`)) || '/';

const trimmed = (path: string): string => path.replace(/\/+$/, '');
