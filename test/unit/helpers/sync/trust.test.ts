/** Checksums and signatures: against Node, and against what Debian's minisign has signed. */
import {createHash, generateKeyPairSync, sign} from 'node:crypto';
import {closeSync, mkdtempSync, openSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, describe, expect, test} from 'vitest';
import {verify} from '../../../../src/helpers/sync/trust.ts';
import {DIGEST, sys} from '../../../../src/os/sys.ts';

const folder = mkdtempSync(join(tmpdir(), 'archon-trust-'));
afterAll(() => rmSync(folder, {recursive: true}));

describe('checksums', () => {
	const texts = ['', 'a', 'abc', 'x'.repeat(55), 'x'.repeat(56), 'x'.repeat(63), 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(119), 'x'.repeat(1_000_003)];
	test.each([['sha256', 'sha256'], ['md5', 'md5'], ['blake2b', 'blake2b512']] as const)('%s is that of Node', (kind, name) => {
		for (const text of texts) {
			const wanted = createHash(name).update(text).digest('hex');
			expect(Buffer.from(sys.digest(DIGEST[kind], Buffer.from(text)) as Uint8Array).toString('hex'), String(text.length)).toBe(wanted);
			const path = join(folder, 'file');
			writeFileSync(path, text);
			const fd = openSync(path, 'r');
			expect(Buffer.from(sys.digestFile(DIGEST[kind], fd) as Uint8Array).toString('hex')).toBe(wanted);
			closeSync(fd);
		}
	});

	test('a kind that is not known is no checksum', () => expect(sys.digest(9, new Uint8Array())).toBe(-22));
});

test('a signature is what Node signs, and nothing near it', () => {
	const {publicKey, privateKey} = generateKeyPairSync('ed25519');
	const key = publicKey.export({format: 'der', type: 'spki'}).subarray(-32);
	for (const text of ['', 'abc', 'x'.repeat(100_000)]) {
		const message = Buffer.from(text);
		const signature = sign(null, message, privateKey);
		expect(sys.verifySignature(key, message, signature)).toBe(true);
		for (let bit = 0; bit < 512; bit += 37) {
			const wrong = Buffer.from(signature);
			wrong[bit >> 3]! ^= 1 << (bit & 7);
			expect(sys.verifySignature(key, message, wrong)).toBe(false);
		}
		expect(sys.verifySignature(key, Buffer.concat([message, Buffer.from('x')]), signature)).toBe(false);
		expect(sys.verifySignature(Buffer.alloc(32), message, signature)).toBe(false);
		expect(sys.verifySignature(key.subarray(1), message, signature)).toBe(false);
		expect(sys.verifySignature(key, message, signature.subarray(1))).toBe(false);
	}
});

/** Made by minisign 0.11 of Debian, with `-S -t …`; and with `-l`, the old way. */
const LIST = Buffer.from('5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03  bin/app\n');
const KEY = 'RWTbb+GYEJdEtW00FJGnHW5ItqS0NL9uJQCnXflQY+dP9Rc0kx6XG1Sl';
const signed = (lines: readonly string[]): string => `untrusted comment: signature from minisign secret key\n${lines.join('\n')}\n`;
const HASHED = [
	'RUTbb+GYEJdEtVkxC5ihRfP97VVO61inTT9LCHdVln03dQ42VCxKv/yc661DCbXhEctzLfPhPbz+FDl2Gjq5Jxe2kDUc6AP9zws=',
	'trusted comment: version=7 expires=2999-01-31',
	'jWNwkyBXckZIzF31sF9XjA1Q+Nk+yOf+wrWOxnv8SIEmmCnGiiRKEOOSerP1/8t7qLGBP49GjXWtiy6dt0dABA==',
];
const LEGACY = [
	'RWTbb+GYEJdEta0RWG89sSPoedUGYpLda7jw9cw7+ZgEO2uoCJKckFSm7pIZw/J2GfWpFOhTgEcJ0mMXMG904Hx/DTJjCADDPg4=',
	'trusted comment: version=7 expires=2999-01-31',
	'qXL9EGWdfnbtix5FkyGCBzqqv2YSh4MuwwP4CkljfPV7YCobhfH8sdWApexlBGAlpR7FSqsTHHRE24Uf+6FuCA==',
];
const OTHER = [
	'RUR/a4wy3eUZhjt390zaQGlNbMAJIyP+eBwY1C3vW/RhCfjrPOHNmq2bdFN2f4AOwngZhJs0NYBe3fMttrAY6/bNlBCD/Ib7FQw=',
	'trusted comment: version=7',
	'VAc4VJvNCdpujLK2FaYCTZ6r/MoJe+pIGR0wVLnNwsnNAO1geKjuphohc62YVzTvhgqRwmXjlyYwgGECljU2Cg==',
];

describe('what minisign has signed', () => {
	const judge = (lines: readonly string[], list: Uint8Array = LIST, keys: readonly string[] = [KEY]) => verify(list, Buffer.from(signed(lines)), keys);

	test.each([['by the BLAKE2b of the list', HASHED], ['the list itself', LEGACY]])('%s', (_, lines) => {
		expect(judge(lines)).toEqual({ok: true, value: {version: '7', expires: Date.parse('2999-01-31T23:59:59Z')}});
		expect(judge(lines, Buffer.concat([LIST, Buffer.from(' ')]))).toEqual({ok: false, error: 'is not a signature of the list'});
		expect(judge(lines, LIST, []).ok).toBe(false);
	});

	test('each word of the trusted comment is signed', () => {
		const [own = '', comment = '', global = ''] = HASHED;
		expect(judge([own, comment.replace('version=7', 'version=8'), global])).toEqual({ok: false, error: 'has a trusted comment that was not signed'});
		expect(judge([own, comment, LEGACY[2] ?? '']).ok).toBe(false);
		expect(judge([own, `${comment} `, global]).ok).toBe(false);
		// Of one signature nothing is of use for another: neither the algorithm nor the comment.
		expect(judge([LEGACY[0] ?? '', comment, global]).ok).toBe(false);
		expect(judge([own.replace('RUT', 'RWT'), comment, global])).toEqual({ok: false, error: 'is not a signature of the list'});
	});

	test('of another key it is nothing', () => {
		expect(judge(OTHER)).toEqual({ok: false, error: expect.stringMatching(/^is by the key [0-9A-F]{16}, which is not among sync\.keys$/)});
		// Its number in the place of the right one's.
		const [own = '', ...rest] = OTHER;
		const bytes = Buffer.from(own, 'base64');
		Buffer.from(KEY, 'base64').copy(bytes, 2, 2, 10);
		expect(judge([bytes.toString('base64'), ...rest])).toEqual({ok: false, error: 'is not a signature of the list'});
	});

	test.each([
		['nothing', ''], ['bytes that are no text', Buffer.from([0xff, 0xfe])], ['half of it', signed(HASHED).slice(0, 200)],
		['more behind it', `${signed(HASHED)}x\n`], ['other lines', 'a\nb\nc\nd\n'],
	])('%s is no signature', (_, text) => {
		expect(verify(LIST, Buffer.from(text), [KEY])).toEqual({ok: false, error: 'is not a signature of minisign'});
	});
});
