/** Who a service runs as: names and numbers from /etc/passwd and /etc/group (passwd(5), group(5)). */
import {readFileSync} from 'node:fs';
import {err, ok, type Result, type UserSpec} from '../core/model.ts';

export interface Identity {
	readonly uid: number;
	readonly gid: number;
	readonly groups: readonly number[];
	/** HOME, USER, LOGNAME and SHELL, where the user has an entry (environ(7)). */
	readonly environment: Readonly<Record<string, string>>;
}

/**
 * As container runtimes read `user:group`: a number needs no entry, and then has group 0; a group that
 * is named replaces all others; else the user's own and those that list it.
 */
export function findUser({user, group}: UserSpec): Result<Identity, string> {
	const entry = lines('/etc/passwd').find(fields => fields[0] === user)
		?? lines('/etc/passwd').find(fields => isNumber(user) && fields[2] === user);
	if (!entry && !isNumber(user)) return err(`user ${user} is not in /etc/passwd`);
	const [name = '', , uid = user, primary = '0', , home = '/', shell = '/bin/sh'] = entry ?? [];
	const environment = entry ? {HOME: home || '/', USER: name, LOGNAME: name, SHELL: shell || '/bin/sh'} : {};
	if (group === null) {
		const others = entry ? lines('/etc/group').filter(fields => fields[3]?.split(',').includes(name)) : [];
		const groups = [...new Set([Number(primary), ...others.map(fields => Number(fields[2]))])];
		return ok({uid: Number(uid), gid: Number(primary), groups, environment});
	}
	const gid = groupNumber(group);
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

function groupNumber(group: string): number | null {
	const gid = isNumber(group) ? group : lines('/etc/group').find(fields => fields[0] === group)?.[2];
	return gid === undefined ? null : Number(gid);
}

const isNumber = (text: string): boolean => /^\d+$/.test(text);

/** The fields of each line; no lines where there is no such file, as in an image from scratch. */
function lines(path: string): string[][] {
	try {
		return readFileSync(path, 'utf8').split('\n').map(line => line.split(':'));
	} catch {
		return [];
	}
}
