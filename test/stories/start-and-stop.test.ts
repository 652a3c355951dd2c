/** How services come up in order, and go down in the reverse. */
import {expect, test} from 'vitest';
import {find} from '../../src/core/state.ts';
import {exit, phases, service, tell} from './tell.ts';

test('services start when their needs hold, and as many at once as may', () => {
	const story = tell(['db'], ['cache'], ['migrate', {type: 'oneshot', needs: ['db']}], ['app', {needs: ['migrate!', 'cache']}]);
	expect(story.lines()).toMatchInlineSnapshot(`
		"  0.00  spawn db
		  0.00  spawn cache
		        started db (pid 101)
		  0.00  spawn migrate
		        started cache (pid 102)
		        started migrate (pid 103)"
	`);
	expect(story.dies('migrate', exit(0)).lines()).toMatchInlineSnapshot(`
		"        migrate completed
		  0.00  spawn app
		        started app (pid 104)"
	`);
});

test('a shutdown ends dependents before what they need, and exits with 0 when the last is gone', () => {
	const story = tell(['db'], ['app', {needs: ['db']}], ['proxy', {needs: ['app']}], ['cron']);
	story.lines();
	expect(story.hear({kind: 'shutdown', why: 'SIGTERM'}).lines()).toMatchInlineSnapshot(`
		"        shutting down: SIGTERM
		  0.00  SIGTERM to proxy
		        stopping proxy (pid 104) with SIGTERM
		  0.00  SIGTERM to cron
		        stopping cron (pid 102) with SIGTERM
		        stopped proxy (SIGTERM)
		  0.00  SIGTERM to app
		        stopping app (pid 103) with SIGTERM
		        stopped cron (SIGTERM)
		        stopped app (SIGTERM)
		  0.00  SIGTERM to db
		        stopping db (pid 101) with SIGTERM
		        stopped db (SIGTERM)
		  0.00  sweep SIGTERM
		  0.00  sweep SIGCONT
		  0.00  exit 0"
	`);
});

test('a service that ignores SIGTERM is killed with its group when its grace period is over', () => {
	const story = tell(['deaf', {deaf: true, stop: {signal: 15, grace: 3000}}]);
	story.lines();
	story.ask('stop', 'deaf').wait(10_000);
	expect(story.lines()).toMatchInlineSnapshot(`
		"  0.00  SIGTERM to deaf
		        stopping deaf (pid 101) with SIGTERM
		  3.00  SIGKILL to deaf and its group
		        killing deaf (pid 101) with SIGKILL: it did not stop in time
		        stopped deaf (SIGKILL)
		        no service is running or about to start: deaf was stopped; start a service with archonctl start NAME, or stop archon with SIGTERM"
	`);
});

test('a second word of shutdown skips the order, a third kills', () => {
	const story = tell(['db', {deaf: true}], ['app', {needs: ['db'], deaf: true}], ['proxy', {needs: ['app'], deaf: true}]);
	story.lines();
	expect(story.hear({kind: 'shutdown', why: 'SIGTERM'}).lines()).toMatchInlineSnapshot(`
		"        shutting down: SIGTERM
		  0.00  SIGTERM to proxy
		        stopping proxy (pid 103) with SIGTERM"
	`);
	expect(story.hear({kind: 'shutdown', why: 'SIGTERM'}).lines()).toMatchInlineSnapshot(`
		"        stopping all services at once
		  0.00  SIGTERM to db
		        stopping db (pid 101) with SIGTERM
		  0.00  SIGTERM to app
		        stopping app (pid 102) with SIGTERM"
	`);
	expect(story.hear({kind: 'shutdown', why: 'SIGTERM'}).lines()).toMatchInlineSnapshot(`
		"        killing all remaining services with SIGKILL
		  0.00  SIGKILL to db and its group
		        killing db (pid 101) with SIGKILL: it did not stop in time
		  0.00  SIGKILL to app and its group
		        killing app (pid 102) with SIGKILL: it did not stop in time
		  0.00  SIGKILL to proxy and its group
		        killing proxy (pid 103) with SIGKILL: it did not stop in time
		        stopped db (SIGKILL)
		        stopped app (SIGKILL)
		        stopped proxy (SIGKILL)
		  0.00  sweep SIGTERM
		  0.00  sweep SIGCONT
		  0.00  exit 0"
	`);
});

