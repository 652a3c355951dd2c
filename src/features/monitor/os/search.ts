/**
 * Looks through /proc for processes that rules mean: at once when there is a new rule, and then at times, as the kernel tells of new
 * processes to those only who may administrate its network. It is done in pieces, so that PID 1 is there for others in between.
 */
import {fits, isPattern} from '../../../core/name-pattern.ts';
import {pid as ownPid} from '../../../os/identity.ts';
import {commandOf, pids, statOf} from '../../../os/reap/procfs.ts';
import {placeOf} from '../../../os/real-path.ts';
import {ERRNO, sys} from '../../../os/sys.ts';
import type {Rule} from '../core/kept.ts';
import type {Found} from '../core/news.ts';
import {exeOf, hold, keyOf, letGo, takeHeld} from './held.ts';

export interface SearchParts {
	readonly isOwn: (pid: number) => boolean;
	readonly soon: (callback: () => void) => void;
	readonly whole: <T>(act: () => T) => T;
	/** Each is told once. */
	readonly warn: (text: string) => void;
}

/** A rule with a match, and the keys of the processes that it has met already. */
export interface Sought {
	readonly rule: Rule;
	readonly known: ReadonlySet<string>;
}

/** How many processes are looked at in one turn of the loop. */
const AT_ONCE = 100;

/** Goes through all processes once; calls back with what each rule has met and did not know, and when it is done. */
export async function search(
	sought: readonly Sought[], {isOwn, soon, whole, warn}: SearchParts, met: (rule: number, processes: readonly Found[]) => void,
): Promise<void> {
	const rules = await Promise.all(sought.map(async each => ({...each, paths: await pathsOf(each.rule)})));
	const left = pids();
	while (left.length > 0) {
		const piece = left.splice(0, AT_ONCE);
		await new Promise<void>(resolve => soon(() => {
			whole(() => look(piece));
			resolve();
		}));
	}

	function look(piece: readonly number[]): void {
		const found = new Map<number, Found[]>();
		for (const pid of piece) {
			const meant = pid === ownPid ? [] : rules.filter(each => isMeant(pid, each));
			// What archon has made is known to it by other ways.
			if (meant.length === 0 || isOwn(pid)) continue;
			const held = hold(pid);
			// It may execute something else by now.
			const still = held.ok ? meant.filter(each => !each.known.has(keyOf(held.value)) && isMeant(pid, each)) : [];
			if (!held.ok) continue;
			if (still.length === 0) {
				const fd = takeHeld(held.value);
				if (fd !== null) sys.close(fd);
			}
			for (const {rule} of still) found.set(rule.id, [...found.get(rule.id) ?? [], held.value]);
		}
		for (const [rule, processes] of found) met(rule, processes);
		letGo();
	}

	function isMeant(pid: number, {rule: {match}, paths}: (typeof rules)[number]): boolean {
		if (!match) return false;
		const exe = exeOf(pid);
		if (exe === null) {
			const link = sys.readLink(`/proc/${pid}/exe`);
			// Services and helpers may have users of their own; they are not met anyway.
			if ((link === -ERRNO.EACCES || link === -ERRNO.EPERM) && !isOwn(pid)) warn(UNREAD);
			return false;
		}
		if (match.exe !== null && !paths.some(path => (isPattern(path) ? fits(path, exe) : path === exe))) return false;
		if (match.command === null) return true;
		const stat = statOf(pid);
		return stat !== null && !stat.isZombie && fits(match.command, commandOf(pid, stat));
	}
}

const UNREAD = 'monitor: what some processes of other users execute is not told to archon, which cannot watch them by exe or command; \
it takes the capability SYS_PTRACE';

/** A path as it is written, and where it leads. */
async function pathsOf({match}: Rule): Promise<readonly string[]> {
	if (!match || match.exe === null) return [];
	if (isPattern(match.exe)) return [match.exe];
	const real = await placeOf(match.exe, 0, () => {});
	return real === null || real === match.exe ? [match.exe] : [match.exe, real];
}
