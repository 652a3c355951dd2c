/** Runs made one, in the order of times. */
import fc from 'fast-check';
import {expect, it} from 'vitest';
import {merge} from '../../../../src/features/logging/commands/merge.ts';

it('is what sorting all of them would be', () => {
	fc.assert(fc.property(fc.array(fc.array(fc.integer({min: 0, max: 20}))), lists => {
		const runs = lists.map((list, run) => list.toSorted((a, b) => a - b).map((at, index) => ({at, run, index})));
		expect([...merge(runs)]).toEqual(runs.flat().sort((a, b) => a.at - b.at || a.run - b.run || a.index - b.index));
	}));
});

it('reads no further than it must', () => {
	function* endless(): Generator<{readonly at: number}> {
		for (let at = 0;; at++) yield {at};
	}
	expect(merge([endless(), endless()]).next().value).toEqual({at: 0});
});
