/** What a new config does to services that live. */
import {expect, test} from 'vitest';
import {LOGGING} from '../../src/core/defaults.ts';
import type {News} from '../../src/core/event.ts';
import type {Output, Service} from '../../src/core/service.ts';
import {compare, describe} from '../../src/core/reconfigure.ts';
import {find} from '../../src/core/state.ts';
import {exit, phases, service, SETTINGS, type Story, tell, type Traits} from './tell.ts';

const {shutdownGrace, startRate, whenIdle} = SETTINGS;
const reconfigure = (story: Story, ...cast: readonly (readonly [name: string, traits?: Traits])[]): Story =>
	story.hear({kind: 'reconfigure', shutdownGrace, startRate, whenIdle, services: cast.map(([name, traits]) => service(name, traits))});

test('what is gone ends before what it needed, what is new starts, and the others notice nothing', () => {
	const story = tell(['db'], ['app', {needs: ['db']}], ['proxy', {needs: ['app']}]);
	story.lines();
	reconfigure(story, ['db'], ['api', {needs: ['db']}]);
	expect(story.lines()).toMatchInlineSnapshot(`
		"  0.00  SIGTERM to proxy
		        stopping proxy (pid 103) with SIGTERM
		  0.00  spawn api
		        stopped proxy (SIGTERM)
		  0.00  forget proxy
		  0.00  SIGTERM to app
		        stopping app (pid 102) with SIGTERM
		        started api (pid 104)
		        stopped app (SIGTERM)
		  0.00  forget app"
	`);
	expect(phases(story)).toEqual({db: 'up', api: 'up'});
	expect(find(story.state(), 'db')?.starts).toBe(1);
});

test('a service whose process is defined differently stops and starts again, and waits for its new needs', () => {
	const story = tell(['web']);
	const exec = {...service('web').exec, argv: ['web', '--new'] as const};
	reconfigure(story, ['db', {ready: {kind: 'notify'}}], ['web', {exec, needs: ['db+']}]);
	expect(phases(story)).toEqual({web: 'waiting', db: 'starting'});
	story.tells('db', {kind: 'ready'});
	expect(find(story.state(), 'web')?.service.exec.argv).toEqual(['web', '--new']);
	expect(phases(story)).toEqual({web: 'up', db: 'up'});
});

test('a daemon that is to be a oneshot is restarted, and the other way round', () => {
	const story = tell(['a', {type: 'daemon'}], ['b', {type: 'oneshot'}]);
	reconfigure(story, ['a', {type: 'oneshot'}], ['b', {type: 'daemon'}]);
	expect([find(story.state(), 'a')?.starts, find(story.state(), 'b')?.starts]).toEqual([2, 2]);
	expect(phases(story)).toEqual({a: 'starting', b: 'up'});
});

test('new rules hold for a process that lives', () => {
	const story = tell(['web', {deaf: true}]);
	reconfigure(story, ['web', {stop: {signal: 2, grace: 100}}]);
	story.lines();
	expect(story.ask('stop', 'web').wait(100).lines()).toMatch(/SIGINT to web[^]*0\.10 {2}SIGKILL to web/);
});

test('what had failed is tried again if it is made differently, and left alone if not', () => {
	const story = tell(['a', {type: 'oneshot'}], ['b', {type: 'oneshot'}]);
	story.dies('a', exit(1)).dies('b', exit(1));
	reconfigure(story, ['a', {type: 'oneshot'}], ['b', {type: 'oneshot', exec: {...service('b').exec, argv: ['b', '2'] as const}}]);
	expect(phases(story)).toEqual({a: 'failed', b: 'starting'});
});

test('what comes back while it ends starts again when it has ended', () => {
	const story = tell(['web', {deaf: true}], ['other']);
	reconfigure(story, ['other']);
	expect(phases(story)).toEqual({web: 'stopping', other: 'up'});
	reconfigure(story, ['web'], ['other']);
	expect(phases(story.wait(5000))).toEqual({web: 'up', other: 'up'});
});

test('the operator\'s word outlives it', () => {
	const story = tell(['web'], ['lazy', {autostart: false}]);
	story.ask('stop', 'web').ask('start', 'lazy');
	reconfigure(story, ['web'], ['lazy', {autostart: false}], ['new']);
	expect(phases(story)).toEqual({web: 'stopped', lazy: 'up', new: 'up'});
});

