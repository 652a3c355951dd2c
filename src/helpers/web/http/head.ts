/**
 * The head of a request of HTTP/1.1 (RFC 9112), read strictly: what two programs could understand in two ways is refused, though the
 * standard would let it pass.
 */
import {err, ok, type Result} from '../../../core/result.ts';
import {latin1Of} from '../../../os/bytes.ts';

/** Why a request is refused: the status, and what, why, what to do. */
export interface Refusal {
	readonly status: number;
	readonly why: string;
}

export interface Head {
	readonly method: string;
	/** With the query, as it was sent. */
	readonly target: string;
	/** HTTP/1.0 has no chunks and ends the connection after each answer. */
	readonly minor: 0 | 1;
	/** Names in small letters; values without spaces around them; of lines with one name, joined by commas. */
	readonly headers: ReadonlyMap<string, string>;
	/** What was asked for by name, with the port if there was one, in small letters; null: an old client says none. */
	readonly host: string | null;
	/** Bytes of the body; `chunked`: it says itself where it ends. */
	readonly length: number | 'chunked';
	/** Whether the length was said. */
	readonly hasLength: boolean;
	/** The client waits for a word before it sends the body. */
	readonly expects: boolean;
	/** It wants no further answer on this connection. */
	readonly isLast: boolean;
}

/** Bytes of a head, lines in it, and bytes of what stands behind the method. */
export const [HEAD_MAX, LINES_MAX, TARGET_MAX] = [16 << 10, 64, 8 << 10];
/** Bytes of a body. */
export const BODY_MAX = 64 << 10;

const [TAB, LF, CR] = [9, 10, 13];
const DEL = 127;

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What RFC 9110 and 5789 know: of others it cannot be told what they mean. */
const KNOWN = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[0-9a-z._-]+)(:\d{1,5})?$/;
/** Which may stand in more than one line: a list in several lines means one list (RFC 9110 section 5.3). Others are refused then. */
const LISTS = new Set([
	'accept', 'accept-encoding', 'accept-language', 'cache-control', 'connection', 'cookie', 'forwarded', 'te', 'via', 'x-forwarded-for',
]);

const refuse = (why: string, status = 400): Result<never, Refusal> => err({status, why});

/**
 * Where a head ends, with the empty line, if that is among the first `length` bytes; 0: it does not yet. `from`: where to go on looking.
 * What can be no head is refused as soon as it is seen.
 */
export function endOfHead(bytes: Uint8Array, from: number, length: number): Result<number, Refusal> {
	for (let at = from; at < length; at++) {
		const byte = bytes[at] ?? 0;
		if (byte === LF) {
			if (bytes[at - 1] !== CR) return refuse('a line ends without a carriage return; end lines with \\r\\n');
			if (at === 1) return refuse('the request begins with an empty line');
			if (bytes[at - 2] === LF && bytes[at - 3] === CR) return ok(at + 1);
		} else if (bytes[at - 1] === CR) {
			return refuse('a carriage return stands alone; end lines with \\r\\n');
		} else if ((byte < 32 && byte !== TAB && byte !== CR) || byte === DEL) {
			return refuse('there is a control character in the head');
		}
	}
	return ok(0);
}

/** `end`: as `endOfHead` has it. */
export function readHead(bytes: Uint8Array, end: number): Result<Head, Refusal> {
	const [first = '', ...lines] = latin1Of(bytes, 0, end - 4).split('\r\n');
	const request = readRequest(first);
	if (!request.ok) return request;
	if (lines.length > LINES_MAX) return refuse(`there are more than ${LINES_MAX} header lines`, 431);
	const headers = new Map<string, string>();
	for (const line of lines) {
		const colon = line.indexOf(':');
		const name = line.slice(0, Math.max(0, colon)).toLowerCase();
		if (line.startsWith(' ') || line.startsWith('\t')) return refuse('a header goes on in a second line; write it in one');
		if (!TOKEN.test(name)) return refuse('a header line has no valid name before its colon');
		const before = headers.get(name);
		const value = trim(line.slice(colon + 1));
		if (before !== undefined && !LISTS.has(name)) return refuse(`the header ${name} is there twice`);
		headers.set(name, before === undefined ? value : `${before}${name === 'cookie' ? ';' : ','} ${value}`);
	}
	return withFraming(request.value, headers);
}

