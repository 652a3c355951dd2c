/** What follows when processes end by themselves, or cannot be made at all. */
import {describe, expect, test} from 'vitest';
import {RESTART} from '../../src/core/defaults.ts';
import {SIG} from '../../src/core/signal-numbers.ts';
import {find} from '../../src/core/state.ts';
import {step} from '../../src/core/supervisor.ts';
import {exit, killedBy, phases, tell} from './tell.ts';

test('a crash is answered at once, the next with growing pauses, and in the end the service is failed', () => {
	const story = tell(['web']);
	story.lines();
	story.dies('web', exit(1));
	expect(story.lines()).toMatchInlineSnapshot(`
		"        web exited with status 1; restart 1 of 3
		  0.00  spawn web
		        started web (pid 102)"
	`);
	story.dies('web', exit(1)).wait(100).dies('web', killedBy(SIG.SEGV)).wait(200);
	expect(story.lines()).toMatchInlineSnapshot(`
		"        web exited with status 1; restart 2 of 3 in 0.1 s
		  0.10  spawn web
		        started web (pid 103)
		        web was killed by SIGSEGV; restart 3 of 3 in 0.2 s
		  0.30  spawn web
		        started web (pid 104)"
	`);
	story.dies('web', exit(1)).wait(3_600_000);
	expect(story.lines()).toMatchInlineSnapshot(`
		"        web failed: exit status 1 after 3 restarts
		        no service is running or about to start: web failed (exit status 1); start a service with archonctl start NAME, or stop archon with SIGTERM"
	`);
	expect(story.ask('start', 'web').lines()).toMatchInlineSnapshot(`
		"3600.30  spawn web
		        started web (pid 105)"
	`);
});

test('ends that lie further apart than the window are forgotten', () => {
	const story = tell(['web']);
	for (let i = 0; i < 20; i++) story.dies('web', exit(1)).wait(61_000);
	expect(phases(story)).toEqual({web: 'up'});
});

test('a program that cannot be executed is failed without a second try, and its dependents say what they wait for', () => {
	const story = tell(['db', {refused: 2}], ['app', {needs: ['db']}], ['other']);
	expect(story.wait(3_600_000).lines()).toMatchInlineSnapshot(`
		"  0.00  spawn db
		  0.00  spawn other
		        cannot start db: executing db: no such file or directory
		        started other (pid 101)"
	`);
	expect(phases(story)).toEqual({db: 'failed', app: 'waiting', other: 'up'});
});

test('a lack of resources that may pass is answered by a pause', () => {
	expect(tell(['web', {refused: 11}]).wait(250).lines()).toMatchInlineSnapshot(`
		"  0.00  spawn web
		        cannot start web: executing web: no such file or directory; restart 1 of 3
		  0.00  spawn web
		        cannot start web: executing web: no such file or directory; restart 2 of 3 in 0.1 s
		  0.10  spawn web
		        cannot start web: executing web: no such file or directory; restart 3 of 3 in 0.2 s"
	`);
});

test('a oneshot that fails holds back what needs its success', () => {
	const story = tell(['migrate', {type: 'oneshot'}], ['app', {needs: ['migrate!']}]);
	story.dies('migrate', exit(1));
	expect(phases(story)).toEqual({migrate: 'failed', app: 'waiting'});
	story.ask('start', 'migrate').dies('migrate', exit(0));
	expect(phases(story)).toEqual({migrate: 'completed', app: 'up'});
});

test('an essential service ends the container with its status', () => {
	const story = tell(['db'], ['main', {essential: true, needs: ['db']}]);
	story.lines();
	expect(story.dies('main', killedBy(SIG.SEGV)).lines()).toMatchInlineSnapshot(`
		"        main failed: SIGSEGV
		        shutting down: main failed
		  0.00  SIGTERM to db
		        stopping db (pid 101) with SIGTERM
		        stopped db (SIGTERM)
		  0.00  sweep SIGTERM
		  0.00  sweep SIGCONT
		  0.00  exit 139"
	`);
});

test('a constant delay comes before each restart, the first as well', () => {
	const restart = {...RESTART, growth: 'constant', delay: 5000, jitter: 0, attempts: Infinity} as const;
	const story = tell(['web', {restart}]);
	for (let i = 0; i < 3; i++) story.dies('web', exit(1)).wait(5000);
	expect(story.lines().match(/.* spawn web/g)).toEqual(['  0.00  spawn web', '  5.00  spawn web', ' 10.00  spawn web', ' 15.00  spawn web']);
});

