/** What has failed for good ends the wait for it where the container depends on that; and when nothing is left that runs. */
import {describe, expect, test} from 'vitest';
import {RESTART} from '../../src/core/defaults.ts';
import {readAll, writeAll} from '../../src/core/serialize.ts';
import {WHEN_IDLE} from '../../src/core/config.ts';
import {find} from '../../src/core/state.ts';
import {statusOf} from '../../src/core/status.ts';
import {exit, phases, service, SETTINGS, type Story, tell, tellWith, type Traits} from './tell.ts';

const once: Traits = {restart: {...RESTART, policy: 'no'}};
const job: Traits = {type: 'oneshot', ...once};
const SOCKET = {
	name: 'web', listen: {kind: 'unix', path: '/run/web.sock'}, type: 'stream', backlog: 128, mode: 0o666, user: null, reuseport: false,
} as const;
const idle = /no service is running or about to start/g;
const last = (story: Story): string | undefined => story.lines().split('\n').at(-1)?.trim();

describe('an essential service whose need has failed for good', () => {
	test('has failed, says why, and the container ends with the status of the need', () => {
		const story = tell(['db', {...once, ready: {kind: 'notify'}}], ['log'], ['main', {essential: true, needs: ['db+']}]);
		story.lines();
		expect(story.dies('db', exit(3)).lines()).toMatchInlineSnapshot(`
			"        db failed: exited before it was ready (exit status 3)
			        cannot start main: db failed (exited before it was ready (exit status 3))
			        shutting down: main cannot start: db failed (exited before it was ready (exit status 3))
			  0.00  SIGTERM to log
			        stopping log (pid 102) with SIGTERM
			        stopped log (SIGTERM)
			  0.00  sweep SIGTERM
			  0.00  sweep SIGCONT
			  0.00  exit 3"
		`);
		expect(statusOf(story.state(), find(story.state(), 'main')!)).toEqual({status: 'failed', pid: null, note: 'db failed (exited before it was ready (exit status 3))'});
	});

	test.each<[string, Traits, (story: Story) => Story, number]>([
		['that cannot be executed', {refused: 2}, story => story, 127],
		['that may not be executed', {refused: 13}, story => story, 126],
		['that ended well and for good before it was ready', {...once, ready: {kind: 'notify'}}, story => story.dies('db', exit(0)), 1],
		['that is late', {...once, ready: {kind: 'notify'}, startTimeout: 500}, story => story.wait(1000), 143],
	])('or of one %s', (_, traits, then, status) => {
		const story = then(tell(['db', traits], ['main', {essential: true, needs: ['db+']}]));
		expect(last(story)).toBe(`0.${status === 143 ? '50' : '00'}  exit ${status}`);
	});

	test('however far away that is, and however many others wait for it as well', () => {
		const chain = Array.from({length: 2000}, (_, i) => [`s${i}`, {needs: i > 0 ? [`s${i - 1}`] : ['db!']}] as const);
		const story = tell(['db', job], ...chain, ['main', {essential: true, needs: ['s1999']}]);
		story.lines();
		expect(story.dies('db', exit(4)).lines()).toMatchInlineSnapshot(`
			"        db failed: exit status 4
			        cannot start main: s1999 is waiting for db: db failed (exit status 4)
			        shutting down: main cannot start: s1999 is waiting for db: db failed (exit status 4)
			  0.00  sweep SIGTERM
			  0.00  sweep SIGCONT
			  0.00  exit 4"
		`);
	});

	test('does not wait either where only its failure would end the container', () => {
		const story = tell(['db', job], ['web', {onFailed: 'shutdown', needs: ['db!']}]).dies('db', exit(4));
		expect(last(story)).toBe('0.00  exit 4');
	});

	test('waits as ever for what is stopped, may yet come, or can be done without', () => {
		for (const [traits, need] of [[{slow: true}, 'db'], [{refused: 11}, 'db'], [{refused: 2}, {name: 'db', strength: 'soft'}]] as const) {
			const story = tell(['db', traits], ['main', {essential: true, needs: [need]}]);
			expect(story.state().stage.kind).toBe('running');
		}
		const stopped = tell(['db', {ready: {kind: 'notify'}}], ['main', {essential: true, needs: ['db+']}]).ask('stop', 'db').wait(60_000);
		expect(phases(stopped)).toEqual({db: 'stopped', main: 'waiting'});
		expect(phases(stopped.ask('start', 'db').tells('db', {kind: 'ready'}))).toEqual({db: 'up', main: 'up'});
	});

	test('is restarted together with that need by an operator, for it would not come back without', () => {
		const story = tell(['db', once], ['main', {essential: true, needs: ['db']}]).dies('db', exit(1));
		expect(phases(story)).toEqual({db: 'failed', main: 'up'});
		expect(phases(story.ask('restart', 'main'))).toEqual({db: 'up', main: 'up'});
	});
});

test('another service waits for a failed need until somebody starts that, and knows whether it waits in vain', () => {
	const story = tell(['db', job], ['app', {needs: ['db!']}], ['web', {needs: ['app']}], ['other']).dies('db', exit(1));
	const inVain = () => ['app', 'web'].map(name => {
		const phase = find(story.state(), name)?.phase;
		return phase?.kind === 'waiting' && phase.isBlocked;
	});
	expect(inVain()).toEqual([true, true]);
	story.ask('start', 'db');
	expect(inVain()).toEqual([false, false]);
	expect(phases(story.dies('db', exit(0)))).toEqual({db: 'completed', app: 'up', web: 'up', other: 'up'});
});