test('a shutdown of deaf services ends within its budget, however many stand in a row', () => {
	const story = tell(['a', {deaf: true}], ['b', {deaf: true, needs: ['a']}], ['c', {deaf: true, needs: ['b']}]);
	story.lines();
	expect(story.hear({kind: 'shutdown', why: 'SIGTERM'}).wait(20_000).lines()).toMatchInlineSnapshot(`
		"        shutting down: SIGTERM
		  0.00  SIGTERM to c
		        stopping c (pid 103) with SIGTERM
		        waiting for c (pid 103, SIGTERM, 1 s, SIGKILL in 2 s)
		        waiting for c (pid 103, SIGTERM, 2 s, SIGKILL in 1 s)
		  3.00  SIGKILL to c and its group
		        killing c (pid 103) with SIGKILL: it did not stop in time
		        waiting for c (pid 103, 3 s, sent SIGKILL)
		        stopped c (SIGKILL)
		  3.00  SIGTERM to b
		        stopping b (pid 102) with SIGTERM
		        waiting for b (pid 102, SIGTERM, 1 s, SIGKILL in 2 s)
		        waiting for b (pid 102, SIGTERM, 2 s, SIGKILL in 1 s)
		  6.00  SIGKILL to b and its group
		        killing b (pid 102) with SIGKILL: it did not stop in time
		        waiting for b (pid 102, 3 s, sent SIGKILL)
		        stopped b (SIGKILL)
		  6.00  SIGTERM to a
		        stopping a (pid 101) with SIGTERM
		        waiting for a (pid 101, SIGTERM, 1 s, SIGKILL in 2 s)
		        waiting for a (pid 101, SIGTERM, 2 s, SIGKILL in 1 s)
		  9.00  SIGKILL to a and its group
		        killing a (pid 101) with SIGKILL: it did not stop in time
		        killing all remaining services with SIGKILL
		  9.00  SIGKILL to a and its group
		        stopped a (SIGKILL)
		  9.00  sweep SIGTERM
		  9.00  sweep SIGCONT
		  9.00  exit 0"
	`);
});

test('a shutdown interrupts what is waiting, at work or in backoff', () => {
	const story = tell(
		['job', {type: 'oneshot'}], ['after', {needs: ['job!']}], ['crash'],
	);
	story.dies('crash', exit(1)).dies('crash', exit(1));
	expect(phases(story)).toEqual({job: 'starting', after: 'waiting', crash: 'backoff'});
	story.lines();
	expect(story.hear({kind: 'shutdown', why: 'SIGINT'}).lines()).toMatchInlineSnapshot(`
		"        shutting down: SIGINT
		  0.00  SIGTERM to job
		        stopping job (pid 101) with SIGTERM
		        stopped job (SIGTERM)
		  0.00  sweep SIGTERM
		  0.00  sweep SIGCONT
		  0.00  exit 0"
	`);
});

test('a stop ends only what it names; dependents go on, and a start brings back what is needed', () => {
	const story = tell(['db'], ['app', {needs: ['db']}]);
	story.ask('stop', 'db');
	expect(phases(story)).toEqual({db: 'stopped', app: 'up'});
	story.ask('stop', 'app').lines();
	story.ask('start', 'app');
	expect(story.lines()).toMatchInlineSnapshot(`
		"  0.00  spawn db
		        started db (pid 103)
		  0.00  spawn app
		        started app (pid 104)"
	`);
});

test('a stop of several keeps the order among them', () => {
	const story = tell(['db'], ['app', {needs: ['db'], deaf: true}]);
	story.lines();
	story.ask('stop', 'db', 'app').wait(6000);
	expect(story.lines()).toMatchInlineSnapshot(`
		"  0.00  SIGTERM to app
		        stopping app (pid 102) with SIGTERM
		  5.00  SIGKILL to app and its group
		        killing app (pid 102) with SIGKILL: it did not stop in time
		        stopped app (SIGKILL)
		  5.00  SIGTERM to db
		        stopping db (pid 101) with SIGTERM
		        stopped db (SIGTERM)
		        no service is running or about to start: db was stopped, app was stopped; start a service with archonctl start NAME, or stop archon with SIGTERM"
	`);
});

