/** The rows: values as they are shown, and whether a goal is met. */
import {describe, expect, test} from 'vitest';
import {meets, ROWS, shown} from '../../../bench/rows.ts';

test('every row has a name of its own', () => {
	expect(new Set(ROWS.map(({id}) => id)).size).toBe(ROWS.length);
});

test.each([
	[1234.56, 0, '1 235'],
	[1234567, 0, '1 234 567'],
	[2.04, 1, '2.0'],
	[0.004, 2, '0.00'],
	[-0.001, 0, '0'],
])('%j with %j digits is shown as %s', (value, digits, text) => expect(shown(value, {digits})).toBe(text));

describe('a goal', () => {
	test('is met or not by what is shown, not by what is hidden behind it', () => {
		expect(meets(2.54, {goal: 2.5, better: 'less', digits: 1})).toBe(true);
		expect(meets(2.56, {goal: 2.5, better: 'less', digits: 1})).toBe(false);
		expect(meets(0.04, {goal: 0, better: 'less', digits: 1})).toBe(true);
	});

	test('is to be reached from below where more is better', () => {
		expect(meets(200, {goal: 200, better: 'more', digits: 0})).toBe(true);
		expect(meets(199, {goal: 200, better: 'more', digits: 0})).toBe(false);
	});

	test('that is not there is neither met nor missed', () => {
		expect(meets(1, {goal: null, better: 'less', digits: 0})).toBeNull();
	});
});
