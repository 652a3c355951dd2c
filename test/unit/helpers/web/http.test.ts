/** HTTP as the web helper reads it: what is let through, what is refused and with which status, and that nothing is read in two ways. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {createBody} from '../../../../src/helpers/web/http/body.ts';
import {createDeadlines} from '../../../../src/helpers/web/http/deadlines.ts';
import {BODY_MAX, endOfHead, HEAD_MAX, type Head, readHead, TARGET_MAX} from '../../../../src/helpers/web/http/head.ts';
import {firstOf, readPairs, readTarget} from '../../../../src/helpers/web/http/target.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(text, each => each.charCodeAt(0));
const text = (some: Uint8Array): string => String.fromCharCode(...some);

/** A head, or the status of its refusal; null: more is to come. */
function read(written: string): Head | number | null {
	const all = bytes(written);
	const end = endOfHead(all, 0, all.length);
	if (!end.ok) return end.error.status;
	if (end.value === 0) return null;
	const head = readHead(all, end.value);
	return head.ok ? head.value : head.error.status;
}

const get = (...lines: readonly string[]): string => ['GET / HTTP/1.1', 'Host: a', ...lines, '', ''].join('\r\n');

describe('heads that are read', () => {
	test.each<[string, string, Partial<Head>]>([
		['a plain one', get(), {method: 'GET', target: '/', minor: 1, host: 'a', length: 0, hasLength: false, isLast: false, expects: false}],
		['one of HTTP/1.0 without Host', 'GET /livez HTTP/1.0\r\n\r\n', {minor: 0, host: null, isLast: true}],
		['a query', 'GET /a?b=c HTTP/1.1\r\nHost: A.Example:80\r\n\r\n', {target: '/a?b=c', host: 'a.example:80'}],
		['an address of IPv6', 'GET / HTTP/1.1\r\nHost: [::1]:9180\r\n\r\n', {host: '[::1]:9180'}],
		['an absolute path', 'GET http://a/b?c HTTP/1.1\r\nHost: a\r\n\r\n', {target: '/b?c', host: 'a'}],
		['an absolute path without one', 'GET http://a?c HTTP/1.1\r\nHost: a\r\n\r\n', {target: '/?c'}],
		['a length', get('Content-Length: 12'), {length: 12, hasLength: true}],
		['chunks', get('Transfer-Encoding: Chunked'), {length: 'chunked', hasLength: true}],
		['close', get('Connection: x, Close'), {isLast: true}],
		['a wait', get('Content-Length: 1', 'Expect: 100-Continue'), {expects: true}],
		['a method that is known', 'DELETE / HTTP/1.1\r\nHost: a\r\n\r\n', {method: 'DELETE'}],
	])('%s', (_, written, head) => {
		expect(read(written)).toMatchObject(head);
	});

	test('values have no spaces around them, and lists in several lines are one', () => {
		const head = read(get('X-A: \t b c \t', 'Accept: a', 'ACCEPT: b', 'Cookie: a=1', 'Cookie: b=2', 'X-Empty:'));
		expect(head).toMatchObject({});
		expect(typeof head === 'object' && [...head?.headers ?? []]).toEqual([
			['host', 'a'], ['x-a', 'b c'], ['accept', 'a, b'], ['cookie', 'a=1; b=2'], ['x-empty', ''],
		]);
	});

	test('what is not whole waits for more', () => {
		const whole = get('X: y');
		for (let length = 0; length < whole.length; length++) expect(read(whole.slice(0, length))).toBe(null);
		expect(read(`${whole}GET`)).toMatchObject({method: 'GET'});
	});
});

