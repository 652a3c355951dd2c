/**
 * Files that services find where they look for them (`configs` and `secrets`): written before each start, and removed when
 * no service has them any more. Each is made beside its place and takes it when it is whole, with its owner and its
 * mode; no symbolic link that another user could have laid leads elsewhere. Nothing that is said here has anything of a content.
 */
import type {Id} from '../../core/ids.ts';
import type {Refusal} from '../../core/outcome.ts';
import {err, ok, type Result} from '../../core/result.ts';
import type {PlacedFile, Service} from '../../core/service.ts';
import type {Millis} from '../../core/time.ts';
import {type Bytes, bytesOf} from '../bytes.ts';
import {env} from '../environment.ts';
import {errnoText, isTemporary} from '../errno.ts';
import {gid as ownGid, uid as ownUid} from '../identity.ts';
import {OTHERS_WRITE, wait} from '../jobs.ts';
import {PLACE, STAT} from '../layouts.ts';
import {findPlace, type Folder, isRefused, refusalOf} from '../places.ts';
import type {Handoff} from '../reexec/handoff.ts';
import {ERRNO, isFile, newStat, O, type Outcome, sys} from '../sys.ts';
import {makeDirectories} from './directories.ts';
import {findUser} from './users.ts';

export interface Placing {
	/** Writes a service's files, each where it is not there already; why one cannot be written, or null. */
	place(id: Id, service: Service): Refusal | null;
	/** The same for a service that runs, whose files may hold something else now. What cannot be written stays as it is, and is told. */
	renew(id: Id, service: Service): void;
	/** The service is gone. */
	forget(id: Id): void;
	/** archon ends. */
	removeAll(): void;
}

/** Of one file, in bytes. */
const SIZE_MAX = 1024 * 1024;
/** How long a file system may take. */
const PATIENCE: Millis = 2000;
/** In the handoff: before a service's number. */
const KEY = 'placed ';

export interface PlacingParts {
	readonly handoff: Handoff;
	readonly warn: (text: string) => void;
}

export function createWriting({handoff, warn}: PlacingParts): Placing {
	/** By service: the paths of its files that archon has written. */
	const held = new Map<Id, readonly string[]>(pastOf(handoff.past));
	/** By path: how many services have it. */
	const holders = new Map<string, number>();
	for (const targets of held.values()) for (const target of targets) count(target, 1);
	let isDiskTold = false;

	function count(target: string, more: 1 | -1): number {
		const now = (holders.get(target) ?? 0) + more;
		if (now > 0) holders.set(target, now);
		else holders.delete(target);
		return now;
	}

	/** Of those that the service had before, files that no service has any more are removed. */
	function hold(id: Id, targets: readonly string[]): void {
		const before = held.get(id) ?? [];
		if (before.length === targets.length && before.every((target, at) => target === targets[at])) return;
		for (const target of targets) count(target, 1);
		if (targets.length > 0) held.set(id, targets);
		else held.delete(id);
		if (targets.length > 0) handoff.put(`${KEY}${id}`, JSON.stringify(targets));
		else handoff.delete(`${KEY}${id}`);
		for (const target of before) if (count(target, -1) <= 0) remove(target, warn);
	}

	/** A secret is to be in memory; once. */
	function lookAtDisk({kind, target}: PlacedFile): void {
		if (kind !== 'secret' || isDiskTold) return;
		isDiskTold = true;
		const disk = diskUnder(target, sys.readText('/proc/self/mounts', MOUNTS_MAX));
		if (disk !== null) warn(`secrets are written to a disk (${disk}): mount a tmpfs at /run, or give them a target in memory`);
	}

	return {
		place(id, service) {
			const {exec: {files}} = service;
			if (files.length === 0 && !held.has(id)) return null;
			hold(id, files.map(({target}) => target));
			// A file may be in one of its directories, which is not archon's then.
			const refusal = files.length > 0 ? makeDirectories(service) : null;
			if (refusal) return refusal;
			for (const file of files) {
				lookAtDisk(file);
				const done = placeFile(file, service);
				if (!done.ok) return done.error;
			}
			return null;
		},
		renew(id, service) {
			const targets = held.get(id) ?? [];
			for (const file of service.exec.files) {
				const done = targets.includes(file.target) ? placeFile(file, service) : ok(null);
				if (!done.ok) warn(`${service.name} keeps ${file.target} as it is: ${done.error.stage}: ${done.error.reason}`);
			}
		},
		forget: id => hold(id, []),
		removeAll() {
			for (const target of holders.keys()) remove(target, () => {});
		},
	};
}

function pastOf(past: Handoff['past']): readonly (readonly [Id, readonly string[]])[] {
	return [...past].flatMap(([key, text]) =>
		(key.startsWith(KEY) ? [[Number(key.slice(KEY.length)), JSON.parse(text) as readonly string[]] as const] : []));
}

const MOUNTS_MAX = 64 * 1024;
const IN_MEMORY: ReadonlySet<string> = new Set(['tmpfs', 'ramfs']);

/** What a path lies on, as proc_pid_mounts(5) has it, unless that is memory; null too where it is not known. */
export function diskUnder(path: string, mounts: string | Outcome): string | null {
	let found: {readonly at: string; readonly type: string} | null = null;
	for (const line of typeof mounts === 'string' ? mounts.split('\n') : []) {
		const [, at = '', type = ''] = line.split(' ');
		const isAbove = at === '/' || path.startsWith(`${at}/`);
		if (at !== '' && isAbove && (!found || at.length >= found.at.length)) found = {at, type};
	}
	return !found || IN_MEMORY.has(found.type) ? null : `${found.type} at ${found.at}`;
}

