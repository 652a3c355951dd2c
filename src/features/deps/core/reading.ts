/** From the texts of a dependency to what it looks at and does: `pid:71`, `restart`, `signal:HUP`, `run:/bin/x`. Pure. */
import type {Action} from '../../../core/action.ts';
import {parseAction} from '../../../core/action-text.ts';
import {isAbsolute} from '../../../core/path.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import type {Match} from '../../monitor/core/match.ts';
import type {Target} from './dependency.ts';

/** The target that a text names; null: none. */
export function readTarget(text: string): Target | null {
	const [, kind = '', rest = ''] = /^(pid|match|monitor|path|port):(.+)$/s.exec(text) ?? [];
	switch (kind) {
		case 'pid': return isNumber(rest, 1 << 22) ? {kind, pid: Number(rest)} : null;
		case 'port': return isNumber(rest, 65_535) ? {kind, port: Number(rest)} : null;
		case 'path': return isAbsolute(rest) && rest.length <= PATH_MAX ? {kind, path: rest} : null;
		case 'monitor': return {kind, name: rest};
		case 'match': {
			const match = readMatch([rest]);
			return match && {kind, match};
		}
		default: return text === '' || text.length > NAME_MAX ? null : {kind: 'service', name: text};
	}
}

const [PATH_MAX, NAME_MAX, DOING_MAX] = [1024, 256, 2048];

const isNumber = (text: string, most: number): boolean => /^[1-9]\d{0,6}$/.test(text) && Number(text) <= most;

/** What `exe=/usr/sbin/x` and `command=*x.py*` mean together; null: one of them is neither, or they are missing. */
export function readMatch(texts: readonly string[]): Match | null {
	let match: Match = {exe: null, command: null};
	for (const text of texts) {
		const [, key = '', value = ''] = /^(exe|command)=(.+)$/s.exec(text) ?? [];
		if (value.length > PATH_MAX || (key === 'exe' && !isAbsolute(value))) return null;
		if (key === 'exe') match = {...match, exe: value};
		else if (key === 'command') match = {...match, command: value};
		else return null;
	}
	return texts.length === 0 ? null : match;
}

/** The actions that a text names: one, or none. Without a service they are for the one that depends. */
export function readDoing(text: string): Result<readonly Action[], string> {
	if (text === 'none') return ok([]);
	if (text.length > DOING_MAX) return err('is too long');
	const action = parseAction(text);
	return action.ok ? ok([action.value]) : action;
}
