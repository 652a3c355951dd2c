/** The lists of a release, versions, and what stands in keys, signatures and trusted comments of minisign. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {flawOfPath, parseManifest, parseSums} from '../../../../src/features/sync/core/list.ts';
import {fromBase64, readComment, readPublicKey, readSignature} from '../../../../src/features/sync/core/minisign.ts';
import {compareVersions, isVersion} from '../../../../src/features/sync/core/version.ts';

const A = 'a'.repeat(64);
const MD5 = '0123456789abcdef0123456789ABCDEF';

describe('SHA256SUMS', () => {
	test('is as sha256sum(1) writes it', () => {
		expect(parseSums(`${A}  bin/app\n${A.toUpperCase()} *./lib/a b.so\r\n\n`, 10)).toEqual({ok: true, value: [
			{path: 'bin/app', sum: A, kind: 'sha256'}, {path: 'lib/a b.so', sum: A, kind: 'sha256'},
		]});
	});

	test.each([
		['', 'SHA256SUMS lists no file'],
		['nothing', 'line 1 of SHA256SUMS is not a SHA-256, two spaces and a path'],
		[`${A}  a\n${MD5}  b`, 'line 2 of SHA256SUMS is not a SHA-256, two spaces and a path'],
		[`\\${A}  a\\nb`, 'line 1 of SHA256SUMS is not a SHA-256, two spaces and a path (its name has a newline)'],
		[`${A}  ../a`, 'SHA256SUMS: the path "../a" leads out of the release by ..'],
		[`${A}  a/../../b`, 'SHA256SUMS: the path "a/../../b" leads out of the release by ..'],
		[`${A}  /etc/passwd`, 'SHA256SUMS: the path "/etc/passwd" is absolute'],
		[`${A}  a//b`, 'SHA256SUMS: the path "a//b" has an empty step'],
		[`${A}  a/./b`, 'SHA256SUMS: the path "a/./b" has an empty step'],
		[`${A}  a/`, 'SHA256SUMS: the path "a/" has an empty step'],
		[`${A}  a\x07b`, 'SHA256SUMS: the path "a\\u0007b" has characters that no name should have'],
		[`${A}  ${'x'.repeat(256)}`, `SHA256SUMS: the path "${'x'.repeat(100)}" is too long`],
		[`${A}  SHA256SUMS`, 'SHA256SUMS: the path "SHA256SUMS" has the name of a list'],
		[`${A}  a\n${A}  a`, 'SHA256SUMS lists a twice'],
		[`${A}  a\n${A}  a/b`, 'SHA256SUMS lists a as a file and as a folder'],
		[`${A}  a\n${A}  b\n${A}  c\n${A}  d`, 'SHA256SUMS lists more than 3 files (max_files)'],
	])('%j is refused', (text, error) => expect(parseSums(text, 3)).toEqual({ok: false, error}));

	test('a path that is taken stays below its folder, whatever is written', () => {
		fc.assert(fc.property(fc.array(fc.constantFrom('..', '.', '', 'a', 'b', '...', '~', '\\')), steps => {
			const path = steps.join('/');
			if (flawOfPath(path) !== null) return;
			expect(new URL(`http://h/base/${path.split('/').map(encodeURIComponent).join('/')}`).pathname.startsWith('/base/')).toBe(true);
			expect(path.startsWith('/') || steps.includes('..')).toBe(false);
		}), {numRuns: 2000});
	});
});

describe('manifest.txt', () => {
	test('has a version, and path|md5', () => {
		expect(parseManifest(`1.4\nbin/app|${MD5}\nlib/x|${A}\n`, 10)).toEqual({ok: true, value: {version: '1.4', files: [
			{path: 'bin/app', sum: MD5.toLowerCase(), kind: 'md5'}, {path: 'lib/x', sum: A, kind: 'sha256'},
		]}});
	});

	test.each([
		['', 'manifest.txt does not begin with a version'], ['\n1\n', 'manifest.txt does not begin with a version'],
		['1\n', 'manifest.txt lists no file'], ['1\na|b', 'line 2 of manifest.txt is not path|md5'],
		[`1\n../a|${MD5}`, 'manifest.txt: the path "../a" leads out of the release by ..'],
		[`1\na|b|${MD5}`, 'line 2 of manifest.txt is not path|md5'],
	])('%j is refused', (text, error) => expect(parseManifest(text, 3)).toEqual({ok: false, error}));
});

describe('versions', () => {
	test('numbers count as numbers, and the longer of two is newer', () => {
		const ordered = ['a', '1-a', '1.9', '1.9.1', '1.10', '1.10.1', '2', '2026-09-01', '2026-10-01', '99999999999999999998', '99999999999999999999'];
		for (const [i, one] of ordered.entries()) {
			for (const [j, other] of ordered.entries()) expect([one, other, Math.sign(compareVersions(one, other))]).toEqual([one, other, Math.sign(i - j)]);
		}
		expect(compareVersions('1.01', '1.1')).toBe(0);
	});

	test.each(['1', 'v1.2', '2026-11-29', '1.0+a~b_c'])('%s is the name of a folder', text => expect(isVersion(text)).toBe(true));
	test.each(['', '.', '..', '-1', '1/2', '1.tmp', 'a b', 'x'.repeat(65), '1\n'])('%j is not', text => expect(isVersion(text)).toBe(false));
});

describe('minisign', () => {
	test('a public key is the second line of its file', () => {
		expect(readPublicKey('RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3')).toMatchObject({id: 'E7620F1842B4E81F', key: {length: 32}});
		for (const text of ['', 'RWQf', 'RUQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3', 'untrusted comment: x']) expect(readPublicKey(text)).toBe(null);
	});

	test('base64 is read as it is written, and in no second way', () => {
		fc.assert(fc.property(fc.uint8Array({maxLength: 80}), bytes => {
			expect(fromBase64(Buffer.from(bytes).toString('base64'))).toEqual(new Uint8Array(bytes));
		}));
		for (const text of ['A', 'AA', 'AAA', 'AA=', 'A===', 'AB==', 'AAB=', 'AA==AAAA', 'AA A', '-_==']) expect(fromBase64(text)).toBe(null);
	});

	test.each([
		['version=7', {version: '7', expires: null}],
		['timestamp:1\tfile:x version=1.2 expires=2027-01-31', {version: '1.2', expires: Date.parse('2027-01-31T23:59:59Z')}],
		['expires=2027-01-31T12:00:00Z, version=7', {version: '7', expires: Date.parse('2027-01-31T12:00:00Z')}],
		['version=7 expires=1800000000', {version: '7', expires: 1_800_000_000_000}],
	])('%j says it', (comment, value) => expect(readComment(comment)).toEqual({ok: true, value}));

	test.each([
		['', /has no version/], ['version=../x', /cannot be the name of a folder/], ['version=1 version=2', /two versions/], ['version=', /cannot be/],
		['version=1 expires=soon', /expires=soon/], ['version=1 expires=2027-02-30', /expires=2027-02-30/], ['version=1 expires=2027-13-01', /expires/],
		['version=1 expires=2027-01-01 expires=2028-01-01', /two dates/],
	])('%j does not', (comment, error) => expect(readComment(comment)).toMatchObject({ok: false, error: expect.stringMatching(error)}));

	test.each(['', 'x\n', 'untrusted comment: a\nAAAA\ntrusted comment: b\nAAAA\n'])('%j is no signature', text => expect(readSignature(text).ok).toBe(false));
});
