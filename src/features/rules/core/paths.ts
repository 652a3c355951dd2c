/** Which files a path of `rules.lua` means. Pure. */
import {basename, dirname, join} from '../../../core/path.ts';
import type {Result} from '../../../core/result.ts';

/** The paths, in the order of their names; hidden files only by name. `list`: the names in a folder. */
export function rulePaths<E>(path: string, list: (folder: string) => Result<readonly string[], E>): Result<readonly string[], E> {
	const name = basename(path);
	if (!name.includes('*')) return {ok: true, value: [path]};
	const folder = dirname(path);
	const names = list(folder);
	if (!names.ok) return names;
	const [head = '', tail = ''] = name.split('*');
	const isMeant = (each: string): boolean => each.length >= head.length + tail.length && each.startsWith(head) && each.endsWith(tail)
		&& (head !== '' || !each.startsWith('.'));
	return {ok: true, value: names.value.filter(isMeant).sort().map(each => join(folder, each))};
}