test('an essential service that is restarted does not end the container before it is given up', () => {
	const restart = {...RESTART, policy: 'on-failure', delay: 0, attempts: 2} as const;
	const story = tell(['main', {essential: true, restart}]);
	story.dies('main', exit(3)).dies('main', exit(3));
	expect(phases(story)).toEqual({main: 'up'});
	expect(story.dies('main', exit(3)).lines().split('\n').at(-1)).toContain('exit 3');
});

test('an essential service that an operator stops does not end the container', () => {
	const story = tell(['main', {essential: true}]);
	story.ask('stop', 'main').wait(60_000);
	expect(story.state().stage.kind).toBe('running');
});

test('what a process leaves behind ends before its successor starts', () => {
	const story = tell(['nginx', {leavesSurvivors: true}]);
	story.lines();
	expect(story.dies('nginx', killedBy(SIG.KILL)).lines()).toMatchInlineSnapshot(`
		"  0.00  SIGTERM to nginx and its group
		        nginx was killed by SIGKILL; stopping its remaining processes
		        nginx has stopped; restart 1 of 3
		  0.00  spawn nginx
		        started nginx (pid 102)"
	`);
});

test('what looks like a program that became a daemon is told what to do, once', () => {
	const forks = (service: object) => tell(['nginx', {leavesSurvivors: true, ...service}]).dies('nginx', exit(0)).wait(1000);
	const hint = /exited with status 0; stopping its remaining processes; if it daemonizes, write type: forking, or run it in the foreground$/gm;
	expect(forks({}).dies('nginx', exit(0)).lines().match(hint)).toHaveLength(1);
	expect(forks({type: 'oneshot'}).lines()).not.toMatch(hint);
	expect(forks({pidFile: '/run/nginx.pid'}).lines()).not.toMatch(hint);
});

test('what a process leaves behind and is deaf is killed when the grace period is over, and only then a successor starts', () => {
	const story = tell(['nginx', {leavesSurvivors: true, deaf: true, stop: {signal: SIG.QUIT, grace: 3000}}]);
	story.lines();
	expect(story.dies('nginx', exit(1)).wait(5000).lines()).toMatchInlineSnapshot(`
		"  0.00  SIGTERM to nginx and its group
		        nginx exited with status 1; stopping its remaining processes
		  3.00  SIGKILL to nginx and its group
		        killing the remaining processes of nginx with SIGKILL: they did not stop in time
		        nginx has stopped; restart 1 of 3
		  3.00  spawn nginx
		        started nginx (pid 102)"
	`);
	story.ask('stop', 'nginx').wait(1000).dies('nginx', exit(0));
	expect(story.wait(5000).lines()).toMatchInlineSnapshot(`
		"  5.00  SIGQUIT to nginx
		        stopping nginx (pid 102) with SIGQUIT
		  6.00  SIGTERM to nginx and its group
		  8.00  SIGKILL to nginx and its group
		        killing the remaining processes of nginx with SIGKILL: they did not stop in time
		        stopped nginx (exit status 0)
		        no service is running or about to start: nginx was stopped; start a service with archonctl start NAME, or stop archon with SIGTERM"
	`);
});

test('having been up for `resetAfter` wipes out earlier ends, also where the window still has them', () => {
	const restart = {...RESTART, jitter: 0, attempts: 3, window: 3_600_000, resetAfter: 10_000};
	const story = tell(['web', {restart}]);
	story.dies('web', exit(1)).dies('web', exit(1)).wait(100).lines();
	expect(story.wait(9999).dies('web', exit(1)).lines()).toContain('restart 3 of 3');
	expect(story.wait(200 + 10_000).dies('web', exit(1)).lines()).toContain('restart 1 of 3');
});

test('so does an end that archon made itself, and one that left others behind', () => {
	const restart = {...RESTART, jitter: 0, attempts: 3, window: 3_600_000, resetAfter: 10_000};
	const story = tell(['web', {restart, watchdog: 10_000}], ['nginx', {restart, leavesSurvivors: true}]);
	for (const name of ['web', 'nginx']) story.dies(name, exit(1)).dies(name, exit(1));
	story.wait(100).lines();
	expect(story.wait(10_000).dies('nginx', exit(1)).lines().match(/(web|nginx) has .*; restart .*/g)).toEqual([
		'web has stopped; restart 1 of 3', 'nginx has stopped; restart 1 of 3',
	]);
});

