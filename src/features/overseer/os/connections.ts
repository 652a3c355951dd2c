/** The clients of overseer's daemon: each says one line and is told one, by a machine of its own from `ReceiveRequest` on. */
import type {Millis} from '../../../core/time.ts';
import {bytesOf, newBytes, textOf} from '../../../os/bytes.ts';
import {after} from '../../../os/clock.ts';
import {close, read} from '../../../os/descriptors.ts';
import {errnoText} from '../../../os/errno.ts';
import type {Poller} from '../../../os/poller.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, MSG_DONTWAIT, sys} from '../../../os/sys.ts';
import {begin, DAEMON, type DaemonError, type DaemonState, type Machine} from '../core/machines.ts';
import {createJudge, isOwnerAtSocket} from './asker.ts';
import type {Doors} from './doors.ts';

export interface Request {
	/** Without its end, and without spaces around it. */
	readonly line: string;
	/** Whether the daemon's own user asks, or root. */
	readonly isOwner: boolean;
}

export interface ConnectionParts {
	readonly poller: Poller;
	/** `DIE`: the daemon ends, and there is no answer. Else `respond` is called once, now or later. */
	readonly hear: (request: Request, respond: (line: string) => void) => 'DIE' | 'other';
	/** A step of the machine of a connection, by its number. */
	readonly told: (number: number, line: string) => void;
	/** A connection has ended with an error. */
	readonly failed: (error: DaemonError, why: string) => void;
}

/** Of a request, in bytes. */
const LINE_MAX = 1024;
/** At once at each door. Of those that are too many who has said nothing for the longest makes way. */
const CLIENTS_MAX = 64;
/** Clients that are accepted at a stretch, before others have their turn. */
const AT_ONCE = 16;
/** How long a client may take to say its line, and to take the answer. */
const PATIENCE: Millis = 10_000;
/** What a client has said is a line when no more comes for so long: `printf DIE | nc` sends no newline, and does not hang up. */
const QUIET: Millis = 500;
/** How long, and how many bytes, a client is still read that says more than a line: to close at once could cost it the answer (tcp(7)). */
const [FAREWELL, REST_MAX]: readonly [Millis, number] = [1000, 64 << 10];
/** How long no client is accepted after there was no descriptor for one. */
const REST: Millis = 100;
const LF = 10;

const START: DaemonState = {kind: 'ReceiveRequest'};

const scratch = newBytes(4096);

/** What differs between the two doors. */
interface Kind {
	/** Calls back, now or later, with whether the daemon's own user asks, or root. */
	readonly judge: (fd: number, done: (isOwner: boolean) => void) => void;
	readonly shut: (fd: number) => void;
}

/** Descriptors that a client has passed are closed with it. */
const AT_SOCKET: Kind = {judge: (fd, done) => done(isOwnerAtSocket(fd)), shut: sys.closeInbox};
const BY_TCP: Kind = {judge: createJudge(), shut: close};

/** A client that has not said its line yet. */
interface Silent {
	drop(why: string): void;
}

/** Serves both doors until the result is called; clients that wait for an answer then are closed with the program. */
export function serveRequests(doors: Pick<Doors, 'socket' | 'tcp'>, parts: ConnectionParts): () => void {
	const {poller} = parts;
	let count = 0;
	const kinds: readonly (readonly [door: number, kind: Kind])[] = [[doors.socket, AT_SOCKET], [doors.tcp, BY_TCP]];
	for (const [door, kind] of kinds) {
		const silent = new Set<Silent>();
		let clients = 0;
		poller.watchLast(door, EPOLLIN, () => {
			for (let left = AT_ONCE; left > 0; left--) {
				const fd = sys.accept(door);
				if (fd === -ERRNO.EMFILE || fd === -ERRNO.ENFILE) {
					poller.change(door, 0);
					after(REST, () => poller.whole(() => poller.change(door, EPOLLIN)));
					return;
				}
				if (fd < 0) return;
				if (clients >= CLIENTS_MAX) [...silent][0]?.drop('made way for another client');
				if (clients >= CLIENTS_MAX) {
					close(fd);
					continue;
				}
				clients += 1;
				receive(fd, ++count, kind, silent, parts, () => {
					clients -= 1;
				});
			}
		});
	}
	return () => kinds.forEach(([door]) => poller.forget(door));
}

