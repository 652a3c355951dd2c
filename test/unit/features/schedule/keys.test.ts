/** `schedule`: what it may say, what it comes to, and what is told of zones that are not there. */
import {describe, expect, test} from 'vitest';
import {judgeConfig} from '../../../../src/config/plan.ts';
import type {Lookups} from '../../../../src/config/planning.ts';
import type {Schedule, Service} from '../../../../src/core/service.ts';
import {UTC} from '../../../../src/features/schedule/core/zone.ts';
import {around} from '../../config/around.ts';

const lookups = (environment: Readonly<Record<string, string>>, readZoneFile?: Lookups['readZoneFile']): Lookups =>
	({...around(environment), ...readZoneFile && {readZoneFile}});

/** A machine without zones. */
const BARE = lookups({}, () => null);

function judged(service: string, given: Lookups = BARE): {readonly service: Service | undefined; readonly problems: readonly string[]} {
	const {plan, problems} = judgeConfig([{file: 'archon.yaml', text: `services:\n  a: {command: x, ${service}}\n`}], null, given);
	const texts = problems.map(({message, hint}) => `${message}${hint === null ? '' : `; ${hint}`}`);
	return {service: plan?.services.find(({name}) => name === 'a'), problems: texts};
}

const job = (schedule: string, given?: Lookups) => judged(`type: oneshot, schedule: ${schedule}`, given);

const plain: Schedule = {
	when: {kind: 'cron', text: '30 3 * * *', zone: UTC}, action: 'run', jitter: 0, overlap: 'skip', isCaughtUp: false, deadline: Infinity,
};

test.each<[string, Partial<Schedule>]>([
	['"30 3 * * *"', {}], ['{cron: "30 3 * * *", timezone: UTC}', {}],
	['"@daily"', {when: {kind: 'cron', text: '@daily', zone: UTC}}],
	['{every: 5m, jitter: 1m, overlap: replace}', {when: {kind: 'every', interval: 300_000}, jitter: 60_000, overlap: 'replace'}],
	['{cron: "30 3 * * *", catch_up: once, deadline: 1h}', {isCaughtUp: true, deadline: 3_600_000}],
	['{cron: "30 3 * * *", catch_up: once}', {isCaughtUp: true}],
])('%s', (text, expected) => {
	const {service, problems} = job(text);
	expect([problems, service?.schedule, service?.autostart]).toEqual([[], {...plain, ...expected}, false]);
});

test('a daemon is restarted, starts with archon, and so does a oneshot that says so', () => {
	const daemon = judged('schedule: {cron: "30 3 * * *", action: restart}').service;
	expect([daemon?.schedule, daemon?.autostart]).toEqual([{...plain, action: 'restart'}, true]);
	expect(judged('type: oneshot, autostart: true, schedule: "30 3 * * *"').service?.autostart).toBe(true);
	expect(judged('type: oneshot, schedule: ').service).toMatchObject({schedule: null, autostart: true});
	expect(job('{every: 5m, timeout: 10s}').service?.startTimeout).toBe(10_000);
});

test.each<[string, readonly string[]]>([
	['"0 0 31 2 *"', ['services.a.schedule: "0 0 31 2 *" never comes; no month has that day']],
	['{}', ['services.a.schedule does not say when; write cron: "30 3 * * *", or every: 15m']],
	['{cron: "@daily", every: 5m}', ['services.a.schedule has both cron and every']],
	['{every: 500ms}', ['services.a.schedule.every: "500ms" is too short; write at least 1s']],
	['{every: 5m, timezone: UTC, catch_up: once}', ['services.a.schedule.timezone is only for cron', 'services.a.schedule.catch_up is only for cron']],
	['{cron: "@daily", deadline: 5m}', ['services.a.schedule.deadline is only for catch_up: once']],
	['{cron: "@daily", timezone: ../../etc/passwd}', ['services.a.schedule.timezone: "../../etc/passwd" is not a time zone; write a name as Europe/Berlin or UTC']],
	['{cron: "@daily", action: restart}', ['services.a.schedule has action: restart, which is only for daemons']],
	['{cron: "@daily"}, down: [x]', ['services.a.down does not go with a schedule; write post_stop, which runs after each end']],
	['{every: 5m, timeout: 5s}, start_timeout: 5s', ['services.a has both start_timeout and a schedule with a timeout']],
	['5m', ['services.a.schedule is an interval, and no cron expression; write {every: 5m}']],
	['{OnCalendar: daily}', ['unknown key "OnCalendar" in services.a.schedule; archon calls it cron']],
])('%s is told', (text, problems) => {
	expect(job(text).problems).toEqual(problems);
});