/** Spaces and tabs around it, and no others. */
function trim(text: string): string {
	let [from, to] = [0, text.length];
	while (from < to && isBlank(text.charCodeAt(from))) from += 1;
	while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
	return text.slice(from, to);
}

const isBlank = (unit: number): boolean => unit === 32 || unit === TAB;

type RequestLine = Pick<Head, 'method' | 'target' | 'minor'> & {readonly authority: string | null};

function readRequest(line: string): Result<RequestLine, Refusal> {
	const [method = '', written = '', version = '', ...more] = line.split(' ');
	if (more.length > 0 || !TOKEN.test(method)) return refuse('the first line is not METHOD PATH HTTP/1.1 with one space between them');
	if (!/^HTTP\/\d\.\d$/.test(version)) return refuse('the first line does not end with HTTP/1.1');
	if (!version.startsWith('HTTP/1.') || version > 'HTTP/1.1') return refuse(`${version} is not spoken here; use HTTP/1.1`, 505);
	if (!KNOWN.includes(method)) return refuse(`the method ${method.slice(0, 20)} is not known here`, 501);
	if (written.length > TARGET_MAX) return refuse(`the path and the query have more than ${TARGET_MAX} bytes`, 414);
	const raw = /[^!-~]|["<>\\^`{|}#]/.exec(written);
	if (raw) return refuse(`the ${written.slice(0, raw.index).includes('?') ? 'query' : 'path'} has a character that must be written with %`);
	const absolute = /^http:\/\/([^/?]*)(.*)$/.exec(written);
	const target = absolute ? (absolute[2]?.startsWith('/') ? absolute[2] : `/${absolute[2] ?? ''}`) : written;
	// What is asked of all, as by OPTIONS *, has no path; its method is refused later.
	if (!target.startsWith('/') && target !== '*') return refuse('the path does not begin with /');
	return ok({method, target, minor: version === 'HTTP/1.0' ? 0 : 1, authority: absolute?.[1]?.toLowerCase() ?? null});
}

function withFraming({authority, ...request}: RequestLine, headers: ReadonlyMap<string, string>): Result<Head, Refusal> {
	const [coding, digits, expect] = [headers.get('transfer-encoding'), headers.get('content-length'), headers.get('expect')];
	const host = headers.get('host')?.toLowerCase() ?? null;
	if (host === null && request.minor === 1) return refuse('there is no Host header');
	if (host !== null && !AUTHORITY.test(host)) return refuse('the Host header is not a name or an address with or without a port');
	if (authority !== null && authority !== host) return refuse('the Host header and the path name two hosts');
	const isLast = request.minor === 0 || (headers.get('connection') ?? '').toLowerCase().split(',').some(word => trim(word) === 'close');
	if (coding !== undefined) {
		if (digits !== undefined) return refuse('there are both Transfer-Encoding and Content-Length');
		if (request.minor === 0) return refuse('Transfer-Encoding is not a part of HTTP/1.0');
		if (coding.toLowerCase() !== 'chunked') return refuse('the only Transfer-Encoding that is known here is chunked', 501);
	}
	if (digits !== undefined && !/^\d{1,15}$/.test(digits)) return refuse('Content-Length is not a number');
	if (Number(digits ?? 0) > BODY_MAX) return refuse(`the body has more than ${BODY_MAX} bytes`, 413);
	if (expect !== undefined && expect.toLowerCase() !== '100-continue') return refuse('Expect is known here as 100-continue only', 417);
	return ok({
		...request, headers, host, isLast, expects: expect !== undefined && request.minor === 1,
		length: coding === undefined ? Number(digits ?? 0) : 'chunked', hasLength: coding !== undefined || digits !== undefined,
	});
}