/** The same program, whose lines go elsewhere. */
const withOutput = (name: string, output: Output): Traits => ({exec: {...service(name).exec, output}});
const lines = (kind: 'json' | 'prefix'): Output => ({
	kind: 'lines', logging: {...LOGGING, drivers: [kind === 'json' ? {kind, streams: ['stdout']} : {kind, timestamps: true, streams: ['stdout']}]},
});
const FILES: Output = {kind: 'files', stdout: '/x', stderr: null};

test('what becomes of lines changes at once, and no service is restarted', () => {
	const story = tell(['web'], ['idle', {autostart: false}], ['db']);
	const before = ['web', 'idle', 'db'].map(name => find(story.state(), name)?.service ?? expect.fail(name));
	story.lines();
	reconfigure(story, ['web', withOutput('web', lines('json'))], ['idle', {autostart: false, ...withOutput('idle', lines('json'))}], ['db']);
	expect(story.lines()).toMatchInlineSnapshot(`
		"  0.00  lines of web go elsewhere
		  0.00  lines of idle go elsewhere"
	`);
	expect(phases(story)).toEqual({web: 'up', idle: 'new', db: 'up'});
	const after = ['web', 'idle', 'db'].map(name => find(story.state(), name)?.service ?? expect.fail(name));
	expect(after[0]?.exec.output).toEqual(lines('json'));
	expect(describe(compare(before, after))).toBe('2 updated (web, idle), 1 unchanged');
	reconfigure(story, ['web', withOutput('web', lines('json'))], ['idle', {autostart: false, ...withOutput('idle', lines('json'))}], ['db']);
	expect(story.lines()).toBe('');
});

test.each<[string, Output, Output]>([
	['archon\'s streams to lines', {kind: 'inherit'}, lines('prefix')],
	['lines to archon\'s streams', lines('prefix'), {kind: 'inherit'}],
	['archon\'s streams by default to lines that are asked for', {kind: 'inherit', canWait: true}, lines('json')],
	['lines that were asked for to archon\'s streams by default', lines('json'), {kind: 'inherit', canWait: true}],
	['lines to files', lines('prefix'), FILES],
	['files to lines', FILES, lines('prefix')],
	['one file to another', FILES, {...FILES, stdout: '/y'}],
])('a change from %s takes a new process', (_name, from, to) => {
	const story = tell(['web', withOutput('web', from)]);
	reconfigure(story, ['web', withOutput('web', to)]);
	const entry = find(story.state(), 'web');
	expect([entry?.starts, entry?.service.exec.output]).toEqual([2, to]);
	expect(story.lines()).not.toContain('elsewhere');
});

test('another service is no reason for one that was alone to end', () => {
	const alone: Output = {kind: 'inherit', canWait: true};
	const several: Output = {kind: 'lines', logging: LOGGING, canWait: true};
	const story = tell(['web', withOutput('web', alone)]);
	reconfigure(story, ['web', withOutput('web', several)], ['db']);
	expect(find(story.state(), 'web')).toMatchObject({starts: 1, service: {exec: {output: alone}}});
	reconfigure(story, ['web', withOutput('web', alone)]);
	expect(find(story.state(), 'web')).toMatchObject({starts: 1, service: {exec: {output: alone}}});
});

test('what ends and is no longer named has its last lines go where they went', () => {
	const story = tell(['web', {deaf: true, ...withOutput('web', lines('prefix'))}], ['db']);
	reconfigure(story, ['db']);
	expect(story.lines()).not.toContain('elsewhere');
	reconfigure(story, ['web', withOutput('web', lines('json'))], ['db']);
	expect(story.lines()).toContain('lines of web go elsewhere');
});

const HEALTH: Service['health'] = {
	probe: {kind: 'tcp', host: 'localhost', port: 1}, interval: 10_000, timeout: 1000, retries: 1, successes: 1, startPeriod: 0, startInterval: 1000,
	onUnhealthy: 'none',
};
const healthOf = (story: Story, name: string): string => {
	const phase = find(story.state(), name)?.phase;
	return phase?.kind === 'up' ? phase.health : phase?.kind ?? '';
};
const probe = (passed: boolean): News => ({kind: 'probe', purpose: 'health', passed, detail: ''});

