/** Why a program could not be executed, beyond the errno: a look at the file that execve(2) refused. */
import {latin1Of, newBytes} from '../bytes.ts';
import {errnoText} from '../errno.ts';
import {STAT} from '../layouts.ts';
import {examineProgram} from '../machine/program.ts';
import {ERRNO, isFile, newStat, O, sys} from '../sys.ts';

/** Words for an execve(2) that failed with `errno`, `paths` being the files that were tried. */
export function diagnose(errno: number, paths: readonly string[]): string {
	const path = paths.find(leadsToFile);
	const text = errnoText(errno);
	if (errno === ERRNO.ECANCELED) return 'it was stopped from outside while it was being started';
	if (errno === ERRNO.ENOENT && path === undefined) return paths.length > 1 ? `${text} along PATH` : text;
	if (path === undefined) return text;
	const interpreter = examineProgram(path)?.interpreter ?? null;
	if (errno === ERRNO.ENOENT && interpreter) return `${text}: ${path} needs ${interpreter}, which is missing`;
	if (errno === ERRNO.ENOEXEC && !interpreter) return `${text}: ${path} is not a program for this machine, and no script`;
	if (errno === ERRNO.EACCES) return `${text}: ${path} is not executable for this user`;
	return text;
}

/** Whether a program was looked for along PATH and is in none of its folders, some of which its user may not search. */
export const isNowhere = (paths: readonly string[]): boolean => paths.length > 1 && !paths.some(leadsToFile);

function leadsToFile(path: string): boolean {
	const about = newStat();
	return sys.stat(path, about) === 0 && isFile(about);
}

/** Whether execvp(3) would give a file to the shell: it may be executed, and begins as text without a `#!`. */
export function isBareScript(path: string): boolean {
	const about = newStat();
	if (sys.stat(path, about) < 0 || !isFile(about) || ((about[STAT.mode] ?? 0) & 0o111) === 0) return false;
	const head = newBytes(256);
	const fd = sys.open(path, O.RDONLY | O.NONBLOCK | O.NOCTTY, 0);
	if (fd < 0) return false;
	const length = sys.readAt(fd, head, 0);
	sys.close(fd);
	return length >= 0 && latin1Of(head, 0, 2) !== '#!' && !head.subarray(0, length).includes(0);
}
