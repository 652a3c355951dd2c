/** `monitor` and `deps`: processes that archon has not started, and services that hear of them and of each other. */
import {expect, test} from 'vitest';
import {readAll, writeAll} from '../../src/core/serialize.ts';
import {find} from '../../src/core/state.ts';
import type {Event} from '../../src/core/event.ts';
import {decodeRequest} from '../../src/control/registry.ts';
import {cycleOf} from '../../src/features/deps/core/deps.ts';
import type {Terms} from '../../src/features/deps/core/dependency.ts';
import {keptOf, type MonitorSpec, NO_DOING} from '../../src/features/monitor/core/kept.ts';
import type {Service} from '../../src/core/service.ts';
import {exit, service, SETTINGS, type Story, tell} from './tell.ts';

const RULES = {shutdownGrace: SETTINGS.shutdownGrace, startRate: SETTINGS.startRate, whenIdle: SETTINGS.whenIdle} as const;

const spec = (name: string, more: Partial<MonitorSpec> = {}): MonitorSpec =>
	({name, match: {exe: `/bin/${name}`, command: null}, every: 2000, on: NO_DOING, ...more});
const config = (...rules: readonly MonitorSpec[]): Event => ({kind: 'monitor', news: {kind: 'config', rules}});
const met = (rule: number, ...pids: readonly number[]): Event =>
	({kind: 'monitor', news: {kind: 'met', rule, processes: pids.map(pid => ({pid, start: pid * 10, exe: '/bin/x'}))}});
const gone = (pid: number, code: number | null = 0): Event =>
	({kind: 'monitor', news: {kind: 'gone', process: {pid, start: pid * 10}, outcome: code === null ? null : exit(code)}});

/** As `archonctl deps add` has it. */
function termsOf(...fields: readonly string[]): {readonly terms: Terms; readonly lasts: number | null} {
	const request = decodeRequest(['Depend', ...fields]);
	if (!request.ok || request.value.kind !== 'depend') throw new Error(request.ok ? 'no dependency' : request.error);
	return request.value;
}

const depend = (...fields: readonly string[]): Event => {
	const {terms, lasts} = termsOf(...fields);
	const process = terms.target.kind === 'pid' ? {pid: terms.target.pid, start: terms.target.pid * 10, exe: '/bin/x'} : null;
	return {kind: 'depend', terms, lasts, process};
};

const known = (story: Story): unknown => {
	const kept = keptOf(story.state());
	return [kept?.rules.map(({name}) => name), kept?.watched.map(({pid}) => pid), kept?.dependencies.map(({text}) => text)];
};

test('what a rule means is met once and ends once, by number and time of start, and acts both times', () => {
	const on = {started: [{kind: 'start', names: ['web']}], exited: [{kind: 'stop', names: ['web']}]} as const;
	const story = tell(['web', {autostart: false}]).hear(config(spec('x', {on}))).hear(met(1, 7)).hear(met(1, 7));
	expect(story.lines()).toMatchInlineSnapshot(`
		"        no service is running or about to start: web was not started; start a service with archonctl start NAME, or stop archon with SIGTERM
		        starting web: /bin/x (pid 7) runs (monitor x)
		  0.00  spawn web
		        started web (pid 101)"
	`);
	story.hear({kind: 'monitor', news: {kind: 'gone', process: {pid: 7, start: 1}, outcome: exit(0)}});
	expect(known(story)).toEqual([['x'], [7], []]);
	story.hear(gone(7, 3)).hear(gone(7, 3));
	expect(story.lines()).toMatchInlineSnapshot(`
		"        monitor x: /bin/x (pid 7) exited with status 3
		        stopping web: /bin/x (pid 7) exited with status 3 (monitor x)
		  0.00  SIGTERM to web
		        stopping web (pid 101) with SIGTERM: an action stopped it (/bin/x (pid 7) exited with status 3, monitor x)
		        stopped web (SIGTERM)
		        no service is running or about to start: web was stopped; start a service with archonctl start NAME, or stop archon with SIGTERM"
	`);
	expect(known(story)).toEqual([['x'], [], []]);
});

test('a reload keeps what a rule watches, unless the rule means something else, and forgets what it does not have', () => {
	const story = tell(['web']).hear(config(spec('x'), spec('y'), spec('z'))).hear(met(1, 7)).hear(met(2, 8)).hear(met(3, 9));
	story.hear(config(spec('x'), spec('y', {match: {exe: '/bin/other', command: null}})));
	expect(known(story)).toEqual([['x', 'y'], [7], []]);
});

test('a process that ends restarts what depends on it, and takes the dependency with it; nothing else of the pid does', () => {
	const story = tell(['web']).hear(depend('web', 'pid:7')).hear(gone(8)).hear({
		kind: 'monitor', news: {kind: 'gone', process: {pid: 7, start: 71}, outcome: null},
	});
	story.lines();
	expect(known(story)).toEqual([['deps 1'], [7], ['web -> pid:7 on=exit do=restart']]);
	story.hear(gone(7, null));
	expect(story.lines()).toMatchInlineSnapshot(`
		"        restarting web: /bin/x (pid 7) has ended; the kernel does not say how (deps 1)
		  0.00  SIGTERM to web
		        stopping web (pid 101) with SIGTERM
		        stopped web (SIGTERM)
		  0.00  spawn web
		        started web (pid 102)"
	`);
	expect(known(story)).toEqual([[], [], []]);
});

