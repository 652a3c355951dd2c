/** Log files on a real disk, read by who is asked for the past: rotated, compressed, half written, out of reach. */
import {appendFileSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Worker} from 'node:worker_threads';
import {gzipSync, zstdCompressSync} from 'node:zlib';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {Line as Shown} from '../../../../src/control/json.ts';
import {readLogFiles, type Wanted} from '../../../../src/features/logging/commands/files.ts';
import {merge} from '../../../../src/features/logging/commands/merge.ts';
import type {FileRow} from '../../../../src/features/logging/requests/logs/rows.ts';

let folder = '';
let path = '';
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'archon-logs-'));
	path = join(folder, 'web.log');
});
afterEach(() => rmSync(folder, {recursive: true}));

const ALL: Wanted = {lines: Infinity, stream: null, since: null};

/** Up to what is in the file now, and `more` bytes that are still to come. */
function mark(more: Partial<FileRow> & {readonly coming?: number} = {}): FileRow {
	const {coming = 0, ...rest} = more;
	const file = rest.path ?? path;
	const {ino, size} = statSync(file);
	return {kind: 'file', name: 'web', path: file, inode: ino, size: size + coming, format: 'raw', streams: ['stdout', 'stderr'], ...rest};
}

const line = (text: string, at = 0, stream: Shown['stream'] = 'stdout'): Shown => ({name: 'web', at, stream, text});

function read(files: readonly FileRow[], wanted: Partial<Wanted> = {}, kept: readonly Shown[] = []): readonly Shown[] | string {
	const past = readLogFiles(files, kept, {...ALL, ...wanted});
	if (!past.ok) return past.error;
	const lines = [...merge(past.value.runs)];
	past.value.close();
	return lines.slice(wanted.lines === undefined ? 0 : -wanted.lines);
}

function texts(...args: Parameters<typeof read>): readonly string[] | string {
	const lines = read(...args);
	return typeof lines === 'string' ? lines : lines.map(({text}) => text);
}

describe('a file', () => {
	it.each(['', '\n', 'a\n', 'a', 'a\nb\n', '\n\na\n\n', `${'x'.repeat(200_000)}\nb\n`, `${'ü\n'.repeat(50_000)}`])('is read line by line, forwards and from the end', content => {
		writeFileSync(path, content);
		const lines = content === '' ? [] : content.replace(/\n$/, '').split('\n');
		expect(texts([mark()])).toEqual(lines);
		for (const count of [1, 2, 3, 1000]) expect(texts([mark()], {lines: count})).toEqual(lines.slice(-count));
	});

	it('is read no further than archon says', () => {
		writeFileSync(path, 'one\ntwo\n');
		const before = mark();
		appendFileSync(path, 'three\n');
		expect(texts([before])).toEqual(['one', 'two']);
	});

	it('that is shorter than archon says is refused', () => {
		writeFileSync(path, 'one\n');
		expect(read([mark({coming: 10})])).toBe(`cannot read ${path}: what archon has written last is not there`);
	});

	it('is waited for while lines are on their way to it', async () => {
		writeFileSync(path, 'one\n');
		const late = mark({coming: 4});
		const writer = new Worker(`
			const {appendFileSync} = require('node:fs');
			const {parentPort, workerData} = require('node:worker_threads');
			parentPort.postMessage('ready');
			parentPort.once('message', () => setTimeout(() => appendFileSync(workerData, 'two\\n'), 50));`, {eval: true, workerData: path});
		await new Promise(resolve => writer.once('message', resolve));
		writer.postMessage('go');
		expect(texts([late])).toEqual(['one', 'two']);
		await writer.terminate();
	});

	it('that is not there is told', () => {
		writeFileSync(path, '');
		const gone = mark();
		rmSync(path);
		expect(read([gone])).toBe(`cannot read ${path}: no such file or directory`);
		writeFileSync(join(folder, 'other'), '');
		writeFileSync(path, '');
		expect(read([{...gone, inode: statSync(join(folder, 'other')).ino}])).toBe(`cannot read ${path}: it was rotated away meanwhile`);
	});

	it('of bytes that are not text is shown as far as possible', () => {
		writeFileSync(path, Buffer.from('a\xff\n\x00b\n', 'latin1'));
		expect(texts([mark()])).toEqual(['a\ufffd', '\0b']);
	});

	it('is not held open', () => {
		writeFileSync(path, 'one\n');
		const before = readdirSync('/proc/self/fd').length;
		read([mark()]);
		read([mark({coming: 1})]);
		expect(readdirSync('/proc/self/fd').length).toBe(before);
	});
});

