/** Services whose variables are read at the start: what is kept of them, and who is to leave before that is done. */
import {describe, expect, test} from 'vitest';
import {find} from '../../src/core/state.ts';
import {SETTINGS, type Story, service, tell} from './tell.ts';

const sources = [{kind: 'file', path: '/env', required: true}] as const;

/** A service with a file of variables, of which the config knows the stamp. */
const web = (stamp: string) => service('web', {exec: {...service('web').exec, sources, sourced: {variables: {}, stamp}}});

/** It was started when the file had this stamp. */
function started(config: string, file: string): Story {
	const {name, needs, ...traits} = web(config);
	return tell([name, {...traits, slow: true}]).tells('web', {kind: 'spawned', pid: 7, sourced: {variables: {A: '1'}, stamp: file}});
}

const reload = (story: Story, stamp: string): string => {
	story.lines();
	const {shutdownGrace, startRate, whenIdle} = SETTINGS;
	return story.hear({kind: 'reconfigure', services: [web(stamp)], shutdownGrace, startRate, whenIdle}).lines();
};

describe('a service that has to stop before its process was started is withdrawn', () => {
	test.each<[string, (story: Story) => Story]>([
		['stopped', story => story.ask('stop', 'a')],
		['restarted', story => story.ask('restart', 'a')],
		['ended with everything', story => story.hear({kind: 'shutdown', why: 'x'})],
		['in the config no more', story => story.hear({
			kind: 'reconfigure', services: [], shutdownGrace: 9000, startRate: SETTINGS.startRate, whenIdle: 'never',
		})],
	])('%s', (_, leave) => {
		const story = tell(['a', {slow: true}]);
		story.lines();
		expect(leave(story).lines().match(/withdraw a/g)).toHaveLength(1);
	});

	test('once, and no other service is', () => {
		const story = tell(['a', {slow: true}], ['b']);
		expect(story.ask('stop', 'b').lines()).not.toMatch(/withdraw/);
		expect(story.ask('stop', 'a').ask('stop', 'a').lines().match(/withdraw/g)).toHaveLength(1);
	});
});

describe('a reload', () => {
	test.each([
		['keeps a service whose file is as it was at its start', 'old', 'at start', 'at start', 0],
		['restarts one whose file has changed since', 'old', 'at start', 'new', 1],
		['keeps one whose file is not there now', 'old', 'at start', '', 0],
		['keeps one whose file was not there before its start', '', 'at start', 'at start', 0],
	])('%s', (_what, config, start, now, count) => {
		const story = started(config, start);
		expect(reload(story, now).match(/spawn web|SIGTERM to web/g) ?? []).toHaveLength(count * 2);
	});

	test('does not forget what a process was started with', () => {
		const story = started('x', 'y');
		reload(story, 'y');
		expect(find(story.state(), 'web')?.service.exec.sourced).toEqual({variables: {A: '1'}, stamp: 'y'});
	});

	test('keeps what the config says of its variables where they are the same at its start', () => {
		const {name, needs, ...traits} = web('same');
		const story = tell([name, {...traits, slow: true}]);
		const before = find(story.state(), 'web')?.service;
		story.tells('web', {kind: 'spawned', pid: 7});
		expect(find(story.state(), 'web')?.service).toBe(before);
	});

	test('tries again what failed for want of its file', () => {
		const {name, needs, ...traits} = web('');
		const story = tell([name, {...traits, refused: 2}]);
		expect(story.lines()).toMatch(/cannot start web/);
		expect(reload(story, 'there')).toMatch(/spawn web/);
	});
});
