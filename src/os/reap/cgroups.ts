/** Cgroups below archon's own, where version 2 is mounted and can be written (cgroups(7)). */
import {err, ok, type Result} from '../../core/result.ts';
import type {Exec} from '../../core/service.ts';
import {bytesOf} from '../bytes.ts';
import {errnoText} from '../errno.ts';
import {makeFolder} from '../folders.ts';
import {ERRNO, O, sys} from '../sys.ts';

export interface CgroupProblem {
	readonly errno: number;
	readonly reason: string;
}

/** Mounts of a container; more of them are not looked at. */
const FILE_MAX = 1 << 20;

/** Makes the cgroup if need be. The descriptor that takes the pids of its processes; close it after use. */
export function openCgroup(name: string): Result<number, CgroupProblem> {
	const own = ownCgroup();
	if (own === null) return err({errno: ERRNO.ENOENT, reason: 'there is no cgroup of version 2 here'});
	const path = pathBelow(own, name);
	if (path === null) return err({errno: ERRNO.EINVAL, reason: 'it must lie below the cgroup of archon'});
	const made = makeFolder(path);
	const result = made < 0 ? made : sys.open(`${path}/cgroup.procs`, O.WRONLY | O.NOFOLLOW, 0);
	return result >= 0 ? ok(result) : err({errno: -result, reason: `${errnoText(-result)}: ${path} cannot be made or written`});
}

/** SIGKILL to all in the cgroup and below it, and to what they make meanwhile; nothing where that cannot be (cgroup.kill, Linux 5.14). */
export function killCgroup(name: string): void {
	const own = ownCgroup();
	const path = own === null ? null : pathBelow(own, name);
	if (path === null) return;
	// Opened as it is: no file may be made where the kernel has none of this name.
	const fd = sys.open(`${path}/cgroup.kill`, O.WRONLY | O.NOFOLLOW, 0);
	if (fd < 0) return;
	sys.write(fd, bytesOf('1'));
	sys.close(fd);
}

/** Cgroups that are made for the sake of limits alone. */
const OWN = 'service.';

/** The cgroup that a service is made in, below archon's own; null: where archon is. */
export const cgroupOf = (name: string, {limits, resources}: Exec): string | null => limits.cgroup ?? (resources ? OWN + name : null);

/** Removes a cgroup that was made for limits alone; nothing happens while a process is in it. */
export function removeCgroup(name: string): void {
	const own = name.startsWith(OWN) ? ownCgroup() : null;
	const path = own === null ? null : pathBelow(own, name);
	if (path !== null) sys.unlinkAt(-1, path, REMOVE_FOLDER);
}

/** unlinkat(2), AT_REMOVEDIR. */
const REMOVE_FOLDER = 0x200;

/** Null where it would not lie below. */
export function pathBelow(own: string, name: string): string | null {
	const parts = name.split('/').filter(part => part !== '');
	if (parts.length === 0 || parts.some(part => part === '.' || part === '..')) return null;
	return [own, ...parts].join('/');
}

/** Where archon goes from a cgroup that is to limit others below it (cgroup-limits.ts). */
export const LEAF = 'archon.init';

/** The folder of the cgroup that archon was started in; null where none of version 2 can be seen. */
export function ownCgroup(): string | null {
	const own = withoutLeaf(/^0::(.*)$/m.exec(slurp('/proc/self/cgroup'))?.[1]);
	const mount = slurp('/proc/self/mountinfo').split('\n').find(line => line.includes(' - cgroup2 '));
	if (own === undefined || mount === undefined) return null;
	const [, , , root = '/', place = ''] = mount.split(' ').map(unescape);
	const visible = root === '/' ? own : own === root || own.startsWith(`${root}/`) ? own.slice(root.length) : null;
	return visible === null || visible.startsWith('/..') ? null : `${place}${visible}`.replace(/\/$/, '');
}

/** Of a path in the tree of cgroups. */
export const withoutLeaf = (path: string | undefined): string | undefined =>
	(path?.endsWith(`/${LEAF}`) ? path.slice(0, -LEAF.length - 1) || '/' : path);

/** Blanks and the like stand there as `\040` (proc_pid_mountinfo(5)). */
const unescape = (field: string): string =>
	field.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

function slurp(path: string): string {
	const text = sys.readText(path, FILE_MAX);
	return typeof text === 'string' ? text : '';
}