test('services hear of each other: exit, ready, fail and change', () => {
	const story = tell(['web'], ['db'], ['a'], ['b'], ['c'], ['d']);
	story.hear(depend('a', 'db', 'archon.on=exit', 'archon.do=signal:USR1')).hear(depend('b', 'db', 'archon.on=ready', 'archon.do=signal:USR1'))
		.hear(depend('c', 'db', 'archon.on=fail', 'archon.do=signal:USR1')).hear(depend('d', 'web', 'archon.on=change', 'archon.do=stop:c'));
	story.lines();
	story.ask('restart', 'db');
	expect(story.lines()).toMatchInlineSnapshot(`
		"  0.00  SIGTERM to db
		        stopping db (pid 102) with SIGTERM
		        stopped db (SIGTERM)
		  0.00  spawn db
		        sending SIGUSR1 to a: db has ended: SIGTERM (deps 1)
		  0.00  SIGUSR1 to a
		        started db (pid 107)
		        sending SIGUSR1 to b: db is running (deps 2)
		  0.00  SIGUSR1 to b"
	`);
	story.dies('db', exit(3));
	expect(story.lines()).toMatchInlineSnapshot(`
		"        db exited with status 3; restart 1 of 3
		  0.00  spawn db
		        sending SIGUSR1 to a: db has ended: exit status 3 (deps 1)
		  0.00  SIGUSR1 to a
		        sending SIGUSR1 to c: db has ended: exit status 3 (deps 3)
		  0.00  SIGUSR1 to c
		        started db (pid 108)
		        sending SIGUSR1 to b: db is running (deps 2)
		  0.00  SIGUSR1 to b"
	`);
	story.ask('stop', 'web');
	expect(story.lines()).toMatchInlineSnapshot(`
		"  0.00  SIGTERM to web
		        stopping web (pid 101) with SIGTERM
		        stopping c: web is stopping (deps 4)
		  0.00  SIGTERM to c
		        stopping c (pid 105) with SIGTERM: an action stopped it (web is stopping, deps 4)
		        stopped web (SIGTERM)
		        stopped c (SIGTERM)"
	`);
});

test('services may react to each other in a circle, which the rate of each bounds, and the log says so', () => {
	const story = tell(['a'], ['b']).hear(depend('a', 'b', 'archon.on=ready')).hear(depend('b', 'a', 'archon.on=ready'));
	story.ask('restart', 'a').wait(120_000);
	const lines = story.lines();
	// Ten at once, and then one in six seconds, of each of the two.
	const restarts = lines.match(/restarting [ab]: /g)?.length ?? 0;
	expect(restarts).toBeGreaterThanOrEqual(20);
	expect(restarts).toBeLessThanOrEqual(2 * (10 + 20));
	expect(lines).toMatch(/suspended: deps \d acts too often/);
});

test('an order of starts is kept to from the next start on, and one that would be a circle is refused with the circle', () => {
	const story = tell(['web'], ['db'], ['cache', {needs: ['web']}]);
	story.hear(depend('web', 'db', 'archon.order=start'));
	expect(cycleOf(story.state(), termsOf('db', 'cache', 'archon.order=start').terms)).toEqual(['db', 'cache', 'web', 'db']);
	expect(cycleOf(story.state(), termsOf('web', 'web', 'archon.order=start').terms)).toEqual(['web', 'web']);
	expect(cycleOf(story.state(), termsOf('db', 'cache').terms)).toBe(null);
	story.ask('stop', 'cache', 'web', 'db');
	story.lines();
	story.ask('start', 'cache', 'web', 'db');
	expect(story.lines().match(/started \w+/g)).toEqual(['started db', 'started web', 'started cache']);
	const before = find(story.state(), 'web')?.needs.length;
	story.hear({kind: 'undepend', ids: [1]});
	expect([before, find(story.state(), 'web')?.needs.length, find(story.state(), 'db')?.dependents.length]).toEqual([1, 0, 0]);
});

test('a reload keeps an order, and drops the one that its config makes a circle of', () => {
	const story = tell(['web'], ['db']).hear(depend('web', 'db', 'archon.order=start'));
	const reload = (...services: readonly Service[]): Event => ({kind: 'reconfigure', ...RULES, services});
	story.hear(reload(service('web'), service('db'), service('new')));
	const needs = (): number => find(story.state(), 'web')?.needs.length ?? -1;
	expect([needs(), find(story.state(), 'db')?.dependents.length]).toEqual([1, 1]);
	story.lines();
	story.hear(reload(service('web'), service('db', {needs: ['web']})));
	expect(story.lines()).toContain('deps 1 is dropped: web -> db -> web is a circle with this config');
	expect([needs(), known(story)]).toEqual([0, [[], [], []]]);
});

test('it is over after its time, and all of it is there after a re-execution', () => {
	const story = tell(['web'], ['db']).hear(config(spec('x'))).hear(met(1, 7)).hear(depend('web', 'db', 'archon.ttl=60'))
		.hear(depend('web', 'db', 'archon.order=start'));
	expect(readAll(writeAll(story.state()))).toEqual(story.state());
	story.wait(59_000);
	expect(known(story)).toEqual([['x'], [7], ['web -> db on=exit do=restart', 'web -> db order=start']]);
	story.wait(2000);
	expect(known(story)).toEqual([['x'], [7], ['web -> db order=start']]);
});

test('a rule that goes takes what hears of it along', () => {
	const story = tell(['web']).hear(config(spec('x'), spec('y'))).hear(depend('web', 'monitor:x', 'archon.on=ready'));
	expect(known(story)).toEqual([['x', 'y'], [], ['web -> monitor:x on=ready do=restart']]);
	story.lines();
	story.hear(met(2, 7)).hear(met(1, 8));
	expect(story.lines()).toMatch(/restarting web: \/bin\/x \(pid 8\) runs \(deps 1\)/);
	story.hear(config(spec('y')));
	expect(known(story)).toEqual([['y'], [7], []]);
});
