/** A manifest in the core: programs come as services, passes start what is missing, and what is listed no more is forgotten. */
import {describe, expect, test} from 'vitest';
import {LOGGING, RESTART} from '../../src/core/defaults.ts';
import {readAll, writeAll} from '../../src/core/serialize.ts';
import {isBusy} from '../../src/core/features.ts';
import {entries, find} from '../../src/core/state.ts';
import {illness} from '../../src/core/wellness.ts';
import {serviceFor} from '../../src/features/manifest/core/outlook.ts';
import {exit, service, SETTINGS, type Story, tell, tellWith, type Traits} from './tell.ts';

const listed: Traits = {autostart: false, startPeriod: 1000, restart: {...RESTART, jitter: 0, attempts: 3}};
const MINUTE = 60_000;

/** The manifest says of these whether they run, and then that it was read. */
function says(story: Story, runs: Readonly<Record<string, boolean>>, maxPasses = 5): Story {
	const rulings = Object.entries(runs).map(([name, runs]) => ({id: find(story.state(), name)?.id ?? -1, ruling: {runs, why: '/w:1'}}));
	const since = story.now();
	return story.hear({kind: 'rule', rule: 'manifest', rulings, revive: false}).hear({kind: 'reconcile', every: MINUTE, maxPasses, since});
}

const enlist = (story: Story, ...names: readonly string[]): Story =>
	story.hear({kind: 'enlist', services: names.map(name => ({...serviceFor(name, `/opt/${name}`), startPeriod: 0}))});

const counts = (story: Story): readonly string[] => story.lines().split('\n').flatMap(line => /reconciled.*/.exec(line)?.[0] ?? []);

describe('passes', () => {
	test('one, where all comes up', () => {
		const story = tell(['web', listed], ['db', listed]);
		story.lines();
		expect(counts(says(story, {web: true, db: true}))).toEqual([]);
		expect(counts(story.wait(1000))).toEqual(['reconciled: 1 passes, 2 started, 0 missing']);
	});

	test('two, for a program that comes up at its second start', () => {
		const story = tell(['web', listed]);
		says(story, {web: true}).wait(10).dies('web', exit(1));
		expect(counts(story.wait(2000))).toEqual(['reconciled: 2 passes, 1 started, 0 missing']);
	});

	test('no more than the config allows, and then what is missing is said, once', () => {
		const story = tell(['web', {...listed, refused: 2, restart: {...RESTART, policy: 'no'}}]);
		story.lines();
		const told = says(story, {web: true}, 3).wait(10).lines();
		expect(told.match(/spawn web/g)).toHaveLength(4);
		expect(told).toContain('manifest: a program is still missing after 3 passes: web');
		expect(told).toContain('reconciled: 3 passes, 0 started, 1 missing');
		// The next time it is tried again, and nothing more is said.
		const later = says(story.wait(MINUTE), {web: true}, 3).wait(10).lines();
		expect(later).toContain('reconciled: 3 passes, 0 started, 1 missing');
		expect(later).not.toContain('still missing');
	});

	test('do not wait for ever for what is on its way', () => {
		const story = tell(['web', {...listed, slow: true}]);
		expect(counts(says(story, {web: true}, 2).wait(30_001))).toEqual(['reconciled: 2 passes, 0 started, 1 missing']);
	});

	test('leave alone what an operator has stopped, what the hitlist names, and what is done', () => {
		const story = tell(['web', listed], ['bad', listed], ['job', {type: 'oneshot', autostart: false}]);
		says(story, {web: true, bad: true, job: true}).wait(10).dies('job', exit(0)).wait(2000);
		story.ask('stop', 'web').hear({
			kind: 'rule', rule: 'hitlist', revive: false, rulings: [{id: find(story.state(), 'bad')?.id ?? -1, ruling: {runs: false, why: '/h:1'}}],
		}).wait(1000).lines();
		expect(counts(says(story, {web: true, bad: true, job: true}).wait(1000))).toEqual(['reconciled: 1 passes, 0 started, 0 missing']);
	});

	test.each([
		['an operator stops', (story: Story) => story.ask('stop', 'web')],
		['the hitlist names', (story: Story) => story.hear({
			kind: 'rule', rule: 'hitlist', revive: false, rulings: [{id: find(story.state(), 'web')?.id ?? -1, ruling: {runs: false, why: '/h:1'}}],
		})],
	])('do not wait for what %s meanwhile', (_, stop) => {
		const story = tell(['web', listed], ['db', listed]);
		says(story, {web: true, db: true}).wait(10);
		expect(counts(stop(story).wait(1500))).toEqual(['reconciled: 1 passes, 2 started, 0 missing']);
	});

	test('the files are read again a period after the last pass, and not once between', () => {
		const story = tell(['web', listed]);
		says(story, {web: true}).wait(1000).lines();
		expect(story.wait(MINUTE - 1).lines()).toBe('');
		expect(story.wait(1).lines()).toContain('read the manifest');
	});

	test('a trigger has them read at once, and is told when the passes are over', () => {
		const story = tell(['web', listed]);
		says(story, {web: true}).wait(1000).lines();
		expect(story.hear({kind: 'triggered'}).lines()).toContain('read the manifest');
		expect(says(story, {web: true}).wait(10).lines()).toContain('reconciled');
	});
});

