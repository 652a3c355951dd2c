/** Who archon's helpers run as. */
import {NOBODY} from '../core/helpers.ts';
import type {UserSpec} from '../core/service.ts';
import {uid} from './identity.ts';
import {sys} from './sys.ts';

/** capabilities(7). */
const [SETGID, SETUID] = [6n, 7n];
const FILE_MAX = 4096;

/** `wanted`, a user without rights, where archon is root and may become it; else null: archon's own. */
export function helperUser(wanted: UserSpec = NOBODY): UserSpec | null {
	if (uid !== 0) return null;
	const status = sys.readText('/proc/self/status', FILE_MAX);
	// Without /proc nothing is known, and the usual is taken for true.
	if (typeof status === 'number') return wanted;
	const set = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
	const isAble = [SETGID, SETUID].every(bit => set >> bit & 1n);
	return isAble && isMapped('/proc/self/uid_map', wanted.user) && isMapped('/proc/self/gid_map', wanted.group) ? wanted : null;
}

/** Whether a number means a user or group in this user namespace (user_namespaces(7)). */
function isMapped(path: string, id: string | null): boolean {
	const map = sys.readText(path, FILE_MAX);
	if (typeof map === 'number') return true;
	return map.split('\n').some(line => {
		const [first, , count] = line.trim().split(/\s+/).map(Number);
		return first !== undefined && count !== undefined && Number(id) >= first && Number(id) < first + count;
	});
}
