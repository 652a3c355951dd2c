/** The report: the table, archon's goals, and what is missing and why. */
import {expect, test} from 'vitest';
import {report} from '../../../bench/report.ts';
import {cell, outcome, refused} from './outcome.ts';

const lines = (text: string): readonly string[] => text.split('\n');

test('a cell has the median and the spread of its repeats, and the best of a row stands out', () => {
	const text = report([outcome({'up-20': {archon: cell([10], [12], [50]), s6: cell([66], [66], [66])}})]);
	expect(lines(text)).toContain('| 20 services up, ms | ≤ 16: met | **12.0** (10.0–50.0) | 66.0 |');
});

test('archon is judged by its goals, others are not', () => {
	const text = report([outcome({
		'up-20': {archon: cell([45.1]), s6: cell([1])}, 'crash': {archon: cell([0.5, 1, 1.5]), s6: cell([1000])}, 'log-file': {s6: cell([130])},
	})]);
	expect(text).toContain('| 20 services up, ms | ≤ 16: **not met** |');
	expect(text).toContain('| crash to restarted, median, ms | ≤ 1.2: met |');
	expect(text).toContain('| 100-byte lines into a rotated file, MB/s | ≥ 400: not measured |');
	expect(text).toContain('archon meets 1 of 2 goals that were measured.');
});

test('without archon there are no goals', () => {
	const {entrants} = outcome({});
	const text = report([outcome({'up-20': {s6: cell([66])}}, {entrants: entrants.filter(({name}) => name !== 'archon')})]);
	expect(lines(text)).toContain('|  | s6 |');
	expect(text).not.toContain('archon must');
});

test('rows without a figure are left out, and a supervisor that is absent has no column but a reason', () => {
	const text = report([outcome({stop: {archon: cell([100]), s6: cell([393])}})]);
	expect(lines(text).filter(line => line.startsWith('| '))).toHaveLength(3);
	expect(lines(text)).toContain('|  | archon must | archon | s6 |');
	expect(lines(text)).toContain('- dinit is left out: dinit not on PATH');
	expect(lines(text)).toContain('- s6 1.0: as s6 comes');
});

test('an empty cell has a reason, once for all its rows', () => {
	const text = report([outcome({
		'up-2000': {archon: cell([1]), s6: refused('takes no more')}, 'private-2000': {archon: cell([1]), s6: refused('takes no more')},
	}, {notes: ['no disk is measured']})]);
	expect(text).toMatch(/^\| 2000 services up, ms \| ≤ 1000: met \| 1 \| – \|$/m);
	expect(lines(text)).toContain('- no disk is measured');
	expect(lines(text)).toContain('- s6: takes no more (2000 services up; private memory, 2000 services)');
});

test('a run that was too long says how far it came', () => {
	expect(report([outcome({}, {wanted: 7, made: 4})])).toContain('4 of 7 repeats whole');
	expect(report([outcome({}, {wanted: 1, made: 1})])).toContain('UTC, 1 repeat in');
});

test('each place has its own section', () => {
	const text = report([outcome({}), outcome({}, {place: 'container'})]);
	expect(lines(text).filter(line => line.startsWith('## '))).toEqual([
		'## Each as PID 1 of a PID namespace', '## Each as PID 1 of a docker container', '## How it is measured',
	]);
});
