/** Start conditions: what does not hold skips a start, which is no failure. */
import {describe, expect, test} from 'vitest';
import {NO_HOOKS, RESTART} from '../../src/core/defaults.ts';
import {partOf} from '../../src/core/features.ts';
import {rehearse} from '../../src/core/rehearse.ts';
import {readAll, writeAll} from '../../src/core/serialize.ts';
import type {StartConditions} from '../../src/core/service.ts';
import {find} from '../../src/core/state.ts';
import {statusOf} from '../../src/core/status.ts';
import {rollback} from '../../src/features/rollback/core/feature.ts';
import {phases, service, SETTINGS, type Story, tell, tellWith, type Traits} from './tell.ts';

const ONLY_IF: StartConditions = {pathExists: ['/x'], pathMissing: [], envSet: [], command: null, otherwise: 'satisfied'};
const conditional = (more: Traits = {}, otherwise: StartConditions['otherwise'] = 'satisfied'): Traits =>
	({onlyIf: {...ONLY_IF, otherwise}, ...more});
const answer = (story: Story, name: string, verdict: 'met' | 'unmet' | 'unknown', why = ''): Story =>
	story.tells(name, {kind: 'examined', verdict, why});
const shown = (story: Story, name: string): string => {
	const entry = find(story.state(), name);
	const {status, note} = entry ? statusOf(story.state(), entry) : {status: '', note: ''};
	return `${status}: ${note}`;
};

describe('start conditions', () => {
	test('are examined after the needs, before pre_start and the process', () => {
		const hooks = {...NO_HOOKS, preStart: [['prep']] as const};
		const story = tell(['db', {ready: {kind: 'notify'}}], ['web', conditional({hooks, needs: ['db+']})]);
		expect(story.lines()).not.toContain('examine');
		story.tells('db', {kind: 'ready'});
		expect(shown(story, 'web')).toBe('starting: examining only_if');
		answer(story, 'web', 'met').tells('web', {kind: 'hooked', hook: 'pre_start', failure: null});
		expect(story.lines()).toMatchInlineSnapshot(`
			"        db is ready
			  0.00  examine only_if of web
			  0.00  pre_start of web: prep
			  0.00  spawn web
			        started web (pid 102)"
		`);
	});

	test('that do not hold skip the service, which is no failure and is not tried again', () => {
		const story = answer(tellWith({whenIdle: 'failed'}, ['web', conditional({essential: true})], ['other']), 'web', 'unmet', '/x does not exist');
		expect(shown(story, 'web')).toBe('stopped: skipped: /x does not exist');
		expect(story.wait(100_000).lines()).toMatchInlineSnapshot(`
			"  0.00  examine only_if of web
			  0.00  spawn other
			        started other (pid 101)
			        skipped web: /x does not exist"
		`);
		expect([story.state().stage.kind, story.state().awaited, find(story.state(), 'web')?.starts]).toEqual(['running', 0, 0]);
	});

	test('are examined at each start: after a crash, by an operator and after a reload', () => {
		const story = answer(tell(['web', conditional()], ['other']), 'web', 'met');
		story.dies('web', {kind: 'code', code: 1});
		answer(story, 'web', 'unmet', '/x does not exist').lines();
		answer(story.ask('start', 'web'), 'web', 'unmet', '/x does not exist');
		story.hear({kind: 'reconfigure', ...SETTINGS, services: [service('web', conditional()), service('other')]});
		answer(story, 'web', 'met');
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.00  examine only_if of web
			        skipped web: /x does not exist
			  0.00  examine only_if of web
			  0.00  spawn web
			        started web (pid 103)"
		`);
		expect(phases(story)).toEqual({web: 'up', other: 'up'});
	});

	test('that cannot be told have failed the start, and it is tried again', () => {
		const restart = {...RESTART, jitter: 0, attempts: 1};
		const story = tell(['web', conditional({restart})], ['other']);
		answer(story, 'web', 'unknown', '/x does not answer within 2 s');
		answer(story, 'web', 'unknown', '/x does not answer within 2 s');
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.00  examine only_if of web
			  0.00  spawn other
			        started other (pid 101)
			        cannot start web: only_if: /x does not answer within 2 s; restart 1 of 1
			  0.00  examine only_if of web
			        cannot start web: only_if: /x does not answer within 2 s"
		`);
		expect(phases(story)['web']).toBe('failed');
	});

	test('are given up when the service is stopped, and late answers do not matter', () => {
		const story = tell(['web', conditional()], ['other']);
		const run = story.state().runs - 1;
		expect(phases(story.ask('stop', 'web'))['web']).toBe('stopped');
		story.hear({kind: 'news', id: 0, run, news: {kind: 'examined', verdict: 'met', why: ''}});
		expect(phases(story)['web']).toBe('stopped');
		story.ask('start', 'web').lines();
		story.ask('restart', 'web');
		expect(story.lines()).toContain('examine only_if of web');
		expect(phases(answer(story, 'web', 'met'))['web']).toBe('up');
	});

	test('are asked for again by the next instance', () => {
		const story = tell(['web', conditional()]);
		const state = readAll(writeAll(story.state()));
		expect(state && find(state, 'web')).toEqual(find(story.state(), 'web'));
		story.lines();
		expect(story.hear({kind: 'resumed', found: new Map()}).lines()).toContain('examine only_if of web');
	});
});