test('a health check that comes, changes or goes holds for a process that lives', () => {
	const story = tell(['web']);
	reconfigure(story, ['web', {health: HEALTH}]);
	expect(healthOf(story, 'web')).toBe('starting');
	expect(story.wait(0).lines()).toContain('look at web (health)');
	story.tells('web', probe(true));
	expect(healthOf(story, 'web')).toBe('healthy');
	// The next look would have been in ten seconds.
	reconfigure(story, ['web', {health: {...HEALTH, interval: 2000}}]);
	story.lines();
	expect(story.wait(2000).lines()).toContain('look at web (health)');
	reconfigure(story, ['web']);
	story.tells('web', probe(false));
	expect(healthOf(story, 'web')).toBe('none');
	expect(story.wait(60_000).lines()).toBe('');
	expect(find(story.state(), 'web')?.starts).toBe(1);
});

test('a watchdog that goes is not waited for any more', () => {
	const story = tell(['web', {watchdog: 5000}]);
	reconfigure(story, ['web']);
	story.lines();
	expect(story.wait(60_000).lines()).toBe('');
});

test('what is starting under another start timeout has as long as that says, and is restarted where it is to be ready otherwise', () => {
	const story = tell(['web', {ready: {kind: 'notify'}, startTimeout: 60_000}]).wait(1000);
	reconfigure(story, ['web', {ready: {kind: 'notify'}, startTimeout: 3000}]);
	story.lines();
	expect(story.wait(1999).lines()).toBe('');
	expect(story.wait(1).lines()).toContain('not ready within 3 s');
	const other = tell(['web', {ready: {kind: 'notify'}}]);
	reconfigure(other, ['web']);
	expect(phases(other)).toEqual({web: 'up'});
	expect(find(other.state(), 'web')?.starts).toBe(2);
});

test('what waits has as long for its new needs as they say', () => {
	const story = tell(['db', {ready: {kind: 'notify'}, startTimeout: Infinity}], ['web', {needs: ['db+']}]).wait(1000);
	reconfigure(story, ['db', {ready: {kind: 'notify'}, startTimeout: Infinity}], ['web', {needs: [{name: 'db', condition: 'service_healthy', timeout: 3000}]}]);
	expect(phases(story.wait(1999))).toMatchObject({web: 'waiting'});
	expect(phases(story.wait(1))).toMatchObject({web: 'failed'});
});

test('variables from another place, and files that are only removed before a start, keep a process', () => {
	const web = service('web');
	const made = (exec: Partial<Service['exec']>): Service => ({...web, exec: {...web.exec, ...exec}});
	const fate = (one: Partial<Service['exec']>, other: Partial<Service['exec']>): string =>
		Object.entries(compare([made(one)], [made(other)])).find(([, names]) => names.length > 0)?.[0] ?? '';
	expect(fate({common: {A: '1', B: '2'}}, {common: {B: '2'}, environment: {A: '1'}})).toBe('kept');
	expect(fate({common: {A: '1'}}, {common: {A: '2'}})).toBe('restarted');
	expect(fate({common: {A: '1'}, environment: {A: '3'}}, {common: {A: '2'}, environment: {A: '3'}})).toBe('kept');
	const file = (path: string, stamp: string): Partial<Service['exec']> =>
		({sources: [{kind: 'file', path, required: true}], sourced: {variables: {}, stamp}});
	expect(fate(file('/a', 'x'), file('/b', 'x'))).toBe('kept');
	expect(fate(file('/a', 'x'), file('/a', 'y'))).toBe('restarted');
	// What could not be read says nothing; but another place may hold something else.
	expect(fate(file('/a', 'x'), file('/a', ''))).toBe('kept');
	expect(fate(file('/a', 'x'), file('/b', ''))).toBe('restarted');
	// A file may override what all services have.
	expect(fate({...file('/a', 'x'), common: {A: '1'}}, {...file('/a', 'x'), environment: {A: '1'}})).toBe('restarted');
	expect(fate({clean: []}, {clean: ['/tmp/x']})).toBe('updated');
});