describe('heads that two programs could read in two ways', () => {
	test.each<[string, string, number]>([
		['a length and chunks', get('Content-Length: 4', 'Transfer-Encoding: chunked'), 400],
		['chunks and a length', get('Transfer-Encoding: chunked', 'Content-Length: 4'), 400],
		['two lengths', get('Content-Length: 4', 'Content-Length: 5'), 400],
		['the same length twice', get('Content-Length: 4', 'Content-Length: 4'), 400],
		['a list of lengths', get('Content-Length: 4, 4'), 400],
		['a length with a sign', get('Content-Length: +4'), 400],
		['a negative length', get('Content-Length: -4'), 400],
		['a hexadecimal length', get('Content-Length: 0x4'), 400],
		['a length with an underscore', get('Content-Length: 1_0'), 400],
		['an empty length', get('Content-Length:'), 400],
		['a length of too many digits', get(`Content-Length: ${'0'.repeat(20)}4`), 400],
		['another coding', get('Transfer-Encoding: gzip'), 501],
		['two codings', get('Transfer-Encoding: gzip, chunked'), 501],
		['chunks twice', get('Transfer-Encoding: chunked, chunked'), 501],
		['chunks in two lines', get('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'), 400],
		['identity', get('Transfer-Encoding: identity'), 501],
		['chunks with something before them', get('Transfer-Encoding: xchunked'), 501],
		['chunks with a vertical tab', get('Transfer-Encoding: \x0bchunked'), 400],
		['chunks with a parameter', get('Transfer-Encoding: chunked;a=b'), 501],
		['a space before the colon', get('Content-Length : 4'), 400],
		['a tab before the colon', get('Transfer-Encoding\t: chunked'), 400],
		['a line that goes on', get('X: a', ' b'), 400],
		['a coding in a line that goes on', get('Transfer-Encoding:', ' chunked'), 400],
		['a first header with a space before it', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n', 400],
		['a line without a colon', get('Content-Length'), 400],
		['a header without a name', get(': x'), 400],
		['a name with a quote', get('X"Y: z'), 400],
		['a name that is not ASCII', get('X\xe9: z'), 400],
		['a bare line feed', 'GET / HTTP/1.1\nHost: a\n\n', 400],
		['a bare line feed at the end', 'GET / HTTP/1.1\r\nHost: a\r\n\n', 400],
		['a bare line feed in the middle', 'GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n', 400],
		['a bare carriage return', 'GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n', 400],
		['two carriage returns', 'GET / HTTP/1.1\r\r\nHost: a\r\n\r\n', 400],
		['a NUL', get('X: a\0b'), 400],
		['an empty line first', '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
		['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
		['two hosts', get('Host: b'), 400],
		['two names in one host', 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n', 400],
		['a host with a user', 'GET / HTTP/1.1\r\nHost: a@b\r\n\r\n', 400],
		['a host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 400],
		['an empty host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', 400],
		['another host in the path', 'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n', 400],
		['chunks in HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
		['two spaces', 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
		['a tab for a space', 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n', 400],
		['a space behind the version', 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n', 400],
		['no version', 'GET /\r\nHost: a\r\n\r\n', 400],
		['a version in small letters', 'GET / http/1.1\r\nHost: a\r\n\r\n', 400],
		['a version with more digits', 'GET / HTTP/1.10\r\nHost: a\r\n\r\n', 400],
		['another version', 'GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505],
		['a later version', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n', 505],
		['the beginning of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
		['a path without a slash', 'GET a HTTP/1.1\r\nHost: a\r\n\r\n', 400],
		['a path with a fragment', 'GET /#a HTTP/1.1\r\nHost: a\r\n\r\n', 400],
		['a path that is not ASCII', 'GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
		['a method that is not known', 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n', 501],
		['a method in small letters', 'get / HTTP/1.1\r\nHost: a\r\n\r\n', 501],
		['another expectation', get('Expect: 200-ok'), 417],
		['a body that is too large', get(`Content-Length: ${BODY_MAX + 1}`), 413],
		['a path that is too long', `GET /${'a'.repeat(TARGET_MAX)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
		['too many lines', get(...Array.from({length: 64}, (_, index) => `X-${index}: y`)), 431],
		['TLS', '\x16\x03\x01\x02\x00\x01', 400],
	])('%s', (_, written, status) => {
		expect(read(written)).toBe(status);
	});

	test.each([['/a|b?c', 'path'], ['/a?grep=b|c', 'query']])('%s: it is said where a character must be written with %%', (target, where) => {
		const head = bytes(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
		const {error} = readHead(head, head.length) as {error: {why: string}};
		expect(error.why).toBe(`the ${where} has a character that must be written with %`);
	});
});

describe('bodies', () => {
	/** What is read of it, and what is left; or the status of its refusal. */
	function take(length: Head['length'], written: string, step = written.length): readonly [body: string | null, rest: string] | number {
		const body = createBody(length);
		let at = 0;
		while (at < written.length && !body.isWhole()) {
			const taken = body.take(bytes(written.slice(at, at + step)));
			if (!taken.ok) return taken.error.status;
			at += taken.value;
		}
		return [body.isWhole() ? text(body.bytes()) : null, written.slice(at)];
	}

	test.each<[string, Head['length'], string, readonly [string | null, string] | number]>([
		['none', 0, 'GET', ['', 'GET']],
		['of a length', 3, 'abcGET', ['abc', 'GET']],
		['in part', 3, 'ab', [null, '']],
		['chunks', 'chunked', '2\r\nab\r\n1\r\nc\r\n0\r\n\r\nGET', ['abc', 'GET']],
		['chunks with zeros before their size', 'chunked', '0002\r\nab\r\n0\r\n\r\n', ['ab', '']],
		['no chunks', 'chunked', '0\r\n\r\nX', ['', 'X']],
		['a chunk under way', 'chunked', '4\r\nab', [null, '']],
		['a chunk with an extension', 'chunked', '2;a=b\r\nab\r\n0\r\n\r\n', 400],
		['a chunk with a space', 'chunked', '2 \r\nab\r\n0\r\n\r\n', 400],
		['a chunk with a bare line feed', 'chunked', '2\nab\r\n0\r\n\r\n', 400],
		['a chunk with a bare carriage return', 'chunked', '2\rab', 400],
		['a chunk that is longer than its size', 'chunked', '2\r\nabc\r\n0\r\n\r\n', 400],
		['a chunk whose end has a line feed alone', 'chunked', '2\r\nab\n0\r\n\r\n', 400],
		['a chunk without a size', 'chunked', '\r\nab', 400],
		['a chunk with a sign', 'chunked', '+2\r\nab\r\n0\r\n\r\n', 400],
		['a chunk with 0x', 'chunked', '0x2\r\nab\r\n0\r\n\r\n', 400],
		['a chunk with an endless size', 'chunked', `${'0'.repeat(100)}2\r\nab`, 400],
		['a chunk that is too large', 'chunked', 'fffffff\r\n', 413],
		['a trailer', 'chunked', '0\r\nX: y\r\n\r\n', 400],
	])('%s', (_, length, written, found) => {
		// Whatever the pieces in which it comes.
		for (const step of [written.length, 1, 2, 3]) expect(take(length, written, step)).toEqual(found);
	});

	test('chunks have a bound together', () => {
		expect(take('chunked', `8000\r\n${'a'.repeat(0x8000)}\r\n`.repeat(3))).toBe(413);
	});
});

describe('paths', () => {
	test.each<[string, string | number]>([
		['/', '/'],
		['/a/b', '/a/b'],
		['/a/', '/a/'],
		['/a%20b/%C3%A9', '/a b/é'],
		['/a%3Ab', '/a:b'],
		['/%2525', '/%25'],
		['/..', 400],
		['/a/../b', 400],
		['/a/./b', 400],
		['/%2e%2e/b', 400],
		['/a%2fb', 400],
		['/a%5cb', 400],
		['/a%00', 400],
		['/a%0a', 400],
		['//a', 400],
		['/a//b', 400],
		['/%', 400],
		['/%4', 400],
		['/%gg', 400],
		['/%ff', 400],
		['/%c0%af', 400],
	])('%s', (written, found) => {
		const target = readTarget(written);
		expect(target.ok ? target.value.path : target.error.status).toBe(found);
	});

	test('queries and forms are decoded once', () => {
		const target = readTarget('/a?b=c+d&e=%26&b=f&g&=h&%3d=?');
		expect(target).toMatchObject({ok: true, value: {pairs: [['b', 'c d'], ['e', '&'], ['b', 'f'], ['g', ''], ['', 'h'], ['=', '?']]}});
		expect(target.ok && firstOf(target.value.pairs).get('b')).toBe('c d');
		expect(readPairs('a=%zz')).toMatchObject({ok: false});
		expect(readPairs('a=b&'.repeat(300))).toMatchObject({ok: false});
	});
});

describe('any bytes', () => {
	const pieces = fc.array(fc.oneof(
		fc.constantFrom(
			'GET / HTTP/1.1\r\n', 'POST /a HTTP/1.1\r\n', 'Host: a\r\n', 'Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n', '\r\n', '\r', '\n', ' ',
			':', '\0', '0\r\n\r\n', '3\r\nabc\r\n', 'abc', 'GET', 'HTTP/1.', '%', '?', 'X: ',
		),
		fc.string({unit: 'binary', maxLength: 8}).map(each => text(new TextEncoder().encode(each))),
	), {maxLength: 40}).map(each => each.join(''));

	test('a head is refused, awaited, or read up to its empty line and no further', () => {
		fc.assert(fc.property(pieces, written => {
			const all = bytes(written);
			const end = endOfHead(all, 0, all.length);
			if (!end.ok || end.value === 0) return;
			expect(written.indexOf('\r\n\r\n') + 4).toBe(end.value);
			const head = readHead(all, end.value);
			// What stands behind it is of no account.
			expect(readHead(all.slice(0, end.value), end.value)).toEqual(head);
			if (!head.ok) {
				expect(head.error.status).toBeGreaterThanOrEqual(400);
				return;
			}
			// Spoken again in its plain form it is the same.
			const {method, target, minor, headers} = head.value;
			const again = [`${method} ${target} HTTP/1.${minor}`, ...[...headers].map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');
			expect(read(again)).toEqual(head.value);
		}), {numRuns: 3000});
	});

	test('a head that comes in pieces is the same as one that comes at once', () => {
		fc.assert(fc.property(pieces, fc.integer({min: 1, max: 9}), (written, step) => {
			const all = bytes(written);
			const atOnce = endOfHead(all, 0, all.length);
			let [from, length] = [0, 0];
			let found = endOfHead(all, 0, 0);
			while (length < all.length && found.ok && found.value === 0) {
				length = Math.min(all.length, length + step);
				found = endOfHead(all, from, length);
				from = length;
			}
			expect(found).toEqual(atOnce);
		}), {numRuns: 2000});
	});

	test('a body never takes more than there is, nor keeps more than its bound', () => {
		fc.assert(fc.property(pieces, fc.constantFrom<Head['length']>('chunked', 0, 3, 10), (written, length) => {
			const body = createBody(length);
			const taken = body.take(bytes(written));
			if (taken.ok) expect(taken.value).toBeLessThanOrEqual(written.length);
			expect(body.bytes().length).toBeLessThanOrEqual(Math.min(BODY_MAX, written.length));
		}), {numRuns: 2000});
	});

	test('a target is refused or decoded to a path without dots and control characters', () => {
		fc.assert(fc.property(fc.array(fc.constantFrom('/', '%2f', '%2e', '.', 'a', '%00', '%', '?', '&', '=', '+', '%c3', '%a9', '\\'), {maxLength: 12}), parts => {
			const target = readTarget(`/${parts.join('')}`);
			if (!target.ok) return;
			expect(target.value.path).toMatch(/^\//);
			expect(target.value.path.split('/')).not.toContain('..');
			expect(target.value.path).not.toMatch(/[\0-\x1f\\]|\/\/./);
		}), {numRuns: 2000});
	});
});

test('the longest head is read, and its bound is more than a path', () => {
	expect(TARGET_MAX).toBeLessThan(HEAD_MAX);
	expect(read(get(`X: ${'a'.repeat(HEAD_MAX - 100)}`))).toMatchObject({method: 'GET'});
});

test('deadlines of many have one timer', () => {
	let now = 0;
	let count = 0;
	const armed: {readonly at: number; readonly ring: () => void}[] = [];
	const deadlines = createDeadlines(() => now, (millis, ring) => {
		const own = {at: now + millis, ring};
		armed.push(own);
		count += 1;
		return () => void armed.splice(armed.indexOf(own), 1);
	});
	const due: string[] = [];
	const [first, second, third] = ['first', 'second', 'third'].map(name => deadlines.add(() => due.push(name)));
	first?.set(100);
	second?.set(200);
	third?.set(150);
	for (let later = 1; later < 50; later++) first?.set(100 + later);
	third?.drop();
	expect(count).toBe(1);
	for (let own = armed.shift(); own; own = armed.shift()) {
		now = own.at;
		own.ring();
		expect(armed.length).toBeLessThanOrEqual(1);
	}
	expect([due, now]).toEqual([['first', 'second'], 200]);
});
