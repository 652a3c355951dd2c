/** Files compressed by a thread, and read again. */
import {chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync} from 'node:zlib';
import {afterAll, describe, expect, test} from 'vitest';
import {type Done, start} from '../../../../../src/os/jobs.ts';
import {ERRNO, O, sys} from '../../../../../src/os/sys.ts';

const folder = mkdtempSync(join(tmpdir(), 'archon-compress-'));
const fd = sys.open(folder, O.PATH | O.DIRECTORY, 0);
afterAll(() => rmSync(folder, {recursive: true}));

const compress = (from: string, to: string, kind: number): Promise<Done> =>
	new Promise(resolve => start('compress', {fd, text: basename(from), other: basename(to), numbers: [kind]}, resolve));

const EFBIG = 27;
const contents = [
	'', 'a', 'line\n'.repeat(100_000), Array.from({length: 60_000}, (_, i) => `${Math.imul(i, 0x9e3779b1) >>> 0}\n`).join(''),
].map(text => Buffer.from(text));

describe.each([
	['gzip', 1, gzipSync, gunzipSync], ['zstd', 2, zstdCompressSync, zstdDecompressSync],
] as const)('%s', (name, kind, pack, unpack) => {
	test.each(contents.map(content => [content.length, content] as const))('%i bytes are the same again', async (_, content) => {
		const [from, to] = [join(folder, `${name}-from`), join(folder, `${name}-to`)];
		writeFileSync(from, content);
		chmodSync(from, 0o640);
		// What an earlier instance left unfinished.
		writeFileSync(to, 'unfinished', {mode: 0o600});
		expect(await compress(from, to, kind)).toMatchObject({result: 0, inode: statSync(from).ino});
		expect(statSync(to).mode & 0o7777).toBe(0o640);
		expect(unpack(readFileSync(to)).equals(content)).toBe(true);
		expect(content.equals(sys.decompress(readFileSync(to), kind, content.length) as Uint8Array)).toBe(true);
	});

	test('of what cannot be read nothing is made', async () => {
		const to = join(folder, `${name}-none`);
		expect((await compress(join(folder, 'missing'), to, kind)).result).toBe(-ERRNO.ENOENT);
		expect((await compress('.', to, kind)).result).toBe(-ERRNO.EISDIR);
		expect(existsSync(to)).toBe(false);
	});

	test('parts that follow each other are read as one', () => {
		const packed = Buffer.concat([pack('one\n'), pack('two\n')]);
		expect(Buffer.from(sys.decompress(packed, kind, 100) as Uint8Array).toString()).toBe('one\ntwo\n');
	});

	test('what is cut short or is something else is refused, and what is too long', () => {
		const packed = pack(Buffer.from('0123456789'.repeat(1000)));
		for (const bytes of [packed.subarray(0, packed.length - 9), Buffer.from('something else'), Buffer.alloc(0)]) {
			expect(sys.decompress(bytes, kind, 1e9)).toBe(-ERRNO.EINVAL);
		}
		expect(sys.decompress(packed, kind, 9999)).toBe(-EFBIG);
		expect(sys.decompress(packed, kind, 10_000)).toHaveLength(10_000);
	});
});
