/** What is sent back: the head of an answer, and its body as a whole or in chunks. */
import type {Headers} from './message.ts';

const PHRASES: Readonly<Record<number, string>> = {
	200: 'OK', 202: 'Accepted', 204: 'No Content', 303: 'See Other', 304: 'Not Modified', 400: 'Bad Request', 401: 'Unauthorized',
	403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 406: 'Not Acceptable', 408: 'Request Timeout', 409: 'Conflict',
	411: 'Length Required', 413: 'Content Too Large', 414: 'URI Too Long', 415: 'Unsupported Media Type', 417: 'Expectation Failed',
	421: 'Misdirected Request', 422: 'Unprocessable Content', 429: 'Too Many Requests', 431: 'Request Header Fields Too Large',
	500: 'Internal Server Error', 501: 'Not Implemented', 503: 'Service Unavailable',
	504: 'Gateway Timeout', 505: 'HTTP Version Not Supported',
};

/** What each answer says; one may say otherwise of the first. */
const SECURITY: Headers = {
	'content-security-policy': 'default-src \'none\'; frame-ancestors \'none\'; base-uri \'none\'; form-action \'none\'',
	'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cross-origin-resource-policy': 'same-origin',
	'cache-control': 'no-store', 'x-frame-options': 'DENY',
};

/** `headers`: of the answer itself; `others`: of the connection. */
export function headOf(status: number, headers: Headers, others: Headers): string {
	const all = {date: new Date().toUTCString(), ...SECURITY, ...headers, ...others};
	// A value never ends its line, whatever it was made of.
	const lines = Object.entries(all).map(([name, value]) => `${name}: ${value.replaceAll(/[\0-\x08\x0a-\x1f\x7f]/g, ' ')}\r\n`);
	return `HTTP/1.1 ${status} ${PHRASES[status] ?? 'Unknown'}\r\n${lines.join('')}\r\n`;
}

/** Whether an answer with the status has no body at all. */
export const isBare = (status: number): boolean => status < 200 || status === 204 || status === 304;

/** A chunk; its text is not empty. */
export const chunk = (bytes: Uint8Array): readonly [string, Uint8Array, string] => [`${bytes.length.toString(16)}\r\n`, bytes, '\r\n'];

export const LAST_CHUNK = '0\r\n\r\n';
