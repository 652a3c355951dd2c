/** What is told of samples. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {median, quantile, summarize} from '../../../bench/statistics.ts';

const numbers = fc.array(fc.integer({min: -1000, max: 1000}), {minLength: 1});

describe('median', () => {
	test.each([
		[[7], 7],
		[[3, 1, 2], 2],
		[[4, 1, 3, 2], 2.5],
		[[10, 9, 100], 10],
	])('of %j is %j', (samples, expected) => expect(median(samples)).toBe(expected));

	test('as many samples lie below it as above', () => {
		fc.assert(fc.property(numbers, samples => {
			const middle = median(samples);
			const [below, above] = [samples.filter(sample => sample < middle), samples.filter(sample => sample > middle)];
			expect(Math.max(below.length, above.length)).toBeLessThanOrEqual(samples.length / 2);
		}));
	});

	test('no samples have no summary, and the samples stay as they were', () => {
		const samples = [3, 1, 2];
		median(samples);
		expect(samples).toEqual([3, 1, 2]);
		expect(median([])).toBeNaN();
	});
});

describe('quantile', () => {
	test('is a sample that so large a share does not exceed', () => {
		fc.assert(fc.property(numbers, fc.double({min: 0, max: 1, noNaN: true}), (samples, share) => {
			const value = quantile(samples, share);
			expect(samples).toContain(value);
			expect(samples.filter(sample => sample <= value).length).toBeGreaterThanOrEqual(share * samples.length - 1e-9);
		}));
	});

	test('the 99th of a hundred is the second greatest', () => {
		expect(quantile(Array.from({length: 100}, (_, number) => number + 1), 0.99)).toBe(99);
	});
});

describe('summary', () => {
	test('the value is of all samples, the spread of what each repeat tells alone', () => {
		expect(summarize([[1, 2, 3], [10, 20, 30]], 'median')).toEqual({value: 6.5, least: 2, most: 20, repeats: 2});
		expect(summarize([[1, 2, 3], [10, 20, 30]], 'p99')).toEqual({value: 30, least: 3, most: 30, repeats: 2});
	});

	test('repeats without samples do not count, and without any there is no summary', () => {
		expect(summarize([[], [5]], 'median')).toEqual({value: 5, least: 5, most: 5, repeats: 1});
		expect(summarize([[]], 'median')).toBeNull();
		expect(summarize([], 'p99')).toBeNull();
	});
});
