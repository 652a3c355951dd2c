/** What the gate does about failed attempts, and what it says of them. */
import {describe, expect, test} from 'vitest';
import {createAttempts, networkOf} from '../../../src/helpers/gate/attempts.ts';
import {createComplaints} from '../../../src/helpers/gate/complaints.ts';

describe('failed attempts', () => {
	test('each makes the next one from there wait twice as long, up to a bound, and no other', () => {
		const attempts = createAttempts();
		let now = 0;
		const waits: (number | null)[] = [];
		for (let i = 0; i < 8; i++) {
			const {wait} = attempts.failed('10.0.0.1', now);
			waits.push(wait);
			// The next comes as soon as this one is answered.
			now += wait ?? 0;
		}
		expect(waits).toEqual([0, 250, 500, 1000, 2000, 4000, 8000, 8000]);
		expect(attempts.failed('10.0.0.2', now)).toEqual({wait: 0, count: 1});
	});

	test('those that come together are answered one after the other, and too many are counted no more', () => {
		const attempts = createAttempts();
		const all = Array.from({length: 12}, () => attempts.failed('10.0.0.1', 0));
		expect(all.map(({wait}) => wait)).toEqual([0, 250, 750, 1750, 3750, 7750, 15_750, null, null, null, null, null]);
		expect(all.at(-1)).toEqual({wait: null, count: 7});
	});

	test('are forgotten after a while without one', () => {
		const attempts = createAttempts();
		expect(['a', 'a', 'b'].map(address => attempts.failed(address, 0).count)).toEqual([1, 2, 1]);
		expect(attempts.failed('b', 1_000_000)).toEqual({wait: 0, count: 1});
	});

	test('of more addresses than are remembered, those of the longest ago are forgotten', () => {
		const attempts = createAttempts();
		for (let i = 0; i < 5000; i++) attempts.failed(`10.0.${i >> 8}.${i & 255}`, 0);
		expect(['10.0.0.0', '10.0.15.0', '10.0.19.135'].map(address => attempts.failed(address, 0).wait)).toEqual([0, 0, 250]);
	});

	test.each([
		['10.0.0.1', '10.0.0.1'], ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'], ['2001:db8::1', '2001:db8:0:0'], ['::1', '0:0:0:0'], ['fe80::', 'fe80:0:0:0'],
		['2001:db8:1:2::', '2001:db8:1:2'],
	])('%s counts as of %s', (address, network) => {
		expect(networkOf(address)).toBe(network);
	});
});

test('the log has the 1st, 2nd, 4th failure of an address, and no more lines in a minute than it can bear', () => {
	const lines: string[] = [];
	let now = 0;
	const complain = createComplaints(() => now, text => void lines.push(text));
	for (let i = 1; i <= 8; i++) complain.count('10.0.0.1', i, 'a wrong token');
	expect(lines).toEqual(['', ' (2 times)', ' (4 times)', ' (8 times)'].map(more => `a client at 10.0.0.1 was refused: it has a wrong token${more}`));
	for (let i = 0; i < 100; i++) complain.count(`10.0.1.${i}`, 1, 'no token');
	expect(lines).toHaveLength(20);
	now = 61_000;
	complain.say('another');
	expect(lines.slice(20)).toEqual(['84 more clients were refused', 'another']);
});
