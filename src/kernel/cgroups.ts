/** Cgroups below archon's own, where version 2 is mounted and can be written (cgroups(7)). */
import {constants, openSync, readFileSync, writeFileSync} from 'node:fs';
import {err, ok, type Result} from '../core/model.ts';
import {ENOENT, errnoOf, errnoText} from './diagnose.ts';
import {makeFolder} from './folders.ts';

export interface CgroupProblem {
	readonly errno: number;
	readonly reason: string;
}

const EINVAL = 22;

/** Makes the cgroup if need be. The descriptor that takes the pids of its processes; close it after use. */
export function openCgroup(name: string): Result<number, CgroupProblem> {
	const own = ownCgroup();
	if (own === null) return err({errno: ENOENT, reason: 'there is no cgroup of version 2 here'});
	const path = pathBelow(own, name);
	if (path === null) return err({errno: EINVAL, reason: 'it must lie below the cgroup of archon'});
	try {
		makeFolder(path);
		return ok(openSync(`${path}/cgroup.procs`, constants.O_WRONLY));
	} catch (error) {
		const errno = errnoOf(error);
		return err({errno, reason: `${errnoText(errno)}: ${path} cannot be made or written`});
	}
}

/** SIGKILL to all in the cgroup and below it, and to what they make meanwhile; nothing where that cannot be (cgroup.kill, Linux 5.14). */
export function killCgroup(name: string): void {
	const own = ownCgroup();
	const path = own === null ? null : pathBelow(own, name);
	if (path === null) return;
	try {
		// Opened as it is: no file may be made where the kernel has none of this name.
		writeFileSync(`${path}/cgroup.kill`, '1', {flag: 'r+'});
	} catch {
		return;
	}
}

/** Null where it would not lie below. */
function pathBelow(own: string, name: string): string | null {
	const parts = name.split('/').filter(part => part !== '');
	if (parts.length === 0 || parts.some(part => part === '.' || part === '..')) return null;
	return [own, ...parts].join('/');
}

/** The folder of the cgroup that archon itself is in; null where none of version 2 can be seen. */
export function ownCgroup(): string | null {
	const own = /^0::(.*)$/m.exec(slurp('/proc/self/cgroup'))?.[1];
	const mount = slurp('/proc/self/mountinfo').split('\n').find(line => line.includes(' - cgroup2 '));
	if (own === undefined || mount === undefined) return null;
	const [, , , root = '/', place = ''] = mount.split(' ').map(unescape);
	const visible = root === '/' ? own : own === root || own.startsWith(`${root}/`) ? own.slice(root.length) : null;
	return visible === null || visible.startsWith('/..') ? null : `${place}${visible}`.replace(/\/$/, '');
}

/** Blanks and the like stand there as `\040` (proc_pid_mountinfo(5)). */
const unescape = (field: string): string =>
	field.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

function slurp(path: string): string {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		return '';
	}
}
