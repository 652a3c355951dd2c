/** Moments as people type them. */
import {expect, it} from 'vitest';
import {momentOf} from '../../../src/cli/moment.ts';

const now = Date.parse('2026-01-31T08:00:00Z');

it.each([
	['10m', now - 600_000], ['1h30m', now - 5_400_000], ['1.5s', now - 1500], ['2d', now - 172_800_000], ['250ms', now - 250], ['100000d', 0],
	['1700000000', 1_700_000_000_000], ['1700000000.25', 1_700_000_000_250],
	['2026-01-31T08:00Z', now], ['2026-01-31T09:00:00.5+01:00', now + 500], ['2026-01-31 08:00:00Z', now],
	['2026-01-31', new Date(2026, 0, 31).getTime()], ['2026-01-31T08:00', new Date(2026, 0, 31, 8).getTime()],
])('%s is a moment', (text, at) => {
	expect(momentOf(text, now)).toBe(at);
});

it.each(['', 'yesterday', '10', '10x', 'm', '-10m', '2026-13-01', '2026-01-31T25:00', '1h 30m', '10m2026-01-31'])('%j is not a moment', text => {
	expect(momentOf(text, now)).toBeNull();
});
