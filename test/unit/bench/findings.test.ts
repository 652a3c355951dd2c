/** The tally of a run. */
import {expect, test} from 'vitest';
import {createTally, merge, NOTHING, refuse} from '../../../bench/findings.ts';

test('each repeat adds its samples to its row and supervisor', () => {
	const tally = createTally();
	tally.enter('s6', {...NOTHING, samples: {crash: [1, 2], stop: [9]}});
	tally.enter('s6', {...NOTHING, samples: {crash: [3]}});
	tally.enter('runit', {...NOTHING, samples: {crash: [7]}});
	expect(tally.cells()).toEqual({
		crash: {s6: {repeats: [[1, 2], [3]], refusal: null}, runit: {repeats: [[7]], refusal: null}},
		stop: {s6: {repeats: [[9]], refusal: null}},
	});
});

test('what was refused once is refused, and keeps the samples that it had', () => {
	const tally = createTally();
	expect(tally.isRefused('pm2', 'orphans')).toBe(false);
	tally.enter('pm2', {...NOTHING, samples: {orphans: [5]}});
	tally.enter('pm2', refuse(['orphans', 'stop'], 'reaps no orphan'));
	expect(tally.isRefused('pm2', 'orphans')).toBe(true);
	expect(tally.isRefused('s6', 'orphans')).toBe(false);
	expect(tally.cells()['orphans']?.['pm2']).toEqual({repeats: [[5]], refusal: 'reaps no orphan'});
});

test('the same note is kept once', () => {
	const tally = createTally();
	for (let repeat = 0; repeat < 3; repeat++) tally.enter('archon', {...NOTHING, notes: ['3 of 30 did not come back']});
	expect(tally.notes()).toEqual(['archon: 3 of 30 did not come back']);
});

test('the measures of a scene make one finding', () => {
	const parts = [{...NOTHING, samples: {stop: [1]}, notes: ['a']}, refuse(['crash'], 'PID 1 ended'), NOTHING];
	expect(merge(parts)).toEqual({samples: {stop: [1]}, refusals: {crash: 'PID 1 ended'}, notes: ['a']});
});