test('an essential service whose restart is refused ends the container with the status of that, not of its last end', () => {
	const restart = {...RESTART, policy: 'always'} as const;
	const story = tell(['main', {essential: true, restart, slow: true}]);
	const refusal = {stage: 'executing main', errno: 2, reason: 'no such file or directory', temporary: false};
	story.tells('main', {kind: 'spawned', pid: 7}).dies('main', exit(3)).tells('main', {kind: 'refused', refusal});
	expect(story.lines().split('\n').at(-1)).toBe('  0.00  exit 127');
});
test('news of an old run changes nothing', () => {
	const story = tell(['web']);
	const before = story.state();
	const news = {kind: 'exited', outcome: exit(0), survivors: false} as const;
	const [after, effects] = step(before, {kind: 'news', id: 0, run: 99, news}, 0);
	expect(effects).toEqual([]);
	expect(after).toEqual(before);
});

test('a step that throws over a bug leaves the state as it was', () => {
	const story = tell(['web']);
	const before = structuredClone(story.state());
	const nonsense = {kind: 'news', id: 0, run: 1, news: {kind: 'spawned', pid: 7}} as const;
	expect(() => step(story.state(), nonsense, 0)).toThrow('impossible: spawned while up');
	expect(structuredClone(story.state())).toEqual(before);
});

describe('who is told, and what ends', () => {
	test('with stop_to: group the group has the stop signal, and only what left it is asked once more', () => {
		const story = tell(['npm', {leavesSurvivors: true, deaf: true, stopTo: 'group', stop: {signal: SIG.INT, grace: 3000}}]);
		story.lines();
		story.ask('stop', 'npm').wait(1000).dies('npm', exit(0));
		expect(story.wait(5000).lines()).toMatchInlineSnapshot(`
			"  0.00  SIGINT to npm (its group)
			        stopping npm (pid 101) with SIGINT
			  1.00  SIGTERM to npm (what left its group)
			  3.00  SIGKILL to npm and its group
			        killing the remaining processes of npm with SIGKILL: they did not stop in time
			        stopped npm (exit status 0)
			        no service is running or about to start: npm was stopped; start a service with archonctl start NAME, or stop archon with SIGTERM"
		`);
	});

	test('a signal of a person, and that of a reload, go where the stop signal goes', () => {
		const story = tell(['npm', {stopTo: 'group', reload: {signal: SIG.USR1}}], ['web', {reload: {signal: SIG.USR1}}]);
		story.lines();
		const ids = ['npm', 'web'].map(name => find(story.state(), name)?.id ?? -1);
		for (const id of ids) story.hear({kind: 'signal', id, signal: SIG.USR1});
		story.hear({kind: 'reload', ids});
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.00  SIGUSR1 to npm (its group)
			  0.00  SIGUSR1 to web
			  0.00  SIGUSR1 to npm (its group)
			  0.00  SIGUSR1 to web"
		`);
	});

	test.each(['main', 'group'] as const)('with kill_mode: %s no more than that is killed', killMode => {
		const story = tell(['sshd', {deaf: true, killMode}]);
		story.lines();
		expect(story.ask('stop', 'sshd').wait(5000).lines()).toContain(`SIGKILL to sshd${killMode === 'main' ? '\n' : ' (its group)\n'}`);
	});

	test('with kill_mode: group what left the group is not asked', () => {
		const story = tell(['web', {leavesSurvivors: true, killMode: 'group'}]);
		story.lines();
		expect(story.dies('web', exit(1)).lines()).toContain('SIGTERM to web (its group)\n');
	});

	test('with kill_mode: group and stop_to: group what is left was asked by the stop signal, and what left the group never is', () => {
		const story = tell(['npm', {leavesSurvivors: true, deaf: true, stopTo: 'group', killMode: 'group'}]);
		story.lines();
		story.ask('stop', 'npm').dies('npm', exit(0));
		expect(story.lines()).not.toMatch(/SIGTERM to npm \(what left/);
	});

	test('a watchdog\'s SIGABRT is the main process\'s alone', () => {
		const story = tell(['web', {stopTo: 'group', watchdog: 1000}]);
		story.lines();
		expect(story.wait(1000).lines()).toContain('SIGABRT to web\n');
	});
});
