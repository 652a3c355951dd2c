/** `conflicts`: services that never run at the same time; the one that is started stops the other. */
import {expect, test} from 'vitest';
import {SIG} from '../../src/core/signal-numbers.ts';
import {find} from '../../src/core/state.ts';
import {statusOf} from '../../src/core/status.ts';
import {readAll, writeAll} from '../../src/core/serialize.ts';
import {exit, phases, service, SETTINGS, tell} from './tell.ts';

const green = {autostart: false, conflicts: ['blue']};

test('the one that is started waits until the other is gone, whichever names the other', () => {
	const story = tell(['blue', {leavesSurvivors: true}], ['green', green]);
	story.lines();
	story.ask('start', 'green');
	expect(story.lines()).toMatchInlineSnapshot(`
		"  0.00  SIGTERM to blue
		        stopping blue (pid 101) with SIGTERM
		  0.00  SIGTERM to blue and its group
		        stopped blue (SIGTERM)
		  0.00  spawn green
		        started green (pid 102)"
	`);
	story.ask('start', 'blue');
	expect(phases(story)).toEqual({blue: 'up', green: 'stopped'});
});

test('what is waited for is told', () => {
	const story = tell(['blue', {deaf: true, stop: {signal: SIG.TERM, grace: 5000}}], ['green', green]).ask('start', 'green');
	const entry = find(story.state(), 'green');
	expect(entry && statusOf(story.state(), entry)).toMatchObject({status: 'waiting', note: 'waiting for blue to stop'});
	expect(phases(story.wait(5000))).toEqual({blue: 'stopped', green: 'up'});
});

test('one that pauses before a restart, or waits, does not start any more', () => {
	const restart = {...service('x').restart, growth: 'constant', delay: 1000} as const;
	const story = tell(['blue', {restart}], ['green', green]).dies('blue', exit(1)).ask('start', 'green');
	expect(phases(story.wait(5000))).toEqual({blue: 'stopped', green: 'up'});
	story.ask('start', 'blue').ask('start', 'green');
	expect(phases(story.wait(5000))).toEqual({blue: 'stopped', green: 'up'});
});

test('of two that are started at once the later one stays', () => {
	expect(phases(tell(['blue', {autostart: false}], ['green', green]).ask('start', 'blue', 'green'))).toEqual({blue: 'stopped', green: 'up'});
});

test('one that starts because another needs it, or after a failure, stops the other too', () => {
	const needing = tell(['blue'], ['green', green], ['app', {autostart: false, needs: ['green']}]).ask('start', 'app');
	expect(phases(needing)).toEqual({blue: 'stopped', green: 'up', app: 'up'});
	const failing = tell(['blue'], ['green', green], ['web', {restart: {...service('x').restart, policy: 'no'}, onFailure: ['green']}]);
	expect(phases(failing.dies('web', exit(1)))).toMatchObject({blue: 'stopped', green: 'up'});
});

const alarm = {restart: {...service('x').restart, policy: 'no'}, onFailure: ['green']} as const;

test('one that a failure has stopped is not one that an operator has stopped: that is told, and auto gives it back', () => {
	const story = tell(['blue'], ['green', green], ['web', alarm]).dies('web', exit(1));
	const blue = find(story.state(), 'blue');
	expect(blue?.desired).toBe('auto');
	expect(blue && statusOf(story.state(), blue)).toMatchObject({note: 'an action stopped it (green was started as web has failed)'});
	story.ask('stop', 'green').ask('auto', 'blue');
	expect(phases(story)).toMatchObject({blue: 'up', green: 'stopped'});
});

test('a failure does not undo an operator\'s start: what conflicts with it waits', () => {
	const story = tell(['blue'], ['green', green], ['web', alarm]).ask('stop', 'blue').ask('start', 'blue').dies('web', exit(1));
	expect(phases(story)).toMatchObject({blue: 'up', green: 'waiting'});
	expect(phases(story.ask('stop', 'blue'))).toMatchObject({blue: 'stopped', green: 'up'});
});

test('a new config that has two which run conflict stops the later one, and what has left it is waited for', () => {
	const story = tell(['blue', {deaf: true, stop: {signal: SIG.TERM, grace: 5000}}], ['green', {autostart: false}]).ask('start', 'green');
	story.hear({kind: 'reconfigure', ...SETTINGS, services: [service('blue'), service('green', green)]});
	expect(phases(story)).toEqual({blue: 'up', green: 'stopped'});
	story.hear({kind: 'reconfigure', ...SETTINGS, services: [service('green')]});
	// It was stopped for the one that has left, and its own config is another.
	expect(phases(story)).toEqual({blue: 'stopping', green: 'waiting'});
	expect(phases(story.wait(5000))).toEqual({green: 'up'});
});

test('it survives re-execution', () => {
	const {state} = tell(['blue'], ['green', green]);
	expect(readAll(writeAll(state()))?.table).toEqual(state().table);
});