describe('when no service is running or about to start', () => {
	const done = (whenIdle: (typeof WHEN_IDLE)[number]): Story => tellWith({whenIdle}, ['a', job], ['b', job]).dies('a', exit(0)).dies('b', exit(0));
	const failed = (whenIdle: (typeof WHEN_IDLE)[number]): Story =>
		tellWith({whenIdle}, ['a', job], ['web', once], ['app', {needs: ['web+']}]).dies('a', exit(0)).dies('web', exit(3)).dies('app', exit(0)).wait(60_000);

	test.each([['failed', 'running', 3], ['always', 0, 3], ['never', 'running', 'running']] as const)(
		'with when_idle: %s the container %s after success, and %s after a failure', (whenIdle, well, badly) => {
			const seen = [done(whenIdle), failed(whenIdle)].map(story => {
				const {stage} = story.state();
				return stage.kind === 'over' ? stage.status : stage.kind;
			});
			expect(seen).toEqual([well, badly]);
		},
	);

	test('what an action starts when the last service fails is about to start: the container does not end', () => {
		const on: Traits['on'] = {failed: [{kind: 'start', names: ['backup']}]};
		const story = tellWith({whenIdle: 'failed'}, ['web', {...once, on}], ['backup', {autostart: false}]).dies('web', exit(3));
		expect(phases(story)).toEqual({web: 'failed', backup: 'up'});
		expect(story.state().stage.kind).toBe('running');
	});

	test('what starts with its first connection is about to start until an operator stops it', () => {
		const lazy: Traits = {isLazy: true, autostart: false, sockets: [SOCKET]};
		const story = tell(['web', lazy]);
		expect(story.lines()).not.toMatch(idle);
		expect(story.ask('stop', 'web').lines()).toMatch(idle);
	});

	test('the log says what has become of all, and why the container ends', () => {
		expect(done('failed').lines()).toMatchInlineSnapshot(`
			"  0.00  spawn a
			  0.00  spawn b
			        started a (pid 101)
			        started b (pid 102)
			        a completed
			        b completed
			        no service is running or about to start: a completed, b completed; start a service with archonctl start NAME, or stop archon with SIGTERM or shutdown.when_idle: always"
		`);
		expect(failed('failed').lines()).toMatchInlineSnapshot(`
			"  0.00  spawn a
			  0.00  spawn web
			        started a (pid 101)
			        started web (pid 102)
			  0.00  spawn app
			        started app (pid 103)
			        a completed
			        web failed: exit status 3
			        app exited with status 0; restart 1 of 3
			        shutting down: no service is running or about to start: web failed (exit status 3), app is waiting for web (failed), a completed
			  0.00  sweep SIGTERM
			  0.00  sweep SIGCONT
			  0.00  exit 3"
		`);
	});

	test('with services that only an operator starts, that is said once, and the container is his', () => {
		const story = tellWith({whenIdle: 'failed'}, ['tool', {autostart: false, ...once}]);
		expect(story.lines()).toMatch(idle);
		story.hear({kind: 'add', service: service('run', {origin: 'run', ...once})}).dies('run', exit(1)).wait(3_600_000);
		expect(story.lines()).not.toMatch(idle);
		expect(story.ask('start', 'tool').dies('tool', exit(0)).lines()).toMatch(idle);
		expect(story.state().stage.kind).toBe('running');
	});

	test.each(WHEN_IDLE)('and an operator stopped something, the container stays: with when_idle: %s', whenIdle => {
		const story = tellWith({whenIdle}, ['web', once], ['db']).ask('stop', 'db').dies('web', exit(3)).wait(3_600_000);
		expect(story.state().stage.kind).toBe('running');
		expect(story.lines().match(idle)).toHaveLength(1);
	});

	test('what somebody runs at a prompt is waited for, and then the container ends', () => {
		const story = tellWith({whenIdle: 'failed'}, ['web', once]);
		story.hear({kind: 'add', service: service('run', {origin: 'run', ...once})}).dies('web', exit(3));
		expect(story.state().stage.kind).toBe('running');
		expect(story.dies('run', exit(0)).state().stage).toEqual({kind: 'over', status: 3});
	});

	test('a pause, or a need that is waited for no longer than it may take, is no rest', () => {
		expect(tellWith({whenIdle: 'always'}, ['web']).dies('web', exit(1)).dies('web', exit(1)).lines()).not.toMatch(idle);
		const story = tellWith({whenIdle: 'always'}, ['db', {refused: 2}], ['web', {needs: [{name: 'db', timeout: 1000}]}]);
		expect(story.lines()).not.toMatch(idle);
		expect(story.wait(1000).lines()).toMatch(idle);
	});

	test('the next instance does not say it again', () => {
		const {state} = tellWith({whenIdle: 'failed'}, ['tool', {autostart: false}]);
		expect(readAll(writeAll(state()))).toMatchObject({slices: {idle: {isLogged: true}}, settings: {...SETTINGS, whenIdle: 'failed'}});
	});
});
