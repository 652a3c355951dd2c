/** Whose connection it is, by the kernel's table of connections. */
import {expect, test} from 'vitest';
import {rowOf} from '../../../../src/features/overseer/core/owner.ts';

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const row = (ends: string, state: string, uid: number, inode: number): string =>
	`   1: ${ends} ${state} 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 ${inode} 1 0000000000000000 20 4 30 10 -1\n`;

const client = {address: '127.0.0.1', port: 50_000};
const server = {address: '127.0.0.1', port: 7071};
const ENDS = '0100007F:C350 0100007F:1B9F';

test('the row of one end is told from that of the other', () => {
	const table = `${HEAD}${row('0100007F:1B9F 0100007F:C350', '01', 1000, 11)}${row(ENDS, '01', 1001, 12)}`;
	expect(rowOf(table, client, server)).toEqual({uid: 1001, inode: 12, isConnected: true});
	expect(rowOf(table, server, client)).toEqual({uid: 1000, inode: 11, isConnected: true});
});

test.each([
	['established', '01', true], ['a connection that is only asked for', '02', false], ['one that has said its last', '05', true],
	['one that is over', '06', false], ['one whose other end has said its last', '08', true],
])('%s', (_, state, isConnected) => {
	expect(rowOf(HEAD + row(ENDS, state, 0, 0), client, server)?.isConnected).toBe(isConnected);
});

test('a socket for both versions of IP', () => {
	const mapped = ENDS.replaceAll('0100007F', '0000000000000000FFFF00000100007F');
	expect(rowOf(HEAD + row(mapped, '01', 7, 8), client, server)).toEqual({uid: 7, inode: 8, isConnected: true});
});

test('what is not there, or cut short', () => {
	expect(rowOf(HEAD, client, server)).toBeNull();
	expect(rowOf(`${HEAD}   1: ${ENDS} 01 0000`, client, server)).toBeNull();
});
