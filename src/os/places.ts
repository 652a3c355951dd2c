/**
 * Files in places that others may write, as services write their own log folders: opening, making, renaming or removing
 * something there is done by places.c, which follows no link that another user could have laid. Here are the words for
 * what it refuses.
 */
import {errnoText} from './errno.ts';
import {type Done, textsOf} from './jobs.ts';
import {PLACE, PLACE_REPORT, REFUSALS, WRITERS} from './layouts.ts';
import {type Outcome, sys} from './sys.ts';
import {groupName, userName} from './spawn/users.ts';

/** An open folder, and where it really is. */
export interface Folder {
	readonly fd: number;
	readonly path: string;
}

/** An open folder, and the name in it that a path leads to. */
export interface FilePlace {
	readonly folder: Folder;
	readonly name: string;
}

const report = new Float64Array(Object.keys(PLACE_REPORT).length);

/** The place of a file, which need not exist; or why there is no such place. `flags`: `PLACE`. */
export function findPlace(path: string, flags = 0): FilePlace | string {
	const [folder = '', name = ''] = sys.findPlace(path, flags, report);
	const [fd = -1, stream = -1, ...doubt] = report;
	if (fd < 0) return reasonOf(-fd, doubt, culpritOf(path, folder, name));
	if (stream < 0) return {folder: {fd, path: folder || '/'}, name};
	sys.close(fd);
	return 'it is one of archon\'s own streams';
}

/** A folder, which is made with its parents if `isMade`; or why it was refused; or -errno without more to tell. */
export function openFolder(path: string, isMade = false): Folder | string | Outcome {
	const [folder = '', name = ''] = sys.findPlace(path, isMade ? PLACE.folder | PLACE.make : PLACE.folder, report);
	const [fd = -1, , ...doubt] = report;
	if (fd >= 0) return {fd, path: folder || '/'};
	return doubt[0] === 0 ? fd : reasonOf(-fd, doubt, `${folder}/${name}`);
}

/** A file of a folder, to be read; the descriptor, or why it cannot be opened. */
export function openIn({fd}: Folder, name: string, flags: number): number | string {
	const opened = sys.openIn(fd, name, flags, 0, report);
	return opened < 0 ? reasonOf(-opened, [...report], 'it') : opened;
}

/** Whether others than root and archon's own user may have written what was read, where that was asked for (OTHERS_WRITE). */
export const isOfOthers = ({result, size}: Done): boolean => result >= 0 && size > 0;

/** Whether a job came to nothing for more than an errno says. */
export const isRefused = ({result, inode}: Done): boolean => result < 0 && inode > 0;

/** Why a job of a file came to nothing; `path` is what was asked for. */
export function refusalOf(done: Done, path: string): string {
	const [culprit = path] = textsOf(done);
	return reasonOf(-done.result, [done.inode, done.size, done.time], culprit === path ? 'it' : culprit);
}

const culpritOf = (path: string, folder: string, name: string): string => (`${folder}/${name}` === path ? 'it' : `${folder}/${name}`);

const WORDS: Readonly<Record<(typeof REFUSALS)[number], (writer: string, owner: string) => string>> = {
	not: () => '',
	link: writer => `is a symbolic link in a folder that ${writer} may write`,
	magic: () => 'is a symbolic link of the kernel\'s, which leads to no path',
	kind: () => 'is not a regular file',
	names: writer => `has other names as well (hard links), and ${writer} may write to its folder`,
	owner: (_, owner) => `belongs to ${owner}, in a folder that others may write`,
	foreign: (_, owner) => `belongs to ${owner}`,
	open: () => 'may be written by any user (chmod o-w mends that)',
};

function reasonOf(errno: number, [refusal = 0, writer = 0, id = 0]: readonly number[], culprit: string): string {
	const words = WORDS[REFUSALS[refusal] ?? 'not'](writerOf(WRITERS[writer], id), userName(id));
	return words === '' ? errnoText(errno) : `${culprit} ${words}`;
}

function writerOf(writer: (typeof WRITERS)[number] | undefined, id: number): string {
	if (writer === 'user') return userName(id);
	return writer === 'group' ? `group ${groupName(id)}` : 'any user';
}
