/** Services that the clock starts: when runs come, what becomes of those that overlap or are missed, and of a clock that is set. */
import {describe, expect, test} from 'vitest';
import {readAll, writeAll} from '../../src/core/serialize.ts';
import type {Schedule} from '../../src/core/service.ts';
import {find, type State} from '../../src/core/state.ts';
import {step} from '../../src/core/supervisor.ts';
import {create, nextDeadline} from '../../src/core/whole.ts';
import {nextRun} from '../../src/features/schedule/core/feature.ts';
import {UTC, type Zone} from '../../src/features/schedule/core/zone.ts';
import {EPOCH, exit, phases, service, SETTINGS, type Story, tell, type Traits} from './tell.ts';

const [SECOND, MINUTE, HOUR] = [1000, 60_000, 3_600_000];

const cron = (text: string, more: Partial<Schedule> = {}, zone: Zone = UTC): Traits => ({
	type: 'oneshot', autostart: false,
	schedule: {when: {kind: 'cron', text, zone}, action: 'run', jitter: 0, overlap: 'skip', isCaughtUp: false, deadline: Infinity, ...more},
});

const every = (interval: number, more: Partial<Schedule> = {}): Traits => {
	const {schedule, ...traits} = cron('* * * * *', more);
	return {...traits, schedule: {...schedule!, when: {kind: 'every', interval}}};
};

const timing = (story: Story, name = 'job') => find(story.state(), name)?.timing;
const starts = (story: Story, name = 'job'): number => find(story.state(), name)?.starts ?? 0;

/** When it is due next, as a time of 2026-01-01 where it is that day. */
function next(story: Story, name = 'job'): string {
	const entry = find(story.state(), name);
	const at = entry ? nextRun(story.state(), entry) : null;
	return at === null ? 'never' : new Date(at).toISOString().replace('2026-01-01T', '').replace('.001Z', '');
}

describe('a oneshot with a schedule', () => {
	test('does not start with archon, but when it is due, and again', () => {
		const story = tell(['job', cron('30 1 * * *')], ['web']);
		expect([phases(story), next(story)]).toEqual([{job: 'new', web: 'up'}, '01:30:00']);
		story.wait(90 * MINUTE);
		expect(phases(story)).toMatchObject({job: 'new'});
		story.wait(1);
		expect(phases(story)).toMatchObject({job: 'starting'});
		expect(find(story.state(), 'job')?.desired).toBe('due');
		story.dies('job', exit(0));
		expect([phases(story), find(story.state(), 'job')?.desired, next(story)]).toEqual([{job: 'completed', web: 'up'}, 'auto', '2026-01-02T01:30:00']);
		story.wait(24 * HOUR).dies('job', exit(3));
		expect([phases(story), starts(story)]).toEqual([{job: 'failed', web: 'up'}, 2]);
		story.wait(24 * HOUR);
		expect([phases(story), starts(story)]).toEqual([{job: 'starting', web: 'up'}, 3]);
	});

	test('starts what it needs, and waits for it', () => {
		const story = tell(['db', {autostart: false, ready: {kind: 'notify'}}], ['job', {...cron('* * * * *'), needs: ['db+']}]);
		expect(phases(story)).toEqual({db: 'new', job: 'new'});
		story.wait(MINUTE + 1);
		expect(phases(story)).toEqual({db: 'starting', job: 'waiting'});
		expect(phases(story.tells('db', {kind: 'ready'}))).toEqual({db: 'up', job: 'starting'});
	});

	test('keeps the container: it is not idle between two runs', () => {
		const story = tell(['job', cron('0 * * * *')]).wait(HOUR + 1).dies('job', exit(0)).wait(MINUTE);
		expect(story.lines()).not.toContain('no service is running');
	});

	test('comes at intervals from the start of archon on, whatever the clock says', () => {
		const story = tell(['job', every(5 * MINUTE)]).wait(5 * MINUTE - 1);
		expect(starts(story)).toBe(0);
		expect(starts(story.wait(1))).toBe(1);
		story.dies('job', exit(0)).hear({kind: 'clock', epoch: EPOCH + 400 * HOUR}).wait(5 * MINUTE - 1);
		expect(starts(story)).toBe(1);
		expect(starts(story.wait(1))).toBe(2);
	});

	test('has a moment of its own within the jitter, always the same', () => {
		const names = Array.from({length: 50}, (_, i) => `job${i}`);
		const cast = names.map(name => [name, cron('0 1 * * *', {jitter: 10 * MINUTE})] as const);
		const [one, other] = [tell(...cast), tell(...cast.toReversed())];
		const times = names.map(name => timing(one, name)?.at ?? 0);
		expect(names.map(name => timing(other, name)?.at)).toEqual(times);
		expect(new Set(times).size).toBeGreaterThan(45);
		for (const at of times) expect(at >= HOUR && at <= HOUR + 10 * MINUTE + 1).toBe(true);
		// It comes once, by its moment.
		one.wait(HOUR + 11 * MINUTE);
		expect(names.map(name => starts(one, name))).toEqual(names.map(() => 1));
	});

	test('that never comes again has no deadline', () => {
		const story = tell(['job', cron('0 0 31 2 *')]);
		expect([timing(story)?.at, next(story)]).toEqual([Infinity, 'never']);
	});
});

