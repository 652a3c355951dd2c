/** As much of HTTP/1.1 as a look at a page takes: a request without a body, and its answer (RFC 9112). Text is Latin-1. */
import {err, ok, type Result} from '../../../core/result.ts';
import type {Url} from '../../../core/url.ts';
import {type Bytes, bytesOf, bytesOfLatin1} from '../../../os/bytes.ts';

export interface Answer {
	readonly status: number;
	/** `OK`; may be empty. */
	readonly reason: string;
}

/** How far an answer has come. */
export type Progress =
	| {readonly kind: 'head'}
	| {readonly kind: 'page'; readonly answer: Answer}
	/** The page has come to its end, or is as long as is of interest. */
	| {readonly kind: 'whole'; readonly answer: Answer; readonly page: string}
	| {readonly kind: 'broken'; readonly answer: Answer | null; readonly why: string};

export interface AnswerReader {
	read(text: string): Progress;
	/** Nothing more will come. */
	end(): Progress;
	/** Null before its first lines have come. */
	answer(): Answer | null;
}

/** All lines before the page. */
const HEAD_MAX = 64 * 1024;
/** A line before a chunk. */
const CHUNK_LINE_MAX = 1024;

/** The request; the error says what it cannot hold. */
export function requestFor(url: Url, headers: Readonly<Record<string, string>>): Result<Bytes, string> {
	const lines = [`GET ${url.path} HTTP/1.1`];
	const names = new Set<string>();
	for (const [name, value] of Object.entries(headers)) {
		if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[^\t -~\x80-\xff]/.test(value)) return err(`the header ${name} cannot be sent`);
		names.add(name.toLowerCase());
		lines.push(`${name}: ${value}`);
	}
	const host = url.host.includes(':') ? `[${url.host}]` : url.host;
	const isUsual = url.port === (url.scheme === 'https' ? 443 : 80);
	if (!names.has('host')) lines.push(`Host: ${host}${isUsual ? '' : `:${url.port}`}`);
	if (url.credentials !== null && !names.has('authorization')) lines.push(`Authorization: Basic ${base64(bytesOf(url.credentials))}`);
	if (!names.has('connection')) lines.push('Connection: close');
	return ok(bytesOfLatin1(`${lines.join('\r\n')}\r\n\r\n`));
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function base64(bytes: Bytes): string {
	let text = '';
	for (let i = 0; i < bytes.length; i += 3) {
		const [first = 0, second = 0, third = 0] = bytes.subarray(i, i + 3);
		const bits = first << 16 | second << 8 | third;
		const four = [18, 12, 6, 0].map(shift => DIGITS[bits >> shift & 63] ?? '').join('');
		text += four.slice(0, Math.min(4, bytes.length - i + 1)).padEnd(4, '=');
	}
	return text;
}

/** The first line of an answer; null if it is not one. */
export function answerOf(line: string): Answer | null {
	const [, status, reason = ''] = /^HTTP\/\d(?:\.\d)? +(\d{3})(?: (.*))?$/.exec(line) ?? [];
	return status === undefined ? null : {status: Number(status), reason: reason.replaceAll(/\p{Cc}/gu, ' ').trim()};
}

/** `most`: so much of a page is enough. */
export function createAnswerReader(most: number): AnswerReader {
	let rest = '';
	/** Where the end of the head is not before. */
	let seen = 0;
	let answer: Answer | null = null;
	let page = '';
	/** Bytes that are still to come, of the page or of its current chunk; null: it is not known. */
	let left: number | null = null;
	let isChunked = false;
	/** The end of a line comes after a chunk. */
	let isBetween = false;
	let over: Progress | null = null;

	const finish = (progress: Progress): Progress => over = progress;
	const broken = (why: string): Progress => finish({kind: 'broken', answer, why});
	const whole = (answer: Answer): Progress => finish({kind: 'whole', answer, page});

	function readHead(): Progress {
		for (;;) {
			const end = endOfHead();
			if (end === null) return rest.length > HEAD_MAX ? broken('its headers are too long') : {kind: 'head'};
			const [first = '', ...lines] = rest.slice(0, end).split('\n').map(line => line.trimEnd());
			rest = rest.slice(end);
			seen = 0;
			const found = answerOf(first);
			if (!found) return broken('it does not speak HTTP');
			// What is only for the time being is followed by the answer itself.
			if (found.status < 200 && found.status !== 101) continue;
			answer = found;
			return readFields(found, lines) ?? readPage(found);
		}
	}

	/** The index behind the empty line. */
	function endOfHead(): number | null {
		const [strict, loose] = [rest.indexOf('\n\r\n', seen), rest.indexOf('\n\n', seen)];
		seen = Math.max(0, rest.length - 2);
		if (strict < 0 && loose < 0) return null;
		return loose < 0 || (strict >= 0 && strict < loose) ? strict + 3 : loose + 2;
	}

	function readFields(found: Answer, lines: readonly string[]): Progress | null {
		for (const line of lines) {
			const colon = line.indexOf(':');
			const name = line.slice(0, colon).trimEnd().toLowerCase();
			const value = line.slice(colon + 1).trim();
			if (name === 'transfer-encoding') isChunked = /(?:^|[,\s])chunked$/i.test(value);
			else if (name === 'content-length' && !/^\d{1,15}$/.test(value)) return broken('its Content-Length is not a number');
			else if (name === 'content-length') left = Number(value);
		}
		if (isChunked) left = 0;
		return found.status < 200 || found.status === 204 || found.status === 304 ? whole(found) : null;
	}

	function readPage(found: Answer): Progress {
		return isChunked ? readChunks(found) : readPlain(found);
	}

	function readPlain(found: Answer): Progress {
		const part = left === null ? rest : rest.slice(0, left);
		page += part;
		rest = '';
		if (left !== null) left -= part.length;
		return left === 0 || page.length >= most ? whole(found) : {kind: 'page', answer: found};
	}

	function readChunks(found: Answer): Progress {
		let from = 0;
		for (;;) {
			if (left !== null && left > 0) {
				const part = rest.slice(from, from + left);
				page += part;
				from += part.length;
				left -= part.length;
				isBetween = left === 0;
				if (page.length >= most) return whole(found);
			}
			const end = left === 0 ? rest.indexOf('\n', from) : -1;
			if (end < 0) break;
			const line = rest.slice(from, end).trim();
			from = end + 1;
			if (isBetween && line === '') {
				isBetween = false;
				continue;
			}
			const [, digits] = /^([\da-f]{1,12})(?:[\s;]|$)/i.exec(line) ?? [];
			if (digits === undefined) return broken('its chunks are not what HTTP has');
			left = Number.parseInt(digits, 16);
			if (left === 0) return whole(found);
		}
		rest = rest.slice(from);
		return rest.length > CHUNK_LINE_MAX ? broken('its chunks are not what HTTP has') : {kind: 'page', answer: found};
	}

	return {
		answer: () => answer,
		read(text) {
			if (over) return over;
			rest += text;
			return answer ? readPage(answer) : readHead();
		},
		end() {
			if (over) return over;
			if (!answer) return broken('socket hang up');
			return left === null ? whole(answer) : broken('aborted');
		},
	};
}