describe('before the first reading', () => {
	const UNREAD = {hasManifest: true, whenIdle: 'always'} as const;

	test('the container is neither idle nor ready, nor has archon arrived', () => {
		const story = tellWith(UNREAD);
		expect(illness(story.state(), 'ready', null)).toBe('the manifest was not read yet');
		expect(story.wait(MINUTE).lines()).toBe('');
		expect(story.state().slices['service-manager']).toEqual({hasArrived: false});
		says(enlist(story, 'web'), {web: true});
		expect(story.lines()).toContain('spawn web');
		expect(illness(story.wait(10).state(), 'ready', null)).toBe(null);
		expect(story.state()).toMatchObject({stage: {kind: 'running'}, slices: {'service-manager': {hasArrived: true}}});
	});

	test('a manifest that cannot be read is as good as one that is empty', () => {
		const story = tellWith(UNREAD).hear({kind: 'reconcile', every: MINUTE, maxPasses: 5, since: null});
		expect(story.lines()).toContain('no service is running or about to start: there are no services');
		expect(tell().state().stage).toEqual({kind: 'running'});
	});

	test('a reload that brings one waits as well, and one without it does not', () => {
		const {shutdownGrace, startRate} = SETTINGS;
		const reload = {kind: 'reconfigure', services: [], shutdownGrace, startRate, whenIdle: 'always'} as const;
		const manifest = {file: '/w', hitlist: null, role: null, every: MINUTE, scope: 'managed', maxPasses: 5, paths: []} as const;
		const story = tellWith({whenIdle: 'always'}, ['web']).hear({...reload, manifest}).wait(1000);
		expect(story.state()).toMatchObject({stage: {kind: 'running'}, settings: {hasManifest: true}});
		expect(story.hear(reload).state().stage.kind).not.toBe('running');
	});

	test('a trigger waits for it, but not for ever', () => {
		const story = tellWith(UNREAD).hear({kind: 'triggered'});
		expect(isBusy(story.state())).toBe(true);
		story.hear({kind: 'enlist', services: [serviceFor('web', '/opt/web')]});
		expect(isBusy(says(story, {web: true}).state())).toBe(true);
		expect(isBusy(story.wait(1000).state())).toBe(false);
		const other = tellWith(UNREAD).hear({kind: 'triggered'}).wait(MINUTE);
		expect(isBusy(other.state())).toBe(false);
		expect(illness(other.state(), 'ready', null)).toBe('the manifest was not read yet');
		expect(isBusy(tell().hear({kind: 'triggered'}).state())).toBe(false);
	});
});

describe('programs that no service has the name of', () => {
	test('become services, start when the manifest says so, and are forgotten together when they have ended', () => {
		const story = enlist(tell(['keeper']), 'web', 'db', 'keeper');
		expect([...entries(story.state())].map(({service}) => service.name)).toEqual(['keeper', 'web', 'db']);
		expect(find(story.state(), 'keeper')?.service.origin).toBe('config');
		story.lines();
		expect(says(story, {web: true, db: true}).lines().match(/spawn \w+/g)).toEqual(['spawn web', 'spawn db']);
		says(story, {web: false, db: false}).wait(1000);
		expect([...entries(story.state())].map(({service}) => service.name)).toEqual(['keeper']);
		// Nothing wakes archon any more but the next reading.
		expect(story.lines()).not.toContain('spawn');
	});

	test('wait for the first release where they are pulled, also when a reload comes between', () => {
		const helper = {origin: 'helper', ready: {kind: 'notify'}} as const;
		const story = tell(['archon.sync', helper]);
		story.hear({kind: 'enlist', services: [serviceFor('web', '/opt/app/current/web', LOGGING, '/opt/app'), serviceFor('db', '/opt/db', LOGGING, '/opt/app')]});
		says(story, {web: true, db: true});
		expect(find(story.state(), 'web')?.phase.kind).toBe('waiting');
		expect(find(story.state(), 'db')?.phase.kind).toBe('starting');
		story.hear({kind: 'reconfigure', ...SETTINGS, services: [service('archon.sync', helper)]});
		expect(find(story.state(), 'web')?.phase.kind).toBe('waiting');
		expect(story.tells('archon.sync', {kind: 'ready'}).lines()).toContain('spawn web');
	});

	test('one that an operator has started stays as long as it runs', () => {
		const story = enlist(tell(['keeper']), 'web');
		says(story, {web: true}).wait(10).ask('start', 'web');
		says(story, {web: false}).wait(5000);
		expect(find(story.state(), 'web')?.phase.kind).toBe('up');
		story.ask('stop', 'web').wait(2000);
		expect(find(story.state(), 'web')).toBe(undefined);
	});

	test('outlive a re-execution as what they are', () => {
		const story = says(enlist(tell(['keeper']), 'web'), {web: true});
		const again = readAll(writeAll(story.state()));
		expect(again?.transients).toEqual(story.state().transients);
		expect(again?.names).toEqual(story.state().names);
	});
});
