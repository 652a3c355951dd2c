/**
 * Time zones: which offset from UTC holds when. A zone is what a file of the system says (tzif.ts), and after its last
 * transition a rule as in the variable TZ (POSIX, 8.3; RFC 9636, 3.3.1).
 */

/** As data that can be written down. Instants are seconds since 1970, offsets seconds east of UTC. */
export interface Zone {
	readonly name: string;
	/** The offset before the first transition. */
	readonly initial: number;
	/** In ascending order. */
	readonly transitions: readonly (readonly [at: number, offset: number])[];
	/** What holds after the last of them, or always: `CET-1CEST,M3.5.0,M10.5.0/3`; empty: what held before. */
	readonly rule: string;
}

export const UTC: Zone = {name: 'UTC', initial: 0, transitions: [], rule: ''};

/** A time with one offset. */
export interface Segment {
	/** Seconds since 1970; it may be infinite, as `to`, which is not in it. */
	readonly from: number;
	readonly to: number;
	readonly offset: number;
	/** The offset before it. */
	readonly before: number;
}

type Transition = readonly [at: number, offset: number];

/** The time with one offset in which an instant lies. */
export function segmentAt(zone: Zone, at: number): Segment {
	const {transitions, initial} = zone;
	const last = transitions.at(-1);
	const isRuled = zone.rule !== '' && (!last || at >= last[0]);
	if (isRuled) {
		const rule = ruleOf(zone.rule);
		if (rule) return ruledSegment(rule, at, last, transitions.at(-2)?.[1] ?? initial);
	}
	let low = 0;
	let high = transitions.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((transitions[middle]?.[0] ?? 0) <= at) low = middle + 1;
		else high = middle;
	}
	const [from, offset] = transitions[low - 1] ?? [-Infinity, initial];
	return {from, offset, to: transitions[low]?.[0] ?? Infinity, before: transitions[low - 2]?.[1] ?? initial};
}

function ruledSegment(rule: Rule, at: number, last: Transition | undefined, initial: number): Segment {
	// The offset of the last transition that a file names is the rule's own.
	const floor = last?.[0] ?? -Infinity;
	let [from, offset, before, to] = [floor, rule.standard, last ? initial : rule.standard, Infinity];
	if (!rule.summer) return {from, offset, before, to};
	const year = yearOf(at);
	for (const [start, next] of transitionsOf(rule, year - 1, year + 2)) {
		if (start <= at && start >= floor) [from, before, offset] = [start, offset, next];
		else if (start <= at) offset = next;
		else if (to === Infinity) to = start;
	}
	return {from, offset, before, to};
}

/** The transitions that a rule makes in some years, the last not among them; in ascending order. */
export function transitionsOf({standard, summer}: Rule, firstYear: number, endYear: number): readonly Transition[] {
	if (!summer) return [];
	const all: Transition[] = [];
	for (let year = firstYear; year < endYear; year++) {
		all.push([instantOf(summer.start, year) - standard, summer.offset], [instantOf(summer.end, year) - summer.offset, standard]);
	}
	all.sort(([one], [other]) => one - other);
	// Summer time that lasts for ever ends when it begins again.
	return all.filter(([at], index) => all[index + 1]?.[0] !== at && all[index - 1]?.[0] !== at);
}

// ── Rules ────────────────────────────────────────────────────────────────────────────────────────

/** What a text as in TZ says. */
export interface Rule {
	readonly standard: number;
	/** Null: there is no summer time. */
	readonly summer: {readonly offset: number; readonly start: Change; readonly end: Change} | null;
}

/** A day of each year, and the time of that day by the clock that is to be changed, in seconds. */
interface Change {
	/** `month`: a week of it (5: the last) and a day of that. `julian`: 1 to 365, as if no year had a 29 February. `day`: 0 to 365. */
	readonly day:
		| {readonly kind: 'month'; readonly month: number; readonly week: number; readonly weekday: number}
		| {readonly kind: 'julian'; readonly day: number} | {readonly kind: 'day'; readonly day: number};
	readonly time: number;
}

const known = new Map<string, Rule | null>();

/** How many rules are remembered. */
const KNOWN_MAX = 64;

/** What a rule says; null: the text has no meaning. */
export function ruleOf(text: string): Rule | null {
	const rule = known.get(text);
	if (rule !== undefined) return rule;
	if (known.size >= KNOWN_MAX) known.clear();
	const read = readRule(text);
	known.set(text, read);
	return read;
}

const NAME = /^(?:<[A-Za-z0-9+-]{3,10}>|[A-Za-z]{3,10})/;
const OFFSET = /^([+-]?)(\d{1,3})(?::(\d{1,2})(?::(\d{1,2}))?)?/;

