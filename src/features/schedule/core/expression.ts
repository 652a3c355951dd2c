/**
 * Cron expressions, as crontab(5) has them: five fields, or six with seconds first. Names, ranges, steps and lists; `?` for any
 * day; and of what others have added `L`, the last day, `5L`, the last Friday, and `5#2`, the second Friday.
 */
import {err, ok, type Result} from '../../../core/result.ts';
import type {Fault} from '../../../core/variables.ts';

/** When a job is due, by a clock on the wall. */
export interface Cron {
	/** Each in ascending order. */
	readonly seconds: readonly number[];
	readonly minutes: readonly number[];
	readonly hours: readonly number[];
	/** Bits 1 to 31. */
	readonly days: number;
	/** The last day of a month. */
	readonly isLastDay: boolean;
	/** Bits 1 to 12. */
	readonly months: number;
	/** Bits 0, Sunday, to 6. */
	readonly weekdays: number;
	/** The nth such day of a month; -1: the last one. */
	readonly nths: readonly (readonly [weekday: number, nth: number])[];
	/** Whether a day needs only be one of both, of a month and of a week: where neither of the fields begins with `*`. */
	readonly isEither: boolean;
	/** Whether its hours begin with `*`: it follows the clock, also when that is put forward or back for summer time. */
	readonly isWild: boolean;
}

