/**
 * Delivery through curl(1), which brings TLS and proxies. All that it is told comes by its standard input, in the form of its config
 * files: neither its words nor its variables hold anything of a message, a password or a token.
 */
import type {Millis} from '../../core/time.ts';
import {bytesOf} from '../../os/bytes.ts';
import type {Poller} from '../../os/poller.ts';
import {judgeAnswer} from './answer.ts';
import {BODY_MAX, type Delivered, failed, TOO_LARGE} from './delivery.ts';
import {BESIDE, type Ended, execute} from './execute.ts';

/** First `-q`, or it would read the config of a user. */
const WORDS = ['curl', '-q', '--config', '-'] as const;

/** EXIT CODES of curl(1) that another attempt does not change: a wrong URL, no such protocol, a refused login, a certificate. */
const FINAL: ReadonlySet<number> = new Set([1, 3, 4, 67, 58, 60, 77]);

/** A line of a config: what would end the text is escaped (curl(1), --config). */
export function line(name: string, value: string): string {
	const text = value.replaceAll(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
	return `${name} = "${text.replaceAll(/[\0-\x1f\x7f]/g, '')}"\n`;
}

/** What holds for each request. */
const common = (timeout: Millis): string => [
	'silent\nshow-error\n', line('max-time', String(Math.ceil(timeout / 1000))), line('connect-timeout', String(Math.ceil(timeout / 1000))),
].join('');

const beside = `/proc/self/fd/${BESIDE}`;

export interface Post {
	readonly url: string;
	/** Names and values without CR and LF. */
	readonly headers: readonly (readonly [name: string, value: string])[];
	readonly body: Uint8Array;
}

export async function postByCurl(program: string, {url, headers, body}: Post, timeout: Millis, poller: Poller): Promise<Delivered> {
	if (body.length > BODY_MAX) return TOO_LARGE;
	const config = [
		common(timeout), 'globoff\n', line('proto', '=https,http'), line('request', 'POST'), line('url', url),
		...headers.map(([name, value]) => line('header', `${name}: ${value}`)),
		// Nothing is asked of the server before the body.
		line('header', 'Expect:'),
		line('data-binary', `@${beside}`), line('output', '/dev/null'), line('dump-header', '-'),
	].join('');
	const ended = await execute({program, words: WORDS, input: bytesOf(config), beside: body, timeout: timeout + GRACE}, poller);
	const why = typeof ended === 'string' ? failed(ended) : failureOf(ended);
	if (why || typeof ended === 'string') return why;
	const judged = judgeAnswer(ended.out, Date.now());
	// Null is the best that an answer can be.
	return judged === undefined ? failed('the server has not answered') : judged;
}

export interface MailOrder {
	/** `smtp://mail.example:587`, `smtps://…`. */
	readonly url: string;
	readonly isStarttls: boolean;
	readonly from: string;
	readonly to: readonly string[];
	readonly user: string | null;
	readonly password: string | null;
	readonly mail: Uint8Array;
}

export async function mailByCurl(
	program: string, {url, isStarttls, from, to, user, password, mail}: MailOrder, timeout: Millis, poller: Poller,
): Promise<Delivered> {
	if (mail.length > BODY_MAX) return TOO_LARGE;
	const config = [
		common(timeout), line('proto', '=smtp,smtps'), line('url', url), isStarttls ? 'ssl-reqd\n' : '',
		line('mail-from', `<${from}>`), ...to.map(each => line('mail-rcpt', `<${each}>`)),
		user === null ? '' : line('user', `${user}:${password ?? ''}`), line('upload-file', beside),
	].join('');
	const ended = await execute({program, words: WORDS, input: bytesOf(config), beside: mail, timeout: timeout + GRACE}, poller);
	return typeof ended === 'string' ? failed(ended) : failureOf(ended);
}

/** How much longer than its own time it has until it is killed. */
const GRACE: Millis = 1000;

function failureOf({status, said}: Ended): Delivered {
	if (status === 0) return null;
	if (status === null) return failed('curl has not ended in time');
	const words = said.replaceAll(/[\0-\x1f\x7f]+/g, ' ').replace(/^curl: \(\d+\) /, '').trim().slice(0, 200);
	return failed(words || `curl ended with ${status}`, FINAL.has(status));
}