function placeFile(file: PlacedFile, {exec: {user}}: Service): Result<null, Refusal> {
	const stage = `writing ${file.kind} ${file.name} to ${file.target}`;
	const refused = (errno: number, reason: string): Result<never, Refusal> => err({stage, errno, reason, temporary: isTemporary(errno)});
	const content = contentOf(file);
	if (!content.ok) return refused(content.error.errno, content.error.reason);
	const isOfUser = user !== null && (file.uid === 'service' || file.gid === 'service');
	const found = isOfUser ? findUser(user) : null;
	if (found && !found.ok) return refused(ERRNO.ENOENT, found.error);
	const own = {uid: ownUid, gid: ownGid};
	const account = found?.value ?? own;
	const uid = typeof file.uid === 'number' ? file.uid : (file.uid === 'service' ? account : own).uid;
	const gid = typeof file.gid === 'number' ? file.gid : (file.gid === 'service' ? account : own).gid;
	const place = findPlace(file.target, PLACE.make);
	if (typeof place === 'string') return refused(ERRNO.EACCES, place);
	const {folder, name} = place;
	try {
		if (isThere(folder, name, {content: content.value, uid, gid, mode: file.mode})) return ok(null);
		const errno = -write(folder, name, {content: content.value, uid, gid, mode: file.mode});
		if (errno <= 0) return ok(null);
		return refused(errno, errno === ERRNO.EBUSY ? 'the runtime has mounted something there: remove it here' : errnoText(errno));
	} finally {
		sys.close(folder.fd);
	}
}

function contentOf({from}: PlacedFile): Result<Bytes, {readonly errno: number; readonly reason: string}> {
	const bad = (errno: number, reason: string): ReturnType<typeof contentOf> => err({errno, reason});
	if (from.kind === 'text') return ok(bytesOf(from.text));
	if (from.kind === 'variable') {
		const value = env()[from.variable];
		return value === undefined ? bad(ERRNO.ENOENT, `${from.variable} is not set`) : ok(bytesOf(value));
	}
	const done = wait('readFile', {text: from.path, numbers: [SIZE_MAX, OTHERS_WRITE]}, PATIENCE);
	if (isRefused(done)) return bad(-done.result, `${from.path}: ${refusalOf(done, from.path)}`);
	if (done.result === -ERRNO.EINVAL) return bad(ERRNO.EINVAL, `${from.path} is not a regular file`);
	if (done.result < 0) return bad(-done.result, `${from.path}: ${errnoText(-done.result)}`);
	return done.bytes.length > SIZE_MAX ? bad(ERRNO.EINVAL, `${from.path} is larger than 1 MiB`) : ok(done.bytes);
}

interface Whole {
	readonly content: Bytes;
	readonly uid: number;
	readonly gid: number;
	readonly mode: number;
}

const PERMISSIONS = 0o7777;

/** Whether a file has all of it already: then a service that has it open reads no older one than others. */
function isThere({fd}: Folder, name: string, {content, uid, gid, mode}: Whole): boolean {
	const about = newStat();
	if (sys.lstatAt(fd, name, about) < 0 || !isFile(about) || about[STAT.size] !== content.length) return false;
	if (about[STAT.uid] !== uid || about[STAT.gid] !== gid || ((about[STAT.mode] ?? 0) & PERMISSIONS) !== mode) return false;
	const file = sys.openAt(fd, name, O.RDONLY | O.NOFOLLOW | O.NONBLOCK, 0);
	if (file < 0) return false;
	const bytes = new Uint8Array(content.length + 1);
	const length = sys.read(file, bytes);
	sys.close(file);
	return length === content.length && content.every((byte, at) => byte === bytes[at]);
}

/** Writes a new file beside the name, and gives it the name. */
function write({fd}: Folder, name: string, {content, uid, gid, mode}: Whole): Outcome {
	const fresh = `.${name.slice(0, NAME_MAX)}.archon`;
	const open = (): Outcome => sys.openAt(fd, fresh, O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW, 0o600);
	let file = open();
	if (file === -ERRNO.EEXIST) {
		// Of an archon that was killed meanwhile.
		sys.unlinkAt(fd, fresh, 0);
		file = open();
	}
	if (file < 0) return file;
	const about = newStat();
	let result = writeAll(file, content);
	if (result >= 0) result = sys.fstat(file, about);
	if (result >= 0 && (about[STAT.uid] !== uid || about[STAT.gid] !== gid)) result = sys.fchown(file, uid, gid);
	if (result >= 0) result = sys.fchmod(file, mode);
	sys.close(file);
	if (result >= 0) ({result} = wait('rename', {fd, text: fresh, other: name}, PATIENCE));
	if (result < 0) sys.unlinkAt(fd, fresh, 0);
	return result;
}

/** In characters: with what goes around it, a name must not be too long. */
const NAME_MAX = 200;

function writeAll(file: number, content: Bytes): Outcome {
	let at = 0;
	while (at < content.length) {
		const count = sys.write(file, content.subarray(at));
		if (count < 0 && count !== -ERRNO.EINTR) return count;
		at += Math.max(count, 0);
	}
	return 0;
}

function remove(target: string, warn: (text: string) => void): void {
	const place = findPlace(target);
	if (typeof place === 'string') return;
	const result = sys.unlinkAt(place.folder.fd, place.name, 0);
	sys.close(place.folder.fd);
	if (result < 0 && result !== -ERRNO.ENOENT) warn(`cannot remove ${target}: ${errnoText(-result)}`);
}
