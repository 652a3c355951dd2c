/** Paths, queries and forms: decoded once, and refused where they could mean two things. */
import {err, ok, type Result} from '../../../core/result.ts';
import {bytesOfLatin1, textOf} from '../../../os/bytes.ts';
import type {Refusal} from './head.ts';

export interface Target {
	readonly path: string;
	readonly pairs: readonly (readonly [name: string, value: string])[];
}

/** Pairs of a query or of a form. */
const PAIRS_MAX = 256;

export function readTarget(target: string): Result<Target, Refusal> {
	const [written = '', ...rest] = target.split('?');
	const segments: string[] = [];
	for (const segment of written.split('/').slice(1)) {
		const text = decode(segment);
		if (text === null) return err({status: 400, why: 'the path has a % without two hexadecimal digits, or is not UTF-8'});
		if (/[\0-\x1f\x7f/\\]/.test(text) || text === '.' || text === '..') {
			return err({status: 400, why: 'the path has a segment with a slash, a backslash or a control character in it, or of dots'});
		}
		segments.push(text);
	}
	if (segments.slice(0, -1).includes('')) return err({status: 400, why: 'the path has two slashes in a row'});
	const pairs = readPairs(rest.join('?'));
	return pairs.ok ? ok({path: `/${segments.join('/')}`, pairs: pairs.value}) : pairs;
}

/** As of a query, or of application/x-www-form-urlencoded. */
export function readPairs(text: string): Result<Target['pairs'], Refusal> {
	const pairs: [string, string][] = [];
	for (const part of text.split('&')) {
		if (part === '') continue;
		const [name, value] = cut(part.replaceAll('+', ' ')).map(decode);
		if (name === undefined || name === null || value === undefined || value === null) {
			return err({status: 400, why: 'the query or the form has a % without two hexadecimal digits, or is not UTF-8'});
		}
		if (/\0/.test(name + value)) return err({status: 400, why: 'the query or the form has a NUL in it'});
		pairs.push([name, value]);
		if (pairs.length > PAIRS_MAX) return err({status: 400, why: `the query or the form has more than ${PAIRS_MAX} pairs`});
	}
	return ok(pairs);
}

function cut(part: string): readonly [string, string] {
	const at = part.indexOf('=');
	return at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
}

/** Of a name that comes twice, the first. */
export function firstOf(pairs: Target['pairs']): ReadonlyMap<string, string> {
	const first = new Map<string, string>();
	for (const [name, value] of pairs) if (!first.has(name)) first.set(name, value);
	return first;
}

/** What is written with %. Null: it cannot be read. */
function decode(text: string): string | null {
	if (/%(?![0-9A-Fa-f]{2})/.test(text)) return null;
	const raw = text.replaceAll(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
	const decoded = textOf(bytesOfLatin1(raw));
	// The replacement character itself comes in three bytes that are its own.
	return decoded.includes('\uFFFD') && !raw.includes('\xef\xbf\xbd') ? null : decoded;
}
