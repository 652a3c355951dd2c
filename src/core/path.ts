/** POSIX paths as text; the file system is not read. */

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

/** Whether the path begins at the root. */
export const isAbsolute = (path: string): boolean => path.startsWith('/');

/** The path without `.`, `..` and doubled slashes, as far as the text can tell; a slash at the end stays. */
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

/** The parts as one path, without empty ones. */
export const join = (...parts: readonly string[]): string => normalize(parts.filter(part => part !== '').join('/'));

/** The path as seen from a folder; an absolute path stays. */
export const resolve = (folder: string, path: string): string => trimmed(normalize(isAbsolute(path) ? path : `${folder}/${path}`)) || '/';

const trimmed = (path: string): string => path.replace(/\/+$/, '');
