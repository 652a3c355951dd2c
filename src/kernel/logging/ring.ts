/** The last lines of one service, in memory that grows with what it says and no further than its bound. */
import type {LogLine, LogStream} from '../../core/model.ts';

export interface Ring {
	/** Whole lines. */
	put(lines: Buffer, stream: LogStream, at: number): void;
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
	let bytes = Buffer.alloc(0);
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
			bytes = Buffer.allocUnsafeSlow(Math.min(limit, Math.max(LEAST, 2 ** Math.ceil(Math.log2(needed)))));
			place(kept, first);
		}
		if (needed > bytes.length) forgetUntil(total + more - bytes.length);
	}

	/** At least so far, and then to the end of that line. */
	function forgetUntil(position: number): void {
		first = position;
		while (first < total && bytes[(first - 1) % bytes.length] !== NEWLINE) first++;
		while (marks.length > 1 && (marks[1]?.from ?? 0) <= first) marks.shift();
	}

	function place(lines: Buffer, position: number): void {
		const at = position % bytes.length;
		const fits = Math.min(lines.length, bytes.length - at);
		lines.copy(bytes, at, 0, fits);
		lines.copy(bytes, 0, fits);
	}

	function content(): Buffer {
		if (total === first) return Buffer.alloc(0);
		const [from, to] = [first % bytes.length, total % bytes.length];
		return from < to ? Buffer.from(bytes.subarray(from, to)) : Buffer.concat([bytes.subarray(from), bytes.subarray(0, to)]);
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
				lines.push({at, stream, text: text.toString('utf8', from, to)});
				from = to + 1;
			}
			return count < lines.length ? lines.slice(lines.length - count) : lines;
		},
	};
}
