/**
 * The way of one service's lines: limited in number, kept for `archonctl logs`, shown to those who follow,
 * and given to each driver. Says when the service should be made to wait.
 */
import type {Logging, LogLine, LogStream} from '../core.ts';
import {concat, textOf} from '../../../os/bytes.ts';
import {after, now} from '../../../os/clock.ts';
import {sys} from '../../../os/sys.ts';
import {type Format, goesOn, type Lines} from './format.ts';
import type {Outlet} from './outlet.ts';
import {createRing, type Ring} from './ring.ts';

/** A driver in force. */
export interface Drive {
	readonly streams: readonly LogStream[];
	/** Takes lines that come from one of its streams. */
	readonly take: (lines: Lines, must: boolean) => void;
	/** What it may be worth waiting for, by stream; null: nothing. */
	readonly outlet: (stream: LogStream) => Outlet | null;
	/** It is wanted no more. */
	readonly close: () => void;
}

export interface Pipeline {
	/** Whether a stream is better not read now: a reader of its lines is slow. Then its pipes are shut, and opened again later. */
	holdsBack(stream: LogStream): boolean;
	/** Whole lines, or a piece of one. `bytes` may be overwritten once it has returned. */
	take(bytes: Uint8Array, stream: LogStream, isPiece: boolean, level?: string): void;
	/** What follows lines from now on. */
	drive(logging: Logging, drives: readonly Drive[]): void;
	readonly logging: () => Logging;
	/** What it has taken so far. */
	counted(): {readonly lines: number; readonly bytes: number};
	tail(count: number): readonly LogLine[];
	follow(listener: (lines: readonly LogLine[]) => void): () => void;
	close(): void;
}

/** How long a service waits for a slow reader before its lines are dropped, in milliseconds. */
const PATIENCE = 200;

/** The pipes of a service, as far as the pace of its lines is concerned. */
export interface Valve {
	shut(): void;
	open(): void;
}

/** One line as a driver's `take`, in its format, to an outlet. */
export const driveTo = (
	name: string, streams: readonly LogStream[], format: Format, outlet: (stream: LogStream) => Outlet, close: () => void = () => {},
): Drive => ({
	streams, outlet, close,
	take: (lines, must) => outlet(lines.stream).put(format(lines), name, must),
});

/** `leftOut` hears how many lines were over the limit. */
export function createPipeline(logging: Logging, drives: readonly Drive[], valve: Valve, leftOut: (count: number) => void): Pipeline {
	let current = logging;
	let driven = drives;
	let ring: Ring = createRing(logging.buffer);
	let isShut = false;
	let [lineCount, byteCount] = [0, 0];
	const followers = new Set<(lines: readonly LogLine[]) => void>();
	let limit = createLimit(logging.rateLimit, leftOut);

	/** For a moment, or where lines must not be lost for as long as it takes. */
	function waitFor(outlet: Outlet): void {
		isShut = true;
		valve.shut();
		const cancel = current.onFull === 'drop' ? after(PATIENCE, () => {
			outlet.giveUp();
			reopen();
		}) : () => {};
		outlet.whenRoom(() => {
			cancel();
			reopen();
		});
	}

	function reopen(): void {
		if (!isShut) return;
		isShut = false;
		valve.open();
	}

	return {
		holdsBack(stream) {
			if (isShut) return true;
			for (const drive of driven) {
				const outlet = drive.streams.includes(stream) ? drive.outlet(stream) : null;
				if (!outlet?.isFull() || (current.onFull === 'drop' && !outlet.isPatient())) continue;
				waitFor(outlet);
				return true;
			}
			return false;
		},
		take(all, stream, isPiece, level) {
			lineCount += isPiece ? 0 : sys.countLines(all);
			byteCount += all.length;
			const bytes = limit(all, isPiece);
			if (bytes.length === 0) return;
			const lines: Lines = {bytes, stream, at: Date.now(), isPiece, level: level ?? null};
			keep(lines);
			for (const drive of driven) {
				if (drive.streams.includes(stream)) drive.take(lines, current.onFull === 'block');
			}
		},
		drive(logging, drives) {
			for (const drive of driven) drive.close();
			if (logging.buffer !== current.buffer) ring = createRing(logging.buffer);
			if (logging.rateLimit !== current.rateLimit) limit = createLimit(logging.rateLimit, leftOut);
			current = logging;
			driven = drives;
			reopen();
		},
		logging: () => current,
		counted: () => ({lines: lineCount, bytes: byteCount}),
		tail: count => ring.tail(count),
		follow(listener) {
			followers.add(listener);
			return () => void followers.delete(listener);
		},
		close() {
			for (const drive of driven) drive.close();
			driven = [];
			followers.clear();
		},
	};

	function keep({bytes, stream, at, isPiece}: Lines): void {
		const whole = isPiece ? concat([bytes, goesOn()]) : bytes;
		ring.put(whole, stream, at);
		if (followers.size === 0) return;
		const texts = textOf(whole, 0, whole.length - 1).split('\n');
		const lines = texts.map(text => ({at, stream, text}));
		for (const listener of followers) listener(lines);
	}
}

type Limit = (bytes: Uint8Array, isPiece: boolean) => Uint8Array;

/** Lets no more lines through in each interval than the limit says; the intervals begin with a line. */
function createLimit(rate: Logging['rateLimit'], leftOut: (count: number) => void): Limit {
	if (!rate) return bytes => bytes;
	const {lines, interval} = rate;
	let until = 0;
	let left = lines;
	let over = 0;
	return (bytes, isPiece) => {
		if (now() >= until) {
			until = now() + interval;
			left = lines;
		}
		const count = isPiece ? 1 : sys.countLines(bytes);
		const allowed = Math.min(left, count);
		left -= allowed;
		if (allowed === count) return bytes;
		// Told when the interval is over, once for all that came in it.
		if (over === 0) {
			after(until - now(), () => {
				leftOut(over);
				over = 0;
			});
		}
		over += count - allowed;
		return bytes.subarray(0, isPiece ? 0 : sys.endOfLines(bytes, allowed));
	};
}
