/** What a probe asks for, and what it makes of whatever comes back. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {parseUrl} from '../../../../src/core/url.ts';
import {latin1Of} from '../../../../src/os/bytes.ts';
import {createAnswerReader, type Progress, requestFor} from '../../../../src/features/health/os/http.ts';

const MOST = 100;

/** What is known after the text, in pieces of `size` characters, and its end. */
function readAll(text: string, size = text.length): Progress {
	const reader = createAnswerReader(MOST);
	for (let at = 0; at < text.length; at += size) {
		const progress = reader.read(text.slice(at, at + size));
		if (progress.kind === 'whole' || progress.kind === 'broken') return progress;
	}
	return reader.end();
}

describe('a request', () => {
	const ask = (url: string, headers: Readonly<Record<string, string>> = {}): string | null => {
		const parsed = parseUrl(url);
		const request = parsed && requestFor(parsed, headers);
		return request?.ok ? latin1Of(request.value) : null;
	};

	test.each([
		['http://localhost', {}, 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'],
		['http://[::1]:8080/a?b=c#d', {}, 'GET /a?b=c HTTP/1.1\r\nHost: [::1]:8080\r\nConnection: close\r\n\r\n'],
		['http://db:80/', {host: 'other', 'X-Y': 'ü'}, 'GET / HTTP/1.1\r\nhost: other\r\nX-Y: ü\r\nConnection: close\r\n\r\n'],
		['http://a:b%20c@db/', {}, 'GET / HTTP/1.1\r\nHost: db\r\nAuthorization: Basic YTpiIGM=\r\nConnection: close\r\n\r\n'],
	])('%s %j', (url, headers, text) => {
		expect(ask(url, headers)).toBe(text);
	});

	test.each([{'X-Y': 'a\nb'}, {'X Y': 'a'}, {'X-Y': '€'}, {'': 'a'}])('%j cannot be sent', headers => {
		expect(ask('http://localhost/', headers)).toBe(null);
	});
});

describe('an answer', () => {
	const ok = {status: 200, reason: 'OK'};
	const whole = (page: string, answer = ok): Progress => ({kind: 'whole', answer, page});
	test.each<[string, Progress]>([
		['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more', whole('hello')],
		['HTTP/1.0 200 OK\n\nto the end', whole('to the end')],
		['HTTP/1.1 200\r\n\r\n', whole('', {status: 200, reason: ''})],
		['HTTP/1.1 204 No Content\r\n\r\n', whole('', {status: 204, reason: 'No Content'})],
		['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', whole('')],
		['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n', whole('abc0123456789')],
		[`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(MOST)}`, whole('x'.repeat(MOST))],
		['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello', {kind: 'broken', answer: ok, why: 'aborted'}],
		['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab', {kind: 'broken', answer: ok, why: 'aborted'}],
		['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', {kind: 'broken', answer: ok, why: 'its chunks are not what HTTP has'}],
		['SSH-2.0\r\n\r\n', {kind: 'broken', answer: null, why: 'it does not speak HTTP'}],
		['SSH-2.0\r\n', {kind: 'broken', answer: null, why: 'socket hang up'}],
		['', {kind: 'broken', answer: null, why: 'socket hang up'}],
		[`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`, {kind: 'broken', answer: null, why: 'its headers are too long'}],
	])('%j', (text, known) => {
		expect(readAll(text)).toEqual(known);
		if (text.length < 1000) for (const size of [1, 2, 3, 7]) expect(readAll(text, size)).toEqual(known);
	});

	test('nonsense is broken or whole, never more than wanted, and the same however it comes', () => {
		const piece = fc.oneof(
			fc.constantFrom('HTTP/1.1 200 OK\r\n', '\r\n', '\n', 'Transfer-Encoding: chunked\r\n', 'Content-Length: 7\r\n', '3\r\nabc\r\n', '0\r\n', 'ffffffff\r\n', ':'),
			fc.string({maxLength: 20}),
		);
		fc.assert(fc.property(fc.array(piece, {maxLength: 12}), fc.integer({min: 1, max: 30}), (pieces, size) => {
			const text = pieces.join('');
			const known = readAll(text);
			expect(['whole', 'broken']).toContain(known.kind);
			const again = readAll(text, size);
			expect(again.kind).toBe(known.kind);
			if (known.kind === 'whole' && again.kind === 'whole' && known.page.length < MOST) expect(again.page).toBe(known.page);
		}), {numRuns: 500});
	});
});
