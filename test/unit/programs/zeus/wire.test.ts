/** What a pool tells a client, in whatever pieces it comes. */
import {expect, test} from 'vitest';
import {createReader} from '../../../../src/programs/zeus/wire.ts';
import {bytesOf, latin1Of} from '../../../../src/os/bytes.ts';

test.each([
	['a pid and a status', ['71\0', '3\0'], {pid: 71, status: 3}],
	['both at once', ['71\x003\0'], {pid: 71, status: 3}],
	['digit by digit', ['7', '1', '\0', '1', '4', '3', '\0'], {pid: 71, status: 143}],
	['no command', ['0\0', '127\0'], {pid: 0, status: 127}],
	['only a pid', ['71\0', '3'], {pid: 71, status: null}],
	['a status that no process has', ['71\x00999\0'], {pid: 71, status: 255}],
	['more than there is to say', ['71\x003\x004\0'], {pid: 71, status: 3}],
	['empty messages', ['\x00\x0071\0\0\x003\0'], {pid: 71, status: 3}],
	['no number', ['x\0'], null],
	['a negative one', ['71\0', '-1\0'], null],
	['a long one', ['12345678901\0'], null],
	['something without an end', ['1'.repeat(70_000)], null],
] as const)('%s', (_, pieces, expected) => {
	const take = createReader(latin1Of);
	let told = take(new Uint8Array(0));
	for (const piece of pieces) told = take(bytesOf(piece));
	expect(told).toEqual(expected);
});
