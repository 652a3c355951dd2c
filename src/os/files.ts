/**
 * Files that a user names: the config, its files of variables, secrets. Only regular files are read, and none is waited
 * for long, so that a FIFO, a device or a dead mount cannot block archon.
 */
import {err, ok, type Result} from '../core/result.ts';
import type {Millis} from '../core/time.ts';
import {concat, newBytes} from './bytes.ts';
import {errnoText} from './errno.ts';
import {type Done, OTHERS_WRITE, textsOf, wait} from './jobs.ts';
import {isOfOthers, isRefused, refusalOf} from './places.ts';
import {STAT} from './layouts.ts';
import {ERRNO, isCharacterDevice, isFifo, newStat, O, sys} from './sys.ts';

/** Why a path was not read. */
export interface Unread {
	readonly errno: number;
	readonly reason: string;
	/** Whether the reason continues a sentence that the path begins. */
	readonly isOfPath: boolean;
	/** Whether others may have made it so. */
	readonly isOfOthers?: boolean;
}

export interface Files {
	/** The content; of a file that is larger than `most`, more than that. */
	read(path: string, most: number): Result<Uint8Array, Unread>;
	/** The same where others may write: only by ways that they could not have laid. */
	readShared(path: string, most: number): Result<SharedFile, Unread>;
	list(folder: string): Result<readonly string[], Unread>;
}

export interface SharedFile {
	readonly bytes: Uint8Array;
	/** Whether others than root and archon's own user may have written it. */
	readonly isOfOthers: boolean;
}

/** How long a file system may take. */
const PATIENCE: Millis = 2000;

/** How long a pipe may have no writer. */
const WRITER_PATIENCE: Millis = 500;

/** How long the writer of a pipe may take, from the first byte to the last. */
const PIPE_PATIENCE: Millis = 2000;
const PAUSE: Millis = 5;

/** The device number of /dev/null, which is nothing to be afraid of (null(4)). */
const NULL_DEVICE = 0x103;

const NOT_REGULAR = 'is not a regular file';

export const files: Files = {
	read: (path, most) => bytesOf(wait('readFile', {text: path, numbers: [most]}, PATIENCE), path),
	readShared(path, most) {
		const done = wait('readFile', {text: path, numbers: [most, OTHERS_WRITE]}, PATIENCE);
		const bytes = bytesOf(done, path);
		if (bytes.ok) return ok({bytes: bytes.value, isOfOthers: isOfOthers(done)});
		// It is refused because others may write there as well.
		if (!isRefused(done) || done.size === 0) return bytes;
		return err({errno: -done.result, reason: refusalOf(done, path), isOfPath: false, isOfOthers: true});
	},
	list(folder) {
		const done = wait('readFolder', {text: folder}, PATIENCE);
		return done.result < 0 ? err(unread(-done.result)) : ok(textsOf(done));
	},
};

/** The same before there is anything to supervise: then also a pipe is read to its end, as of `archon check <(make-config)`. */
export const filesAtStart: Files = {
	read(path, most) {
		const read = files.read(path, most);
		return read.ok || read.error.errno !== ERRNO.EINVAL || kindOf(path) !== 'pipe' ? read : readPipe(path, most);
	},
	readShared: files.readShared,
	list: files.list,
};

function bytesOf({result, bytes}: Done, path: string): Result<Uint8Array, Unread> {
	if (result >= 0) return ok(bytes);
	if (result !== -ERRNO.EINVAL) return err(unread(-result));
	return kindOf(path) === 'null' ? ok(newBytes(0)) : err({errno: ERRNO.EINVAL, reason: NOT_REGULAR, isOfPath: true});
}

function unread(errno: number): Unread {
	return errno === ERRNO.ETIMEDOUT
		? {errno, reason: `does not answer within ${PATIENCE / 1000} s`, isOfPath: true}
		: {errno, reason: errnoText(errno), isOfPath: false};
}

/** Of what has just answered. */
function kindOf(path: string): 'null' | 'pipe' | 'other' {
	const stat = newStat();
	if (sys.stat(path, stat) < 0) return 'other';
	if (isFifo(stat)) return 'pipe';
	return isCharacterDevice(stat) && stat[STAT.special] === NULL_DEVICE ? 'null' : 'other';
}

/** All that comes through a pipe, or a little more than `most`. A FIFO that was not written to yet looks like one that is over. */
function readPipe(path: string, most: number): Result<Uint8Array, Unread> {
	const fd = sys.open(path, O.RDONLY | O.NONBLOCK | O.NOCTTY, 0);
	if (fd < 0) return err(unread(-fd));
	const deadline = sys.now() + PIPE_PATIENCE;
	const parts: Uint8Array[] = [];
	let length = 0;
	let hasWriter = false;
	let failure: Unread | null = null;
	while (length <= most) {
		const block = newBytes(64 * 1024);
		const count = sys.read(fd, block);
		if (count > 0) {
			parts.push(block.subarray(0, count));
			length += count;
		} else if (count === 0 && (hasWriter || length > 0)) {
			break;
		} else if (count < 0 && count !== -ERRNO.EAGAIN && count !== -ERRNO.EINTR) {
			failure = unread(-count);
			break;
		} else if (!hasWriter && count === 0 && sys.now() > deadline - PIPE_PATIENCE + WRITER_PATIENCE) {
			failure = {errno: ERRNO.ETIMEDOUT, reason: 'is a FIFO that nothing writes to', isOfPath: true};
			break;
		} else if (sys.now() > deadline) {
			failure = {errno: ERRNO.ETIMEDOUT, reason: `does not end within ${PIPE_PATIENCE / 1000} s`, isOfPath: true};
			break;
		} else {
			hasWriter ||= count < 0;
			sys.sleep(PAUSE);
		}
	}
	sys.close(fd);
	return failure ? err(failure) : ok(concat(parts));
}
