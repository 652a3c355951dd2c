/** Reads the streams of services and cuts what comes into lines; a stream with much to say is read less often, and more at once. */
import {bytesOf, concat, latin1Of, newBytes} from '../../../os/bytes.ts';
import {after, now} from '../../../os/clock.ts';
import {read} from '../../../os/descriptors.ts';
import type {Poller} from '../../../os/poller.ts';
import type {Handoff} from '../../../os/reexec/handoff.ts';
import {EPOLLIN, sys} from '../../../os/sys.ts';
import type {Instant, Millis} from '../../../core/time.ts';
import type {LogStream} from '../core.ts';
import {cutLines} from './lines.ts';
import type {Ends} from './pipes.ts';

export interface Stream {
	readonly reader: number;
	readonly writer: number;
	readonly name: LogStream;
	readonly isTerminal: boolean;
	/** The beginning of a line whose end has not come yet. */
	rest: Uint8Array;
	isBig: boolean;
	/** When it was last read, and how often in a row there was little so soon. */
	at: Instant;
	streak: number;
	/** It is read now and then instead of whenever there is something. */
	isPaced: boolean;
}

/** Takes the lines of a service's streams. */
export interface Sink {
	/** Whether a stream is to wait; what opens it again calls `watch`. */
	holdsBack(stream: LogStream): boolean;
	/** Bytes; a longer line is taken in pieces. */
	maxLine(): number;
	take(lines: Uint8Array, stream: LogStream, isPiece: boolean): void;
	/** Bytes of a terminal as they are; they may be overwritten once it has returned. */
	raw(bytes: Uint8Array): void;
}

export interface Reader {
	/** From now on the stream is read whenever it has something. */
	watch(stream: Stream, sink: Sink): void;
	/** It is not read any more. */
	forget(stream: Stream): void;
	/** What was written so far is taken, its last line as well if that is not whole. */
	drain(stream: Stream, sink: Sink): void;
	/** The beginning of a line, which outlives this instance of archon as well. */
	remember(stream: Stream, rest: Uint8Array): void;
}

/** What one read may bring; and what a pipe holds whose writer fills it, in bytes. */
const READ = 256 * 1024;
const PIPE = 64 * 1024;
/** What a pipe is made to hold whose writer is fast, in bytes. */
const BIG_PIPE = 1 << 20;
/** Reads that empty the biggest pipe. */
const FULL = 4;
/** Reads at the end of a run: other processes that still write could go on for ever. */
const LAST_READS = 64;

/** After this many small reads in a row, each so soon after the last, a stream is paced. */
const [STREAK, SMALL] = [16, 16 * 1024];
const SOON: Millis = 1;

export const NOTHING = newBytes(0);

/** Read into for all streams, after the rest of the last line. */
let bytes = NOTHING;

function bufferFor(rest: number): Uint8Array {
	if (bytes.length < rest + READ) bytes = newBytes(rest + READ);
	return bytes;
}

export const streamOf = ([reader, writer]: Ends, name: LogStream, isTerminal: boolean): Stream =>
	({reader, writer, name, isTerminal, rest: NOTHING, isBig: false, at: 0, streak: 0, isPaced: false});

/** The key of the beginning of a line in the handoff. */
export const restKeyOf = ({reader}: Stream): string => `rest ${reader}`;

export function createReader(poller: Poller, handoff: Handoff): Reader {
	function watch(stream: Stream, sink: Sink): void {
		stream.isPaced = false;
		poller.watch(stream.reader, EPOLLIN, () => {
			if (sink.holdsBack(stream.name)) return;
			if (!isBabbling(stream, pump(stream, sink))) return;
			poller.forget(stream.reader);
			pace(stream, sink);
		});
	}

	/** Goes on for as long as there is something; archon and the service have fewer turns for the same lines. */
	function pace(stream: Stream, sink: Sink): void {
		stream.isPaced = true;
		after(SOON, () => poller.whole(() => {
			if (!stream.isPaced || sink.holdsBack(stream.name)) return;
			let count = pump(stream, sink);
			for (let i = 1; i < FULL && count >= READ; i++) count = pump(stream, sink);
			if (count > 0) pace(stream, sink);
			else watch(stream, sink);
		}));
	}

	/** One read from a stream: how many bytes; 0 where there is nothing now or for ever. */
	function pump(stream: Stream, sink: Sink): number {
		const {rest} = stream;
		const bytes = bufferFor(rest.length);
		bytes.set(rest);
		const count = read(stream.reader, bytes.subarray(rest.length));
		if (count <= 0) return 0;
		if (count >= PIPE && !stream.isBig) {
			// A writer that fills its pipe gets a bigger one: fewer turns for both.
			stream.isBig = true;
			sys.growPipe(stream.reader, BIG_PIPE);
		}
		if (stream.isTerminal) sink.raw(bytes.subarray(rest.length, rest.length + count));
		const length = stream.isTerminal ? sys.dropReturns(bytes, rest.length + count) : rest.length + count;
		const end = cutLines(bytes, length, sink.maxLine(), (from, to, isPiece) => sink.take(bytes.subarray(from, to), stream.name, isPiece));
		remember(stream, end < length ? bytes.slice(end, length) : NOTHING);
		return count;
	}

	function remember(stream: Stream, rest: Uint8Array): void {
		if (rest.length > 0) handoff.put(restKeyOf(stream), latin1Of(rest));
		else if (stream.rest.length > 0) handoff.delete(restKeyOf(stream));
		stream.rest = rest;
	}

	return {
		watch, remember,
		forget(stream) {
			poller.forget(stream.reader);
			stream.isPaced = false;
		},
		drain(stream, sink) {
			for (let i = 0; i < LAST_READS && pump(stream, sink) > 0; i++);
			if (stream.rest.length > 0) sink.take(concat([stream.rest, bytesOf('\n')]), stream.name, false);
			remember(stream, NOTHING);
		},
	};
}

/** A program that writes line by line as fast as it can would be read line by line as well. */
function isBabbling(stream: Stream, count: number): boolean {
	const at = now();
	stream.streak = count < SMALL && at - stream.at < SOON ? stream.streak + 1 : 0;
	stream.at = at;
	if (stream.streak < STREAK) return false;
	// Otherwise the program would have to wait meanwhile.
	return (stream.isBig ||= sys.growPipe(stream.reader, BIG_PIPE));
}
