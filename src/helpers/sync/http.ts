/** Fetching by HTTP/1.1 without TLS, for images without curl (RFC 9112): a GET, its redirects within http, and a bounded body. */
import {parseUrl, type Url} from '../../core/url.ts';
import {dial} from '../../features/health/os/dial.ts';
import {requestFor} from '../../features/health/os/http.ts';
import {newBytes} from '../../os/bytes.ts';
import {after} from '../../os/clock.ts';
import {close} from '../../os/descriptors.ts';
import {errnoText} from '../../os/errno.ts';
import type {Poller} from '../../os/poller.ts';
import {EPOLLIN, ERRNO, MSG_DONTWAIT, sys} from '../../os/sys.ts';
import {CONNECT_SECONDS, type Fetcher, HOPS_MAX, IDLE_SECONDS, LONGEST_SECONDS, type Order, TOO_LARGE, urlOf} from './fetcher.ts';
import {createBody, type Body} from './http-body.ts';

const READ = 64 * 1024;

/** Null: all of it was taken; `location`: it is elsewhere; else why not, and whether it was not wanted. */
type Answer = null | {readonly location: string} | {readonly why: string; readonly isUnwanted?: true};

export function createHttp(source: string, poller: Poller): Fetcher {
	return {
		name: 'archon\'s own HTTP',
		resumes: false,
		async fetch(path, order) {
			let address = urlOf(source, path);
			for (let hops = 0; hops <= HOPS_MAX; hops++) {
				const url = parseUrl(address);
				if (url?.scheme !== 'http') return `is said to be at ${plain(address)}, which is not http: that takes curl`;
				const answer = await get(url, order, poller);
				if (answer === null) return null;
				if ('why' in answer) return answer.isUnwanted ? answer.why : `cannot be fetched: ${answer.why}`;
				address = resolved(answer.location, url);
			}
			return `cannot be fetched: it has more than ${HOPS_MAX} redirects`;
		},
	};
}

const plain = (text: string): string => text.replaceAll(/[\0-\x20\x7f-\x9f]+/g, ' ').slice(0, 200);

/** Where a redirect leads: another URL, or a path at the same host (RFC 3986, as far as servers make use of it). */
function resolved(location: string, {host, port, path}: Url): string {
	if (/^[a-z][a-z0-9+.-]*:/i.test(location)) return location;
	const origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
	if (location.startsWith('//')) return `http:${location}`;
	if (location.startsWith('/')) return origin + location;
	return `${origin}${path.replace(/\?.*$/, '').replace(/[^/]*$/, '')}${location}`;
}

async function get(url: Url, {take, most}: Order, poller: Poller): Promise<Answer> {
	const request = requestFor(url, {'Accept-Encoding': 'identity', 'User-Agent': 'archon'});
	if (!request.ok) return {why: request.error};
	const fd = await connected(url, poller);
	if (typeof fd === 'string') return {why: fd};
	return new Promise(resolve => {
		const bytes = newBytes(READ);
		let rest = request.value.subarray(0);
		let left = most;
		let stopIdle = (): void => {};
		const end = (answer: Answer): void => {
			stopIdle();
			stopLongest();
			poller.forget(fd);
			close(fd);
			resolve(answer);
		};
		const stopLongest = after(LONGEST_SECONDS * 1000, () => end({why: `it takes more than ${LONGEST_SECONDS} s`}));
		const stir = (): void => {
			stopIdle();
			stopIdle = after(IDLE_SECONDS * 1000, () => end({why: `nothing came for ${IDLE_SECONDS} s`}));
		};
		let refusal: string | null = null;
		const body: Body = createBody(part => {
			left -= part.length;
			return refusal = left < 0 ? TOO_LARGE : take(part);
		});
		stir();
		const count = sys.send(fd, rest, [], MSG_DONTWAIT);
		if (count > 0) rest = rest.subarray(count);
		// A request is a few hundred bytes, for which a new connection has room.
		if (rest.length > 0) return end({why: count < 0 ? errnoText(-count) : 'the request was not taken'});
		poller.watch(fd, EPOLLIN, () => {
			const count = sys.read(fd, bytes);
			if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
			if (count < 0) return end({why: errnoText(-count)});
			stir();
			const state = count === 0 ? body.end() : body.read(bytes.subarray(0, count));
			if (refusal !== null) end({why: refusal, isUnwanted: true});
			else if (state.kind === 'whole') end(null);
			else if (state.kind === 'moved') end({location: state.location});
			else if (state.kind === 'refused') end({why: state.why});
		});
	});
}

function connected({host, port}: Url, poller: Poller): Promise<number | string> {
	return new Promise(resolve => {
		const cancel = after(CONNECT_SECONDS * 1000, () => {
			giveUp();
			resolve(`no connection within ${CONNECT_SECONDS} s`);
		});
		const giveUp = dial(host, port, poller, fd => {
			cancel();
			resolve(fd);
		}, why => {
			cancel();
			resolve(why);
		});
	});
}
