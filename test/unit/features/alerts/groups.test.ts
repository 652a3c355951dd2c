/** Alerts in groups: how many messages there are, whatever happens how often. */
import {describe, expect, test} from 'vitest';
import {type Batch, createGroups, type GroupRules, type Groups} from '../../../../src/features/alerts/core/groups.ts';
import {NEVER} from '../../../../src/core/time.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const RULES: GroupRules = {groupWait: 30_000, repeat: 4 * HOUR, receivers: [{name: 'ops', on: ['failed', 'unhealthy', 'reload-failed'], services: []}]};

/** Happenings at their times, and then the clock until it is over; the messages with the times when they are sent. */
function run(groups: Groups, story: readonly (readonly [at: number, kind: string, service: string])[], until: number): readonly (Batch & {readonly when: number})[] {
	const sent: (Batch & {when: number})[] = [];
	const advance = (to: number): void => {
		for (let at = groups.nextDeadline(); at <= to; at = groups.nextDeadline()) sent.push(...groups.due(at).map(batch => ({...batch, when: at})));
	};
	for (const [at, kind, service] of story) {
		advance(at);
		groups.hear({kind, service, reason: `${kind} at ${at}`, at}, at);
	}
	advance(until);
	return sent;
}

const brief = (batches: readonly (Batch & {readonly when: number})[]): readonly string[] =>
	batches.map(({when, items, more}) => `${when / 1000}: ${items.map(({state, kind, service, count}) => `${service} ${state} ${kind} ${count}`).join(', ')}${more > 0 ? ` +${more}` : ''}`);

test('what goes wrong together is one message, after group_wait', () => {
	const story = [[0, 'failed', 'web'], [1000, 'failed', 'db'], [29_000, 'unhealthy', 'cache']] as const;
	expect(brief(run(createGroups(RULES), story, HOUR))).toEqual(['30: web firing failed 1, db firing failed 1, cache firing unhealthy 1']);
});

test('what lasts is told again after repeat, and no sooner', () => {
	const sent = brief(run(createGroups(RULES), [[0, 'failed', 'web'], [HOUR, 'failed', 'web']], 9 * HOUR));
	expect(sent).toEqual(['30: web firing failed 1', '14430: web firing failed 2', '28830: web firing failed 2']);
});

test('there is one message on recovery', () => {
	const sent = brief(run(createGroups(RULES), [[0, 'failed', 'web'], [MINUTE, 'ready', 'web'], [2 * MINUTE, 'ready', 'web']], 10 * HOUR));
	expect(sent).toEqual(['30: web firing failed 1', '90: web recovered failed 1']);
});

test('what is over before it was told is told once, as over', () => {
	expect(brief(run(createGroups(RULES), [[0, 'failed', 'web'], [1000, 'ready', 'web']], 10 * HOUR))).toEqual(['30: web recovered failed 1']);
});

test('what is unhealthy recovers when it is healthy, not when it is ready', () => {
	const sent = run(createGroups(RULES), [[0, 'unhealthy', 'web'], [MINUTE, 'ready', 'web'], [2 * MINUTE, 'healthy', 'web']], HOUR);
	expect(sent.map(({when}) => when)).toEqual([30_000, 150_000]);
});

test('what an operator stops is told of no more, and has not recovered', () => {
	expect(run(createGroups(RULES), [[0, 'failed', 'web'], [1000, 'stopped', 'web']], 10 * HOUR)).toEqual([]);
	expect(brief(run(createGroups(RULES), [[0, 'failed', 'web'], [MINUTE, 'removed', 'web']], 10 * HOUR))).toEqual(['30: web firing failed 1']);
});

test('10,000 failures in a minute are a handful of messages, of one service or of as many', () => {
	for (const names of [1, 10_000]) {
		const story = Array.from({length: 10_000}, (_, i) => [i * 6, 'failed', `s${i % names}`] as const);
		const sent = run(createGroups(RULES), story, HOUR);
		expect(sent.length).toBeLessThanOrEqual(3);
		const told = new Set(sent.flatMap(({items}) => items.map(({service}) => service))).size + sent.reduce((sum, {more}) => sum + more, 0);
		expect(told).toBe(names);
	}
});

