/** Actions: what is done when something has happened, how often, and what forbids it. */
import {expect, test} from 'vitest';
import type {Action} from '../../src/core/action.ts';
import {RESTART} from '../../src/core/defaults.ts';
import type {Effect} from '../../src/core/effect.ts';
import {readAll, writeAll} from '../../src/core/serialize.ts';
import {find} from '../../src/core/state.ts';
import {step} from '../../src/core/supervisor.ts';
import {SIG} from '../../src/core/signal-numbers.ts';
import {why} from '../../src/core/why/why.ts';
import {exit, killedBy, phases, type Story, tell, tellWith, type Traits} from './tell.ts';

const NEVER = {...RESTART, policy: 'no'} as const;
const to = (kind: 'start' | 'stop' | 'restart' | 'reload', ...names: string[]): Action => ({kind, names});
const run: Action = {kind: 'run', command: ['/notify'], timeout: 1000};
const on = (events: Traits['on'], more: Traits = {}): Traits => ({on: events!, ...more});

function act(story: Story, by: string, about: string | null, ...actions: readonly Action[]): Story {
	const id = about === null ? null : find(story.state(), about)?.id ?? -1;
	return story.hear({kind: 'act', by, about: id, why: 'it was asked', actions, variables: {ARCHON_EVENT: 'asked'}});
}

const lastLines = (story: Story): readonly string[] => story.lines().split('\n').map(line => line.trim());

test('an event of a service does what its config has for it, in order, and says why', () => {
	const story = tell(['cache'], ['web', on({failed: [to('restart', 'cache'), run, {kind: 'alert', text: null}]}, {restart: NEVER})]);
	story.lines();
	expect(story.dies('web', exit(3)).lines()).toMatchInlineSnapshot(`
		"        web failed: exit status 3
		        restarting cache: web has failed: exit status 3 (on of web)
		  0.00  run /notify (on of web)
		  0.00  alert: web has failed: exit status 3
		  0.00  SIGTERM to cache
		        stopping cache (pid 101) with SIGTERM
		        stopped cache (SIGTERM)
		  0.00  spawn cache
		        started cache (pid 103)"
	`);
});

test('a command has what is known of the event as variables', () => {
	const {state} = tell(['web', on({exited: [run], failed: [run]}, {restart: NEVER})]);
	const {id, phase} = find(state(), 'web')!;
	const died = (outcome: ReturnType<typeof exit>): readonly unknown[] => {
		const news = {kind: 'exited', outcome, survivors: false} as const;
		const [, effects] = step(state(), {kind: 'news', id, run: 'run' in phase ? phase.run : -1, news}, 0);
		return effects.flatMap((effect: Effect) => (effect.kind === 'run' ? [effect.environment] : []));
	};
	const known = {ARCHON_SERVICE: 'web', ARCHON_PID: '101', ARCHON_EVENT_RUN: '1', ARCHON_STATUS: 'failed'};
	expect(died(exit(3))).toEqual([
		{...known, ARCHON_EVENT: 'exited', ARCHON_EXIT_CODE: '3', ARCHON_REASON: 'exit status 3'},
		{...known, ARCHON_EVENT: 'failed', ARCHON_EXIT_CODE: '3', ARCHON_REASON: 'exit status 3'},
	]);
	expect(died(killedBy(SIG.SEGV))).toMatchObject([{ARCHON_EXIT_CODE: '139', ARCHON_SIGNAL: 'SIGSEGV'}, {ARCHON_SIGNAL: 'SIGSEGV'}]);
});

test('a restart that restarts itself goes on at one in six seconds, and that is said once', () => {
	const story = tell(['web', on({started: [to('restart')]})]);
	const restarts = (): number => story.lines().split('\n').filter(line => line.includes('restarting web: web started')).length;
	const first = story.lines();
	expect(first.match(/restarting web: web started \(on of web\)/g)).toHaveLength(10);
	expect(first.match(/suspended: on of web acts too often; from now on it acts at most every 6s/g)).toHaveLength(1);
	expect(phases(story)).toEqual({web: 'up'});
	// Whatever else starts it finds the bucket as it is.
	story.wait(5900).ask('restart', 'web');
	expect(restarts()).toBe(0);
	story.wait(200).ask('restart', 'web');
	expect(restarts()).toBe(1);
	story.wait(60_000).ask('restart', 'web');
	expect(story.lines()).toContain('on of web goes on');
});

test('each cause has a bucket of its own, and one for each service that it is about', () => {
	const story = tell(['a'], ['b']);
	for (let i = 0; i < 12; i++) {
		act(story, 'rule x', 'a', run);
		act(story, 'rule x', 'b', run);
		act(story, 'rule y', 'a', run);
		act(story, 'deps 3', null, run);
	}
	const lines = lastLines(story);
	expect(['rule x', 'rule y', 'deps 3'].map(by => lines.filter(line => line.endsWith(`run /notify (${by})`)).length)).toEqual([20, 10, 10]);
	expect(lines.filter(line => line.startsWith('suspended'))).toHaveLength(4);
	// So has the next instance.
	expect(readAll(writeAll(story.state()))?.table).toEqual(story.state().table);
});