function readRule(text: string): Rule | null {
	let rest = text;
	const take = (pattern: RegExp): RegExpExecArray | null => {
		const found = pattern.exec(rest);
		if (found) rest = rest.slice(found[0].length);
		return found;
	};
	const time = (hoursMax: number): number | null => {
		const [, sign, hours = '', minutes = '0', seconds = '0'] = take(OFFSET) ?? [];
		if (hours === '' || Number(hours) > hoursMax || Number(minutes) > 59 || Number(seconds) > 59) return null;
		return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
	};
	const change = (): Change | null => {
		const day = dayOf(take(/^,(?:M(\d{1,2})\.([1-5])\.([0-6])|J(\d{1,3})|(\d{1,3}))/));
		if (!day) return null;
		const at = take(/^\//) ? time(167) : 7200;
		return at === null ? null : {day, time: at};
	};
	if (!take(NAME)) return null;
	// West of UTC is positive there.
	const west = time(24);
	if (west === null) return null;
	if (rest === '') return {standard: 0 - west, summer: null};
	if (!take(NAME)) return null;
	const summerWest = rest === '' || rest.startsWith(',') ? west - 3600 : time(24);
	if (rest === '') rest = ',M3.2.0,M11.1.0';
	const [start, end] = [change(), change()];
	if (summerWest === null || !start || !end || rest !== '') return null;
	return {standard: 0 - west, summer: {offset: 0 - summerWest, start, end}};
}

function dayOf(found: RegExpExecArray | null): Change['day'] | null {
	if (!found) return null;
	const [, month, week, weekday, julian, day] = found;
	if (month !== undefined) {
		const is = Number(month) >= 1 && Number(month) <= 12;
		return is ? {kind: 'month', month: Number(month), week: Number(week), weekday: Number(weekday)} : null;
	}
	if (julian !== undefined) return Number(julian) >= 1 && Number(julian) <= 365 ? {kind: 'julian', day: Number(julian)} : null;
	return Number(day) <= 365 ? {kind: 'day', day: Number(day)} : null;
}

/** The seconds from 1970 to a change in a year, by the clock that is to be changed. */
function instantOf({day, time}: Change, year: number): number {
	const first = daysTo(year, 1, 1);
	if (day.kind === 'day') return (first + day.day) * 86_400 + time;
	if (day.kind === 'julian') return (first + day.day - 1 + Number(day.day > 59 && lengthOf(year, 2) === 29)) * 86_400 + time;
	const begin = daysTo(year, day.month, 1);
	const earliest = begin + (day.weekday - weekdayOf(begin) + 7) % 7;
	const latest = earliest + (day.week - 1) * 7;
	return (latest < begin + lengthOf(year, day.month) ? latest : latest - 7) * 86_400 + time;
}

// ── The calendar (proleptic Gregorian) ───────────────────────────────────────────────────────────

/** The number of days from 1970-01-01 to a date. */
export function daysTo(year: number, month: number, day: number): number {
	// Years begin with March, so that a leap day is the last one of its year.
	const shifted = month > 2 ? year : year - 1;
	const century = Math.floor(shifted / 400);
	const inCentury = shifted - century * 400;
	const inYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
	return century * 146_097 + inCentury * 365 + Math.floor(inCentury / 4) - Math.floor(inCentury / 100) + inYear - 719_468;
}

export interface CalendarDate {
	readonly year: number;
	/** 1 to 12. */
	readonly month: number;
	readonly day: number;
}

/** The date that lies a number of days after 1970-01-01. */
export function dateOf(days: number): CalendarDate {
	const shifted = days + 719_468;
	const century = Math.floor(shifted / 146_097);
	const inCentury = shifted - century * 146_097;
	const leapDays = Math.floor(inCentury / 1460) - Math.floor(inCentury / 36_524) + Math.floor(inCentury / 146_096);
	const years = Math.floor((inCentury - leapDays) / 365);
	const inYear = inCentury - (365 * years + Math.floor(years / 4) - Math.floor(years / 100));
	const shiftedMonth = Math.floor((5 * inYear + 2) / 153);
	const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
	return {
		year: years + century * 400 + Number(month <= 2), month, day: inYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
	};
}

const yearOf = (at: number): number => dateOf(Math.floor(at / 86_400)).year;

/** 0, Sunday, to 6. */
export const weekdayOf = (days: number): number => ((days + 4) % 7 + 7) % 7;

/** How many days a month has. */
export function lengthOf(year: number, month: number): number {
	if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
	return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
