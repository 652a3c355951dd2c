/**
 * When a cron expression comes next in a time zone. Where clocks are put forward or back it does as Vixie's cron: what has `*`
 * as hour follows the clock, and what names its hours is due once for each time that it names. One that the clock leaps over is
 * due at the leap, and one that the clock shows twice is due when it does so first.
 */
import type {Cron} from './expression.ts';
import type {WallTime} from './known.ts';
import {dateOf, daysTo, lengthOf, segmentAt, weekdayOf, type Zone} from './zone.ts';

/** When it is due for the first time after an instant; null: never. */
export function nextTime(cron: Cron, zone: Zone, after: WallTime): WallTime | null {
	const from = Math.floor(after / 1000) + 1;
	const at = cron.isWild ? nextByClock(cron, zone, from) : nextByName(cron, zone, from);
	return at === null ? null : at * 1000;
}

/** Whether it is ever due: no month has a 31 February. */
export const comesEver = (cron: Cron): boolean => nextLocal(cron, 0) !== null;

const DAY = 86_400;

/** The first second from here on at which the clock shows a time that is named. */
function nextByClock(cron: Cron, zone: Zone, from: number): number | null {
	let at = from;
	let found: number | null = null;
	for (;;) {
		const {offset, to} = segmentAt(zone, at);
		const local = nextLocal(cron, at + offset);
		if (local === null) return null;
		if (local - offset < to) return local - offset;
		// What is far away is not looked for in each half year on the way there.
		at = local === found ? Math.max(to, local - 2 * DAY) : to;
		found = local;
	}
}

/** The first instant from here on that stands for a time that is named. */
function nextByName(cron: Cron, zone: Zone, from: number): number | null {
	const segment = segmentAt(zone, from);
	// At the very leap, also what it leaps over.
	let local = from + (from === segment.from ? Math.min(segment.before, segment.offset) : segment.offset);
	for (;;) {
		const next = nextLocal(cron, local);
		if (next === null) return null;
		const at = instantOf(zone, next);
		if (at >= from) return at;
		// The clock shows it for the second time: on to what it shows once again.
		local = Math.max(next + 1, segment.from + segment.before);
	}
}

/** When a clock shows a time, in seconds, for the first time, or leaps over it. */
function instantOf(zone: Zone, local: number): number {
	// No clock is further from UTC than this.
	for (let segment = segmentAt(zone, local - 2 * DAY); ; segment = segmentAt(zone, segment.to)) {
		const at = local - segment.offset;
		if (at < segment.from) return segment.from;
		if (at < segment.to) return at;
	}
}

/** The days after which the calendar is the same again, also by weekday: 400 years. */
const CYCLE = 146_097;

/** The first time from `local` on that is named; both in seconds since 1970 by the clock. */
function nextLocal(cron: Cron, local: number): number | null {
	const today = Math.floor(local / DAY);
	const now = isDayOf(cron, today) ? timeFrom(cron, local - today * DAY) : null;
	if (now !== null) return today * DAY + now;
	const day = nextDay(cron, today + 1);
	return day === null ? null : day * DAY + (timeFrom(cron, 0) ?? 0);
}

function nextDay(cron: Cron, from: number): number | null {
	for (let day = from; day <= from + CYCLE;) {
		const {year, month} = dateOf(day);
		const end = daysTo(year, month, 1) + lengthOf(year, month);
		if (cron.months & (1 << month)) for (; day < end; day++) if (isDayOf(cron, day)) return day;
		day = end;
	}
	return null;
}

function isDayOf({months, days, isLastDay, weekdays, nths, isEither}: Cron, at: number): boolean {
	const {year, month, day} = dateOf(at);
	if (!(months & (1 << month))) return false;
	const length = lengthOf(year, month);
	const weekday = weekdayOf(at);
	const isDay = (days & (1 << day)) !== 0 || (isLastDay && day === length);
	const isWeekday = (weekdays & (1 << weekday)) !== 0
		|| nths.some(([which, nth]) => which === weekday && (nth < 0 ? day + 7 > length : Math.ceil(day / 7) === nth));
	return isEither ? isDay || isWeekday : isDay && isWeekday;
}

/** The first time of a day from this second of it on; null: none. */
function timeFrom({hours, minutes, seconds}: Cron, from: number): number | null {
	const [hour, minute, second] = [Math.floor(from / 3600), Math.floor(from / 60) % 60, from % 60];
	const [first, earliest] = [seconds[0] ?? 0, minutes[0] ?? 0];
	for (const each of hours) {
		if (each < hour) continue;
		if (each > hour) return each * 3600 + earliest * 60 + first;
		for (const one of minutes) {
			if (one < minute) continue;
			if (one > minute) return each * 3600 + one * 60 + first;
			const last = seconds.find(some => some >= second);
			if (last !== undefined) return each * 3600 + one * 60 + last;
		}
	}
	return null;
}

/** `2026-03-29 03:00:00 +02:00`, as a clock in the zone shows it. */
export function showTime(zone: Zone, at: WallTime): string {
	const seconds = Math.floor(at / 1000);
	const {offset} = segmentAt(zone, seconds);
	const local = seconds + offset;
	const days = Math.floor(local / DAY);
	const {year, month, day} = dateOf(days);
	const rest = local - days * DAY;
	const two = (number: number): string => String(Math.floor(number)).padStart(2, '0');
	const east = Math.abs(offset);
	const date = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
	const time = `${two(rest / 3600)}:${two(rest / 60 % 60)}:${two(rest % 60)}`;
	return `${date} ${time} ${offset < 0 ? '-' : '+'}${two(east / 3600)}:${two(east / 60 % 60)}`;
}