test('a restart of all ends them in reverse order and starts them in order', () => {
	const story = tell(['db'], ['app', {needs: ['db']}]);
	story.lines();
	expect(story.ask('restart', 'db', 'app').lines()).toMatchInlineSnapshot(`
		"  0.00  SIGTERM to app
		        stopping app (pid 102) with SIGTERM
		        stopped app (SIGTERM)
		  0.00  SIGTERM to db
		        stopping db (pid 101) with SIGTERM
		        stopped db (SIGTERM)
		  0.00  spawn db
		        started db (pid 103)
		  0.00  spawn app
		        started app (pid 104)"
	`);
});

test('a start while a service is stopping brings it back when it has ended', () => {
	const story = tell(['web', {deaf: true}]);
	story.ask('stop', 'web').ask('start', 'web').lines();
	expect(story.wait(6000).lines()).toMatchInlineSnapshot(`
		"  5.00  SIGKILL to web and its group
		        killing web (pid 101) with SIGKILL: it did not stop in time
		        stopped web (SIGKILL)
		  5.00  spawn web
		        started web (pid 102)"
	`);
});

test('a service at rest does not shorten the grace of those that live', () => {
	const story = tell(['job', {type: 'oneshot', stop: {signal: 15, grace: 100_000}}], ['app', {deaf: true, needs: ['job!']}]);
	story.dies('job', exit(0)).lines();
	expect(story.hear({kind: 'shutdown', why: 'SIGTERM'}).wait(6000).lines()).toMatch(/ 5\.00 {2}SIGKILL to app/);
});

test('signal and seconds of a stop are for that once: after a start the service has its own again', () => {
	const story = tell(['web', {deaf: true, stop: {signal: 3, grace: 3000}}]);
	story.lines();
	const policy = {signal: 2, grace: 100};
	expect(story.hear({kind: 'stop', ids: [0], policy}).wait(100).lines()).toMatch(/SIGINT to web[^]*0\.10 {2}SIGKILL to web/);
	story.ask('start', 'web').lines();
	expect(find(story.state(), 'web')?.stop).toEqual({signal: 3, grace: 3000});
	expect(story.hear({kind: 'shutdown', why: 'SIGTERM'}).wait(3000).lines()).toMatch(/0\.10 {2}SIGQUIT to web[^]*3\.10 {2}SIGKILL to web/);
});
test('a service that was added at run time is forgotten when it is at rest, and not before', () => {
	const story = tell(['web']);
	story.hear({kind: 'add', service: service('transient')});
	const transient = story.state().transients.get('transient') ?? -1;
	story.hear({kind: 'remove', id: transient});
	expect(phases(story)).toEqual({web: 'up', transient: 'up'});
	story.ask('stop', 'transient').hear({kind: 'remove', id: transient});
	expect(phases(story)).toEqual({web: 'up'});
});

test('the config decides again about what was started, stopped, or has ended', () => {
	const story = tell(['web'], ['debug', {autostart: false}], ['lib', {autostart: false}], ['app', {needs: ['lib']}], ['job', {type: 'oneshot'}]);
	story.ask('stop', 'web').ask('start', 'debug').dies('job', exit(0)).ask('stop', 'lib').lines();
	expect(phases(story)).toMatchInlineSnapshot(`
		{
		  "app": "up",
		  "debug": "up",
		  "job": "completed",
		  "lib": "stopped",
		  "web": "stopped",
		}
	`);
	expect(story.ask('auto', 'web').ask('auto', 'debug').ask('auto', 'lib').ask('auto', 'job').lines()).toMatchInlineSnapshot(`
		"  0.00  spawn web
		        started web (pid 106)
		  0.00  SIGTERM to debug
		        stopping debug (pid 105) with SIGTERM
		        stopped debug (SIGTERM)
		  0.00  spawn lib
		        started lib (pid 107)"
	`);
	expect(['web', 'debug', 'lib', 'app', 'job'].map(name => find(story.state(), name)?.desired)).toEqual(['auto', 'auto', 'needed', 'auto', 'auto']);
	// A second time it has nothing to say.
	expect(story.ask('auto', 'web').lines()).toBe('');
});

test('what the config decides about waits for its needs', () => {
	const story = tell(['db'], ['web', {needs: ['db']}]);
	story.ask('stop', 'db').ask('stop', 'web').ask('auto', 'web').lines();
	expect(find(story.state(), 'web')?.phase.kind).toBe('waiting');
	story.ask('auto', 'db').lines();
	expect(find(story.state(), 'web')?.phase.kind).toBe('up');
});
