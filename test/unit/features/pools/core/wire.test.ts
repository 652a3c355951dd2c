/** The messages of a pool's sockets: what is read, what is refused, and what is kept of a part that has not ended. */
import {describe, expect, test} from 'vitest';
import {
	cutLines, cutMessages, formatAsk, formatHand, formatNumber, formatOrder, MESSAGE_MAX, PATH_MAX, readClient, readNode, readRegistration, readRunner,
} from '../../../../../src/features/pools/core/wire.ts';

const decode = (bytes: Uint8Array, from: number, to: number): string => new TextDecoder().decode(bytes.subarray(from, to));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a worker says', () => {
	test.each([
		['P:27452:0:boot', {kind: 'registered', pid: 27_452, parent: 0, name: 'boot'}],
		['P:9:8:', {kind: 'registered', pid: 9, parent: 8, name: ''}],
		['P:9:8:a:b:c', {kind: 'registered', pid: 9, parent: 8, name: 'a:b:c'}],
	])('%j first', (text, value) => {
		expect(readRegistration(text)).toEqual({ok: true, value});
	});

	test.each(['', 'P:', 'P:1', 'P:1:2', 'P:0:1:a', 'P:-1:1:a', 'P:1e3:1:a', 'P:99999999:1:a', 'R:OK', 'P: 1:2:a'])('no registration with %j', text => {
		expect(readRegistration(text)).toMatchObject({ok: false});
	});

	test.each([
		['R:OK', {kind: 'booted'}],
		['R:', {kind: 'failed', text: ''}],
		['R:OK\n', {kind: 'failed', text: 'OK\n'}],
		['R:Traceback:\n  x', {kind: 'failed', text: 'Traceback:\n  x'}],
		['K:A,D', {kind: 'capable', of: ['A', 'D']}],
		['K:A,A,x,,E', {kind: 'capable', of: ['A', 'E']}],
		['D:12', {kind: 'died', pid: 12}],
		['F:/srv/a.py', {kind: 'feature', path: '/srv/a.py'}],
	])('%j later', (text, value) => {
		expect(readNode(text)).toEqual({ok: true, value});
	});

	test.each(['', 'R', 'X:1', 'D:', 'D:0', 'D:x', 'F:', 'F:a.py', `F:/${'x'.repeat(PATH_MAX)}`, 'P:1:2:a'])('nothing with %j', text => {
		const read = readNode(text);
		expect(read).toMatchObject({ok: false});
		expect(!read.ok && read.error.length).toBeLessThan(120);
	});
});

test('a client asks for a command by name, and may have an environment', () => {
	expect(readClient('T:2:77:a:b')).toEqual({ok: true, value: {kind: 'asked', argc: 2, pid: 77, command: 'a:b'}});
	expect(readClient('E:1')).toEqual({ok: true, value: {kind: 'env'}});
	for (const text of ['', 'T:', 'T:1:2', 'T:x:2:a', 'T:1:-2:a', 'E:2']) expect(readClient(text)).toMatchObject({ok: false});
});

test('a runner says its command, then an exit status', () => {
	expect(readRunner('P:5:4:')).toEqual({ok: true, value: {kind: 'begun', pid: 5}});
	expect(readRunner('0')).toEqual({ok: true, value: {kind: 'done', status: 0}});
	expect(readRunner('255')).toEqual({ok: true, value: {kind: 'done', status: 255}});
	for (const text of ['', '256', '-1', '1.5', 'P:', 'P:5', 'P:0:4:', '00000000000']) expect(readRunner(text)).toMatchObject({ok: false});
});

test('what the master and a client write ends in NUL', () => {
	expect(formatOrder({kind: 'boot', node: 'test'})).toBe('S:test\0');
	expect(formatOrder({kind: 'run', command: 'rake'})).toBe('C:rake\0');
	expect(formatOrder({kind: 'action', text: ''})).toBe('A:\0');
	expect(formatAsk(2, 77, 'rake', false)).toBe('T:2:77:rake\0');
	expect(formatAsk(2, 77, 'rake', true)).toBe('T:2:77:rake\0E:1\0');
	expect(formatHand(77, 2)).toBe('77:2\0');
	expect(formatNumber(0)).toBe('0\0');
});

describe('a stream', () => {
	test('is cut at each NUL, wherever its pieces end; empty messages are left out', () => {
		const text = 'P:1:0:boot\0\0R:größe\0S\0\0\0x';
		for (let size = 1; size < 12; size++) {
			const cutter = cutMessages(decode);
			const all = bytes(text);
			const parts: string[] = [];
			for (let at = 0; at < all.length; at += size) parts.push(...cutter.push(all.subarray(at, at + size))!);
			expect(parts).toEqual(['P:1:0:boot', 'R:größe', 'S']);
			expect(cutter.pending()).toBe(1);
		}
	});

	test('ends where a message is too long, but for the text of a crash, which is cut', () => {
		for (const size of [1000, 1_000_000]) {
			const cutter = cutMessages(decode);
			const all = bytes(`R:${'x'.repeat(2 * MESSAGE_MAX)}\0R:OK\0`);
			const parts: string[] = [];
			for (let at = 0; at < all.length; at += size) {
				parts.push(...cutter.push(all.subarray(at, at + size))!);
				expect(cutter.pending()).toBeLessThanOrEqual(MESSAGE_MAX);
			}
			expect(parts.map(part => part.length)).toEqual([MESSAGE_MAX, 4]);
		}
		expect(cutMessages(decode).push(bytes('x'.repeat(MESSAGE_MAX + 1)))).toBeNull();
		expect(cutMessages(decode).push(bytes(`${'x'.repeat(MESSAGE_MAX)}\0`))).toHaveLength(1);
	});

	test('of paths is cut at each line', () => {
		const cutter = cutLines(decode);
		expect(cutter.push(bytes('/a\n/b\n\n/c'))).toEqual(['/a', '/b']);
		expect(cutter.push(bytes('d\n'))).toEqual(['/cd']);
		expect(cutter.push(bytes('x'.repeat(PATH_MAX + 1)))).toBeNull();
	});
});