describe('a run that is due while one is under way', () => {
	test('is left out', () => {
		const story = tell(['job', cron('* * * * *')]).wait(2 * MINUTE + 1);
		expect([starts(story), timing(story)]).toMatchObject([1, {left: 1, why: 'a run is under way'}]);
		expect(story.lines()).toContain('job does not run for its schedule (* * * * *, 2026-01-01 00:02:00 +00:00): a run is under way');
		story.dies('job', exit(0)).wait(MINUTE);
		expect([starts(story), timing(story)]).toMatchObject([2, {left: 1, why: ''}]);
	});

	test('ends it and takes its place', () => {
		const story = tell(['job', cron('* * * * *', {overlap: 'replace'})]).wait(MINUTE + 1);
		story.lines();
		expect(story.wait(MINUTE).lines()).toMatchInlineSnapshot(`
			"120.00  SIGTERM to job
			        stopping job (pid 101) with SIGTERM
			        stopped job (SIGTERM)
			120.00  spawn job
			        started job (pid 102)"
		`);
		story.dies('job', exit(0));
		expect([phases(story), find(story.state(), 'job')?.desired]).toEqual([{job: 'completed'}, 'auto']);
	});

	test('runs beside it as a service of its own, which is forgotten at its end', () => {
		const story = tell(['job', cron('* * * * *', {overlap: 'allow'})]).wait(3 * MINUTE + 1);
		expect(phases(story)).toEqual({'job': 'starting', 'job@2': 'starting', 'job@3': 'starting'});
		story.dies('job@2', exit(0));
		expect(phases(story)).toEqual({'job': 'starting', 'job@3': 'starting'});
		story.dies('job', exit(0)).wait(MINUTE);
		expect([phases(story), starts(story)]).toEqual([{'job': 'starting', 'job@3': 'starting'}, 2]);
		story.dies('job@3', exit(1)).wait(20 * MINUTE);
		expect(Object.keys(phases(story)).length).toBe(9);
		expect(timing(story)?.why).toBe('9 runs are under way');
		story.hear({kind: 'shutdown', why: 'SIGTERM'});
		expect(story.lines()).toContain('exit 0');
	});

	test('that does not end waits until it has', () => {
		const story = tell(['job', {...cron('* * * * *', {overlap: 'replace'}), deaf: true}]).wait(2 * MINUTE + 1);
		expect([phases(story), starts(story)]).toEqual([{job: 'stopping'}, 1]);
		expect([phases(story.wait(5 * SECOND)), starts(story)]).toEqual([{job: 'starting'}, 2]);
	});
});

