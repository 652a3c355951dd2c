/** One connection of the control socket, with the descriptors that its client passes. Knows bytes, not requests. */
import {bytesOf, concat, newBytes} from '../bytes.ts';
import {ANCILLARY} from '../layouts.ts';
import type {Poller} from '../poller.ts';
import {EPOLLHUP, EPOLLIN, EPOLLOUT, ERRNO, newAncillary, sys} from '../sys.ts';
import type {Asker} from './asker.ts';
import type {Crowd, Member} from './crowd.ts';

/** What is done with a client. */
export type Accept = (socket: Socket) => SocketListener;

export interface Socket {
	readonly peer: Asker;
	/** Queues bytes; a client that does not read them is closed when too many wait. */
	send(bytes: Uint8Array): void;
	/** Bytes that wait in the queue. */
	pending(): number;
	/** Closes when what was sent is out; no more data is told. */
	end(): void;
	/** The oldest descriptor that came so far, or null. The taker owns it. */
	takeFd(): number | null;
	closeFd(fd: number): void;
}

export interface SocketListener {
	data(bytes: Uint8Array): void;
	/** The client sends no more but still reads. */
	ended(): void;
	/** What waited to be sent is out. */
	drained(): void;
	closed(): void;
	/** Whether nothing that it asked for is under way. */
	isIdle(): boolean;
}

/** Bytes of replies that may wait for a client. */
const QUEUE_MAX = 4 << 20;
/** A client for which more wait is not heard until it has read them. */
const UNREAD_MAX = 64 << 10;
/** Short replies wait together up to here: one of its own takes ten times its bytes. */
const PIECE = 4 << 10;
const FDS_MAX = 16;
/** Read of a connection at a stretch; then others have their turn. */
const BATCH = 4 << 10;

const batch = newBytes(BATCH);
const beside = newAncillary();

/** Says why the connection is closed. */
export const tellCrowded = (fd: number): void => void sys.send(fd, bytesOf('Error,too many connections\n'), [], 0);

export function open(fd: number, peer: Asker, poller: Poller, accept: Accept, crowd: Crowd): void {
	const queue: Uint8Array[] = [];
	let queued = 0;
	let isEnding = false;
	let isClosed = false;
	/** Until it has said its last; a hang-up is told always. */
	let isHeard = true;
	let interest = EPOLLIN;
	const fds: number[] = [];

	function shut(): void {
		if (isClosed) return;
		isClosed = true;
		poller.forget(fd);
		sys.closeInbox(fd);
		fds.forEach(sys.closeForeign);
		crowd.leave(member);
		crowd.queue(peer.uid, -queued);
		listener.closed();
	}

	/** Listens for what matters now. */
	function adjust(): void {
		const wanted = (isHeard && queued <= UNREAD_MAX ? EPOLLIN : 0) | (queue.length > 0 ? EPOLLOUT : 0);
		if (wanted === interest) return;
		interest = wanted;
		poller.change(fd, wanted);
	}

	function flush(): void {
		let sent = 0;
		for (let head = queue[0]; head; head = queue[0]) {
			const count = sys.send(fd, head, [], 0);
			if (count === -ERRNO.EAGAIN) break;
			if (count < 0) return shut();
			sent += count;
			if (count < head.length) queue[0] = head.subarray(count);
			else queue.shift();
		}
		queued -= sent;
		crowd.queue(peer.uid, -sent);
		if (isEnding && queue.length === 0) shut();
		else adjust();
	}

	function onReadable(events: number): void {
		const count = sys.receive(fd, batch, beside);
		if (count === -ERRNO.EAGAIN) return;
		for (let i = 0; i < (beside[ANCILLARY.count] ?? 0); i++) {
			const passed = beside[ANCILLARY.fds + i] ?? -1;
			if (fds.length < FDS_MAX) fds.push(passed);
			else sys.closeForeign(passed);
		}
		if (count < 0 || (count === 0 && events & EPOLLHUP)) return shut();
		poller.catchUp();
		if (isClosed) return;
		crowd.stir(member);
		if (count === 0) {
			isHeard = false;
			adjust();
			return listener.ended();
		}
		// What the listener keeps must be its own: the buffer is used again.
		if (!isEnding) listener.data(batch.slice(0, count));
	}

	const listener = accept({
		peer,
		send(data) {
			if (isClosed || data.length === 0) return;
			const wasEmpty = queue.length === 0;
			const last = queue.at(-1);
			if (last && last.length + data.length <= PIECE) queue[queue.length - 1] = concat([last, data]);
			else queue.push(data);
			queued += data.length;
			crowd.queue(peer.uid, data.length);
			if (isClosed) return;
			if (wasEmpty) flush();
			if (queued > QUEUE_MAX) shut();
			else if (!isClosed) adjust();
		},
		pending: () => queued,
		end() {
			isEnding = true;
			isHeard = false;
			if (queue.length === 0) shut();
			else adjust();
		},
		takeFd: () => fds.shift() ?? null,
		closeFd: passed => void sys.closeForeign(passed),
	});
	const member: Member = {
		uid: peer.uid, queued: () => queued, isIdle: listener.isIdle, shut,
		yield() {
			if (queue.length === 0) tellCrowded(fd);
			shut();
		},
	};
	crowd.join(member);
	poller.watchLast(fd, EPOLLIN, events => {
		// A client that hung up reads nothing any more.
		if (!(events & EPOLLOUT) || events & EPOLLHUP) return onReadable(events);
		flush();
		if (!isClosed && queue.length === 0) listener.drained();
	});
}
