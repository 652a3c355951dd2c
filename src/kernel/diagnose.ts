/** Why a program could not be executed, beyond the errno: a look at the file that execve(2) refused. */
import {closeSync, openSync, readSync, statSync} from 'node:fs';
import {getSystemErrorMessage} from 'node:util';

export const ENOENT = 2;
const EACCES = 13;
const ENOEXEC = 8;

/** The errno in words, as strerror(3) has them. */
export const errnoText = (errno: number): string => getSystemErrorMessage(-errno) ?? `errno ${errno}`;

/** Whether it may pass by itself: EINTR, EIO, EAGAIN, ENOMEM, EBUSY, ENFILE, EMFILE, ETXTBSY. */
export const isTemporary = (errno: number): boolean => [4, 5, 11, 12, 16, 23, 24, 26].includes(errno);

/** The errno of what a call of `node:fs` threw; 0 where it is something else. */
export const errnoOf = (error: unknown): number =>
	error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? -error.errno : 0;

/** Words for an execve(2) that failed with `errno`, `paths` being the files that were tried. */
export function diagnose(errno: number, paths: readonly string[]): string {
	const path = paths.find(candidate => isFile(candidate));
	const text = errnoText(errno);
	if (errno === ENOENT && path === undefined) return paths.length > 1 ? `${text} along PATH` : text;
	if (path === undefined) return text;
	const interpreter = interpreterOf(path);
	if (errno === ENOENT && interpreter) return `${text}: ${path} needs ${interpreter}, which is missing`;
	if (errno === ENOEXEC && !interpreter) return `${text}: ${path} is not a program; a script begins with a line like #!/bin/sh`;
	if (errno === EACCES) return `${text}: ${path} is not executable for this user`;
	return text;
}

/** Whether a program was looked for along PATH and is in none of its folders, some of which its user may not search. */
export const isNowhere = (paths: readonly string[]): boolean => paths.length > 1 && !paths.some(isFile);

function isFile(path: string): boolean {
	try {
		return statSync(path).isFile();
	} catch {
		return false;
	}
}

/** The `#!` line's program, or the loader that an ELF file names (PT_INTERP, elf(5), 64 bits). */
function interpreterOf(path: string): string | null {
	const head = Buffer.alloc(4096);
	try {
		const fd = openSync(path, 'r');
		readSync(fd, head, 0, head.length, 0);
		closeSync(fd);
	} catch {
		return null;
	}
	if (head.toString('latin1', 0, 2) === '#!') return /^#!\s*(\S+)/.exec(head.toString('utf8', 0, 256))?.[1] ?? null;
	if (head.toString('latin1', 0, 4) !== '\x7fELF' || head[4] !== 2) return null;
	const [table, size, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)];
	for (let at = table; at + size <= Math.min(head.length, table + size * count); at += size) {
		if (head.readUInt32LE(at) !== 3) continue;
		const [offset, length] = [Number(head.readBigUInt64LE(at + 8)), Number(head.readBigUInt64LE(at + 32))];
		if (offset + length <= head.length) return head.toString('utf8', offset, offset + length - 1);
	}
	return null;
}
