/** The first line of a client, which says its token: nothing else is read of it before that was judged. */
import {GREETING} from '../../core/remote.ts';
import {bytesOf, newBytes, textOf} from '../../os/bytes.ts';
import {after} from '../../os/clock.ts';
import {close} from '../../os/descriptors.ts';
import type {Poller} from '../../os/poller.ts';
import {EPOLLIN, ERRNO, MSG_DONTWAIT, sys} from '../../os/sys.ts';

/** Bytes that are read of a client without a token. */
const GREETING_MAX = 1024;
/** How long a client may take to say its token, in milliseconds. */
const PATIENCE = 10_000;
/** How long a client that is sent away may take to read why, and what is read of it meanwhile. */
const [FAREWELL, REST_MAX] = [2000, 64 << 10];
const LF = 10;

const scratch = newBytes(4096);

export interface Greeted {
	/** The token; null: the line says none. `rest`: what came behind the line. */
	heard(token: string | null, rest: Uint8Array): void;
	/** The client is gone, and its descriptor is closed. */
	gone(): void;
	/** It says nothing that ends in time, or too much. */
	failed(why: string): void;
}

/** The result gives it up; after it, as after each call but `gone`, the descriptor is the caller's. */
export function awaitGreeting(fd: number, poller: Poller, told: Greeted): () => void {
	const bytes = newBytes(GREETING_MAX);
	let length = 0;
	const stop = (): void => {
		poller.forget(fd);
		cancel();
	};
	const cancel = after(PATIENCE, () => {
		stop();
		told.failed(`no token came within ${PATIENCE / 1000} s`);
	});
	poller.watch(fd, EPOLLIN, () => {
		const count = sys.read(fd, bytes.subarray(length));
		if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
		if (count <= 0) {
			stop();
			close(fd);
			return told.gone();
		}
		const end = bytes.subarray(0, length + count).indexOf(LF, length);
		length += count;
		if (end < 0 && length < GREETING_MAX) return;
		stop();
		if (end < 0) return told.failed('the first line is too long');
		told.heard(tokenIn(textOf(bytes, 0, end)), bytes.slice(end + 1, length));
	});
	return stop;
}

/** A client may quote what needs no quotes. */
const RECORD = new RegExp(`^${GREETING},(?:"([^"]*)"|([^",]*?))\r?$`);

function tokenIn(line: string): string | null {
	const [, quoted, bare] = RECORD.exec(line) ?? [];
	return quoted ?? bare ?? null;
}

/** Sends a client away with a reply, a record, which it has some time to read. `done`: the descriptor is closed. The result hurries. */
export function dismiss(fd: number, poller: Poller, reply: string, done: () => void): () => void {
	let left = REST_MAX;
	let isOver = false;
	const end = (): void => {
		if (isOver) return;
		isOver = true;
		cancel();
		poller.forget(fd);
		close(fd);
		done();
	};
	const cancel = after(FAREWELL, end);
	sys.send(fd, bytesOf(`${reply}\n`), [], MSG_DONTWAIT);
	sys.shutdownWrite(fd);
	// A connection that is closed with something unread takes the reply away from the client (tcp(7)).
	poller.watch(fd, EPOLLIN, () => {
		const count = sys.read(fd, scratch);
		if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
		left -= count;
		if (count <= 0 || left < 0) end();
	});
	return end;
}
