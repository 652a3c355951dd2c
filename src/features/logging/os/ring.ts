/** The last lines of one service, in memory that grows with what it says and no further than its bound. */
import type {LogLine, LogStream} from '../core.ts';
import {type Bytes, concat, newBytes, textOf} from '../../../os/bytes.ts';

export interface Ring {
	/** Whole lines, which are copied. */
	put(lines: Uint8Array, stream: LogStream, at: number): void;
	/** Calls back for the last `count` lines that are kept, oldest first. */
	tail(count: number): readonly LogLine[];
}

/** From this byte on, counted from the first that was ever put, lines came at that time from that stream. */
interface Mark {
	readonly from: number;
	readonly at: number;
	readonly stream: LogStream;
}

const LEAST = 1024;
const MARKS_MAX = 1024;
const NEWLINE = 10;

export function createRing(limit: number): Ring {
	let bytes = newBytes(0);
	/** Bytes that were ever put; a byte's place is its number modulo the length of `bytes`. */
	let total = 0;
	/** The first byte that is kept. */
	let first = 0;
	const marks: Mark[] = [];

	function makeRoom(more: number): void {
		const needed = total - first + more;
		if (needed <= bytes.length) return;
		if (bytes.length < limit) {
			const kept = content();
			bytes = newBytes(Math.min(limit, Math.max(LEAST, 2 ** Math.ceil(Math.log2(needed)))));
			place(kept, first);
		}
		if (needed > bytes.length) forgetUntil(total + more - bytes.length);
	}

	/** At least so far, and then to the end of that line. */
	function forgetUntil(position: number): void {
		first = Math.min(total, endOfLine(position - 1));
		while (marks.length > 1 && (marks[1]?.from ?? 0) <= first) marks.shift();
	}

	/** Behind the first newline from there on. */
	function endOfLine(position: number): number {
		if (position >= total) return total;
		const at = position % bytes.length;
		const newline = bytes.indexOf(NEWLINE, at);
		if (newline >= 0) return position + newline - at + 1;
		const wrapped = bytes.indexOf(NEWLINE);
		return wrapped < 0 ? total : position + bytes.length - at + wrapped + 1;
	}

	function place(lines: Uint8Array, position: number): void {
		const at = position % bytes.length;
		const fits = bytes.length - at;
		bytes.set(lines.length <= fits ? lines : lines.subarray(0, fits), at);
		if (lines.length > fits) bytes.set(lines.subarray(fits));
	}

	function content(): Bytes {
		if (total === first) return newBytes(0);
		const [from, to] = [first % bytes.length, total % bytes.length];
		return from < to ? bytes.slice(from, to) : concat([bytes.subarray(from), bytes.subarray(0, to)]);
	}

	return {
		put(lines, stream, at) {
			if (limit === 0) return;
			// Of more than there is room for, the last lines: a cut line's end is not a line.
			const skipped = lines.length > limit ? lines.indexOf(NEWLINE, lines.length - limit - 1) + 1 : 0;
			const kept = lines.subarray(skipped);
			if (skipped > 0) {
				first = total;
				marks.length = 0;
			}
			makeRoom(kept.length);
			const last = marks.at(-1);
			if (last?.at !== at || last.stream !== stream) marks.push({from: total, at, stream});
			place(kept, total);
			total += kept.length;
			if (marks.length > MARKS_MAX) forgetUntil(marks[1]?.from ?? total);
		},
		tail(count) {
			const text = content();
			const lines: LogLine[] = [];
			let mark = 0;
			for (let from = 0; from < text.length;) {
				const newline = text.indexOf(NEWLINE, from);
				const to = newline < 0 ? text.length : newline;
				while ((marks[mark + 1]?.from ?? Infinity) <= first + from) mark++;
				const {at, stream} = marks[mark] ?? {at: 0, stream: 'stdout'};
				lines.push({at, stream, text: textOf(text, from, to)});
				from = to + 1;
			}
			return count < lines.length ? lines.slice(lines.length - count) : lines;
		},
	};
}
