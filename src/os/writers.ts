/** Who else could change a file that root goes by: by its permissions, and by those of its directory. */
import {dirname} from '../core/path.ts';
import {uid as ownUid} from './identity.ts';
import {STAT} from './layouts.ts';
import {groupName, userName} from './spawn/users.ts';
import {isFile, newStat, sys} from './sys.ts';

/** That others may write a file, and what to do about it. */
export interface Exposure {
	readonly why: string;
	readonly hint: string;
}

const STICKY = 0o1000;

/** Of a file that lies at `place` on this machine. Null: only root may, archon is not root, or it cannot be told. */
export function exposureOf(file: string, place: string): Exposure | null {
	if (ownUid !== 0) return null;
	const folder = dirname(file);
	const own = writersOf(place, false);
	if (own) return {why: `${own.who} may change ${file}, which archon runs as root`, hint: `${own.cure} ${file}`};
	const above = writersOf(dirname(place), true);
	if (!above) return null;
	return {why: `${above.who} may replace ${file}, which archon runs as root, by way of ${folder}`, hint: `${above.cure} ${folder}`};
}

/**
 * Who else could exchange what lies at a real path, by a folder above it; the uppermost that lets them. Null: only root may, archon is
 * not root, or it cannot be told.
 */
export function exposureAbove(path: string): Exposure | null {
	if (ownUid !== 0) return null;
	const above: string[] = [];
	for (let at = path; at !== dirname(at);) above.unshift(at = dirname(at));
	for (const folder of above) {
		const writers = writersOf(folder, true);
		if (writers) return {why: `${writers.who} may exchange it by way of ${folder}`, hint: `${writers.cure} ${folder}`};
	}
	return null;
}

function writersOf(path: string, isFolder: boolean): {readonly who: string; readonly cure: string} | null {
	const about = newStat();
	// A device is everybody's to write, and holds no config.
	if (sys.stat(path, about) < 0 || (!isFolder && !isFile(about))) return null;
	const [mode, owner, group] = [about[STAT.mode] ?? 0, about[STAT.uid] ?? 0, about[STAT.gid] ?? 0];
	if (owner !== 0) return {who: userName(owner), cure: 'chown root'};
	// In such a directory no other user may replace what is root's.
	if (isFolder && (mode & STICKY) !== 0) return null;
	if ((mode & 0o002) !== 0) return {who: 'any user', cure: 'chmod o-w'};
	return (mode & 0o020) !== 0 && group !== 0 ? {who: `group ${groupName(group)}`, cure: 'chmod g-w'} : null;
}
