/** Calls that may take long, by a thread: what they bring, their errors, and who waits for no longer than so. */
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {bytesOf, textOf} from '../../../src/os/bytes.ts';
import {pipe} from '../../../src/os/descriptors.ts';
import {type Done, type Job, type Order, start, textsOf, wait} from '../../../src/os/jobs.ts';
import {turn} from '../../../src/os/reactor.ts';
import {ERRNO, O, sys} from '../../../src/os/sys.ts';

const folder = mkdtempSync(join(tmpdir(), 'archon-jobs-'));
const path = (name: string): string => join(folder, name);

function done(job: Job, order: Order): Done {
	let result: Done | undefined;
	start(job, order, told => {
		result = told;
	});
	expect(result, 'it is told in a turn of the loop').toBeUndefined();
	while (!result) turn(100);
	return result;
}

test('a file is opened, written, renamed, read and removed', () => {
	const opened = done('open', {text: path('a'), numbers: [O.WRONLY | O.CREAT | O.APPEND, 0o640]});
	expect(opened).toMatchObject({size: 0, result: expect.any(Number)});
	expect(opened.inode).toBeGreaterThan(0);
	expect(done('write', {fd: opened.result, pieces: [bytesOf('one\n'), bytesOf('two\n')]}).result).toBe(8);
	expect(done('rename', {text: path('a'), other: path('b')}).result).toBe(0);
	expect(readFileSync(path('b'), 'utf8')).toBe('one\ntwo\n');
	expect(textOf(done('readFile', {text: path('b'), numbers: [100]}).bytes)).toBe('one\ntwo\n');
	expect(textsOf(done('readFolder', {text: folder})).filter(name => !name.startsWith('.'))).toEqual(['b']);
	expect(done('unlink', {text: path('b')}).result).toBe(0);
	expect(done('unlink', {text: path('b')}).result).toBe(-ERRNO.ENOENT);
	sys.close(opened.result);
});

test('of a file that is too long one byte more than wanted is read', () => {
	writeFileSync(path('long'), 'x'.repeat(100_000));
	expect(wait('readFile', {text: path('long'), numbers: [70_000]}, 5000).bytes).toHaveLength(70_001);
});

test('a FIFO, a device and a folder are no files, and are not waited for', () => {
	execFileSync('mkfifo', [path('fifo')]);
	for (const text of [path('fifo'), '/dev/zero', '/dev/tty']) {
		expect([-ERRNO.EINVAL, -6], text).toContain(wait('readFile', {text, numbers: [10]}, 5000).result);
	}
	expect(wait('readFile', {text: folder, numbers: [10]}, 5000).result).toBe(-ERRNO.EISDIR);
});

test('who waits does so no longer than it says, and other work goes on', () => {
	const ends = pipe();
	if (typeof ends === 'number') throw new Error('no pipe');
	// A pipe that has no reader takes what fits into it and no more.
	expect(wait('write', {fd: ends[1], pieces: [new Uint8Array(1 << 20)]}, 50).result).toBe(-ERRNO.ETIMEDOUT);
	expect(done('access', {text: folder, numbers: [0]}).result).toBe(0);
	for (const fd of ends) sys.close(fd);
});

test('names are looked up', () => {
	expect(textsOf(done('resolve', {text: 'localhost', numbers: [1]}))).toContain('127.0.0.1');
	expect(done('resolve', {text: 'no..name', numbers: [1]}).result).toBeLessThan(0);
});