test('a service that fails and recovers all day is told of ever less often', () => {
	const story = Array.from({length: 24 * 60}, (_, i) => [[i * MINUTE, 'failed', 'web'], [i * MINUTE + 20_000, 'ready', 'web']] as const).flat();
	const sent = run(createGroups(RULES), story, 24 * HOUR);
	expect(sent.length).toBeGreaterThan(5);
	expect(sent.length).toBeLessThan(30);
	expect(sent.map(({when}) => when).every((when, i, all) => i === 0 || when - (all[i - 1] ?? 0) >= RULES.groupWait)).toBe(true);
});

test('what is no state is told once, with how often it was', () => {
	const story = [[0, 'reload-failed', ''], [1000, 'reload-failed', ''], [MINUTE, 'reload-failed', '']] as const;
	expect(brief(run(createGroups(RULES), story, 10 * HOUR))).toEqual(['30: archon event reload-failed 2'.replace('archon', ''), '90:  event reload-failed 1']);
});

test('that it has failed for good is told although it was told that it was started again', () => {
	const rules = {...RULES, receivers: [{name: 'ops', on: ['failed', 'backoff'], services: []}]};
	const sent = brief(run(createGroups(rules), [[0, 'backoff', 'web'], [MINUTE, 'backoff', 'web'], [2 * MINUTE, 'failed', 'web'], [3 * MINUTE, 'failed', 'web']], HOUR));
	expect(sent).toEqual(['30: web firing backoff 1', '150: web firing failed 3']);
});

describe('receivers', () => {
	const receivers = [{name: 'web', on: ['failed'], services: ['web*']}, {name: 'all', on: ['unhealthy'], services: []}];

	test('hear of their services and events only; an instance has the name of its service', () => {
		const sent = run(createGroups({...RULES, receivers}), [[0, 'failed', 'web:1'], [0, 'failed', 'db'], [0, 'unhealthy', 'db'], [0, 'unhealthy', 'web']], HOUR);
		expect(sent.map(({receiver, items}) => [receiver, items.map(({service}) => service)])).toEqual([['web', ['web:1']], ['all', ['db', 'web']]]);
	});

	test('all who hear of a service are told what an action wants told, whatever else they hear', () => {
		const groups = createGroups({...RULES, receivers});
		groups.want('web', 'disk is full', 5, 5);
		groups.want('', 'somebody came', 5, 5);
		expect(groups.due(31_000).map(({receiver, items}) => [receiver, items.map(({service, reason}) => `${service}: ${reason}`)])).toEqual([
			['web', ['web: disk is full']], ['all', ['web: disk is full', ': somebody came']],
		]);
	});
});

test('what is kept is taken up by another one: nothing is told twice, and recovery is told', () => {
	const first = createGroups(RULES);
	expect(run(first, [[0, 'failed', 'web'], [MINUTE, 'failed', 'db']], 31_000).length).toBe(1);
	const second = createGroups(RULES, JSON.parse(JSON.stringify(first.save())));
	expect(second.firing('ops')).toBe(1);
	expect(brief(run(second, [[MINUTE, 'ready', 'web']], HOUR))).toEqual(['90: db firing failed 1, web recovered failed 1']);
	for (const rubbish of [null, 1, 'x', {ops: 1}, {ops: {known: [1, [2], ['a', 3]]}}]) expect(createGroups(RULES, rubbish).nextDeadline()).toBe(NEVER);
});

test('what is kept is bounded, and the rest is counted', () => {
	const groups = createGroups(RULES);
	for (let i = 0; i < 2000; i++) groups.hear({kind: 'failed', service: `s${i}`, reason: 'x'.repeat(5000), at: 0}, 0);
	const [batch] = groups.due(30_000);
	expect([batch?.items.length, batch?.more]).toEqual([500, 1500]);
	expect(JSON.stringify(groups.save()).length).toBeLessThan(300_000);
});
