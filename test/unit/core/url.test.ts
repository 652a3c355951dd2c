/** Addresses of web pages, against the URL Standard's reading of them. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {parseUrl} from '../../../src/core/url.ts';

const url = (scheme: string, host: string, port: number, path: string, credentials: string | null = null) => ({scheme, host, port, path, credentials});

describe('parseUrl', () => {
	test.each([
		['http://a', url('http', 'a', 80, '/')],
		['HTTPS://a.b-c/', url('https', 'a.b-c', 443, '/')],
		['http://127.0.0.1:8080/health?a=/b#c', url('http', '127.0.0.1', 8080, '/health?a=/b')],
		['http://[::1]:80/x?y', url('http', '::1', 80, '/x?y')],
		['http://a?b', url('http', 'a', 80, '/?b')],
		['http://a/ü b', url('http', 'a', 80, '/%C3%BC%20b')],
		['http://a/%41', url('http', 'a', 80, '/%41')],
		['http://a:/', url('http', 'a', 80, '/')],
		['http://me:p%20w@a/', url('http', 'a', 80, '/', 'me:p w')],
	])('reads %j', (text, read) => {
		expect(parseUrl(text)).toEqual(read);
	});

	test.each([
		'', 'http:', 'http://', 'http:///x', 'http://:80', 'ftp://a', 'a', '//a', 'http://a:b', 'http://a:65536', 'http://a b/', 'http://[::1', 'http://[a]/',
		'http://a:1:2', ' http://a', 'http://a/\ud800',
	])('is not %j', text => {
		expect(parseUrl(text)).toBeNull();
	});

	test('what it reads, the standard reads alike', () => {
		const text = fc.array(fc.constantFrom('http://', 'https://', 'a', 'B', '1', '.', ':', '/', '?', '#', '%', '@', '[', ']', '-', ' ', '8', '%20'), {maxLength: 12})
			.map(parts => `http://${parts.join('')}`);
		fc.assert(fc.property(text, each => {
			const own = parseUrl(each);
			if (!own || each.endsWith(' ') || /%/.test(own.host) || own.path.includes('.') || /(^|\.)\d+\.?$|:/.test(own.host)) return;
			const theirs = new URL(each);
			expect([own.host.toLowerCase(), own.port, own.path.replaceAll('%20', ' ').replace(/\?+$/, '')], each).toEqual([
				theirs.hostname, Number(theirs.port || 80), `${theirs.pathname}${theirs.search}`.replaceAll('%20', ' ').replace(/\?+$/, ''),
			]);
		}), {numRuns: 5000});
	});
});
