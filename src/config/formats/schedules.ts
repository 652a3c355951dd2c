/** Schedules of other supervisors as `schedule` of archon's own format. */
import {comesEver} from '../../features/schedule/core/calendar.ts';
import {parseCron} from '../../features/schedule/core/expression.ts';
import type {Place} from '../problems.ts';
import type {Mapping, Value} from '../values.ts';
import {map, word, written} from './translation.ts';

/** Why archon does not take an expression; null: it does. */
export function faultIn(text: string): string | null {
	const cron = parseCron(text);
	if (!cron.ok) return `the expression ${cron.error.why}`;
	return comesEver(cron.value) ? null : 'the expression never comes';
}

/** `more`: keys beside the expression or the interval. */
export const scheduleOf = (
	at: Place, when: {readonly cron: string} | {readonly every: string}, more: Readonly<Record<string, Value | undefined>> = {},
): Mapping => map(at, {
	...'cron' in when ? {cron: written(at, when.cron)} : {every: word(at, when.every)}, ...more,
});
