/** What `schedule` may say, and what it comes to: its time zone is read from the system, and one that is not there is a problem. */
import {ok} from '../../../core/result.ts';
import type {Schedule, Service} from '../../../core/service.ts';
import type {Millis} from '../../../core/time.ts';
import {lookupIn} from '../../../core/variables.ts';
import {duration as durations, textLike} from '../../../config/accepts.ts';
import type {Part, Written} from '../../../config/group.ts';
import {optional, value} from '../../../config/key.ts';
import type {Planning} from '../../../config/planning.ts';
import {readBy, refuse} from '../../../config/readers.ts';
import {duration, fault, grace, oneOf, parser, patience, type Parse} from '../../../config/scalars.ts';
import {readShape, shape, type Context, type Settings} from '../../../config/shape.ts';
import {writtenAt, type Value} from '../../../config/values.ts';
import {comesEver} from '../core/calendar.ts';
import {parseCron} from '../core/expression.ts';
import {readZone, ZONE_FILE_MAX} from '../core/tzif.ts';
import {ruleOf, UTC, type Zone} from '../core/zone.ts';

/** A shorter interval is a loop. */
const EVERY_MIN: Millis = 1000;

const EXPRESSION = String.raw`^\s*(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|[\w*?,/#-]+(\s+[\w*?,/#-]+){4,5})\s*$`;

/** A cron expression that comes at some time. */
export const expression: Parse<string> = parser(() => textLike(EXPRESSION, '30 3 * * *', '@daily', '*/5 9-17 * * mon-fri'), text => {
	const cron = parseCron(text);
	if (!cron.ok) return cron;
	return comesEver(cron.value) ? ok(text.trim()) : fault('never comes', 'no month has that day');
});

const interval: Parse<Millis> = parser(() => durations(EVERY_MIN), text => {
	const length = duration(text);
	return length.ok && length.value < EVERY_MIN ? fault('is too short', 'write at least 1s') : length;
});

/** A name of the database, a file, or a rule as in TZ; it never leads out of the folder of zones. */
const ZONE_NAME = /^[A-Za-z0-9][A-Za-z0-9_+-]*(\/[A-Za-z0-9][A-Za-z0-9_+-]*){0,2}$/;

const zoneName: Parse<string> = parser(() => textLike(ZONE_NAME.source, 'Europe/Berlin', 'UTC'), text =>
	(ZONE_NAME.test(text) ? ok(text) : fault('is not a time zone', 'write a name as Europe/Berlin or UTC')));

export const SCHEDULE = shape({
	cron: optional(
		expression, 'cron expression', 'none', 'minute, hour, day of the month, month, day of the week; with six fields seconds first',
	),
	every: optional(interval, 'duration', 'none', 'instead of cron: this long after the start of archon, and again and again', '15m'),
	action: optional(
		oneOf(['run', 'restart'] as const), 'run | restart', 'run for oneshot', 'what is done: a oneshot runs, a daemon is restarted',
		'restart',
	),
	timezone: optional(
		zoneName, 'name', '$TZ of archon, else that of the system, else UTC', 'by whose clock cron is meant', 'Europe/Berlin',
	),
	jitter: value(duration, 'duration', '0s', 'each service comes later by a part of this, always the same one, by its name'),
	overlap: value(
		oneOf(['skip', 'allow', 'replace'] as const), 'skip | allow | replace', 'skip',
		'what becomes of a run while one is under way: it is left out, runs beside it as NAME@2, or ends the other',
	),
	catch_up: value(
		oneOf(['none', 'once'] as const), 'none | once', 'none', 'once: what was missed by more than three hours comes later, once for all of it',
	),
	deadline: value(grace, 'duration | unlimited', 'unlimited', 'with catch_up: once, how late it may come'),
	timeout: value(patience, 'duration | unlimited', 'unlimited', 'how long a run may take; then it is stopped, and has failed'),
}, {
	words: () => ({
		names: {
			cron: 'schedule expression OnCalendar', every: 'interval OnUnitActiveSec', timezone: 'tz zone',
			jitter: 'RandomizedDelaySec splay', overlap: 'concurrency concurrencyPolicy', catch_up: 'Persistent run_on_missed',
			deadline: 'startingDeadlineSeconds', timeout: 'max_duration',
		},
	}),
});

/** A schedule as it is written. */
export type WrittenSchedule = Settings<typeof SCHEDULE.keys>;

export function readSchedule(from: Value, context: Context): WrittenSchedule | undefined {
	if (from.kind === 'scalar' && /^\d+(?:ms|[smhd])$/.test(from.text)) {
		return refuse(from, context, 'is an interval, and no cron expression', `write {every: ${from.text}}`);
	}
	if (from.kind !== 'map') {
		const cron = readBy(expression)(from, context);
		return cron === undefined ? undefined : {...SCHEDULE.initial, cron};
	}
	const settings = readShape(SCHEDULE, from, context);
	const [hasCron, hasEvery] = [writtenAt(from, 'cron'), writtenAt(from, 'every')];
	if (hasCron && hasEvery) return refuse(from, context, 'has both cron and every');
	const isKnown = [...from.entries.keys()].every(name => Object.hasOwn(SCHEDULE.keys, name));
	if (!hasCron && !hasEvery) {
		return isKnown ? refuse(from, context, 'does not say when', 'write cron: "30 3 * * *", or every: 15m') : undefined;
	}
	for (const name of ['timezone', 'catch_up'] as const) {
		const place = hasEvery && writtenAt(from, name)?.key;
		if (place) context.report(place, `${context.path}.${name} is only for cron`);
	}
	const deadline = settings.catch_up === 'once' ? undefined : writtenAt(from, 'deadline')?.key;
	if (deadline) context.report(deadline, `${context.path}.deadline is only for catch_up: once`);
	// What could not be read has been reported.
	return settings.cron === null && settings.every === null ? undefined : settings;
}