describe('a daemon that its schedule restarts', () => {
	const daemon = cron('0 * * * *', {action: 'restart'});
	const web: Traits = {schedule: daemon.schedule!};

	test('runs before and after', () => {
		const story = tell(['web', web]).wait(HOUR);
		story.lines();
		expect(story.wait(1).lines()).toMatchInlineSnapshot(`
			"3600.00  SIGTERM to web
			        stopping web (pid 101) with SIGTERM
			        stopped web (SIGTERM)
			3600.00  spawn web
			        started web (pid 102)"
		`);
		expect([phases(story), find(story.state(), 'web')?.desired]).toEqual([{web: 'up'}, 'auto']);
	});

	test('that has failed is started, and one that an operator has stopped is not', () => {
		const story = tell(['web', {...web, refused: 2}], ['other', web]).ask('stop', 'other');
		expect(phases(story)).toEqual({web: 'failed', other: 'stopped'});
		story.lines();
		expect(story.wait(HOUR + 1).lines()).toContain('spawn web');
		expect(phases(story)).toMatchObject({other: 'stopped'});
		expect(timing(story, 'other')?.why).toBe('it was stopped on request');
		expect(phases(story.ask('auto', 'other').wait(HOUR))).toMatchObject({other: 'up'});
	});
});

describe('an operator', () => {
	test('runs it now, beside its schedule', () => {
		const story = tell(['job', cron('30 1 * * *')]);
		const now = {kind: 'run-now', ids: [find(story.state(), 'job')!.id]} as const;
		expect(phases(story.hear(now))).toEqual({job: 'starting'});
		// Another one is left out while this one is under way.
		expect(starts(story.hear(now))).toBe(1);
		story.dies('job', exit(0));
		expect([phases(story), next(story), timing(story)?.ran]).toEqual([{job: 'completed'}, '01:30:00', EPOCH]);
	});

	test('stops it: its runs are left out until archonctl auto', () => {
		const story = tell(['job', cron('* * * * *')]).ask('stop', 'job').wait(3 * MINUTE);
		expect([starts(story), timing(story)?.why]).toEqual([0, 'it was stopped on request']);
		expect(starts(story.ask('auto', 'job').wait(MINUTE))).toBe(1);
	});

	test('starts it: that is a run like any other', () => {
		const story = tell(['job', cron('* * * * *')]).ask('start', 'job');
		expect([phases(story), starts(story)]).toEqual([{job: 'starting'}, 1]);
		story.dies('job', exit(0)).wait(MINUTE + 1);
		expect(starts(story)).toBe(2);
	});

	test('ends archon: nothing is due any more', () => {
		const story = tell(['job', cron('* * * * *')], ['web', {deaf: true}]).hear({kind: 'shutdown', why: 'SIGTERM'});
		story.wait(2 * MINUTE);
		expect([starts(story), timing(story)?.at]).toEqual([0, Infinity]);
	});

	test.each(['hitlist', 'test', 'manifest'] as const)('is not asked where the %s says no', rule => {
		const story = tell(['job', cron('* * * * *')]);
		const rulings = [{id: find(story.state(), 'job')!.id, ruling: {runs: false, why: ''}}];
		expect(starts(story.hear({kind: 'rule', rule, revive: false, rulings}).wait(2 * MINUTE))).toBe(0);
	});
});