describe('what was rotated', () => {
	beforeEach(() => {
		writeFileSync(path, '7\n8\n');
		writeFileSync(`${path}.1`, '5\n6\n');
		writeFileSync(`${path}.2.gz`, gzipSync('3\n4\n'));
		writeFileSync(`${path}.10.zst`, zstdCompressSync('1\n2\n'));
		for (const other of ['.3.bak', '.x', '.1.tar', '.compressing', '.01']) writeFileSync(`${path}${other}`, 'no\n');
	});

	it('comes before, compressed or not', () => {
		expect(texts([mark()])).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
		for (let count = 1; count < 9; count++) expect(texts([mark()], {lines: count})).toHaveLength(count);
		expect(texts([mark()], {lines: 5})).toEqual(['4', '5', '6', '7', '8']);
	});

	it('while archon was asked is found again', () => {
		const before = mark();
		renameSync(`${path}.1`, `${path}.3`);
		renameSync(path, `${path}.2`);
		rmSync(`${path}.2.gz`);
		writeFileSync(path, '9\n');
		expect(texts([before])).toEqual(['1', '2', '5', '6', '7', '8']);
	});

	it('with lines on their way has the rest of them in the next file', () => {
		const before = mark({coming: 4});
		renameSync(`${path}.2.gz`, `${path}.3.gz`);
		renameSync(`${path}.1`, `${path}.2`);
		renameSync(path, `${path}.1`);
		writeFileSync(path, '9\n10\n11\n');
		// Of 9, 10 and 11 the first two were on their way.
		expect(texts([{...before, size: before.size + 1}])).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
	});

	it('and is both compressed and not is read once', () => {
		writeFileSync(`${path}.1.gz`, gzipSync('5\n6\n'));
		expect(texts([mark()], {lines: 4})).toEqual(['5', '6', '7', '8']);
	});

	it('and is broken is left out', () => {
		writeFileSync(`${path}.2.gz`, 'broken');
		expect(texts([mark()])).toEqual(['1', '2', '5', '6', '7', '8']);
	});
});

describe('formats', () => {
	const time = (seconds: number): string => new Date(seconds * 1000).toISOString();

	it('timestamps gives times, and others\' lines to the line before', () => {
		writeFileSync(path, `stray\n${time(1)} one\n\tat foo\n${time(2)} two…\n`);
		expect(read([mark({format: 'timestamps', streams: ['stderr']})])).toEqual([
			line('stray', -Infinity, 'stderr'), line('one', 1000, 'stderr'), line('\tat foo', 1000, 'stderr'), line('two…', 2000, 'stderr'),
		]);
	});

	it('json gives everything, and only what is the service\'s own', () => {
		const head = (seconds: number, rest: string): string => `{"time":"${time(seconds)}",${rest}\n`;
		writeFileSync(path, [
			head(1, '"service":"web","stream":"stdout","message":"a \\"b\\""}'), head(2, '"service":"db","stream":"stdout","message":"no"}'),
			head(3, '"service":"web","stream":"stderr","message":"long","partial":true}'), head(4, '"service":"web","stream":"stdout","message":{"a": 1}}'),
			head(5, '"service":"web","instance":1,"stream":"stdout","message":"other"}'), head(6, '"service":"archon","stream":"stderr","level":"warn","message":"own"}'),
		].join(''));
		expect(read([mark({format: 'json'})])).toEqual([line('a "b"', 1000), line('long…', 3000, 'stderr'), line('{"a": 1}', 4000)]);
		expect(texts([mark({format: 'json'})], {stream: 'stderr'})).toEqual(['long…']);
		expect(texts([mark({format: 'json'})], {stream: 'stdout', lines: 1})).toEqual(['{"a": 1}']);
		expect(texts([mark({format: 'json'})], {since: 3000})).toEqual(['long…', '{"a": 1}']);
		expect(texts([mark({format: 'json'})], {since: 7000})).toEqual([]);
		expect(texts([mark({format: 'json', name: 'web:1'})])).toEqual(['other']);
		expect(texts([mark({format: 'json', name: 'archon'})])).toEqual(['own']);
	});

	it('raw gives times to what archon has in memory too', () => {
		writeFileSync(path, 'old\nnew\nnewer\n');
		const kept = [line('new', 5), line('newer', 6, 'stderr')];
		expect(read([mark()], {}, kept)).toEqual([line('old', -Infinity, null), ...kept]);
		expect(read([mark()], {lines: 2}, kept)).toEqual(kept);
	});

	it('raw is shown as it is where memory says otherwise', () => {
		writeFileSync(path, 'old\nnew\n');
		expect(texts([mark()], {}, [line('lost', 4), line('new', 5)])).toEqual(['old', 'new']);
	});

	it('that do not tell what is asked for are no use', () => {
		writeFileSync(path, 'x\n');
		expect(read([mark()], {since: 1})).toBe(`the lines in ${path} have no times`);
		expect(read([mark({format: 'timestamps'})], {stream: 'stderr'})).toBe(`${path} does not tell stdout from stderr`);
		expect(texts([mark({streams: ['stderr']})], {stream: 'stderr'})).toEqual(['x']);
	});
});

describe('several files', () => {
	it('one for each stream are both read', () => {
		const other = join(folder, 'err.log');
		writeFileSync(path, '1970-01-01T00:00:01Z out\n1970-01-01T00:00:03Z more\n');
		writeFileSync(other, '1970-01-01T00:00:02Z err\n');
		const files = [mark({format: 'timestamps', streams: ['stdout']}), mark({path: other, format: 'timestamps', streams: ['stderr']})];
		expect(texts(files)).toEqual(['out', 'err', 'more']);
		expect(texts(files, {stream: 'stderr'})).toEqual(['err']);
		expect(texts(files, {lines: 2})).toEqual(['err', 'more']);
	});

	it('of the same lines are read once: the one that says most', () => {
		const other = join(folder, 'err.log');
		writeFileSync(path, 'raw\n');
		writeFileSync(other, '1970-01-01T00:00:02Z timed\n');
		expect(texts([mark(), mark({path: other, format: 'timestamps'})])).toEqual(['timed']);
		expect(texts([mark(), mark({path: other, format: 'timestamps', streams: ['stderr']})])).toEqual(['raw']);
	});

	it('of one stream leave the other to memory', () => {
		writeFileSync(path, '1970-01-01T00:00:01Z out\n');
		expect(texts([mark({format: 'timestamps', streams: ['stdout']})], {}, [line('out', 1000), line('err', 2000, 'stderr')])).toEqual(['out', 'err']);
	});
});
