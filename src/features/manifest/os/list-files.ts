/** The files of a manifest, read and written where others may write too: what they could have made is never used. */
import {bytesOf} from '../../../os/bytes.ts';
import {errnoText} from '../../../os/errno.ts';
import {type Done, OTHERS_WRITE, start} from '../../../os/jobs.ts';
import {isOfOthers, isRefused, refusalOf} from '../../../os/places.ts';
import {ERRNO, sys} from '../../../os/sys.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import {SYNC_USER} from '../../../core/sync.ts';
import {BYTES_MAX} from '../core/list.ts';

/** Who pulls lists with the programs that they name. */
const PULLER = Number(SYNC_USER.user);

/**
 * The text of a list; null: there is no such file. The error begins with the path. `pulled`: the folder into which archon.sync pulls
 * programs, or null; its user is as trusted with a list there as with programs, which archon executes as well.
 */
export function readList(path: string, pulled: string | null, told: (text: Result<string | null, string>) => void): void {
	const numbers = [BYTES_MAX, OTHERS_WRITE, ...pulled === null ? [] : [PULLER]];
	start('readFile', {text: path, other: pulled ?? '', numbers}, done => told(textOf(done, path)));
}

function textOf(done: Done, path: string): Result<string | null, string> {
	if (done.result < 0) {
		if (isRefused(done)) return err(`${path}: ${refusalOf(done, path)}`);
		return done.result === -ERRNO.ENOENT ? ok(null) : err(`${path}: ${errnoText(-done.result)}`);
	}
	if (isOfOthers(done)) return err(`${path}: others than root and archon's user may write it, and would decide what archon runs`);
	if (done.bytes.length > BYTES_MAX) return err(`${path}: it is larger than 1 MiB`);
	return ok(sys.decodeUtf8(done.bytes, 0, done.bytes.length));
}

/** Permissions of a list that is made. */
const MODE = 0o644;

/** The text takes the place of what is there; null: it has. The error begins with the path. */
export function writeList(path: string, text: string, told: (why: string | null) => void): void {
	start('replace', {text: path, numbers: [MODE], pieces: [bytesOf(text)]}, done => {
		if (done.result >= 0) return told(null);
		const why = isRefused(done) ? refusalOf(done, path) : done.result === -ERRNO.EBUSY ? MOUNTED : errnoText(-done.result);
		told(`${path}: ${why}`);
	});
}

const MOUNTED = 'it is mounted by itself, and so no other file can take its place: mount its folder';

/** What cannot be written as it was read: bytes that are no UTF-8. */
export const isExact = (text: string): boolean => !text.includes('\uFFFD');
