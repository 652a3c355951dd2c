/** The body of a request, as it comes: by its length, or in chunks (RFC 9112 section 7.1), without their extensions and trailers. */
import {err, ok, type Result} from '../../../core/result.ts';
import {concat} from '../../../os/bytes.ts';
import {BODY_MAX, type Head, type Refusal} from './head.ts';

export interface Body {
	/** How many of the bytes belong to it. It keeps copies of these. */
	take(bytes: Uint8Array): Result<number, Refusal>;
	/** All of it has come. */
	isWhole(): boolean;
	bytes(): Uint8Array;
}

const [LF, CR] = [10, 13];
/** Digits of a chunk's size. */
const DIGITS_MAX = 8;

export function createBody(length: Head['length']): Body {
	const parts: Uint8Array[] = [];
	let total = 0;
	/** Of the body, or of the chunk at hand. */
	let left = length === 'chunked' ? 0 : length;
	/** What is expected next: more of a chunk, the line feed or the line behind it, the size of the next, or the last line. */
	let state: 'data' | 'after' | 'size' | 'end' | 'whole' = length === 'chunked' ? 'size' : length === 0 ? 'whole' : 'data';
	/** A line under way. */
	let line = '';

	function takeData(bytes: Uint8Array, from: number): number {
		const some = bytes.slice(from, from + left);
		parts.push(some);
		left -= some.length;
		if (left === 0) state = length === 'chunked' ? 'after' : 'whole';
		return some.length;
	}

	/** Null: the byte was good. */
	function takeByte(byte: number): Refusal | null {
		if (byte !== LF) {
			if (line.endsWith('\r')) return {status: 400, why: 'a carriage return stands alone in a chunked body'};
			if (line.length > DIGITS_MAX) return {status: 400, why: 'the size of a chunk is too long'};
			line += String.fromCharCode(byte);
			const isGood = byte === CR || (state === 'size' && /[0-9A-Fa-f]/.test(line.at(-1) ?? ''));
			return isGood ? null : {status: 400, why: 'the size of a chunk is not a hexadecimal number alone in its line'};
		}
		if (!line.endsWith('\r')) return {status: 400, why: 'a line of a chunked body ends without a carriage return'};
		const size = line.slice(0, -1);
		line = '';
		if (state === 'after') {
			state = 'size';
		} else if (state === 'end') {
			state = 'whole';
		} else {
			if (size === '') return {status: 400, why: 'a chunk has no size'};
			left = Number.parseInt(size, 16);
			total += left;
			if (total > BODY_MAX) return {status: 413, why: `the body has more than ${BODY_MAX} bytes`};
			state = left === 0 ? 'end' : 'data';
		}
		return null;
	}

	return {
		take(bytes) {
			let at = 0;
			while (at < bytes.length && state !== 'whole') {
				if (state === 'data') {
					at += takeData(bytes, at);
					continue;
				}
				const why = takeByte(bytes[at++] ?? 0);
				if (why) return err(why);
			}
			return ok(at);
		},
		isWhole: () => state === 'whole',
		bytes: () => concat(parts),
	};
}
