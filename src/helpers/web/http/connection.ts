/**
 * One client: requests one after the other, each answered before the next is read, and nothing kept of it that has no bound. A client
 * that is slow in any of this is dropped.
 */
import type {Instant, Millis} from '../../../core/time.ts';
import {bytesOf, newBytes} from '../../../os/bytes.ts';
import {now, soon} from '../../../os/clock.ts';
import {close as closeFd} from '../../../os/descriptors.ts';
import type {Poller} from '../../../os/poller.ts';
import {EPOLLIN, EPOLLOUT, ERRNO, sys} from '../../../os/sys.ts';
import {type Body, createBody} from './body.ts';
import type {Deadlines} from './deadlines.ts';
import {endOfHead, type Head, HEAD_MAX, readHead, type Refusal} from './head.ts';
import type {Answer, Headers, Streaming} from './message.ts';
import {createOutput} from './output.ts';
import {chunk, headOf, isBare, LAST_CHUNK} from './reply.ts';

/** A request as it came. */
export interface Incoming {
	readonly head: Head;
	readonly body: Uint8Array;
}

export interface ConnectionParts {
	readonly fd: number;
	readonly poller: Poller;
	readonly deadlines: Deadlines;
	/** Begins an answer. The result is called once if the client is gone before its end. */
	readonly handle: (incoming: Incoming, answer: Answer) => () => void;
	/** A request that cannot be read is answered, before the connection ends. */
	readonly refuse: (refusal: Refusal, answer: Answer) => void;
	/** Whether that many bytes more may wait for clients. */
	readonly hasRoom: (bytes: number) => boolean;
	readonly queued: (bytes: number) => void;
	/** Whether one more stream may begin; it ends with the result. Null: there are too many. */
	readonly beginStream: () => (() => void) | null;
	/** The descriptor is closed. */
	readonly over: () => void;
}

export interface Connection {
	/** A request is being answered, and it is not the client who is waited for. */
	isBusy(): boolean;
	/** Ends it: at once, or after the answer under way. */
	end(isNow: boolean): void;
}

/** For a head from its first byte, or from the beginning of the connection; for a body; until the next head. */
const [HEAD_TIME, BODY_TIME, IDLE_TIME]: readonly [Millis, Millis, Millis] = [10_000, 10_000, 60_000];
/** For an answer as a whole, with so much more for each byte; until a stream gets on; for a client that has gone to say so. */
const [ANSWER_TIME, BYTE_TIME, STALL_TIME, LINGER]: readonly [Millis, Millis, Millis, Millis] = [30_000, 1 / 32, 30_000, 10_000];
/** After which a client that has not taken its answer makes room for another. */
const TAKING_TIME: Millis = 2000;
/** How long a client that is sent away may take to read why, and what is read of it meanwhile. */
const [FAREWELL, FAREWELL_MAX]: readonly [Millis, number] = [2000, 64 << 10];
/** Bytes of a stream that wait for the client. */
const BACKLOG_MAX = 1 << 20;
/** An answer of this many bytes waits for its client however much waits for others. */
const SMALL = 64 << 10;
const ROOM_FIRST = 1024;

const NOTHING = newBytes(0);

