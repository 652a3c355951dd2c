/** When a service counts as up, how it is looked at, and what follows when it is not what it should be. */
import {describe, expect, test} from 'vitest';
import {NO_HOOKS, RESTART} from '../../src/core/defaults.ts';
import type {Health, Ready} from '../../src/core/service.ts';
import {statusOf} from '../../src/core/status.ts';
import {entries, find} from '../../src/core/state.ts';
import {create} from '../../src/core/whole.ts';
import {step} from '../../src/core/supervisor.ts';
import {exit, phases, service, SETTINGS, type Story, tell} from './tell.ts';

const probe = {kind: 'tcp', host: '127.0.0.1', port: 5432} as const;
const byProbe: Ready = {kind: 'probe', probe, interval: 500, timeout: 1000};
const health: Health = {
	probe, interval: 10_000, timeout: 1000, retries: 3, successes: 1, startPeriod: 0, startInterval: 1000, onUnhealthy: 'none',
};

const status = (story: Story, name: string): string => {
	const entry = find(story.state(), name);
	if (!entry) throw new Error(`no ${name}`);
	const {status, note} = statusOf(story.state(), entry);
	return note ? `${status}: ${note}` : status;
};

describe('ready', () => {
	test('dependents wait until a daemon says so', () => {
		const story = tell(['db', {ready: {kind: 'notify'}, startTimeout: 60_000}], ['app', {needs: ['db+']}], ['log', {needs: ['db']}]);
		expect(phases(story)).toEqual({db: 'starting', app: 'waiting', log: 'up'});
		expect(status(story, 'db')).toBe('starting: not ready yet');
		expect(status(story, 'app')).toBe('waiting: waiting for db (starting)');
		expect(story.tells('db', {kind: 'ready'}).lines().split('\n').slice(-3)).toEqual([
			'        db is ready', '  0.00  spawn app', '        started app (pid 103)',
		]);
	});

	test('a daemon that does not say so in time is ended, and has failed to start whatever it says at the end', () => {
		const restart = {...RESTART, policy: 'on-failure', attempts: 1} as const;
		const story = tell(['db', {ready: {kind: 'fd', fd: 3, variable: null}, startTimeout: 5000, restart}]);
		story.lines();
		expect(story.wait(20_000).lines()).toMatchInlineSnapshot(`
			"  5.00  SIGTERM to db
			        stopping db: not ready within 5 s
			        db has stopped; restart 1 of 1
			  5.00  spawn db
			        started db (pid 102)
			 10.00  SIGTERM to db
			        stopping db: not ready within 5 s
			        db failed: not ready within 5 s (SIGTERM) after 1 restart
			        no service is running or about to start: db failed (not ready within 5 s (SIGTERM)); start a service with archonctl start NAME, or stop archon with SIGTERM"
		`);
		expect(status(story, 'db')).toBe('failed: not ready within 5 s (SIGTERM) after 1 restart');
	});

	test('a daemon that ends well before it is ready has failed to start', () => {
		const restart = {...RESTART, policy: 'on-failure', attempts: 0} as const;
		const story = tell(['db', {ready: {kind: 'notify'}, restart}]);
		expect(status(story.dies('db', exit(0)), 'db')).toBe('failed: exited before it was ready (exit status 0)');
	});

	test('looks follow each other, and never two at once', () => {
		const story = tell(['db', {ready: byProbe}]);
		expect(story.wait(10_000).lines()).toMatchInlineSnapshot(`
			"  0.00  spawn db
			        started db (pid 101)
			  0.00  look at db (ready)"
		`);
		story.tells('db', {kind: 'probe', purpose: 'ready', passed: false, detail: 'connection refused'});
		expect(status(story, 'db')).toBe('starting: not ready: connection refused');
		expect(story.wait(600).lines()).toMatchInlineSnapshot(`" 10.50  look at db (ready)"`);
		expect(phases(story.tells('db', {kind: 'probe', purpose: 'ready', passed: true, detail: ''}))).toEqual({db: 'up'});
	});

	test('without anything else it is ready when it has run for its start period', () => {
		const story = tell(['db', {startPeriod: 2000}], ['app', {needs: ['db+']}]);
		expect(phases(story.wait(1999))).toEqual({db: 'starting', app: 'waiting'});
		expect(phases(story.wait(1))).toEqual({db: 'up', app: 'up'});
	});

	test('is a level: a daemon that reloads is not ready meanwhile', () => {
		const story = tell(['db', {ready: {kind: 'notify'}}], ['app', {needs: ['db+']}]);
		story.tells('db', {kind: 'ready'}).tells('db', {kind: 'notify', message: {kind: 'reloading'}});
		story.ask('restart', 'app');
		expect(phases(story)).toEqual({db: 'up', app: 'waiting'});
		expect(phases(story.tells('db', {kind: 'ready'}))).toEqual({db: 'up', app: 'up'});
	});

	test('more time is given to who asks for it', () => {
		const story = tell(['db', {ready: {kind: 'notify'}, startTimeout: 5000}]);
		story.wait(4000).tells('db', {kind: 'notify', message: {kind: 'extend', millis: 10_000}}).wait(9000);
		expect(phases(story)).toEqual({db: 'starting'});
	});

	test('and no service has less of it for asking', () => {
		const extend = {kind: 'notify', message: {kind: 'extend', millis: 10}} as const;
		const story = tell(['db', {ready: {kind: 'notify'}, startTimeout: 5000, deaf: true}], ['web', {watchdog: 5000}]);
		story.tells('db', extend).tells('web', extend).wait(4999);
		expect(phases(story)).toEqual({db: 'starting', web: 'up'});
		expect(find(story.state(), 'web')?.starts).toBe(1);
		story.tells('web', {kind: 'notify', message: {kind: 'alive'}});
		expect(phases(story.wait(1))).toEqual({db: 'stopping', web: 'up'});
		story.lines();
		expect(story.tells('db', extend).wait(5000).lines()).toContain(' 10.00  SIGKILL to db');
	});
});

