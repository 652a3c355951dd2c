/** Whether archon has made a process, or made for a service what has made it. */
import {pid as ownPid} from '../identity.ts';
import {statOf} from './procfs.ts';
import type {Reaper} from './reaper.ts';

/** How many generations may be between a command of archon's and what it has made. */
const GENERATIONS = 64;

/** A process of a service, a command that archon runs beside services, or what one of these has made. */
export const isMadeBy = (reaper: Pick<Reaper, 'ownerOf' | 'isCommand'>) => (pid: number): boolean => {
	if (reaper.ownerOf(pid) !== null) return true;
	let at = pid;
	for (let i = 0; i < GENERATIONS && at > 1 && at !== ownPid; i++) {
		if (reaper.isCommand(at)) return true;
		at = statOf(at)?.parent ?? 0;
	}
	return false;
};
