/** What the bench is asked for. */
import {expect, test} from 'vitest';
import {readArguments} from '../../../bench/arguments.ts';
import {MEASURES} from '../../../bench/rows.ts';

const read = (line: string) => readArguments(line.split(' ').filter(word => word !== ''), ['archon', 's6', 'tini']);

test('without an argument everything is measured of every supervisor, seven times', () => {
	expect(read('')).toEqual({
		ok: true,
		value: {only: MEASURES, supervisors: ['archon', 's6', 'tini'], isQuick: false, inContainers: false, repeats: 7, minutes: 23, out: null},
	});
});

test('a quick run has three repeats, unless another number is given', () => {
	expect(read('--quick')).toMatchObject({value: {isQuick: true, repeats: 3, minutes: 5.5}});
	expect(read('--quick --repeats 5')).toMatchObject({value: {isQuick: true, repeats: 5}});
});

test('measures and supervisors are picked in the order of the table, with or without an equals sign', () => {
	expect(read('--only crash,up --with=tini,archon --containers --out /tmp/x')).toMatchObject({
		value: {only: ['up', 'crash'], supervisors: ['archon', 'tini'], inContainers: true, out: '/tmp/x'},
	});
});

test.each([
	['--only orphan', 'unknown measure: orphan; did you mean orphans?'],
	['--with systemd', 'unknown supervisor: systemd; there are archon, s6, tini'],
	['--only ,', 'no measure is named'],
	['--repeats 0', '--repeats wants a whole number from 1'],
	['--repeats 1.5', '--repeats wants a whole number from 1'],
	['--minutes soon', '--minutes wants a number above 0'],
	['--fast', 'unknown option: --fast'],
])('%s: %s', (line, error) => expect(read(line)).toEqual({ok: false, error}));
