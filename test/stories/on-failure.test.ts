/** `on_failure`: services that start when another one has failed for good. */
import {expect, test} from 'vitest';
import {RESTART} from '../../src/core/defaults.ts';
import {readAll, writeAll} from '../../src/core/serialize.ts';
import type {Service} from '../../src/core/service.ts';
import {find} from '../../src/core/state.ts';
import {step} from '../../src/core/supervisor.ts';
import {exit, killedBy, phases, type Story, tell, tellWith, type Traits} from './tell.ts';

const NEVER = {...RESTART, policy: 'no'} as const;
const alert: Traits = {type: 'oneshot', autostart: false};
const fragile = (more: Traits = {}): Traits => ({restart: NEVER, onFailure: ['alert'], ...more});
const toldTo = (story: Story, name: string): unknown => find(story.state(), name)?.trigger;

test('it starts with the failure that is for good, and not with one before that', () => {
	const story = tell(['alert', alert], ['web', fragile({restart: {...RESTART, jitter: 0, attempts: 1}})]).dies('web', exit(3));
	expect(phases(story)).toEqual({alert: 'new', web: 'up'});
	story.dies('web', exit(3));
	expect(story.lines()).toMatchInlineSnapshot(`
		"  0.00  spawn web
		        started web (pid 101)
		        web exited with status 3; restart 1 of 1
		  0.00  spawn web
		        started web (pid 102)
		        web failed: exit status 3 after 1 restart
		  0.00  spawn alert
		        started alert (pid 103)"
	`);
	expect(toldTo(story, 'alert')).toEqual({
		ARCHON_FAILED_SERVICE: 'web', ARCHON_FAILED_REASON: 'exit status 3 after 1 restart', MONITOR_UNIT: 'web',
		MONITOR_SERVICE_RESULT: 'exit-code', MONITOR_EXIT_CODE: 'exited', MONITOR_EXIT_STATUS: '3',
	});
});

test('its process and its commands have variables that tell of the failure', () => {
	const {state} = tell(['alert', alert], ['web', fragile()], ['x']);
	const {id, phase} = find(state(), 'web') ?? {id: -1, phase: {kind: 'done'}};
	const run = 'run' in phase ? phase.run : -1;
	const [, effects] = step(state(), {kind: 'news', id, run, news: {kind: 'exited', outcome: killedBy(9), survivors: false}}, 0);
	const spawned = effects.flatMap(effect => (effect.kind === 'spawn' ? [effect.service] : []));
	expect(spawned.map(({name, exec}: Service) => [name, exec.environment])).toEqual([['alert', {
		ARCHON_FAILED_SERVICE: 'web', ARCHON_FAILED_REASON: 'SIGKILL', MONITOR_UNIT: 'web',
		MONITOR_SERVICE_RESULT: 'signal', MONITOR_EXIT_CODE: 'killed', MONITOR_EXIT_STATUS: 'KILL',
	}]]);
});

test('it starts what it needs, each failure starts it again, and one that an operator starts knows of none', () => {
	const story = tell(['mail', {autostart: false}], ['alert', {...alert, needs: ['mail']}], ['web', fragile()], ['api', fragile({refused: 2})]);
	expect(phases(story)).toEqual({mail: 'up', alert: 'starting', web: 'up', api: 'failed'});
	expect(toldTo(story, 'alert')).toMatchObject({MONITOR_UNIT: 'api', MONITOR_SERVICE_RESULT: 'resources'});
	story.dies('alert', exit(0)).dies('web', exit(1));
	expect([phases(story)['alert'], toldTo(story, 'alert')]).toEqual(['starting', expect.objectContaining({MONITOR_UNIT: 'web'})]);
	story.dies('alert', exit(0)).ask('start', 'alert');
	expect([phases(story)['alert'], toldTo(story, 'alert')]).toEqual(['starting', null]);
});

test('a oneshot that is busy with one failure is started again for each that comes meanwhile, also by the next instance', () => {
	const cast = ['a', 'b', 'c'].map(name => [name, fragile()] as const);
	const story = tell(['alert', alert], ...cast).dies('a', exit(1)).dies('b', exit(2)).dies('c', exit(3));
	expect(readAll(writeAll(story.state()))?.table).toEqual(story.state().table);
	const seen = [1, 2, 3].map(() => {
		const {MONITOR_UNIT: unit} = toldTo(story, 'alert') as Readonly<Record<string, string>>;
		story.dies('alert', exit(0));
		return unit;
	});
	expect([seen, phases(story)['alert']]).toEqual([['a', 'b', 'c'], 'completed']);
});

test('one that is stopped meanwhile is not started for what came before', () => {
	const story = tell(['alert', alert], ['a', fragile()], ['b', fragile()]).dies('a', exit(1)).dies('b', exit(2)).ask('stop', 'alert');
	expect([phases(story)['alert'], find(story.state(), 'alert')?.laterTriggers]).toEqual(['stopped', []]);
});

test('one that runs already stays as it is', () => {
	const story = tell(['alert', {}], ['web', fragile()]).dies('web', exit(1));
	expect([phases(story)['alert'], toldTo(story, 'alert')]).toEqual(['up', null]);
	expect(story.lines().match(/spawn alert/g)).toHaveLength(1);
});

test('a container that ends as nothing runs any more ends after it', () => {
	const story = tellWith({whenIdle: 'failed'}, ['alert', alert], ['web', fragile()]).dies('web', exit(3));
	expect(story.state().stage.kind).toBe('running');
	expect(story.dies('alert', exit(0)).lines()).toMatch(/shutting down: no service is running[^]*exit 3$/);
});

test('neither an end that is well, nor a stop, nor a shutdown starts it', () => {
	const story = tell(['alert', alert], ['web', fragile()], ['api', fragile()]).dies('web', exit(0)).ask('stop', 'api');
	expect(phases(story)).toEqual({alert: 'new', web: 'exited', api: 'stopped'});
	const ending = tell(['alert', alert], ['web', fragile({essential: true})]).dies('web', exit(1));
	expect(ending.lines()).not.toContain('spawn alert');
});
