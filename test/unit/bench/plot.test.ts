/** The picture: where bars end, and that it is a picture. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {plot, scaleOf} from '../../../bench/plot.ts';
import {cell, outcome, refused} from './outcome.ts';

describe('scale', () => {
	test('a factor of ten is as long everywhere', () => {
		const {at, ticks} = scaleOf([2.5, 15, 1000], 0, 300);
		expect(ticks.map(({value}) => value)).toEqual([1, 10, 100, 1000]);
		expect(ticks.map(tick => tick.at)).toEqual([0, 100, 200, 300]);
		expect(at(100)).toBe(200);
	});

	test('more is never to the left of less, and all is within the plot', () => {
		const values = fc.array(fc.double({min: 0, max: 1e9, noNaN: true}), {minLength: 1, maxLength: 8});
		fc.assert(fc.property(values, list => {
			const {at} = scaleOf(list, 84, 278);
			const places = list.toSorted((a, b) => a - b).map(at);
			expect(places).toEqual(places.toSorted((a, b) => a - b));
			expect(Math.min(...places)).toBeGreaterThanOrEqual(84);
			expect(Math.max(...places)).toBeLessThanOrEqual(278);
		}));
	});

	test('nothing lies at the left end', () => {
		expect(scaleOf([0, 0], 84, 278).at(0)).toBe(84);
		expect(scaleOf([0, 5], 84, 278).at(0)).toBe(84);
	});

	test('even the least has a bar', () => {
		expect(scaleOf([10, 1000], 0, 300).at(10)).toBeGreaterThan(0);
	});
});

describe('plot', () => {
	const cells = {
		'up-20': {archon: cell([30], [50]), s6: cell([66])}, 'stop': {archon: cell([100]), s6: refused('does not')}, 'orphans': {s6: refused('no')},
	};
	const svg = plot(outcome(cells));
	const count = (pattern: RegExp): number => svg.match(pattern)?.length ?? 0;

	test('there is a bar for each figure, a line for each spread, and a mark for each goal', () => {
		expect(count(/<rect class="bar/g)).toBe(3);
		expect(count(/<rect class="bar own"/g)).toBe(2);
		expect(count(/<line class="spread"/g)).toBe(1);
		expect(count(/<line class="goal"/g)).toBe(2);
	});

	test('a row without figures has no plot', () => {
		expect(count(/class="title"/g)).toBe(2);
		expect(svg).not.toContain('orphans');
	});

	test('it is well-formed, and names are not taken for tags', () => {
		expect(svg).toContain('Fast &amp; Small');
		const open: string[] = [];
		for (const [, closing, name = '', rest = ''] of svg.matchAll(/<(\/?)(\w+)([^>]*)>/g)) {
			if (closing) expect(open.pop()).toBe(name);
			else if (!rest.endsWith('/')) open.push(name);
		}
		expect(open).toEqual([]);
	});

	test('it has colours for the dark', () => {
		expect(svg).toContain('@media (prefers-color-scheme: dark)');
	});
});
