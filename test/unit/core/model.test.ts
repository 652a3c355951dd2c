/** Signals by their names, and exit statuses as a shell has them. */
import {constants} from 'node:os';
import {expect, test} from 'vitest';
import {exitStatus, refusalStatus} from '../../../src/core/outcome.ts';
import {signalName, signalNumber} from '../../../src/core/signal-numbers.ts';

test.each([
	['TERM', 15], ['SIGTERM', 15], ['sigterm', 15], ['15', 15], [' HUP ', 1], ['POLL', 29], ['IOT', 6],
	['RTMIN', 34], ['SIGRTMIN+3', 37], ['RTMAX', 64], ['RTMAX-1', 63], ['64', 64],
])('%s is signal %i', (text, number) => {
	expect(signalNumber(text)).toBe(number);
});

test.each(['', '0', '32', '33', '65', 'NOPE', 'RTMIN-1', 'RTMAX+1', 'RTMIN+31', '-1', '1.5'])('%s is no signal', text => {
	expect(signalNumber(text)).toBeNull();
});

test('the names are those of the machine', () => {
	for (const [name, number] of Object.entries(constants.signals)) {
		expect(signalNumber(name), name).toBe(number);
		expect(signalNumber(signalName(number)), name).toBe(number);
	}
	expect(signalName(37)).toBe('SIGRTMIN+3');
	expect(signalName(99)).toBe('signal 99');
});

test('statuses are those of a shell', () => {
	expect(exitStatus({kind: 'code', code: 7})).toBe(7);
	expect(exitStatus({kind: 'signal', signal: 9, core: false})).toBe(137);
	const refusal = (errno: number) => ({stage: 'executing x', errno, reason: '', temporary: false});
	expect([2, 20, 13, 8].map(errno => refusalStatus(refusal(errno)))).toEqual([127, 127, 126, 126]);
});