test('buckets of many causes stay few, and those that are empty stay', () => {
	const story = tell(['a']);
	for (let i = 0; i < 11; i++) act(story, 'busy', null, run);
	for (let i = 0; i < 1000; i++) act(story, `cause ${i}`, null, run);
	story.lines();
	expect(act(story, 'busy', null, run).lines()).toBe('');
	expect(JSON.stringify(story.state().slices['reactions']).length).toBeLessThan(30_000);
});

test('what an operator has stopped is started by no action', () => {
	const story = tell(['web'], ['idle', {autostart: false}]).ask('stop', 'web');
	story.lines();
	expect(act(story, 'rule x', 'web', to('start'), to('restart'), to('reload'), {kind: 'signal', signal: SIG.HUP, names: []}).lines())
		.toBe('        not starting web: it was stopped on request (rule x)');
	expect(phases(story)['web']).toBe('stopped');
});

test('what an operator has started is stopped by no action, until it is given back to its config', () => {
	const story = tell(['web']).ask('start', 'web');
	story.lines();
	expect(act(story, 'rule x', 'web', to('stop')).lines()).toBe('        not stopping web: it was started on request (rule x)');
	expect(phases(story)['web']).toBe('up');
	story.ask('auto', 'web');
	act(story, 'rule x', 'web', to('stop'));
	expect(phases(story)['web']).toBe('stopped');
});

test('what conflicts with a service that an action starts is stopped by the action, and an action may start it again', () => {
	const story = tell(['web', {conflicts: ['spare']}], ['spare', {autostart: false}]);
	act(story, 'on of web', 'web', to('start', 'spare'));
	expect(phases(story)).toEqual({web: 'stopped', spare: 'up'});
	expect(find(story.state(), 'web')!.desired).toBe('auto');
	act(story, 'on of spare', 'spare', to('start', 'web'));
	expect(phases(story)).toEqual({web: 'up', spare: 'stopped'});
});

test('what conflicts with it and was started by an operator goes on, and is waited for', () => {
	const story = tell(['web', {conflicts: ['spare']}], ['spare', {autostart: false}]).ask('start', 'web');
	story.lines();
	act(story, 'rule x', 'spare', to('start'));
	expect(story.lines()).toContain('not stopping web: it was started on request (rule x)');
	expect(phases(story)).toEqual({web: 'up', spare: 'waiting'});
	story.ask('stop', 'web');
	expect(phases(story)).toEqual({web: 'stopped', spare: 'up'});
});

test('nor does an action go against a test or a hitlist', () => {
	const story = tell(['web'], ['idle', {autostart: false}]);
	const ruled = (name: string, runs: boolean): Story => story.hear({
		kind: 'rule', rule: 'hitlist', revive: false, rulings: [{id: find(story.state(), name)!.id, ruling: {runs, why: '/etc/hitlist:3'}}],
	});
	ruled('web', false).lines();
	expect(act(story, 'rule x', 'web', to('start')).lines()).toBe('        not starting web: it is on the hitlist (/etc/hitlist:3) (rule x)');
	ruled('idle', true).lines();
	expect(act(story, 'rule x', 'idle', to('stop')).lines()).toBe('        not stopping idle: the hitlist lets it run (/etc/hitlist:3) (rule x)');
	expect(phases(story)).toEqual({web: 'stopped', idle: 'up'});
});

test('what an action stops stays stopped until an action or an operator says otherwise', () => {
	const story = tell(['web'], ['db', {needs: []}]);
	act(story, 'rule x', 'web', to('stop'));
	expect(phases(story)['web']).toBe('stopped');
	expect(why(story.state(), find(story.state(), 'web')!).wanted)
		.toMatchObject({by: 'action', runs: false, why: 'an action stopped it (it was asked, rule x)'});
	act(story, 'rule x', 'web', to('start'));
	expect(phases(story)['web']).toBe('up');
	act(story, 'rule x', 'db', to('stop', 'web'));
	story.ask('auto', 'web');
	expect(phases(story)['web']).toBe('up');
	act(story, 'rule x', 'db', to('stop', 'web'));
	story.ask('start', 'web').ask('auto', 'web');
	expect(phases(story)).toEqual({web: 'up', db: 'up'});
});