describe('what needs a service that was skipped', () => {
	test.each(['db', 'db+', 'db!'])('starts, whatever it waits for (%s)', need => {
		const story = answer(tell(['db', conditional({type: need === 'db!' ? 'oneshot' : 'daemon'})], ['web', {needs: [need]}]), 'db', 'unmet', 'no');
		expect(phases(story)).toEqual({db: 'skipped', web: 'up'});
		story.lines();
		expect(story.ask('restart', 'web').lines()).not.toContain('examine');
	});

	test('waits where that says so, and an essential one fails', () => {
		const waiting = answer(tell(['db', conditional({}, 'unmet')], ['web', {needs: ['db']}], ['x']), 'db', 'unmet', '/x does not exist');
		expect(shown(waiting, 'web')).toBe('waiting: waiting for db (skipped)');
		expect(phases(answer(waiting.ask('start', 'db'), 'db', 'met'))).toMatchObject({db: 'up', web: 'up'});
		const essential = tell(['db', conditional({}, 'unmet')], ['web', {needs: ['db'], essential: true}], ['x']);
		expect(answer(essential, 'db', 'unmet', '/x does not exist').lines())
			.toContain('cannot start web: db was skipped (/x does not exist)');
	});

	test('starts in any case by a soft need', () => {
		const story = tell(['db', conditional({}, 'unmet')], ['web', {needs: [{name: 'db', strength: 'soft'}]}]);
		expect(phases(answer(story, 'db', 'unmet', 'no'))).toEqual({db: 'skipped', web: 'up'});
	});
});

test('a rehearsal takes them to hold', () => {
	const {state} = tell(['other']);
	const services = [service('other'), service('web', conditional()), service('app', {needs: ['web']})];
	expect(rehearse(state(), {kind: 'reconfigure', ...SETTINGS, services}, 0)).toEqual({stops: [], starts: ['web', 'app']});
});

test('a reload on trial is well with what it skips', () => {
	const story = tell(['other']);
	story.hear({kind: 'reconfigure', ...SETTINGS, services: [service('other'), service('web', conditional())], trial: {rollsBack: true, timeout: 5000}});
	answer(story, 'web', 'unmet', '/x does not exist').lines();
	story.wait(10_000);
	expect(phases(story)).toEqual({other: 'up', web: 'skipped'});
	expect(partOf(story.state(), rollback)).toMatchObject({trial: null, due: null, undone: null});
});

test('a container in which all is skipped says so', () => {
	const story = answer(tellWith({whenIdle: 'failed'}, ['web', conditional()]), 'web', 'unmet', '$RUN_WEB is not set');
	expect(story.lines()).toContain('no service is running or about to start: web was skipped ($RUN_WEB is not set); start a service with');
});