describe('a clock that is set', () => {
	const [ONCE, NONE] = [cron('0 3 * * *', {isCaughtUp: true}), cron('0 3 * * *')];

	test.each([
		['forward by less than three hours: it runs at once', NONE, 4 * HOUR, 1],
		['forward by more: that is a correction', NONE, 7 * HOUR, 0],
		['forward by more, where it is caught up: once', ONCE, 70 * HOUR, 1],
		['forward by more than its deadline', cron('0 3 * * *', {isCaughtUp: true, deadline: HOUR}), 5 * HOUR, 0],
		['back: nothing runs before its time', NONE, -2 * HOUR, 0],
	])('%s', (_, job, jump, count) => {
		const story = tell(['job', job]).wait(MINUTE).hear({kind: 'clock', epoch: EPOCH + jump}).wait(MINUTE);
		expect(starts(story)).toBe(count);
		expect(nextDeadline(story.state())).toBeGreaterThan(HOUR);
		expect(story.lines()).toContain('schedules follow it');
	});

	test('forward over many runs: there is one, and no burst', () => {
		const story = tell(['job', cron('* * * * *')]).wait(MINUTE + 1).dies('job', exit(0));
		story.hear({kind: 'clock', epoch: EPOCH + 2 * HOUR}).wait(1).dies('job', exit(0)).wait(30 * SECOND);
		expect(starts(story)).toBe(2);
		expect(next(story)).toBe('02:02:00');
	});

	test('back by little: what names its hours runs once, what follows the clock again', () => {
		const story = tell(['job', cron('30 0 * * *')], ['often', cron('*/30 * * * *')]).wait(30 * MINUTE + 1);
		story.dies('job', exit(0)).dies('often', exit(0)).hear({kind: 'clock', epoch: EPOCH - 10 * MINUTE}).wait(11 * MINUTE);
		expect([starts(story), starts(story, 'often')]).toEqual([1, 2]);
	});

	test('back by a moment: nothing runs twice', () => {
		const story = tell(['job', cron('* * * * *')]).wait(MINUTE + 1).dies('job', exit(0));
		story.hear({kind: 'clock', epoch: EPOCH - 5 * SECOND}).wait(30 * SECOND);
		expect([starts(story), next(story)]).toEqual([1, '00:02:00']);
	});

	test('back by days: everything is planned again', () => {
		const story = tell(['job', cron('0 3 * * *')]).wait(4 * HOUR).dies('job', exit(0)).hear({kind: 'clock', epoch: EPOCH - 24 * HOUR});
		expect(next(story)).toBe('03:00:00');
	});

	test('while archon slept: a run that is late says so', () => {
		const story = tell(['job', cron('0 1 * * *')]);
		story.lines();
		story.stall(2 * HOUR).wait(1);
		expect(story.lines()).toContain('job runs 60 min late for its schedule (0 1 * * *, 2026-01-01 01:00:00 +00:00)');
		expect(starts(story)).toBe(1);
	});

	test('while archon slept for long: a run that is too late is left out', () => {
		const story = tell(['job', cron('0 1 * * *')]).stall(5 * HOUR).wait(1);
		expect([starts(story), timing(story)]).toMatchObject([0, {left: 1, why: expect.stringContaining('it was missed by 240 min')}]);
	});
});

describe('another config', () => {
	const reconfigure = (story: Story, ...cast: readonly (readonly [string, Traits])[]): Story => {
		const {shutdownGrace, startRate, whenIdle} = story.state().settings;
		return story.hear({kind: 'reconfigure', services: cast.map(([name, traits]) => service(name, traits)), shutdownGrace, startRate, whenIdle});
	};

	test('with the same schedule leaves it as it is', () => {
		const story = tell(['job', every(5 * MINUTE)], ['other', cron('30 1 * * *')]).wait(2 * MINUTE);
		const before = [timing(story), timing(story, 'other')];
		reconfigure(story, ['job', every(5 * MINUTE)], ['other', cron('30 1 * * *')]);
		expect([timing(story), timing(story, 'other')]).toEqual(before);
	});

	test('with another schedule plans it again, and with a first one begins to', () => {
		const story = tell(['job', cron('30 1 * * *')], ['web']).wait(2 * HOUR);
		reconfigure(story, ['job', cron('0 1 * * *')], ['web', {}]);
		// What the new one names of the past was none of its runs.
		expect([next(story), starts(story)]).toEqual(['2026-01-02T01:00:00', 1]);
		const plain = tell(['job', {}]);
		reconfigure(plain, ['job', cron('0 1 * * *')]);
		expect(next(plain)).toBe('01:00:00');
	});

	test('without a schedule has none', () => {
		const story = tell(['job', cron('30 1 * * *')]);
		reconfigure(story, ['job', {type: 'oneshot', autostart: false}]);
		expect([timing(story), nextDeadline(story.state())]).toEqual([null, Infinity]);
	});
});