export function serveConnection(parts: ConnectionParts): Connection {
	const {fd, poller, deadlines} = parts;
	const output = createOutput(fd, parts.queued);
	const deadline = deadlines.add(late);
	let buffer = newBytes(ROOM_FIRST);
	let length = 0;
	/** Up to where there is no end of a head. */
	let scanned = 0;
	let state: 'head' | 'body' | 'answering' | 'farewell' | 'over' = 'head';
	let head: Head | null = null;
	let body: Body | null = null;
	/** The client says no more. */
	let hasEnded = false;
	/** No further request is read. */
	let isLast = false;
	let gone: (() => void) | null = null;
	/** The one that the answer under way has begun. */
	let stream: {readonly end: () => void; taken: (() => void)[]} | null = null;
	let isAnswered = false;
	let answeredAt: Instant = 0;
	/** A stream waits for the client. */
	let isStalled = false;
	let farewell = FAREWELL_MAX;
	let interest = EPOLLIN;
	/** While what has come is looked at, nothing of it is looked at again. */
	let isProcessing = false;

	deadline.set(now() + HEAD_TIME);
	poller.watch(fd, EPOLLIN, heard);

	function heard(events: number): void {
		if (events & EPOLLOUT) flush();
		if ((state as string) === 'over' || (events & ~EPOLLOUT) === 0) return;
		// That the client has ended was read; what is told now is that it is gone.
		if (hasEnded) shut();
		else receive();
	}

	function receive(): void {
		if (length === buffer.length) {
			// What comes behind a request waits in the socket; but that the client is gone must be seen.
			if (buffer.length >= HEAD_MAX) return void ((interest & EPOLLIN) === 0 && state === 'answering' && shut());
			const larger = newBytes(Math.min(HEAD_MAX, buffer.length * 4));
			larger.set(buffer);
			buffer = larger;
		}
		const count = sys.read(fd, buffer.subarray(length));
		if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
		if (count < 0) return shut();
		if (state === 'farewell') {
			farewell -= count;
			if (count === 0 || farewell < 0) shut();
			return;
		}
		if (count === 0) return ended();
		if (state === 'head' && length === 0) deadline.set(now() + HEAD_TIME);
		length += count;
		process();
		adjust();
	}

	/** Who asks and says then that there is nothing more may still read; how long it does, TCP does not say. */
	function ended(): void {
		if (state !== 'answering' || stream) return shut();
		hasEnded = isLast = true;
		adjust();
		deadline.set(now() + LINGER);
	}

	function adjust(): void {
		if (state === 'over') return;
		const isFull = length >= HEAD_MAX && state !== 'farewell';
		const wanted = (hasEnded || isFull ? 0 : EPOLLIN) | (output.queued() > 0 ? EPOLLOUT : 0);
		if (wanted !== interest) poller.change(fd, wanted);
		interest = wanted;
	}

	function consume(count: number): void {
		buffer.copyWithin(0, count, length);
		length -= count;
		scanned = 0;
	}

	function process(): void {
		if (isProcessing) return;
		isProcessing = true;
		let hasMore = true;
		while (hasMore) hasMore = state === 'head' ? processHead() : state === 'body' && processBody();
		isProcessing = false;
	}

	/** Whether there is more to do. */
	function processHead(): boolean {
		if (length === 0) return false;
		const end = endOfHead(buffer, scanned, length);
		if (!end.ok) return refuse(end.error);
		if (end.value === 0) {
			scanned = length;
			if (length < HEAD_MAX) return false;
			return refuse({status: 431, why: `the head has more than ${HEAD_MAX} bytes`});
		}
		const read = readHead(buffer, end.value);
		if (!read.ok) return refuse(read.error);
		consume(end.value);
		head = read.value;
		isLast ||= head.isLast;
		body = createBody(head.length);
		state = 'body';
		deadline.set(now() + BODY_TIME);
		if (head.expects && length === 0 && !body.isWhole()) {
			output.put('HTTP/1.1 100 Continue\r\n\r\n');
			flush();
		}
		return state === 'body';
	}

	function processBody(): boolean {
		if (!body || !head) return false;
		const taken = body.take(buffer.subarray(0, length));
		if (!taken.ok) return refuse(taken.error);
		consume(taken.value);
		if (!body.isWhole()) return false;
		const incoming = {head, body: body.bytes()};
		body = null;
		begin(answer => parts.handle(incoming, answer));
		return state === 'head';
	}

	function refuse(refusal: Refusal): false {
		isLast = true;
		length = 0;
		begin(answer => {
			parts.refuse(refusal, answer);
			return () => {};
		});
		return false;
	}

	// ── The answer ──

	function begin(handle: (answer: Answer) => () => void): void {
		state = 'answering';
		[gone, isAnswered, stream, isStalled] = [null, false, null, false];
		deadline.set(Infinity);
		/** The handler still has the word; and whether it has to be told that its stream was refused. */
		let [isHere, isRefused] = [true, false];
		const isOpen = (): boolean => isHere && state === 'answering' && !isAnswered;
		const whole: Answer['whole'] = (status, headers, content) => {
			if (!isOpen()) return;
			isHere = false;
			const bytes = typeof content === 'string' ? bytesOf(content) : content;
			putWhole(status, headers, bytes, {'content-length': String(bytes.length)});
		};
		const answer: Answer = {
			whole,
			stream(status, headers) {
				if (!isOpen()) return CLOSED;
				const isHead = head?.method === 'HEAD';
				const end = isHead ? null : parts.beginStream();
				if (end) return createStream(status, headers, end, isOpen, () => (isHere = false));
				// It may follow something already.
				const leaving = gone;
				gone = null;
				isRefused = true;
				if (isHead) {
					isHere = false;
					putWhole(status, headers, NOTHING, {});
				} else {
					whole(503, {'retry-after': '30', 'content-type': 'text/plain'}, 'there are too many streams; try again later\n');
				}
				if (leaving) soon(leaving);
				return CLOSED;
			},
		};
		let left = (): void => {};
		try {
			left = handle(answer);
		} catch (error) {
			// A bug of one handler is one answer.
			sys.write(2, bytesOf(`web: a bug in archon: ${String(error)}\n`));
			if (stream) shut();
			else whole(500, {'content-type': 'text/plain'}, 'a bug in archon: its log has it\n');
		}
		if (isRefused || (state as string) === 'over') left();
		else if (isHere) gone = left;
	}

	/** `lengths`: how long the body is, where that is known. */
	function putWhole(status: number, headers: Headers, bytes: Uint8Array, lengths: Headers): void {
		if (bytes.length > SMALL && !parts.hasRoom(bytes.length)) {
			return putWhole(503, {'retry-after': '5', 'content-type': 'text/plain'}, NOTHING, {'content-length': '0'});
		}
		const isEmpty = head?.method === 'HEAD' || isBare(status);
		output.put(headOf(status, headers, {...isBare(status) ? {} : lengths, ...endings()}), isEmpty ? NOTHING : bytes);
		deadline.set(now() + ANSWER_TIME + bytes.length * BYTE_TIME);
		finish();
	}

	function createStream(status: number, headers: Headers, end: () => void, isOpen: () => boolean, close: () => void): Streaming {
		const isChunked = head?.minor === 1;
		if (!isChunked) isLast = true;
		const own = stream = {end, taken: [] as (() => void)[]};
		output.put(headOf(status, headers, {...isChunked ? {'transfer-encoding': 'chunked'} : {}, ...endings()}));
		flush();
		const isMine = (): boolean => stream === own && isOpen();
		return {
			write(text) {
				if (text === '' || !isMine()) return;
				const bytes = bytesOf(text);
				output.put(...isChunked ? chunk(bytes) : [bytes]);
				flush();
				if (output.queued() > BACKLOG_MAX) shut();
			},
			backlog: () => (isMine() ? output.queued() : 0),
			whenTaken(callback) {
				if (!isMine()) return;
				if (output.queued() === 0) soon(callback);
				else own.taken.push(callback);
			},
			end() {
				if (!isMine()) return;
				if (isChunked) output.put(LAST_CHUNK);
				close();
				stream = null;
				end();
				deadline.set(now() + ANSWER_TIME);
				finish();
			},
		};
	}

	const endings = (): Headers => (isLast ? {connection: 'close'} : {});

	/** The answer is in the queue. */
	function finish(): void {
		isAnswered = true;
		answeredAt = now();
		flush();
	}

	function flush(): void {
		if (state === 'over') return;
		const before = output.queued();
		if (!output.flush()) return shut();
		const left = output.queued();
		if (left === 0) drained();
		else if (stream && (left < before || !isStalled)) {
			isStalled = true;
			deadline.set(now() + STALL_TIME);
		}
		adjust();
	}

	function drained(): void {
		if (stream) {
			isStalled = false;
			deadline.set(Infinity);
			for (const each of stream.taken.splice(0)) soon(each);
		}
		if (!isAnswered || state !== 'answering') return;
		[gone, head] = [null, null];
		if (isLast) return part();
		state = 'head';
		isAnswered = false;
		deadline.set(now() + (length > 0 ? HEAD_TIME : IDLE_TIME));
		// Not here: a client with many requests behind each other would make a deep stack of it.
		if (length > 0 && !isProcessing) {
			soon(() => {
				process();
				adjust();
			});
		}
	}

	/** A connection that is closed with something unread takes the answer away from the client (tcp(7)). */
	function part(): void {
		if (hasEnded) return shut();
		state = 'farewell';
		length = 0;
		deadline.set(now() + FAREWELL);
		sys.shutdownWrite(fd);
		adjust();
	}

	function leave(): void {
		stream?.end();
		stream = null;
		gone?.();
		gone = null;
	}

	function late(): void {
		if (state === 'head' && length > 0) refuse({status: 408, why: `the head did not come within ${HEAD_TIME / 1000} s`});
		else if (state === 'body') refuse({status: 408, why: `the body did not come within ${BODY_TIME / 1000} s`});
		else shut();
	}

	function shut(): void {
		if (state === 'over') return;
		state = 'over';
		deadline.drop();
		poller.forget(fd);
		closeFd(fd);
		output.drop();
		if (!isAnswered) leave();
		parts.over();
	}

	return {
		isBusy: () => state === 'answering' && !(isAnswered && now() - answeredAt > TAKING_TIME),
		end(isNow) {
			isLast = true;
			if (isNow || state === 'head') shut();
		},
	};
}

/** Of a client that is gone. */
const CLOSED: Streaming = {write() {}, backlog: () => 0, whenTaken() {}, end() {}};
