/** A reload on trial: what it starts becomes ready, or the config before it is asked for again. */
import {expect, test} from 'vitest';
import {readAll, writeAll} from '../../src/core/serialize.ts';
import {find} from '../../src/core/state.ts';
import {step} from '../../src/core/supervisor.ts';
import {partOf} from '../../src/core/features.ts';
import {rollback} from '../../src/features/rollback/core/feature.ts';
import {exit, phases, service, SETTINGS, type Story, tell, type Traits} from './tell.ts';

const {shutdownGrace, startRate, whenIdle} = SETTINGS;
type Cast = readonly (readonly [name: string, traits?: Traits])[];
const config = (cast: Cast) =>
	({kind: 'reconfigure', shutdownGrace, startRate, whenIdle, services: cast.map(([name, traits]) => service(name, traits))}) as const;
const reload = (story: Story, how: {readonly rollsBack?: boolean; readonly timeout?: number}, ...cast: Cast): Story =>
	story.hear({...config(cast), trial: {rollsBack: true, timeout: 10_000, ...how}});
const other = (name: string): Traits => ({exec: {...service(name).exec, argv: [name, '--new'] as const}});
const part = (story: Story) => partOf(story.state(), rollback);

test('it is over when each service that it has started is ready', () => {
	const story = tell(['db'], ['web', {needs: ['db']}], ['still']);
	story.lines();
	reload(story, {}, ['db', {...other('db'), ready: {kind: 'notify'}}], ['web', {needs: ['db+']}], ['new', {ready: {kind: 'notify'}}], ['still']);
	expect(part(story).trial).toMatchObject({left: 2, rollsBack: true});
	story.tells('new', {kind: 'ready'});
	expect(story.lines()).not.toContain('the reload');
	expect(story.tells('db', {kind: 'ready'}).lines()).toContain('all services that the reload has started are ready');
	expect(part(story)).toMatchObject({trial: null, due: null, undone: null});
});

test('a reload that starts nothing is over at once', () => {
	const story = tell(['web'], ['old']);
	expect(reload(story, {}, ['web']).lines()).toContain('all services that the reload has started are ready');
});

test('one that ends before it is ready is its failure, and the config before it is due', () => {
	const story = tell(['web'], ['db']);
	reload(story, {}, ['web', {...other('web'), ready: {kind: 'notify'}}], ['db']);
	story.lines();
	const lines = story.dies('web', exit(3)).lines();
	expect(lines).toContain('the reload has failed: web: exited before it was ready (exit status 3); putting the config before it back in force');
	expect(part(story).due).toEqual({name: 'web', why: 'web: exited before it was ready (exit status 3)'});
	story.hear({...config([['web'], ['db']]), isRollback: true});
	expect(part(story)).toMatchObject({trial: null, due: null, undone: {name: 'web', names: ['web']}});
	expect(find(story.state(), 'web')?.service.exec.argv).toEqual(['web']);
	expect(phases(story)).toEqual({web: 'up', db: 'up'});
	expect(find(story.state(), 'db')?.starts).toBe(1);
	// It is told until a reload comes to something.
	story.hear(config([['web'], ['db']]));
	expect(part(story).undone).toBe(null);
});

test('one that was ready and ends while others are waited for is its failure as well', () => {
	const story = tell(['web']);
	reload(story, {}, ['web', other('web')], ['slow', {ready: {kind: 'notify'}}]);
	expect(story.dies('web', exit(0)).lines()).toContain('the reload has failed: web');
});

test.each<[string, Traits, string]>([
	['cannot be executed', {refused: 2}, 'executing new'],
	['is not ready in time', {ready: {kind: 'notify'}, startTimeout: 500}, 'not ready within 0.5 s'],
	['needs what has failed', {needs: ['broken']}, 'waits for a service that has failed'],
	['is a oneshot that fails', {type: 'oneshot'}, 'exit status 1'],
])('a service that %s is its failure', (_, traits, words) => {
	const story = tell(['web'], ['broken', {type: 'oneshot'}], ['new', traits]);
	story.dies('broken', exit(1));
	// The story knows how each behaves; the config before the reload is without the new one.
	story.hear(config([['web'], ['broken', {type: 'oneshot'}]]));
	reload(story, {}, ['web'], ['broken', {type: 'oneshot'}], ['new', traits]).wait(600);
	if (traits.type === 'oneshot') story.dies('new', exit(1));
	expect(part(story).due?.why).toContain(words);
});

test('without rollback it is only told', () => {
	const story = tell(['web']);
	reload(story, {rollsBack: false}, ['web', other('web')]);
	const tried = tell(['web']);
	reload(tried, {rollsBack: false}, ['web', {...other('web'), ready: {kind: 'notify'}}]);
	expect(tried.dies('web', exit(1)).lines()).toMatch(/the reload has failed: web: exited before it was ready \(exit status 1\)$/m);
	expect(part(tried)).toMatchObject({trial: null, due: null});
});

test('all together are waited for no longer than it says', () => {
	const story = tell(['web']);
	reload(story, {timeout: 3000}, ['web', {...other('web'), ready: {kind: 'notify'}}], ['new', {ready: {kind: 'notify'}}]);
	expect(story.wait(2999).lines()).not.toContain('the reload has failed');
	// What archon itself does not live through does not count.
	story.stall(60_000);
	expect(story.wait(0).lines()).not.toContain('the reload has failed');
	expect(story.wait(1).lines()).toContain('the reload has failed: web and 1 more did not become ready within 3 s');
});

test('what the operator stops meanwhile is not waited for, and a shutdown ends it', () => {
	const story = tell(['web']);
	reload(story, {}, ['web', {...other('web'), ready: {kind: 'notify'}}]);
	expect(story.ask('stop', 'web').lines()).toContain('all services that the reload has started are ready');
	reload(story, {}, ['web'], ['new', {ready: {kind: 'notify'}}]);
	story.hear({kind: 'shutdown', why: 'SIGTERM'});
	expect(story.lines()).toContain('the reload has failed: archon is shutting down');
	expect(part(story)).toMatchObject({trial: null, due: null});
});

test('it goes on in the next instance, to its deadline', () => {
	const story = tell(['web']);
	reload(story, {timeout: 3000}, ['web', {...other('web'), ready: {kind: 'notify'}}]);
	const again = readAll(writeAll(story.state()));
	if (!again) throw new Error('it cannot be read');
	const [late, effects] = step(again, {kind: 'tick'}, 3000);
	expect(effects).toContainEqual(expect.objectContaining({kind: 'tried', rollsBack: true}));
	// And where that one ends before the config is back in force, the next one knows.
	const third = readAll(writeAll(late));
	expect(third && partOf(third, rollback).due).toMatchObject({name: 'web'});
});

test('another config that is put in force ends it', () => {
	const story = tell(['web']);
	reload(story, {}, ['web', {...other('web'), ready: {kind: 'notify'}}]);
	story.hear(config([['web']]));
	expect(story.lines()).toContain('the reload has failed: another config has been put in force');
	expect(part(story)).toMatchObject({trial: null, due: null});
});