/** What else of a service matters. */
export interface Judged {
	readonly type: Service['type'] | 'forking';
	readonly schedule: WrittenSchedule | null;
}

/** What of a service does not go with its schedule. */
export function judgeSchedule({path, map, settings: {type, schedule}}: Written<Judged>, {problems, notes}: Planning): void {
	const place = writtenAt(map, 'schedule')?.key;
	if (!place || !schedule) return;
	const action = schedule.action ?? (type === 'oneshot' ? 'run' : null);
	if (action === null || (action === 'run' && type !== 'oneshot')) {
		const hint = 'write type: oneshot for a job that ends, or action: restart in the schedule';
		problems.report(place, `${path}.schedule needs a oneshot, and this is a daemon`, hint);
	}
	for (const key of ['down', 'start_timeout'] as const) {
		const other = writtenAt(map, key)?.key;
		if (!other) continue;
		const hint = 'write post_stop, which runs after each end';
		if (key === 'down') problems.report(other, `${path}.down does not go with a schedule`, hint);
		else if (schedule.timeout !== Infinity) problems.report(other, `${path} has both start_timeout and a schedule with a timeout`);
	}
	const test = action === 'run' && writtenAt(map, 'test')?.key;
	if (test) {
		const hint = 'write only_if: {command: …} for what must hold for a run';
		notes.report(test, `${path}.test starts it also beside its schedule, when it says yes`, hint);
	}
	if (action !== 'restart') return;
	const why = type === 'oneshot' ? 'action: restart, which is only for daemons' : 'a timeout, which is only for oneshot';
	if (type === 'oneshot' || schedule.timeout !== Infinity) problems.report(place, `${path}.schedule has ${why}`);
}

/** Makes the schedules of services, of which many have the same zone; it is read once. */
export function scheduler({problems, lookups}: Planning): (service: Written<Judged>) => Part {
	const zones = new Map<string, Zone | null>();
	const own = lookupIn(lookups.environment)('TZ') ?? '';

	/** Null: there is no such zone, which is reported the first time. */
	function zoneOf(named: string | null, {path, map, key}: Written<Judged>): Zone | null {
		const name = named ?? own.replace(/^:/, '');
		const known = zones.get(name);
		if (known !== undefined) return known;
		const found = findZone(name, lookups);
		zones.set(name, typeof found === 'string' ? null : found);
		if (typeof found !== 'string') return found;
		const isOfTz = named === null && own !== '';
		const what = isOfTz ? `the variable TZ is "${name}", which` : `the time zone ${name === '' ? 'of the system' : name}`;
		const written = writtenAt(map, 'schedule');
		const zone = written?.value.kind === 'map' ? writtenAt(written.value, 'timezone') : undefined;
		const place = zone?.value ?? written?.key ?? key;
		problems.report(place, `${path}.schedule: ${what} ${found}`, 'install tzdata, or write timezone: UTC');
		return null;
	}

	return service => {
		const {map, settings: {type, schedule}} = service;
		if (!schedule) return {};
		const {cron, every, jitter, overlap, catch_up: catchUp, deadline, timeout} = schedule;
		const zone = cron === null ? UTC : zoneOf(schedule.timezone, service);
		const when: Schedule['when'] = cron === null || !zone
			? {kind: 'every', interval: every ?? Infinity} : {kind: 'cron', text: cron, zone};
		const action = schedule.action ?? (type === 'oneshot' ? 'run' : 'restart');
		return {
			schedule: {when, action, jitter, overlap, isCaughtUp: catchUp === 'once', deadline},
			...action === 'run' && !writtenAt(map, 'autostart') && {autostart: false},
			...timeout !== Infinity && {startTimeout: timeout},
		};
	};
}

const FOLDER = '/usr/share/zoneinfo';
const [LOCAL, NO_FILE] = ['/etc/localtime', 'is not installed here'];

/** What every system knows, whatever its files. */
const UNIVERSAL: ReadonlySet<string> = new Set(['UTC', 'Etc/UTC', 'Etc/GMT', 'GMT', 'Z', 'Zulu', 'UCT']);

/** A zone by its name, the system's own for an empty one; or what is wrong with it. */
function findZone(name: string, {readZoneFile}: Planning['lookups']): Zone | string {
	if (UNIVERSAL.has(name)) return UTC;
	// Nothing outside of the config is to be looked at.
	if (!readZoneFile) return {...UTC, name};
	const path = name === '' ? LOCAL : name.startsWith('/') ? name : `${FOLDER}/${name}`;
	const bytes = name === '' || name.startsWith('/') || ZONE_NAME.test(name) ? readZoneFile(path, ZONE_FILE_MAX) : NO_FILE;
	if (bytes === null || bytes === NO_FILE) {
		if (name === '') return UTC;
		return ruleOf(name) ? {name, initial: 0, transitions: [], rule: name} : NO_FILE;
	}
	if (typeof bytes === 'string') return bytes;
	if (bytes.length > ZONE_FILE_MAX) return 'is too large to be a time zone';
	const zone = readZone(name === '' ? 'local' : name, bytes);
	return zone.ok ? zone.value : zone.error;
}
