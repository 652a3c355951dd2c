/** Who a service runs as: names and numbers from /etc/passwd and /etc/group (passwd(5), group(5)). */
import {err, ok, type Result} from '../../core/result.ts';
import type {UserSpec} from '../../core/service.ts';
import {textOf} from '../bytes.ts';
import {sys} from '../sys.ts';

export interface Identity {
	readonly uid: number;
	readonly gid: number;
	readonly groups: readonly number[];
	/** HOME, and USER, LOGNAME and SHELL where the user has an entry (environ(7)). */
	readonly environment: Readonly<Record<string, string>>;
}

/** The text of /etc/passwd or /etc/group; empty where there is no such file. */
export type Read = (path: string) => string;

/** No more of a file is looked at. */
const FILE_MAX = 1 << 20;

/**
 * As container runtimes read `user:group`: a number needs no entry, and then has group 0 and HOME=/; a group that
 * is named replaces all others; else the user's own and those that list it.
 */
export function findUser({user, group}: UserSpec, read: Read = slurp): Result<Identity, string> {
	const passwd = read('/etc/passwd');
	const entry = entryOf(passwd, user) ?? (isNumber(user) ? first(lines(passwd), fields => fields[2] === user) : undefined);
	if (!entry && !isNumber(user)) return err(`user ${user} is not in /etc/passwd`);
	const [name = '', , uid = user, primary = '0', , home = '/', shell = '/bin/sh'] = entry ?? [];
	const environment = entry ? {HOME: home || '/', USER: name, LOGNAME: name, SHELL: shell || '/bin/sh'} : {HOME: '/'};
	if (group === null) {
		const groups = new Set([Number(primary)]);
		if (entry) {
			for (const line of lines(read('/etc/group'))) {
				if (!line.includes(name)) continue;
				const [, , gid, members] = line.split(':');
				if (members?.split(',').includes(name)) groups.add(Number(gid));
			}
		}
		return ok({uid: Number(uid), gid: Number(primary), groups: [...groups], environment});
	}
	const gid = groupNumber(group, read);
	if (gid === null) return err(`group ${group} is not in /etc/group`);
	return ok({uid: Number(uid), gid, groups: [gid], environment});
}

/** The numbers of groups by name or number. */
export function findGroups(names: readonly string[]): Result<number[], string> {
	const found: number[] = [];
	for (const name of names) {
		const gid = groupNumber(name);
		if (gid === null) return err(`group ${name} is not in /etc/group`);
		found.push(gid);
	}
	return ok(found);
}

function groupNumber(group: string, read: Read = slurp): number | null {
	const gid = isNumber(group) ? group : entryOf(read('/etc/group'), group)?.[2];
	return gid === undefined ? null : Number(gid);
}

/** Of a user or a group in messages; the number where it has no name. */
export const userName = (uid: number): string => nameIn('/etc/passwd', uid) ?? `user ${uid}`;
export const groupName = (gid: number): string => nameIn('/etc/group', gid) ?? String(gid);

const nameIn = (file: string, id: number): string | undefined => first(lines(slurp(file)), fields => fields[2] === String(id))?.[0];

const isNumber = (text: string): boolean => /^\d+$/.test(text);

/** The fields of the first line of that name. */
function entryOf(text: string, name: string): readonly string[] | undefined {
	const start = text.startsWith(`${name}:`) ? 0 : text.indexOf(`\n${name}:`) + 1;
	if (start === 0 && !text.startsWith(`${name}:`)) return undefined;
	const end = text.indexOf('\n', start);
	return text.slice(start, end < 0 ? text.length : end).split(':');
}

function first(all: Iterable<string>, isWanted: (fields: readonly string[]) => boolean): readonly string[] | undefined {
	for (const line of all) {
		const fields = line.split(':');
		if (isWanted(fields)) return fields;
	}
	return undefined;
}

function* lines(text: string): Generator<string> {
	for (let start = 0, end = 0; start < text.length; start = end + 1) {
		end = text.indexOf('\n', start);
		if (end < 0) end = text.length;
		yield text.slice(start, end);
	}
}

/** Whole lines only; none where there is no such file, as in an image from scratch. */
export function slurp(path: string): string {
	const bytes = sys.readBytes(path, FILE_MAX);
	if (typeof bytes === 'number') return '';
	return textOf(bytes, 0, bytes.length < FILE_MAX ? bytes.length : bytes.lastIndexOf(10) + 1);
}
