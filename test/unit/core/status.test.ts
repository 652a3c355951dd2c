/** What people are shown of every phase, and the words that go with it. */
import {expect, test} from 'vitest';
import {lastEnd, statusOf, type Shown} from '../../../src/core/status.ts';
import {entries, find} from '../../../src/core/state.ts';
import {exit, killedBy, type Story, tell} from '../../stories/tell.ts';

const shown = (story: Story, name: string): Shown => {
	const entry = find(story.state(), name);
	if (!entry) throw new Error(`no ${name}`);
	return statusOf(story.state(), entry);
};

test('a life in statuses', () => {
	const story = tell(['web', {deaf: true}]);
	expect(shown(story, 'web')).toEqual({status: 'running', pid: 101, note: ''});
	story.dies('web', killedBy(11));
	expect(shown(story, 'web')).toEqual({status: 'running', pid: 102, note: 'last run: SIGSEGV'});
	story.dies('web', exit(1));
	expect(shown(story, 'web')).toEqual({status: 'backoff', pid: null, note: 'exit status 1; restart 2 of 3 is next'});
	story.wait(200).ask('stop', 'web');
	expect(shown(story, 'web')).toEqual({status: 'stopping', pid: 103, note: 'sent SIGTERM'});
	story.wait(6000);
	expect(shown(story, 'web')).toEqual({status: 'stopped', pid: null, note: 'SIGKILL'});
});

test('a oneshot runs, and then has exited or failed', () => {
	const story = tell(['good', {type: 'oneshot'}], ['bad', {type: 'oneshot'}]);
	expect(shown(story, 'good').status).toBe('running');
	story.dies('good', exit(0)).dies('bad', exit(2));
	expect(shown(story, 'good')).toEqual({status: 'exited', pid: null, note: 'exit status 0'});
	expect(shown(story, 'bad')).toEqual({status: 'failed', pid: null, note: 'exit status 2'});
});

test('a failed service says why, and its dependents what they wait for', () => {
	const story = tell(
		['db', {refused: 2}], ['a', {refused: 2}], ['b', {refused: 2}], ['c', {refused: 2}],
		['app', {needs: ['db']}], ['all', {needs: ['db', 'a', 'b', 'c', 'app']}],
	);
	expect(shown(story, 'db')).toEqual({status: 'failed', pid: null, note: 'executing db: no such file or directory'});
	expect(shown(story, 'app')).toEqual({status: 'waiting', pid: null, note: 'waiting for db (failed)'});
	expect(shown(story, 'all').note).toBe('waiting for db (failed), a (failed), b (failed) and 2 more');
});

test('a core dump is told', () => {
	const story = tell(['web']);
	story.dies('web', {kind: 'signal', signal: 6, core: true});
	expect([...entries(story.state())].map(lastEnd)).toEqual(['SIGABRT (core dumped)']);
});
