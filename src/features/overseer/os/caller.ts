/** The client's end of overseer's socket: one line there, one line back, and no wait without a bound. */
import type {Millis} from '../../../core/time.ts';
import {err, ok, type Result} from '../../../core/result.ts';
import {bytesOf, newBytes, textOf} from '../../../os/bytes.ts';
import {after} from '../../../os/clock.ts';
import {close, read} from '../../../os/descriptors.ts';
import {errnoText} from '../../../os/errno.ts';
import {changeInterest, forget, watch} from '../../../os/reactor.ts';
import {isTrusted, peerOf} from '../../../os/sockets/trust.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, isSocket, MSG_DONTWAIT, newStat, SOCK_NONBLOCK, SOCK_STREAM, sys} from '../../../os/sys.ts';
import {type Homes, TRIGGER_TIME} from '../core/homes.ts';
import {takeLock} from './doors.ts';

/** How long a daemon may take to read a request; and to answer, which is longer than it lets a trigger take. */
const [SEND_TIME, ANSWER_TIME]: readonly [Millis, Millis] = [10_000, TRIGGER_TIME + 30_000];
/** How long the daemon may have too many clients before it, and the pause between two tries (ms). */
const [CROWDED, PAUSE] = [2000, 20];
/** Of an answer, in bytes. */
const ANSWER_MAX = 16 << 10;
const LF = 10;

/** Why no connection was made. */
export interface Unconnected {
	readonly errno: number;
	readonly why: string;
}

/** Whether there is something at the socket's path, be it what it may. */
export const isThere = ({socket}: Pick<Homes, 'socket'>): boolean => sys.lstat(socket, newStat()) !== -ERRNO.ENOENT;

/** A connection to a daemon of the own user or of root. */
export function callDaemon({socket}: Pick<Homes, 'socket'>): Result<number, Unconnected> {
	const about = newStat();
	const found = sys.lstat(socket, about);
	if (found < 0) return err({errno: -found, why: errnoText(-found)});
	if (!isSocket(about)) return err({errno: 0, why: `${socket} is no socket: remove it`});
	let fd = sys.connectUnix(socket, SOCK_STREAM | SOCK_NONBLOCK);
	for (let waited = 0; fd === -ERRNO.EAGAIN && waited < CROWDED; waited += PAUSE) {
		sys.sleep(PAUSE);
		fd = sys.connectUnix(socket, SOCK_STREAM | SOCK_NONBLOCK);
	}
	if (fd < 0) return err({errno: -fd, why: errnoText(-fd)});
	const uid = peerOf(fd)?.uid ?? -1;
	if (isTrusted(uid)) return ok(fd);
	close(fd);
	return err({errno: 0, why: `uid ${uid} listens at ${socket}, which is neither root nor you`});
}

/** Removes the socket of a daemon that is gone: while no daemon has the lock, and so the socket of none. */
export function deleteStale(homes: Pick<Homes, 'socket' | 'lock'>): void {
	const lock = takeLock(homes, 0);
	if (!lock.ok) return;
	sys.unlink(homes.socket);
	close(lock.value);
}

/** Sends the line; null, or why it was not taken. */
export function say(fd: number, line: string): Promise<string | null> {
	let rest: Uint8Array = bytesOf(`${line}\n`);
	return new Promise(resolve => {
		const finish = (why: string | null): void => {
			cancel();
			forget(fd);
			resolve(why);
		};
		const cancel = after(SEND_TIME, () => finish(`the request was not read within ${SEND_TIME / 1000} s`));
		watch(fd, EPOLLOUT, () => {
			while (rest.length > 0) {
				const count = sys.send(fd, rest, [], MSG_DONTWAIT);
				if (count === -ERRNO.EINTR) continue;
				if (count === -ERRNO.EAGAIN) return changeInterest(fd, EPOLLOUT);
				if (count < 0) return finish(errnoText(-count));
				rest = rest.subarray(count);
			}
			finish(null);
		});
	});
}

/** The answer, without its end; empty where the daemon has ended the connection before there was any. */
export function hear(fd: number): Promise<Result<string, string>> {
	const bytes = newBytes(ANSWER_MAX);
	let length = 0;
	return new Promise(resolve => {
		const finish = (result: Result<string, string>): void => {
			cancel();
			forget(fd);
			resolve(result);
		};
		const cancel = after(ANSWER_TIME, () => finish(err(`no answer came within ${ANSWER_TIME / 1000} s`)));
		watch(fd, EPOLLIN, () => {
			const count = read(fd, bytes.subarray(length));
			if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
			if (count < 0) return finish(err(errnoText(-count)));
			length += count;
			const end = bytes.subarray(0, length).indexOf(LF);
			if (end >= 0) finish(ok(textOf(bytes, 0, end)));
			else if (count === 0) finish(length === 0 ? ok('') : err('the answer was cut short'));
			else if (length === ANSWER_MAX) finish(err(`the answer is longer than ${ANSWER_MAX} bytes`));
		});
	});
}
