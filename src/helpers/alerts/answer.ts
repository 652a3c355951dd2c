/** What an answer of HTTP says of a message: taken, refused, or to be sent again, and when (RFC 9110). Pure. */
import type {Millis} from '../../core/time.ts';
import {type Delivered, failed} from './delivery.ts';

/** Bytes of the head of an answer. */
export const HEAD_MAX = 64 * 1024;
/** What a receiver asks for beyond this is not heeded, as it would never be told again. */
const RETRY_MAX: Millis = 3_600_000;

/** `text`: heads of answers, of which the last is the answer itself. `now`: in ms since 1970. Undefined: it is not whole yet. */
export function judgeAnswer(text: string, now: number): Delivered | undefined {
	let rest = text;
	let judged: Delivered | undefined;
	while (rest !== '') {
		const end = /\r?\n\r?\n/.exec(rest);
		if (!end) break;
		const [first = '', ...fields] = rest.slice(0, end.index).split('\n').map(line => line.trimEnd());
		rest = rest.slice(end.index + end[0].length);
		const [, digits, reason = ''] = /^HTTP\/\d(?:\.\d)? +(\d{3})(?: (.*))?$/.exec(first) ?? [];
		if (digits === undefined) return judged === undefined ? failed('it does not speak HTTP', true) : judged;
		const status = Number(digits);
		// What is only for the time being, or a proxy's word on the way.
		if (status < 200) continue;
		judged = judge(status, `the server says ${digits} ${reason.replaceAll(/[^ -~]+/g, ' ').slice(0, 100)}`.trim(), pauseIn(fields, now));
	}
	return judged;
}

function judge(status: number, words: string, pause: Millis | null): Delivered {
	if (status < 300) return null;
	if (status < 400) return failed(`${words}, and redirects are not followed`, true);
	// What may pass: too much at once, too slow, not now.
	const mayPass = status >= 500 || status === 408 || status === 425 || status === 429;
	return failed(words, !mayPass, mayPass ? pause : null);
}

/** Retry-After: seconds, or a date. */
function pauseIn(fields: readonly string[], now: number): Millis | null {
	const value = fields.map(field => /^retry-after:\s*(.*)$/i.exec(field)?.[1]).find(each => each !== undefined);
	if (value === undefined) return null;
	const millis = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
	return Number.isNaN(millis) ? null : Math.min(RETRY_MAX, Math.max(0, millis));
}
