/** Where the standard streams of a process lead, and how those are opened that archon does not read. */
import {err, ok, type Result} from '../../../core/result.ts';
import type {Output as Target} from '../../../core/service.ts';
import {newBytes} from '../../../os/bytes.ts';
import {close, pipe} from '../../../os/descriptors.ts';
import {type Done, wait} from '../../../os/jobs.ts';
import {OPEN} from '../../../os/layouts.ts';
import {refusalOf} from '../../../os/places.ts';
import type {Streams} from '../../../os/spawn/spawner.ts';
import {O, type Outcome, sys} from '../../../os/sys.ts';

export interface Wiring {
	readonly streams: Streams;
	/** The process has been made, or could not be: what was opened for it alone is closed. */
	release(): void;
}

/** Why there are no streams: `making pipes`, and the errno. */
export interface Unwired {
	readonly stage: string;
	readonly errno: number;
	/** Where the errno alone does not say it. */
	readonly reason?: string;
}

const NULL = '/dev/null';

/** How long a disk that hangs may hold up PID 1, in milliseconds. */
const PATIENCE = 2000;

/** Streams that nothing was opened for. */
export const wiringOf = (...streams: Streams): Wiring => ({streams, release: () => {}});

/** Both files, to be added to. What a name of archon's own streams leads to stays open. */
export function openFiles(stdin: number, {stdout, stderr}: Extract<Target, {kind: 'files'}>): Result<Wiring, Unwired> {
	const opened: number[] = [];
	const release = (): void => opened.splice(0).forEach(close);
	const streams = [stdin];
	for (const path of [stdout ?? NULL, stderr ?? NULL]) {
		const file = openFile(path);
		if (file.result < 0) {
			release();
			return err({stage: `opening ${path}`, errno: -file.result, reason: refusalOf(file, path)});
		}
		const isOwn = file.stream >= 0;
		if (!isOwn) {
			opened.push(file.result);
			sys.setBlocking(file.result, true);
		}
		streams.push(isOwn ? file.stream : file.result);
	}
	const [, first = -1, second = -1] = streams;
	return ok({streams: [stdin, first, second], release});
}

/** /dev/null, or where it is missing a pipe that nothing writes to; or -errno. */
export function openNothing(): Outcome {
	const fd = sys.open(NULL, O.RDWR | O.NOCTTY, 0);
	return fd < 0 ? openEmpty() : fd;
}

/** A service with a closed stdin would have the first file that it opens in its place. The descriptor, or -errno. */
function openEmpty(): Outcome {
	const ends = pipe();
	if (typeof ends === 'number') return ends;
	close(ends[1]);
	return ends[0];
}

const OPENED: Done = {result: 0, inode: 0, size: 0, time: 0, stream: -1, bytes: newBytes(0)};

/**
 * To open a pipe that nothing reads, or a file on a disk that hangs, must not keep archon waiting. Its result is the
 * descriptor, unless the path leads to one of archon's own streams.
 */
function openFile(path: string): Done {
	// They are what their names say also where /dev is another's, as in a user namespace, or there is no /proc.
	const stream = ['/dev/stdout', '/dev/stderr'].indexOf(path) + 1;
	if (stream > 0) return {...OPENED, stream};
	if (path === NULL) return {...OPENED, result: sys.open(NULL, O.WRONLY | O.NOCTTY, 0)};
	const late = ({result, stream}: Done): unknown => result >= 0 && stream < 0 && close(result);
	return wait('open', {text: path, numbers: [O.WRONLY | O.CREAT | O.APPEND, 0o666, -1, -1, -1, OPEN.any]}, PATIENCE, late);
}
