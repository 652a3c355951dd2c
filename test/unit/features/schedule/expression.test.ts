/** Cron expressions: what they may say, and what is told of those that are none. */
import {expect, test} from 'vitest';
import {parseCron} from '../../../../src/features/schedule/core/expression.ts';

const parsed = (text: string): unknown => {
	const cron = parseCron(text);
	return cron.ok ? cron.value : cron.error;
};

const bits = (...list: readonly number[]): number => list.reduce((all, each) => all | (1 << each), 0);

test('fields become numbers', () => {
	expect(parsed('5,0-10/5 9-17/4 1-3 jan-mar,DEC mon-wed')).toEqual({
		seconds: [0], minutes: [0, 5, 10], hours: [9, 13, 17], days: bits(1, 2, 3), isLastDay: false, months: bits(1, 2, 3, 12),
		weekdays: bits(1, 2, 3), nths: [], isEither: true, isWild: false,
	});
	expect(parsed('30 0 0 L * 5#2,1L')).toMatchObject({seconds: [30], days: 0, isLastDay: true, weekdays: 0, nths: [[5, 2], [1, -1]], isEither: true});
	expect(parsed('0 */6 * * fri-sun')).toMatchObject({hours: [0, 6, 12, 18], weekdays: bits(5, 6, 0), isWild: true, isEither: false});
	expect(parsed('0 0 ? * ?')).toEqual(parsed('@daily'));
	expect(parsed('@weekly')).toEqual(parsed('0 0 * * 7'));
});

test.each([
	['', 'has 1 field, and a schedule has five, or six with seconds', 'write minute, hour, day of the month, month and day of the week, as in "30 3 * * *"'],
	['* * * * * * *', 'has 7 fields, and a schedule has five, or six with seconds', expect.anything()],
	['60 * * * *', 'has "60" as minute', 'write 0 to 59, a range as 1-5, a step as */2, or a list of these'],
	['0 24 * * *', 'has "24" as hour', 'write 0 to 23, a range as 1-5, a step as */2, or a list of these'],
	['0 22-2 * * *', 'has "22-2" as hour, which runs backwards', 'write 22-23,0-2'],
	['5/15 * * * *', 'has "5/15" as minute, a step without a range', 'write 5-59/15'],
	['*/90 * * * *', 'has "*/90" as minute, whose step is not from 1 to 59', 'for other intervals write every: 90m'],
	['0 0 0 * *', 'has "0" as day of the month', expect.anything()],
	['0 0 15W * *', 'has "15W" as day of the month', expect.anything()],
	['0 0 * foo *', 'has "foo" as month', expect.anything()],
	['0 0 * * 5#6', 'has "5#6" as a day of the week', 'write 5#2 for the second Friday of a month, 5L for the last'],
	['0 0 1,,2 * *', 'has "" as day of the month', expect.anything()],
	['0 -1 * * *', 'has "-1" as hour', expect.anything()],
	['1-2-3 * * * *', 'has "1-2-3" as minute', expect.anything()],
	['*/2/3 * * * *', 'has "*/2/3" as minute', expect.anything()],
	['@reboot', 'is not a schedule', 'a service without a schedule starts with archon'],
	['@fortnightly', 'is not a schedule', expect.stringContaining('@daily')],
	[`${'0,'.repeat(200)}0 * * * *`, 'is too long for a schedule', null],
])('%s %s', (text, why, hint) => {
	expect(parsed(text)).toEqual({why, hint});
});
