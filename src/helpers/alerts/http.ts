/** Delivery by HTTP: a POST of its own without TLS (RFC 9112), or by curl with it. */
import {parseUrl, type Url} from '../../core/url.ts';
import type {Told} from '../../core/alerts.ts';
import type {Millis} from '../../core/time.ts';
import {filledIn, jsonOf, type Message} from '../../features/alerts/core/message.ts';
import {dial} from '../../features/health/os/dial.ts';
import {bytesOf, bytesOfLatin1, concat, latin1Of} from '../../os/bytes.ts';
import {after} from '../../os/clock.ts';
import {hmacSha256} from '../../os/hmac.ts';
import type {Poller} from '../../os/poller.ts';
import {type Stream, streamOn} from '../../os/sockets/stream.ts';
import {HEAD_MAX, judgeAnswer} from './answer.ts';
import {type Post, postByCurl} from './curl.ts';
import {BODY_MAX, type Delivered, failed, TOO_LARGE} from './delivery.ts';

/** What the signature of a body stands in: `sha256=` and hexadecimal digits, as GitHub has it. */
export const SIGNATURE = 'X-Archon-Signature';

/** `curl`: the program; null: it is not here. */
export async function deliverByHttp(told: Told, message: Message, curl: string | null, poller: Poller): Promise<Delivered> {
	const {target, timeout} = told;
	if (target.kind !== 'http') return failed('a bug in archon', true);
	const url = parseUrl(target.url);
	if (!url) return failed('its URL cannot be read', true);
	const post = postOf(told, message);
	if (!post) return failed('a bug in archon', true);
	if (post.body.length > BODY_MAX) return TOO_LARGE;
	if (url.scheme === 'http') return send(url, post, timeout, poller);
	return curl === null ? failed('https takes curl, and it is not here', true) : postByCurl(curl, post, timeout, poller);
}

/** What is sent; null: it is not for HTTP. */
export function postOf({target, key, token}: Told, message: Message): Post | null {
	if (target.kind !== 'http') return null;
	const {template, contentType, headers, url} = target;
	const body = bytesOf(template === null ? jsonOf(message) : filledIn(template, contentType, message));
	return {url, body, headers: [
		['Content-Type', plain(contentType)], ['User-Agent', 'archon'], ['X-Archon-Id', plain(message.id)],
		...key === null ? [] : [[SIGNATURE, `sha256=${hmacSha256(bytesOf(key), body)}`] as const],
		...token === null ? [] : [['Authorization', `Bearer ${plain(token)}`] as const],
		...Object.entries(headers).map(([name, value]) => [plain(name), plain(value)] as const),
	]};
}

/** No character ends a header. */
const plain = (text: string): string => text.replaceAll(/[^\t -~]/g, '');

function send({host, port, path, credentials}: Url, {headers, body}: Post, timeout: Millis, poller: Poller): Promise<Delivered> {
	const place = host.includes(':') ? `[${host}]` : host;
	const head = [
		`POST ${path} HTTP/1.1`, `Host: ${place}${port === 80 ? '' : `:${port}`}`, `Content-Length: ${body.length}`, 'Connection: close',
		...headers.map(([name, value]) => `${name}: ${value}`),
	].join('\r\n');
	if (credentials !== null) return Promise.resolve(failed('its URL has a password', true));
	return new Promise(resolve => {
		let stream: Stream | null = null;
		let answer = '';
		const end = (delivered: Delivered): void => {
			cancel();
			giveUp();
			stream?.close();
			resolve(delivered);
		};
		const cancel = after(timeout, () => end(failed(stream ? 'the server has not answered in time' : 'no connection in time')));
		const judge = (isOver: boolean): void => {
			const judged = judgeAnswer(answer, Date.now());
			if (judged !== undefined) end(judged);
			else if (answer.length > HEAD_MAX) end(failed('its headers are too long', true));
			else if (isOver) end(failed('the server has closed the connection'));
		};
		const giveUp = dial(host, port, poller, fd => {
			stream = streamOn(poller, fd, {
				data(bytes) {
					answer += latin1Of(bytes);
					judge(false);
				},
				ended: () => judge(true),
			});
			stream.send(concat([bytesOfLatin1(`${head}\r\n\r\n`), body]));
		}, why => {
			cancel();
			resolve(failed(why));
		});
	});
}
