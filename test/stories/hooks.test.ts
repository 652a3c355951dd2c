/** Commands at each turn of a service's life: before a start, after an end, and what undoes a oneshot. */
import {describe, expect, test} from 'vitest';
import {NO_HOOKS, RESTART} from '../../src/core/defaults.ts';
import {readAll, writeAll} from '../../src/core/serialize.ts';
import type {Hook} from '../../src/core/event.ts';
import type {Outcome} from '../../src/core/outcome.ts';
import type {Hooks} from '../../src/core/service.ts';
import {SIG} from '../../src/core/signal-numbers.ts';
import {resultOf} from '../../src/core/restart.ts';
import {find} from '../../src/core/state.ts';
import {statusOf} from '../../src/core/status.ts';
import {exit, killedBy, phases, type Story, tell, tellWith, type Traits} from './tell.ts';

const hooked = (hooks: Partial<Hooks>, more: Traits = {}): Traits => ({hooks: {...NO_HOOKS, ...hooks}, ...more});
const over = (story: Story, name: string, hook: Hook, failure: string | null = null): Story =>
	story.tells(name, {kind: 'hooked', hook, failure});
const note = (story: Story, name: string): string => {
	const entry = find(story.state(), name);
	return entry ? statusOf(story.state(), entry).note : '';
};