interface Field {
	readonly what: string;
	readonly least: number;
	readonly most: number;
	/** From the least one on. */
	readonly names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const [SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY] = [
	{what: 'second', least: 0, most: 59}, {what: 'minute', least: 0, most: 59}, {what: 'hour', least: 0, most: 23},
	{what: 'day of the month', least: 1, most: 31}, {what: 'month', least: 1, most: 12, names: MONTHS},
	{what: 'day of the week', least: 0, most: 7, names: WEEKDAYS},
] as const satisfies readonly Field[];

/** Words for expressions (crontab(5)). */
const WORDS: Readonly<Record<string, string>> = {
	'@yearly': '0 0 1 1 *', '@annually': '0 0 1 1 *', '@monthly': '0 0 1 * *', '@weekly': '0 0 * * 0',
	'@daily': '0 0 * * *', '@midnight': '0 0 * * *', '@hourly': '0 * * * *',
};

/** A longer one is no expression that a person has written. */
const LENGTH_MAX = 256;

const NTH = 'write 5#2 for the second Friday of a month, 5L for the last';

const fault = (why: string, hint: string | null = null): Result<never, Fault> => err({why, hint});

/** What an expression means, or what is wrong with it. Whether it ever comes is for `calendar.ts` to say. */
export function parseCron(text: string): Result<Cron, Fault> {
	if (text.length > LENGTH_MAX) return fault('is too long for a schedule');
	const words = (WORDS[text.trim()] ?? text).trim().split(/\s+/);
	if (words[0]?.startsWith('@')) {
		const isBoot = words[0] === '@reboot';
		const known = `write one of ${Object.keys(WORDS).join(', ')}`;
		return fault('is not a schedule', isBoot ? 'a service without a schedule starts with archon' : known);
	}
	if (words.length < 5 || words.length > 6) {
		return fault(
			`has ${words.length} ${words.length === 1 ? 'field' : 'fields'}, and a schedule has five, or six with seconds`,
			'write minute, hour, day of the month, month and day of the week, as in "30 3 * * *"',
		);
	}
	const [second = '0', minute = '', hour = '', day = '', month = '', weekday = ''] = words.length === 6 ? words : ['0', ...words];
	const seconds = parseField(second, SECOND);
	const minutes = parseField(minute, MINUTE);
	const hours = parseField(hour, HOUR);
	const days = parseDays(day, DAY);
	const months = parseField(month, MONTH);
	const weekdays = parseDays(weekday, WEEKDAY);
	for (const each of [seconds, minutes, hours, days, months, weekdays]) if (!each.ok) return each;
	if (!seconds.ok || !minutes.ok || !hours.ok || !days.ok || !months.ok || !weekdays.ok) return fault('is not a schedule');
	return ok({
		seconds: seconds.value, minutes: minutes.value, hours: hours.value, months: bits(months.value),
		days: bits(days.value.list), isLastDay: days.value.isLast,
		// Sunday is 0 and 7.
		weekdays: bits(weekdays.value.list.map(each => each % 7)), nths: weekdays.value.nths,
		isEither: !isAny(day) && !isAny(weekday), isWild: hour.startsWith('*'),
	});
}

/** Whether a field begins with `*`, also if a step follows: Vixie's cron has it so. */
const isAny = (text: string): boolean => text.startsWith('*') || text === '?';

const bits = (list: readonly number[]): number => list.reduce((all, each) => all | (1 << each), 0);

interface Days {
	readonly list: readonly number[];
	readonly isLast: boolean;
	readonly nths: readonly (readonly [number, number])[];
}

/** A field of days, which has more ways to name them. */
function parseDays(text: string, field: Field): Result<Days, Fault> {
	if (text === '?') return parseDays('*', field);
	const isOfWeek = field === WEEKDAY;
	const list: string[] = [];
	const nths: [number, number][] = [];
	let isLast = false;
	for (const item of text.split(',')) {
		const upper = item.toUpperCase();
		const [name = '', nth, ...rest] = item.split('#');
		if (!isOfWeek && upper === 'L') {
			isLast = true;
		} else if (isOfWeek && (nth !== undefined || (upper.endsWith('L') && upper.length > 1))) {
			const weekday = numberOf(nth === undefined ? item.slice(0, -1) : name, field);
			const isKnown = nth === undefined || (/^[1-5]$/.test(nth) && rest.length === 0);
			if (weekday === null || !isKnown) return fault(`has ${quoted(item)} as a day of the week`, NTH);
			nths.push([weekday % 7, nth === undefined ? -1 : Number(nth)]);
		} else {
			list.push(item);
		}
	}
	if (list.length === 0) return ok({list: [], isLast, nths});
	const plain = parseField(list.join(','), field);
	return plain.ok ? ok({list: plain.value, isLast, nths}) : plain;
}

/** The numbers of a field, in ascending order. */
function parseField(text: string, field: Field): Result<readonly number[], Fault> {
	const all = new Set<number>();
	for (const item of text.split(',')) {
		const range = parseItem(item, field);
		if (!range.ok) return range;
		const [from, to, step] = range.value;
		for (let each = from; each <= to; each += step) all.add(each);
	}
	return ok([...all].sort((one, other) => one - other));
}

function parseItem(item: string, field: Field): Result<readonly [from: number, to: number, step: number], Fault> {
	const {what, least, most} = field;
	const [range = '', steps, ...rest] = item.split('/');
	const [first = '', last, ...more] = range.split('-');
	const isWhole = range === '*';
	const from = isWhole ? least : numberOf(first, field);
	// Sunday ends a week as well as it begins one.
	const end = isWhole ? most : last === undefined ? from : numberOf(last, field);
	const to = field === WEEKDAY && end === 0 && from !== null && from > 0 ? 7 : end;
	if (rest.length > 0 || more.length > 0 || from === null || to === null) {
		return fault(`has ${quoted(item)} as ${what}`, `write ${least} to ${most}, a range as 1-5, a step as */2, or a list of these`);
	}
	if (from > to) return fault(`has ${quoted(item)} as ${what}, which runs backwards`, `write ${from}-${most},${least}-${to}`);
	if (steps === undefined) return ok([from, to, 1]);
	if (!isWhole && last === undefined) {
		return fault(`has ${quoted(item)} as ${what}, a step without a range`, `write ${from}-${most}/${steps}`);
	}
	const step = /^\d{1,2}$/.test(steps) ? Number(steps) : 0;
	if (step < 1 || (step > to - from && to > from)) {
		const hint = field === MINUTE || field === SECOND ? 'for other intervals write every: 90m' : null;
		return fault(`has ${quoted(item)} as ${what}, whose step is not from 1 to ${Math.max(1, to - from)}`, hint);
	}
	return ok([from, to, step]);
}

function numberOf(text: string, {least, most, names = []}: Field): number | null {
	const at = names.indexOf(text.toLowerCase());
	if (at >= 0) return least + at;
	const number = /^\d{1,2}$/.test(text) ? Number(text) : -1;
	return number >= least && number <= most ? number : null;
}

/** What is shown of a part of an expression. */
const quoted = (text: string): string => `"${text.slice(0, 40)}"`;