test('a daemon that archon finds alive has said already that it is ready', () => {
	const services = [service('db', {ready: {kind: 'notify'}}), service('job', {type: 'oneshot'})];
	const adopted = services.map((_, id) => ({id, run: 7 + id, pid: 70 + id}));
	const [state] = step(create(services, SETTINGS), {kind: 'boot', adopted}, 0);
	expect([...entries(state)].map(({phase}) => phase)).toMatchObject([{kind: 'up', run: 7, pid: 70}, {kind: 'starting', run: 8, pid: 71}]);
	expect(state.runs).toBe(8);
});

describe('health', () => {
	const sick = (story: Story, times: number): Story => {
		for (let i = 0; i < times; i++) story.tells('db', {kind: 'probe', purpose: 'health', passed: false, detail: 'no answer'}).wait(10_000);
		return story;
	};
	const well = (story: Story): Story => story.tells('db', {kind: 'probe', purpose: 'health', passed: true, detail: ''});

	test('dependents see it come and go', () => {
		const story = tell(['db', {health}], ['app', {needs: ['db+']}]).wait(0);
		expect(phases(story)).toEqual({db: 'up', app: 'waiting'});
		expect(phases(well(story))).toEqual({db: 'up', app: 'up'});
		sick(story.wait(10_000), 3);
		expect(status(story, 'db')).toBe('unhealthy: no answer');
		story.ask('restart', 'app');
		expect(phases(story)).toEqual({db: 'up', app: 'waiting'});
		expect(phases(well(story))).toEqual({db: 'up', app: 'up'});
	});

	test('a config without it takes back that a service is unhealthy', () => {
		const story = sick(well(tell(['db', {health}])), 3);
		expect(status(story, 'db')).toBe('unhealthy: no answer');
		story.lines();
		const {shutdownGrace, startRate, whenIdle} = SETTINGS;
		story.hear({kind: 'reconfigure', services: [service('db')], shutdownGrace, startRate, whenIdle});
		expect(status(story, 'db')).toBe('running');
		expect(story.lines()).toMatch('db is not unhealthy any more: its config has no healthcheck now');
	});

	test('failures in the start period do not count', () => {
		const story = tell(['db', {health: {...health, startPeriod: 60_000}}]).wait(0);
		sick(story, 5);
		expect(status(story, 'db')).toBe('running: health not known yet');
	});

	test('nor do they count towards the first failure after it', () => {
		const story = tell(['db', {health: {...health, startPeriod: 4500, retries: 2, onUnhealthy: 'restart'}}]).wait(0);
		const fails = (): Story => story.tells('db', {kind: 'probe', purpose: 'health', passed: false, detail: 'no answer'}).wait(1000);
		for (let i = 0; i < 6; i++) fails();
		expect(find(story.state(), 'db')?.starts).toBe(1);
		expect(find(fails().state(), 'db')?.starts).toBe(2);
	});

	test('an unhealthy service is restarted where it says so', () => {
		const story = tell(['db', {health: {...health, onUnhealthy: 'restart'}}]).wait(0);
		story.lines();
		sick(story, 2).tells('db', {kind: 'probe', purpose: 'health', passed: false, detail: 'no answer'});
		expect(story.lines()).toMatchInlineSnapshot(`
			" 10.00  look at db (health)
			 20.00  look at db (health)
			 20.00  SIGTERM to db
			        stopping db: unhealthy: no answer
			        db has stopped; restart 1 of 3
			 20.00  spawn db
			        started db (pid 102)"
		`);
	});

	test('or ends the container', () => {
		const story = tell(['db', {health: {...health, onUnhealthy: 'shutdown', retries: 1}}]).wait(0);
		expect(sick(story, 1).lines()).toMatch(/shutting down: db is unhealthy[^]*exit 1/);
	});

	test('a watchdog that was given another length keeps it', () => {
		const story = tell(['db', {watchdog: 3000}]);
		story.tells('db', {kind: 'notify', message: {kind: 'watchdog', millis: 20_000}});
		story.wait(19_000).tells('db', {kind: 'notify', message: {kind: 'alive'}}).lines();
		expect(story.wait(20_000).lines()).toMatch(/39\.00 {2}SIGABRT to db\n.*no WATCHDOG=1 within 20 s/);
	});

	test('a watchdog that hears nothing restarts, and one that is fed does not', () => {
		const story = tell(['db', {watchdog: 3000}]);
		for (let i = 0; i < 10; i++) story.wait(2000).tells('db', {kind: 'notify', message: {kind: 'alive'}});
		expect(find(story.state(), 'db')?.starts).toBe(1);
		story.lines();
		expect(story.wait(3000).lines()).toMatchInlineSnapshot(`
			" 23.00  SIGABRT to db
			        stopping db: watchdog: no WATCHDOG=1 within 3 s
			        db has stopped; restart 1 of 3
			 23.00  spawn db
			        started db (pid 102)"
		`);
	});
});