describe('pre_start', () => {
	const prep = hooked({preStart: [['prep']]}, {restart: {...RESTART, jitter: 0, attempts: 1}});

	test('comes after the needs and before the process, at each start', () => {
		const story = tell(['db', {ready: {kind: 'notify'}}], ['web', {...prep, needs: ['db+']}]);
		expect(story.lines()).not.toContain('prep');
		story.tells('db', {kind: 'ready'});
		expect(note(story, 'web')).toBe('running pre_start');
		over(story, 'web', 'pre_start').dies('web', exit(1));
		expect(story.lines()).toMatchInlineSnapshot(`
			"        db is ready
			  0.00  pre_start of web: prep
			  0.00  spawn web
			        started web (pid 102)
			        web exited with status 1; restart 1 of 1
			  0.00  pre_start of web: prep"
		`);
	});

	test('that fails has failed the start, and the process is not made', () => {
		const story = tell(['web', prep], ['other']);
		over(over(story, 'web', 'pre_start', 'prep: exit status 3'), 'web', 'pre_start', 'prep: exit status 3');
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.00  pre_start of web: prep
			  0.00  spawn other
			        started other (pid 101)
			        cannot start web: pre_start: prep: exit status 3; restart 1 of 1
			  0.00  pre_start of web: prep
			        cannot start web: pre_start: prep: exit status 3"
		`);
		expect(phases(story)['web']).toBe('failed');
	});

	test('is cancelled when its service is stopped, and begins again with a restart', () => {
		const story = tell(['web', prep], ['other']);
		expect(phases(story.ask('stop', 'web'))['web']).toBe('stopped');
		story.ask('start', 'web').lines();
		story.ask('restart', 'web');
		expect(story.lines()).toContain('pre_start of web: prep');
		expect(phases(over(story, 'web', 'pre_start'))['web']).toBe('up');
	});

	test('takes of the start timeout', () => {
		const story = tell(['web', hooked({preStart: [['prep']]}, {ready: {kind: 'notify'}, startTimeout: 5000})]).wait(4000);
		over(story, 'web', 'pre_start').lines();
		expect(story.wait(1000).lines()).toContain('stopping web: not ready within 5 s');
	});
});

describe('post_stop', () => {
	const tidy = hooked({postStop: [['tidy']]}, {restart: {...RESTART, jitter: 0}});

	test('comes after each end with all that it made, and before the next start', () => {
		const story = tell(['web', {...tidy, leavesSurvivors: true}]);
		story.lines();
		story.dies('web', exit(7));
		expect([phases(story)['web'], note(story, 'web')]).toEqual(['stopping', 'exit status 7; running post_stop']);
		over(story, 'web', 'post_stop', 'tidy: exit status 1');
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.00  SIGTERM to web and its group
			        web exited with status 7; stopping its remaining processes
			  0.00  post_stop of web: tidy
			        post_stop of web failed: tidy: exit status 1
			        web has stopped; restart 1 of 8
			  0.00  spawn web
			        started web (pid 102)"
		`);
	});

	test('comes after a stop as well, and what the service needed waits for it', () => {
		const story = tell(['db'], ['web', {...tidy, needs: ['db']}]).ask('stop', 'db', 'web');
		expect(phases(story)).toEqual({db: 'up', web: 'stopping'});
		expect(phases(over(story, 'web', 'post_stop'))).toEqual({db: 'stopped', web: 'stopped'});
	});

	test('is waited for by a shutdown, and for no longer than a grace period', () => {
		const story = tell(['web', {...tidy, stop: {signal: SIG.TERM, grace: 2000}}]).hear({kind: 'shutdown', why: 'x'});
		expect(story.state().stage.kind).toBe('stopping');
		expect(story.wait(2000).lines()).toMatch(/post_stop of web failed: took longer than 2 s[^]*exit 0$/);
	});

	test('that hangs takes no time from those that are stopped after it: they hear SIGTERM first', () => {
		const story = tell(
			['db', {deaf: true, stop: {signal: SIG.TERM, grace: 4000}}],
			['web', {...tidy, deaf: true, needs: ['db'], stop: {signal: SIG.TERM, grace: 5000}}],
		).hear({kind: 'shutdown', why: 'x'}).wait(20_000);
		expect(story.lines()).toMatch(/SIGTERM to web[^]*SIGKILL to web[^]*post_stop of web[^]*SIGTERM to db[^]*SIGKILL to db[^]*exit 0/);
	});

	test('is waited for by name while everything ends', () => {
		const story = tell(['web', tidy]).hear({kind: 'shutdown', why: 'x'});
		story.wait(1000).lines();
		expect(story.wait(1000).lines()).toMatch(/waiting for web \(running post_stop, 2 s, SIGKILL in /);
	});

	test('of what was killed has a grace period, and is not taken for killed', () => {
		const story = tell(['web', {...tidy, deaf: true, stop: {signal: SIG.TERM, grace: 2000}}]).ask('stop', 'web').wait(2000);
		expect(story.lines()).toContain('post_stop of web: tidy');
		expect(find(story.state(), 'web')?.phase).toMatchObject({kind: 'stopping', killed: false});
		expect(phases(over(story, 'web', 'post_stop'))['web']).toBe('stopped');
	});

	test('hears nothing more of what it is the end of', () => {
		const story = tell(['web', tidy]).dies('web', exit(1));
		story.lines();
		const {phase} = find(story.state(), 'web') ?? {};
		story.tells('web', {kind: 'exited', outcome: exit(0), survivors: true}).tells('web', {kind: 'emptied'});
		expect(story.lines()).toBe('');
		expect(find(story.state(), 'web')?.phase).toBe(phase);
	});

	test('does not hold up SIGKILL to everything', () => {
		const story = tell(['web', tidy]).hear({kind: 'shutdown', why: 'x'}).hear({kind: 'shutdown', why: 'x'}).hear({kind: 'shutdown', why: 'x'});
		expect(story.state().stage.kind).toBe('over');
	});

	test('decides nothing: the end has been judged by then', () => {
		const story = tell(['main', {...tidy, essential: true, restart: {...RESTART, policy: 'no'}}]).dies('main', exit(7));
		expect(over(story, 'main', 'post_stop', 'tidy: exit status 1').lines()).toMatch(/exit 7$/);
	});

	test.each<[string, {isRequested?: boolean; killed?: boolean; blame?: string}, Outcome, string]>([
		['success', {}, exit(0), 'exited 0'], ['exit-code', {}, exit(3), 'exited 3'], ['signal', {}, killedBy(15), 'killed TERM'],
		['core-dump', {}, {...killedBy(11), core: true} as Outcome, 'dumped SEGV'],
		['oom-kill', {}, {...killedBy(9), oom: true} as Outcome, 'killed KILL'],
		['success', {isRequested: true}, killedBy(15), ''], ['timeout', {isRequested: true, killed: true}, killedBy(9), ''],
		['timeout', {blame: 'not ready within 5 s'}, killedBy(15), ''], ['watchdog', {blame: 'watchdog: no WATCHDOG=1 within 1 s'}, killedBy(6), ''],
		['protocol', {blame: 'exited before it was ready'}, exit(0), ''], ['exit-code', {blame: 'post_start: x: exit 1'}, killedBy(15), ''],
	])('is told %s in systemd\'s words of %j', (result, {isRequested = false, killed = false, blame = null}, outcome) => {
		expect(resultOf({isRequested, killed, blame}, outcome, RESTART.success)).toBe(result);
	});
});