/** One connection, from its request to its end. */
function receive(
	fd: number, number: number, {judge, shut}: Kind, silent: Set<Silent>, parts: ConnectionParts, left: () => void,
): void {
	const {poller, hear, told, failed} = parts;
	const machine: Machine<DaemonState> = begin(DAEMON, START, line => told(number, line));
	const bytes = newBytes(LINE_MAX);
	let length = 0;
	let endQuiet = (): void => {};
	const endPatience = wait(PATIENCE, () => (length > 0 ? process() : fail(`no request came within ${PATIENCE / 1000} s`)));
	const self: Silent = {drop: why => fail(why)};

	function wait(millis: Millis, callback: () => void): () => void {
		return after(millis, () => poller.whole(callback));
	}

	function quiet(): void {
		endPatience();
		endQuiet();
		silent.delete(self);
		poller.forget(fd);
	}

	function onReadable(): void {
		const count = read(fd, bytes.subarray(length));
		if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
		if (count < 0) return fail(errnoText(-count));
		if (count === 0) return length > 0 ? process() : fail('');
		const hasLine = bytes.subarray(length, length + count).includes(LF);
		length += count;
		if (hasLine) return process();
		if (length === LINE_MAX) return fail(`its line is longer than ${LINE_MAX} bytes`);
		endQuiet();
		endQuiet = wait(QUIET, process);
	}

	/** `why` is empty where it is not worth a word: a client that says nothing, as who only looks whether the daemon is there. */
	function fail(why: string): void {
		if (silent.has(self)) quiet();
		const state = machine.go('failure');
		machine.go('next');
		if (state.kind === 'Exit' && state.error !== null && why !== '') failed(state.error, why);
		finish();
	}

	function process(): void {
		quiet();
		poller.catchUp();
		machine.go('success');
		const end = bytes.indexOf(LF);
		const line = textOf(bytes, 0, end < 0 || end >= length ? length : end).trim();
		judge(fd, isOwner => answer({line, isOwner}));
	}

	function answer(request: Request): void {
		let known: string | null = null;
		let isWaiting = false;
		const outcome = hear(request, text => {
			known ??= text;
			if (isWaiting) respond(text);
			isWaiting = false;
		});
		machine.go(outcome);
		// The client of DIE sees the end of the daemon as that of its connection.
		if (outcome === 'DIE') return void machine.go('next');
		if (known === null) isWaiting = true;
		else respond(known);
	}

	function respond(line: string): void {
		let rest: Uint8Array = bytesOf(`${line}\n`);
		let isWatched = false;
		const stop = (): void => {
			endPatience();
			if (isWatched) poller.forget(fd);
		};
		const endPatience = wait(PATIENCE, () => {
			stop();
			fail(`the answer was not taken within ${PATIENCE / 1000} s`);
		});
		const send = (): void => {
			while (rest.length > 0) {
				const count = sys.send(fd, rest, [], MSG_DONTWAIT);
				if (count === -ERRNO.EINTR) continue;
				if (count === -ERRNO.EAGAIN) {
					if (!isWatched) poller.watchLast(fd, EPOLLOUT, send);
					isWatched = true;
					return;
				}
				if (count < 0) {
					stop();
					return fail(errnoText(-count));
				}
				rest = rest.subarray(count);
			}
			stop();
			machine.go('success');
			dismiss();
		};
		send();
	}

	/** It has its answer: what else it says is read and dropped for a while. */
	function dismiss(): void {
		let most = REST_MAX;
		sys.shutdownWrite(fd);
		const end = (): void => {
			cancel();
			poller.forget(fd);
			finish();
		};
		const cancel = wait(FAREWELL, end);
		poller.watchLast(fd, EPOLLIN, () => {
			const count = read(fd, scratch);
			if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
			most -= count;
			if (count <= 0 || most < 0) end();
		});
	}

	function finish(): void {
		shut(fd);
		left();
	}

	silent.add(self);
	poller.watchLast(fd, EPOLLIN, onReadable);
}