describe('hooks', () => {
	const postStart = [['warm', 'up']] as const;

	test('a service is up when its post_start has ended well', () => {
		const story = tell(['web', {hooks: {...NO_HOOKS, postStart, preStop: []}}], ['app', {needs: ['web+']}]);
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.00  spawn web
			  0.00  post_start of web: warm up
			        started web (pid 101)"
		`);
		expect(phases(story)).toEqual({web: 'starting', app: 'waiting'});
		expect(phases(story.tells('web', {kind: 'hooked', hook: 'post_start', failure: null}))).toEqual({web: 'up', app: 'up'});
	});

	test('a post_start that fails has failed the start', () => {
		const restart = {...RESTART, attempts: 0};
		const story = tell(['web', {hooks: {...NO_HOOKS, postStart, preStop: []}, restart}]);
		story.tells('web', {kind: 'hooked', hook: 'post_start', failure: 'warm up: exit status 2'});
		expect(status(story, 'web')).toBe('failed: post_start: warm up: exit status 2 (SIGTERM)');
	});

	test('pre_stop comes before the stop signal, and both within the grace period', () => {
		const hooks = {...NO_HOOKS, preStop: [['drain']] as const};
		const story = tell(['web', {hooks}], ['slow', {hooks}]);
		story.lines();
		story.ask('stop', 'web', 'slow').wait(1000).tells('web', {kind: 'hooked', hook: 'pre_stop', failure: null}).wait(5000);
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.00  pre_stop of web: drain
			        stopping web (pid 101) with SIGTERM
			  0.00  pre_stop of slow: drain
			        stopping slow (pid 102) with SIGTERM
			  1.00  SIGTERM to web
			        stopped web (SIGTERM)
			  5.00  SIGKILL to slow and its group
			        killing slow (pid 102) with SIGKILL: it did not stop in time
			        stopped slow (SIGKILL)
			        no service is running or about to start: web was stopped, slow was stopped; start a service with archonctl start NAME, or stop archon with SIGTERM"
		`);
	});

	test('reload is a signal or a command, and only for what is up', () => {
		const story = tell(['a', {reload: {signal: 10}}], ['b', {reload: {command: ['b', '-s']}}], ['c'], ['d', {reload: {signal: 1}, autostart: false}]);
		story.lines();
		expect(story.hear({kind: 'reload', ids: [0, 1, 2, 3]}).lines()).toMatch(/SIGUSR1 to a\n.*reload of b: b -s$/);
	});
});

test('another process becomes the main one where the service says so', () => {
	const story = tell(['forker', {ready: {kind: 'notify'}}]);
	story.tells('forker', {kind: 'notify', message: {kind: 'main-pid', pid: 777}}).tells('forker', {kind: 'ready'});
	expect(story.lines()).toMatch(/follow forker from 101 to 777/);
	expect(statusOf(story.state(), find(story.state(), 'forker')!).pid).toBe(777);
});

test('what a service says of itself is shown until it starts again', () => {
	const story = tell(['db', {ready: {kind: 'notify'}}]);
	story.tells('db', {kind: 'notify', message: {kind: 'status', text: 'replaying the journal'}});
	expect(status(story, 'db')).toBe('starting: replaying the journal');
	story.tells('db', {kind: 'ready'}).dies('db', exit(1));
	expect(find(story.state(), 'db')?.statusText).toBe('');
});