describe('a oneshot with down', () => {
	const mount = hooked({down: [['umount']]}, {type: 'oneshot', restart: {...RESTART, policy: 'no'}});
	const mounted = (): Story => {
		const story = tell(['mount', mount], ['app', {needs: ['mount!']}]).dies('mount', exit(0));
		story.lines();
		return story;
	};

	test('is undone at shutdown when those that need it have ended', () => {
		const story = mounted();
		expect(note(story, 'mount')).toBe('exit status 0');
		expect(over(story.hear({kind: 'shutdown', why: 'x'}), 'mount', 'down').lines()).toMatchInlineSnapshot(`
			"        shutting down: x
			  0.00  SIGTERM to app
			        stopping app (pid 102) with SIGTERM
			        stopped app (SIGTERM)
			  0.00  down of mount: umount
			        stopping mount: running down
			        stopped mount (exit status 0)
			  0.00  sweep SIGTERM
			  0.00  sweep SIGCONT
			  0.00  exit 0"
		`);
	});

	test('is undone when it is stopped, and done and undone when it is restarted', () => {
		const story = mounted().ask('restart', 'mount');
		expect(note(story, 'mount')).toBe('exit status 0; running down');
		expect(phases(over(story, 'mount', 'down'))['mount']).toBe('starting');
		story.dies('mount', exit(0)).ask('stop', 'mount');
		expect(phases(over(story, 'mount', 'down', 'umount: exit status 1'))['mount']).toBe('stopped');
		expect(story.lines()).toContain('down of mount failed: umount: exit status 1');
	});

	test('that has failed or never ran is not undone', () => {
		const story = tell(['mount', mount], ['other']).dies('mount', exit(1)).ask('stop', 'mount');
		expect(story.lines()).not.toContain('umount');
		expect(phases(story)['mount']).toBe('failed');
	});

	test('is no reason to stay up for, and is undone then', () => {
		const story = tellWith({whenIdle: 'always'}, ['mount', mount]).dies('mount', exit(0));
		expect(story.lines()).toContain('umount');
		expect(over(story, 'mount', 'down').state().stage).toEqual({kind: 'over', status: 0});
	});

	test('is not undone any more when everything is killed', () => {
		const story = tell(['mount', mount], ['app', {slow: true, needs: ['mount!']}]).dies('mount', exit(0));
		story.hear({kind: 'shutdown', why: 'x'}).wait(9000);
		expect(story.lines()).not.toContain('umount');
		expect(phases(story)).toEqual({mount: 'stopped', app: 'spawning'});
	});

	test('that is about to be undone lets nothing start that needs it', () => {
		const along = {name: 'mount', condition: 'service_completed_successfully', restart: true} as const;
		const story = tell(['mount', mount], ['app', {needs: [along], deaf: true}], ['late', {needs: ['mount!'], autostart: false}]);
		story.dies('mount', exit(0)).lines();
		// It waits for app to end first.
		story.ask('restart', 'mount').ask('start', 'late');
		expect(phases(story)).toEqual({mount: 'done', app: 'stopping', late: 'waiting'});
	});

	test('is as done in the next instance of archon', () => {
		const {state} = mounted();
		expect(readAll(writeAll(state()))).toEqual(state());
	});
});

test.each<[string, Hook, () => Story]>([
	['before a start', 'pre_start', () => tell(['it', hooked({preStart: [['x']]})])],
	['after an end', 'post_stop', () => tell(['it', hooked({postStop: [['x']]})]).dies('it', exit(1))],
	['that undo', 'down', () => tell(['it', hooked({down: [['x']]}, {type: 'oneshot'})]).dies('it', exit(0)).ask('stop', 'it')],
])('commands %s are asked for again by the next instance of archon', (_, hook, begin) => {
	const story = begin();
	story.lines();
	expect(story.hear({kind: 'resumed', found: new Map()}).lines()).toContain(`${hook} of it: x`);
});