test('a test that starts a job beside its schedule is noted', () => {
	const noted = (keys: string): readonly string[] => judgeConfig(
		[{file: 'archon.yaml', text: `services:\n  a: {command: x, test: "true", ${keys}}\n`}], null, BARE,
	).notes.map(({message, hint}) => `${message}; ${hint}`);
	expect(noted('type: oneshot, schedule: "@daily"')).toEqual([
		'services.a.test starts it also beside its schedule, when it says yes; write only_if: {command: …} for what must hold for a run',
	]);
	expect(noted('schedule: {cron: "@daily", action: restart}')).toEqual([]);
});

test('a daemon that is not said to be restarted is told', () => {
	expect(judged('schedule: "@daily"').problems).toEqual([
		'services.a.schedule needs a oneshot, and this is a daemon; write type: oneshot for a job that ends, or action: restart in the schedule',
	]);
	expect(judged('schedule: {every: 5m, action: restart, timeout: 5s}').problems).toEqual(['services.a.schedule has a timeout, which is only for oneshot']);
});

describe('a time zone', () => {
	const zoneOf = (schedule: string, given: Lookups): unknown => {
		const {service, problems} = job(schedule, given);
		const when = service?.schedule?.when;
		return problems.length > 0 ? problems : when?.kind === 'cron' ? when.zone : null;
	};
	const HINT = 'install tzdata, or write timezone: UTC';

	test('that is not installed is a problem, once', () => {
		expect(zoneOf('{cron: "@daily", timezone: Europe/Berlin}', BARE)).toEqual([`services.a.schedule: the time zone Europe/Berlin is not installed here; ${HINT}`]);
		const text = 'services:\n  a: {command: x, type: oneshot, schedule: {cron: "@daily", timezone: X/Y}}\n  b: {command: x, type: oneshot, schedule: {cron: "@hourly", timezone: X/Y}}\n';
		expect(judgeConfig([{file: 'archon.yaml', text}], null, BARE).problems.length).toBe(1);
	});

	test('is that of TZ, of the system, or UTC', () => {
		expect(zoneOf('"@daily"', BARE)).toEqual(UTC);
		expect(zoneOf('"@daily"', lookups({TZ: ''}, () => null))).toEqual(UTC);
		expect(zoneOf('"@daily"', lookups({TZ: 'Europe/Berlin'}, () => null))).toEqual([`services.a.schedule: the variable TZ is "Europe/Berlin", which is not installed here; ${HINT}`]);
		expect(zoneOf('"@daily"', lookups({TZ: 'CET-1CEST,M3.5.0,M10.5.0/3'}, () => null))).toMatchObject({rule: 'CET-1CEST,M3.5.0,M10.5.0/3'});
		const asked: string[] = [];
		const ask = (path: string): null => {
			asked.push(path);
			return null;
		};
		zoneOf('"@daily"', lookups({TZ: ':Europe/Berlin'}, ask));
		zoneOf('"@daily"', lookups({TZ: ':/etc/zone'}, ask));
		zoneOf('"@daily"', lookups({TZ: '../secret'}, ask));
		zoneOf('"@daily"', lookups({}, ask));
		zoneOf('{cron: "@daily", timezone: Etc/UTC}', lookups({}, ask));
		expect(asked).toEqual(['/usr/share/zoneinfo/Europe/Berlin', '/etc/zone', '/etc/localtime']);
	});

	test('whose file is something else, or too large, is a problem', () => {
		const text = '{cron: "@daily", timezone: X/Y}';
		expect(zoneOf(text, lookups({}, () => new Uint8Array(10)))).toEqual([`services.a.schedule: the time zone X/Y is not a time zone file; ${HINT}`]);
		expect(zoneOf(text, lookups({}, (_, most) => new Uint8Array(most + 1)))).toEqual([`services.a.schedule: the time zone X/Y is too large to be a time zone; ${HINT}`]);
		expect(zoneOf(text, lookups({}, () => 'cannot be read: permission denied'))).toEqual([`services.a.schedule: the time zone X/Y cannot be read: permission denied; ${HINT}`]);
	});

	test('is not looked for where nothing outside of the config is', () => {
		expect(zoneOf('{cron: "@daily", timezone: Europe/Berlin}', lookups({}))).toEqual({...UTC, name: 'Europe/Berlin'});
	});
});