test('what an action starts runs until it is at rest again, and knows for what', () => {
	const story = tell(['web'], ['report', {type: 'oneshot', autostart: false, restart: NEVER}], ['extra', {autostart: false}]);
	act(story, 'on of web', 'web', to('start', 'report', 'extra'));
	expect(phases(story)).toEqual({web: 'up', report: 'starting', extra: 'up'});
	const {trigger} = find(story.state(), 'report')!;
	expect(trigger).toEqual({ARCHON_EVENT: 'asked', ARCHON_REASON: 'it was asked (on of web)'});
	expect(why(story.state(), find(story.state(), 'extra')!).wanted)
		.toMatchObject({by: 'failure', why: 'an action started it: it was asked (on of web)'});
	story.dies('report', exit(0));
	expect(phases(story)['report']).toBe('completed');
	act(story, 'on of web', 'web', to('stop', 'extra'));
	expect(phases(story)['extra']).toBe('stopped');
});

test('groups and instances are meant by their names; what is not there any more is left out', () => {
	const story = tell(['web:0'], ['web:1'], ['db', {groups: ['backend']}], ['other']);
	story.lines();
	act(story, 'rule x', null, to('restart', 'web', 'backend', 'gone'));
	expect(lastLines(story).filter(line => line.startsWith('restarting'))).toEqual([
		'restarting web:0: it was asked (rule x)', 'restarting web:1: it was asked (rule x)', 'restarting db: it was asked (rule x)',
	]);
});

test('a reload and a signal are for what runs, and a service without reload is told of', () => {
	const story = tell(['web', {reload: {signal: SIG.HUP}}], ['db'], ['off', {autostart: false}]);
	story.lines();
	act(story, 'watch of web', 'web', to('reload', 'web', 'db', 'off'), {kind: 'signal', signal: SIG.USR1, names: ['db', 'off']});
	const lines = lastLines(story);
	expect(lines).toContain('not reloading db: it has no reload (watch of web)');
	expect(lines).toContain('sending SIGUSR1 to db: it was asked (watch of web)');
	expect(lines.filter(line => line.includes('off'))).toEqual([]);
});

test('in a shutdown nothing is done any more', () => {
	const story = tell(['web', on({stopped: [run, to('start')]})], ['slow', {deaf: true}]);
	story.hear({kind: 'shutdown', why: 'SIGTERM'});
	story.lines();
	act(story, 'rule x', 'web', to('start'), run);
	expect(story.lines()).toBe('');
});

test('a wait that is over in the same step is no event, and one that lasts is', () => {
	const story = tellWith({}, ['db', {slow: true}], ['web', on({waiting: [run], started: [run]}, {needs: ['db']})]);
	expect(lastLines(story).filter(line => line.includes('/notify'))).toHaveLength(1);
	story.tells('db', {kind: 'spawned', pid: 7});
	expect(lastLines(story).filter(line => line.includes('/notify'))).toHaveLength(1);
	story.ask('restart', 'web');
	expect(lastLines(story).filter(line => line.includes('/notify'))).toHaveLength(1);
});

test('the end that ends the container is told by its commands, which are awaited before the rest is ended', () => {
	const story = tell(
		['web', on({exited: [run], failed: [to('start', 'idle'), run, {kind: 'alert', text: null}]}, {essential: true})], ['idle', {autostart: false}],
		['db', on({stopped: [run]})],
	);
	story.lines();
	expect(story.dies('web', exit(3)).lines()).toMatchInlineSnapshot(`
		"        web failed: exit status 3
		        shutting down: web failed
		  0.00  SIGTERM to db
		        stopping db (pid 102) with SIGTERM
		  0.00  run /notify (on of web)
		  0.00  run /notify (on of web)
		  0.00  alert: web has failed: exit status 3
		        stopped db (SIGTERM)"
	`);
	expect(story.hear({kind: 'acted'}).lines()).toBe('');
	expect(story.hear({kind: 'acted'}).lines()).toMatchInlineSnapshot(`
		"  0.00  sweep SIGTERM
		  0.00  sweep SIGCONT
		  0.00  exit 3"
	`);
});

test('no longer than a shutdown may take, nor when one is asked for', () => {
	const dying = (): Story => tell(['web', on({failed: [run]}, {essential: true})]).dies('web', exit(3));
	const late = dying();
	late.lines();
	expect(late.wait(8999).lines()).toBe('');
	expect(late.wait(1).lines()).toContain('sweep SIGTERM');
	const hurried = dying();
	expect(hurried.lines()).not.toContain('sweep');
	expect(hurried.hear({kind: 'shutdown', why: 'SIGTERM'}).lines()).toContain('sweep SIGTERM');
	const asked = tell(['web']);
	expect(act(asked, 'rule x', 'web', run).hear({kind: 'shutdown', why: 'SIGTERM'}).lines()).toContain('sweep SIGTERM');
	const idle = tellWith({whenIdle: 'always'}, ['web', on({failed: [run]}, {restart: NEVER})]).dies('web', exit(3));
	expect(idle.lines()).not.toContain('sweep');
	expect(idle.hear({kind: 'acted'}).lines()).toMatch(/sweep SIGTERM[^]*exit 3/);
});
