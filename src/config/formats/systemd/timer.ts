/** A timer of systemd as the schedule of its service: systemd.timer(5), systemd.time(7). */
import type {Untranslated} from '../../planning.ts';
import type {Mapping, Value} from '../../values.ts';
import {faultIn, scheduleOf} from '../schedules.ts';
import {map, word} from '../translation.ts';
import {duration} from './keys.ts';
import {all, last, type Setting, type Unit} from './unit.ts';

const WORDS: Readonly<Record<string, string>> = {
	minutely: '* * * * *', hourly: '0 * * * *', daily: '0 0 * * *', weekly: '0 0 * * 1', monthly: '0 0 1 * *', yearly: '0 0 1 1 *',
	annually: '0 0 1 1 *', quarterly: '0 0 1 1,4,7,10 *', semiannually: '0 0 1 1,7 *',
};

/** A calendar event as a cron expression and a zone; or why cron has no words for it. */
function readCalendar(text: string): {readonly cron: string; readonly zone: string | null} | string {
	const words = text.trim().split(/\s+/);
	const zone = words.length > 1 && /^(UTC|[A-Z][\w+-]*(\/[A-Z][\w+-]*)+)$/.test(words.at(-1) ?? '') ? words.pop() ?? null : null;
	const known = words.length === 1 ? WORDS[words[0]?.toLowerCase() ?? ''] : undefined;
	if (known !== undefined) return {cron: known, zone};
	const weekday = /^[A-Za-z]/.test(words[0] ?? '') ? words.shift() ?? '*' : '*';
	const date = words[0]?.includes(':') ? '*-*-*' : words.shift() ?? '*-*-*';
	const [time = '00:00:00', ...rest] = words;
	if (rest.length > 0) return 'it cannot be read';
	const [day = '', month = '', year = '*', ...before] = date.split('-').toReversed();
	const [hour = '', minute = '', second = '0', ...after] = time.split(':');
	if (before.length + after.length > 0) return 'it cannot be read';
	if (year !== '*') return 'cron has no years';
	const days = day.split('~').length > 1 ? null : fieldOf(day, 31);
	const isLast = date.endsWith('~01') || date.endsWith('~1');
	const [onMonth, onDay] = isLast ? [date.split('~')[0]?.split('-').at(-1) ?? '', 'L'] : [month, days];
	if (onDay === null) return 'cron has no such days';
	const onWeekday = weekday.replaceAll('..', '-').replaceAll(/[A-Za-z]+/g, name => name.slice(0, 3).toLowerCase());
	if (onWeekday !== '*' && onDay !== '*') return 'with cron a day of the month and one of the week are either, and not both';
	const fields = [fieldOf(minute, 59), fieldOf(hour, 23), onDay, fieldOf(onMonth, 12), onWeekday];
	const seconds = fieldOf(second, 59);
	const cron = [...seconds === '0' ? [] : [seconds], ...fields].join(' ');
	const fault = faultIn(cron);
	return fault === null ? {cron, zone} : `cron has no words for it: ${fault}`;
}

/** `8..18` → `8-18`, steps from 0 become steps of all, `00` becomes `0`. */
function fieldOf(text: string, most: number): string {
	return text.split(',').map(item => {
		const [range = '', step] = item.split('/');
		const plain = range.split('..').map(number => number.replace(/^0+(?=\d)/, '')).join('-');
		if (step === undefined) return plain;
		if (plain === '*' || plain === '0') return `*/${step}`;
		return plain.includes('-') ? `${plain}/${step}` : `${plain}-${most}/${step}`;
	}).join(',');
}

/** Settings that change nothing here. */
const NOTHING: ReadonlySet<string> = new Set(['Unit', 'AccuracySec', 'FixedRandomDelay', 'RemainAfterElapse']);
const READ: ReadonlySet<string> = new Set(['OnCalendar', 'Persistent', 'RandomizedDelaySec', 'OnUnitActiveSec']);
/** With an interval, when the first run is: archon's is after the first interval. */
const FIRST: ReadonlySet<string> = new Set(['OnBootSec', 'OnStartupSec', 'OnActiveSec']);

/** Which unit it starts. */
export const targetOf = (timer: Unit): string => last(timer, 'Timer.Unit')?.value ?? timer.name.replace(/\.timer$/, '.service');

/** The service with the schedule of its timer. */
export function withTimer(
	timer: Unit, service: Mapping, name: string,
): {readonly config: Mapping; readonly untranslated: readonly Untranslated[]} {
	const untranslated: Untranslated[] = [];
	const tell = (at: Setting, why: string): void => void untranslated.push({at, key: at.key.replace(/^[^.]*\./, ''), service: name, why});
	const type = service.entries.get('type')?.value;
	const kind = type?.kind === 'scalar' ? type.text : 'daemon';
	const [calendar, ...more] = all(timer, 'Timer.OnCalendar');
	const interval = last(timer, 'Timer.OnUnitActiveSec');
	const at = calendar ?? interval;
	for (const each of more) tell(each, 'a schedule has one expression: add a service for each further one');
	for (const setting of timer.settings) {
		const [section, key = ''] = setting.key.split('.');
		if (section !== 'Timer' || NOTHING.has(key) || READ.has(key) || (interval && FIRST.has(key))) continue;
		tell(setting, FIRST.has(key) ? 'archon starts it once, with archon, where it has no schedule' : 'archon has nothing like it');
	}
	if (!at) return {config: service, untranslated};
	if (kind === 'forking' || service.entries.has('ready')) {
		tell(at, 'what its timer starts is a daemon, which archon only restarts by the clock');
		return {config: service, untranslated};
	}
	const when = calendar ? readCalendar(calendar.value) : null;
	const every = interval && !calendar ? duration(interval.value) : null;
	if (typeof when === 'string' || (when === null && (every === null || every === 'unlimited'))) {
		tell(at, typeof when === 'string' ? when : 'it is not a time');
		return {config: service, untranslated};
	}
	if (calendar && interval) tell(interval, 'a schedule has an expression or an interval, and not both');
	const [delay, persistent] = [last(timer, 'Timer.RandomizedDelaySec'), last(timer, 'Timer.Persistent')];
	const jitter = delay ? duration(delay.value) : null;
	const isKept = when !== null && persistent !== undefined && /^(1|yes|true|on)$/i.test(persistent.value);
	const schedule = scheduleOf(at, when ?? {every: every ?? ''}, {
		timezone: when?.zone ? word(at, when.zone) : undefined,
		jitter: delay && jitter !== null && jitter !== 'unlimited' ? word(delay, jitter) : undefined,
		catch_up: isKept ? word(persistent, 'once') : undefined,
	});
	const entries = new Map([...service.entries, ['type', entryOf(word(at, 'oneshot'))], ['schedule', entryOf(schedule)]] as const);
	const down = entries.get('down');
	// What ends without RemainAfterExit= is stopped at once.
	if (down && !entries.has('post_stop')) entries.set('post_stop', down);
	entries.delete('down');
	return {config: map(service, new Map([...entries].map(([key, {value}]) => [key, value]))), untranslated};
}

const entryOf = (value: Value) => ({key: value, value});