test('what is due survives re-execution, and is told of what the clock says then', () => {
	const story = tell(['job', cron('0 1 * * *')]).wait(30 * MINUTE);
	const read: State | null = readAll(writeAll(story.state()));
	expect(find(read!, 'job')?.timing).toEqual(timing(story));
	const [, effects] = step(read!, {kind: 'resumed', found: new Map()}, 31 * MINUTE);
	expect(effects).toContainEqual({kind: 'watch-clock', isOn: true});
	// While it was re-executed the clock was put forward over the run.
	const [late] = step(read!, {kind: 'clock', epoch: EPOCH + HOUR}, 31 * MINUTE);
	expect(nextDeadline(late)).toBeLessThanOrEqual(31 * MINUTE);
	const [after] = step(late, {kind: 'tick'}, 31 * MINUTE);
	expect(find(after, 'job')?.phase.kind).toBe('spawning');
});

describe('what is remembered from an archon before', () => {
	const boot = (job: Traits, scheduled: {readonly of: string; readonly since: number} | null): State => {
		const services = new Map([['job', {asked: 'auto', starts: 3, rulings: {}, rest: null, scheduled} as const]]);
		const [begun, effects] = step(create([service('job', job)], SETTINGS), {kind: 'boot', remembered: {runs: 9, services, transients: []}}, 0);
		expect(effects).toContainEqual({kind: 'watch-clock', isOn: true});
		const [after] = step(begun, {kind: 'clock', epoch: EPOCH + 10 * HOUR}, 0);
		return step(after, {kind: 'tick'}, 0)[0];
	};
	const phaseOf = (state: State): string | undefined => find(state, 'job')?.phase.kind;
	const YESTERDAY = {of: '0 3 * * * UTC', since: EPOCH - 21 * HOUR};

	test('a run that was missed comes once, where it is to be caught up', () => {
		const state = boot(cron('0 3 * * *', {isCaughtUp: true}), YESTERDAY);
		expect([phaseOf(state), nextRun(state, find(state, 'job')!)]).toEqual(['spawning', EPOCH + 27 * HOUR + 1]);
	});

	test.each([
		['not to be caught up', cron('0 3 * * *'), YESTERDAY],
		['done with', cron('0 3 * * *', {isCaughtUp: true}), {...YESTERDAY, since: EPOCH + 3 * HOUR}],
		['of another schedule', cron('0 4 * * *', {isCaughtUp: true}), YESTERDAY],
		['too late', cron('0 3 * * *', {isCaughtUp: true, deadline: HOUR}), YESTERDAY],
		['of a clock that was far ahead', cron('0 3 * * *', {isCaughtUp: true}), {...YESTERDAY, since: EPOCH + 4000 * HOUR}],
		['not known', cron('0 3 * * *', {isCaughtUp: true}), null],
	])('but not where it is %s', (_, job, scheduled) => {
		const state = boot(job, scheduled);
		const hour = job.schedule?.when.kind === 'cron' && job.schedule.when.text === '0 4 * * *' ? 28 : 27;
		expect([phaseOf(state), nextRun(state, find(state, 'job')!)]).toEqual(['down', EPOCH + hour * HOUR + 1]);
	});

	test('a run under way goes on', () => {
		const {state} = tell();
		const fresh = create([service('job', cron('0 3 * * *'))], state().settings);
		const [after] = step(fresh, {
			kind: 'boot', adopted: [{id: 0, run: 7, pid: 70, isForeign: true}], remembered: {runs: 7, services: new Map(), transients: []},
		}, 0);
		expect([phaseOf(after), find(after, 'job')?.desired]).toEqual(['starting', 'due']);
	});
});

test('ten thousand have each a run of their own', () => {
	const names = Array.from({length: 10_000}, (_, i) => `job${i}`);
	const story = tell(...names.map(name => [name, cron('0 * * * *', {jitter: 30 * MINUTE})] as const));
	story.wait(HOUR + 31 * MINUTE);
	expect(names.every(name => starts(story, name) === 1)).toBe(true);
});
