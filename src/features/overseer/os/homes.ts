/** Makes overseer's homes, and sees to it that no other user can say what is in them. */
import {dirname} from '../../../core/path.ts';
import {err, type Result} from '../../../core/result.ts';
import {env} from '../../../os/environment.ts';
import {errnoText} from '../../../os/errno.ts';
import {makeFolder} from '../../../os/folders.ts';
import {STAT} from '../../../os/layouts.ts';
import {isTrusted} from '../../../os/sockets/trust.ts';
import {ERRNO, isFolder, isLink, newStat, sys} from '../../../os/sys.ts';
import {type Homes, homesOf} from '../core/homes.ts';

/** Of folders that overseer makes: what the specification asks for. */
const OWN_ONLY = 0o700;
const OTHERS_WRITE = 0o022;
/** Where all may write, but only to what is theirs (inode(7)). */
const STICKY = 0o1000;

/** The homes by the environment, made where they are missing; or why they cannot be used. */
export function prepareHomes(): Result<Homes, string> {
	const homes = homesOf(env());
	const why = homes.ok ? initHomes(homes.value) : null;
	return why === null ? homes : err(why);
}

function initHomes({config, data}: Pick<Homes, 'config' | 'data'>): string | null {
	for (const path of [config, data]) {
		// Before anything is made there: a link that another user has laid would say where.
		const why = flawOnTheWay(path) ?? made(path) ?? flawOnTheWay(path) ?? flawOfHome(path);
		if (why !== null) return why;
	}
	return null;
}

function made(path: string): string | null {
	const result = makeFolder(path, OWN_ONLY);
	return result < 0 ? `cannot make ${path}: ${errnoText(-result)}` : null;
}

/** Why another user could put something else in the place of a path, of which the end need not exist. */
function flawOnTheWay(path: string): string | null {
	const about = newStat();
	let end: string | null = null;
	for (const folder of foldersOf(path)) {
		const result = sys.lstat(folder, about);
		if (result === -ERRNO.ENOENT) break;
		if (result < 0) return `${folder}: ${errnoText(-result)}`;
		const why = flawOf(folder, about, STICKY);
		if (why !== null) return why;
		end = folder;
	}
	const real = end === null ? '/' : sys.realPath(end);
	if (typeof real === 'number') return `${end}: ${errnoText(-real)}`;
	return real === end || real === '/' ? null : flawOnTheWay(real);
}

/** From the root on. */
function foldersOf(path: string): readonly string[] {
	const folders = [path];
	for (let each = path; dirname(each) !== each; each = dirname(each)) folders.unshift(dirname(each));
	return folders;
}

/** In a home itself others may not even lay something beside what is there. */
function flawOfHome(path: string): string | null {
	const about = newStat();
	const result = sys.stat(path, about);
	if (result < 0) return `${path}: ${errnoText(-result)}`;
	return isFolder(about) ? flawOf(path, about, 0) : `${path} is not a directory`;
}

/** `excuse`: a mode with which others may write. */
function flawOf(path: string, about: ReturnType<typeof newStat>, excuse: number): string | null {
	const [mode = 0, uid = -1] = [about[STAT.mode], about[STAT.uid]];
	if (!isTrusted(uid)) return `${path} belongs to uid ${uid}, who could say what runs`;
	if (isLink(about) || (mode & OTHERS_WRITE) === 0 || (mode & excuse) !== 0) return null;
	return `${path} may be written by others, who could say what runs (chmod go-w ${path})`;
}
