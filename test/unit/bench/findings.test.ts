/** The handoff of a run. */
import {expect, test} from 'vitest';
import {createTally, merge, NOTHING, refuse} from '../../../bench/findings.ts';

test('each repeat adds its samples to its row and supervisor', () => {
	const handoff = createTally();
	handoff.enter('s6', {...NOTHING, samples: {crash: [1, 2], stop: [9]}});
	handoff.enter('s6', {...NOTHING, samples: {crash: [3]}});
	handoff.enter('runit', {...NOTHING, samples: {crash: [7]}});
	expect(handoff.cells()).toEqual({
		crash: {s6: {repeats: [[1, 2], [3]], refusal: null}, runit: {repeats: [[7]], refusal: null}},
		stop: {s6: {repeats: [[9]], refusal: null}},
	});
});

test('what was refused once is refused, and keeps the samples that it had', () => {
	const handoff = createTally();
	expect(handoff.isRefused('pm2', 'orphans')).toBe(false);
	handoff.enter('pm2', {...NOTHING, samples: {orphans: [5]}});
	handoff.enter('pm2', refuse(['orphans', 'stop'], 'buries nobody'));
	expect(handoff.isRefused('pm2', 'orphans')).toBe(true);
	expect(handoff.isRefused('s6', 'orphans')).toBe(false);
	expect(handoff.cells()['orphans']?.['pm2']).toEqual({repeats: [[5]], refusal: 'buries nobody'});
});

test('the same note is kept once', () => {
	const handoff = createTally();
	for (let repeat = 0; repeat < 3; repeat++) handoff.enter('archon', {...NOTHING, notes: ['3 of 30 did not come back']});
	expect(handoff.notes()).toEqual(['archon: 3 of 30 did not come back']);
});

test('the measures of a scene make one finding', () => {
	const parts = [{...NOTHING, samples: {stop: [1]}, notes: ['a']}, refuse(['crash'], 'PID 1 ended'), NOTHING];
	expect(merge(parts)).toEqual({samples: {stop: [1]}, refusals: {crash: 'PID 1 ended'}, notes: ['a']});
});
