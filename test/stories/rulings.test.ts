/** What is decided from outside: tests, hitlists, manifests and runs that are due, beside operators, needs and conflicts. */
import {expect, test} from 'vitest';
import {RESTART} from '../../src/core/defaults.ts';
import {readAll, writeAll} from '../../src/core/serialize.ts';
import {find, type State} from '../../src/core/state.ts';
import {statusOf} from '../../src/core/status.ts';
import {step} from '../../src/core/supervisor.ts';
import {create} from '../../src/core/whole.ts';
import {SIG} from '../../src/core/signal-numbers.ts';
import {type Decider, NO_RULINGS, wanted} from '../../src/core/wanted.ts';
import {exit, phases, service, SETTINGS, type Story, tell, tellWith, type Traits} from './tell.ts';

const NEVER: Traits = {restart: {...RESTART, policy: 'no'}};
const LAZY: Traits = {autostart: false};
const JOB: Traits = {type: 'oneshot', autostart: false};

/** A decider says of some services that they are to run or not, or nothing any more. */
function rule(story: Story, decider: Decider, runs: boolean | null, names: readonly string[], revive = false): Story {
	const rulings = names.map(name => ({
		id: find(story.state(), name)?.id ?? -1, ruling: runs === null ? null : {runs, why: runs ? 'exit status 0' : 'exit status 1'},
	}));
	return story.hear({kind: 'rule', rule: decider, rulings, revive});
}

const fire = (story: Story, ...names: readonly string[]): Story =>
	story.hear({kind: 'fire', ids: names.map(name => find(story.state(), name)?.id ?? -1)});

const entryOf = (story: Story, name: string): NonNullable<ReturnType<typeof find>> => {
	const entry = find(story.state(), name);
	if (!entry) throw new Error(`no ${name}`);
	return entry;
};

/** `yes (test)`. */
function said(story: Story, name: string): string {
	const {runs, by} = wanted(entryOf(story, name), story.state().stage);
	return `${runs ? 'yes' : 'no'} (${by})`;
}

const noteOf = (story: Story, name: string): string => statusOf(story.state(), entryOf(story, name)).note;

const reload = (story: Story, ...cast: readonly (readonly [string, Traits?])[]): Story =>
	story.hear({kind: 'reconfigure', ...SETTINGS, services: cast.map(([name, traits]) => service(name, traits))});

test('a test that says no stops its service, and one that says yes starts it again; the log says why', () => {
	const story = rule(rule(tell(['web'], ['x', {deaf: true}]), 'test', false, ['web']), 'test', true, ['web']);
	expect(story.lines()).toMatchInlineSnapshot(`
		"  0.00  spawn web
		  0.00  spawn x
		        started web (pid 101)
		        started x (pid 102)
		  0.00  SIGTERM to web
		        stopping web (pid 101) with SIGTERM: its test said no (exit status 1)
		        stopped web (SIGTERM)
		  0.00  spawn web
		        started web (pid 103): its test said yes (exit status 0)"
	`);
	expect([said(story, 'web'), noteOf(story, 'web')]).toEqual(['yes (test)', 'its test said yes (exit status 0)']);
});

test('the same answer again changes when it was given, and starts and stops nothing', () => {
	const story = rule(tell(['web']), 'test', true, ['web']).wait(5000);
	story.lines();
	rule(story, 'test', true, ['web']);
	expect([story.lines(), entryOf(story, 'web').rulings.test?.at]).toEqual(['', 5000]);
	const before = story.state();
	const [after, effects] = step(before, {kind: 'rule', rule: 'manifest', revive: false, rulings: [{id: 0, ruling: null}]}, 6000);
	expect([effects, after.table === before.table]).toEqual([[], true]);
});

test('a decider that has nothing to say any more leaves no trace, and the next rule speaks', () => {
	const story = rule(tell(['web', LAZY]), 'test', true, ['web']);
	expect(phases(story)).toEqual({web: 'up'});
	rule(story, 'test', null, ['web']);
	expect([phases(story), said(story, 'web'), entryOf(story, 'web').rulings === NO_RULINGS]).toEqual([{web: 'stopped'}, 'no (config)', true]);
});

test('the hitlist is above the test, and the test above the manifest', () => {
	const story = rule(rule(tell(['web', LAZY]), 'manifest', true, ['web']), 'test', false, ['web']);
	expect([phases(story), said(story, 'web')]).toEqual([{web: 'stopped'}, 'no (test)']);
	rule(story, 'test', true, ['web']);
	expect(phases(story)).toEqual({web: 'up'});
	rule(story, 'hitlist', false, ['web']);
	expect([phases(story), noteOf(story, 'web')]).toEqual([{web: 'stopped'}, 'it is on the hitlist (exit status 1)']);
	rule(story, 'hitlist', null, ['web']);
	expect([phases(story), said(story, 'web')]).toEqual([{web: 'up'}, 'yes (test)']);
});

test('an operator is above all of them until auto, and restart is no such thing', () => {
	const story = rule(tell(['web']), 'test', true, ['web']).ask('stop', 'web');
	expect([phases(story), said(story, 'web')]).toEqual([{web: 'stopped'}, 'no (operator)']);
	rule(rule(story, 'test', false, ['web']), 'test', true, ['web'], true);
	expect(phases(story)).toEqual({web: 'stopped'});
	story.ask('auto', 'web');
	expect([phases(story), said(story, 'web')]).toEqual([{web: 'up'}, 'yes (test)']);
	story.ask('restart', 'web');
	expect([phases(story), said(story, 'web')]).toEqual([{web: 'up'}, 'yes (test)']);
	rule(story, 'test', false, ['web']).ask('restart', 'web');
	expect([phases(story), said(story, 'web')]).toEqual([{web: 'up'}, 'yes (operator)']);
	story.ask('auto', 'web');
	expect([phases(story), said(story, 'web')]).toEqual([{web: 'stopped'}, 'no (test)']);
});

test('what an operator asked holds until its own config changes', () => {
	const common = {exec: {...service('web').exec, common: {A: '1'}}};
	const story = tell(['web'], ['api', LAZY], ['db']).ask('stop', 'web', 'db').ask('start', 'api');
	reload(story, ['web', common], ['api', {...LAZY, groups: ['g']}], ['db', {startPeriod: 5}]);
	expect([phases(story), said(story, 'web'), said(story, 'api')]).toEqual(
		[{web: 'new', api: 'up', db: 'starting'}, 'no (operator)', 'yes (operator)']);
	reload(story, ['web', {reload: {signal: SIG.HUP}}], ['api', {...LAZY, essential: true}], ['db']);
	expect([phases(story), said(story, 'web'), said(story, 'api')]).toEqual([{web: 'up', api: 'stopped', db: 'up'}, 'yes (config)', 'no (config)']);
});

test('a reload that is put back puts back what an operator had asked', () => {
	const story = tell(['web'], ['api', NEVER]).ask('stop', 'web');
	const tried = [service('web', {reload: {signal: SIG.HUP}}), service('api', {...NEVER, ready: {kind: 'notify'}})];
	story.hear({kind: 'reconfigure', ...SETTINGS, services: tried, trial: {timeout: 10_000, rollsBack: true}});
	expect(phases(story)).toMatchObject({web: 'up'});
	story.ask('restart', 'api').wait(10_000);
	story.hear({kind: 'reconfigure', ...SETTINGS, services: [service('web'), service('api', NEVER)], isRollback: true});
	expect([phases(story), said(story, 'web')]).toEqual([expect.objectContaining({web: 'stopped'}), 'no (operator)']);
});

test('what is turned on starts afresh with what it needs, also if it had failed; what is only confirmed does not', () => {
	const story = tell(['db', {...LAZY, ...NEVER}], ['web', {...LAZY, ...NEVER, needs: ['db']}]);
	rule(story, 'test', true, ['web']);
	expect([phases(story), said(story, 'db')]).toEqual([{db: 'up', web: 'up'}, 'yes (dependents)']);
	story.dies('web', exit(1));
	rule(story, 'test', true, ['web']);
	expect([phases(story)['web'], noteOf(story, 'web')]).toEqual(['failed', 'exit status 1']);
	story.dies('db', exit(1));
	rule(rule(story, 'test', false, ['web']), 'test', true, ['web']);
	expect(phases(story)).toEqual({db: 'up', web: 'up'});
});

test('with revive what is to run and has ended is started again, but not what has done its work', () => {
	const story = tell(['web', NEVER], ['job', {type: 'oneshot'}], ['off']);
	rule(story, 'test', true, ['web', 'job']);
	rule(story, 'test', false, ['off']);
	story.dies('web', exit(1)).dies('job', exit(0));
	story.lines();
	rule(rule(story, 'test', true, ['web', 'job'], true), 'test', false, ['off'], true);
	expect(phases(story)).toEqual({web: 'up', job: 'completed', off: 'stopped'});
	expect(story.lines().match(/spawn \w+/g)).toEqual(['spawn web']);
});

test('what an operator or a decider has stopped is not started for others, which wait for it', () => {
	const story = tell(['db', LAZY], ['cache', LAZY], ['web', {...LAZY, needs: ['db', 'cache']}]).ask('stop', 'db');
	rule(story, 'hitlist', false, ['cache']);
	rule(story, 'test', true, ['web']);
	expect([phases(story), said(story, 'cache')]).toEqual([{db: 'new', cache: 'new', web: 'waiting'}, 'no (hitlist)']);
	// A person who starts it means its needs too, but for those that a list does not let run.
	story.ask('start', 'web');
	expect([phases(story), said(story, 'db'), said(story, 'web')]).toEqual(
		[{db: 'up', cache: 'new', web: 'waiting'}, 'yes (dependents)', 'yes (operator)']);
	rule(story, 'hitlist', null, ['cache']);
	expect([phases(story), said(story, 'cache')]).toEqual([{db: 'up', cache: 'up', web: 'up'}, 'yes (dependents)']);
});

test('a need that is ruled off leaves what runs, unless the edge restarts it', () => {
	const story = tell(['db'], ['web', {needs: ['db']}], ['api', {needs: [{name: 'db', restart: true}]}]);
	rule(story, 'test', false, ['db']);
	expect(phases(story)).toEqual({db: 'stopped', web: 'up', api: 'waiting'});
	rule(story, 'test', true, ['db']);
	expect(phases(story)).toEqual({db: 'up', web: 'up', api: 'up'});
});

test('of services that conflict the one that a test starts waits for the other, and both change places as tests say', () => {
	const story = tell(['blue'], ['green', {...LAZY, conflicts: ['blue']}]);
	rule(story, 'test', true, ['green']);
	expect([phases(story), noteOf(story, 'green')]).toEqual([{blue: 'up', green: 'waiting'}, 'waiting for blue to stop']);
	rule(story, 'test', false, ['blue']);
	expect(phases(story)).toEqual({blue: 'stopped', green: 'up'});
	rule(rule(story, 'test', true, ['blue']), 'test', false, ['green']);
	expect([phases(story), said(story, 'blue')]).toEqual([{blue: 'up', green: 'stopped'}, 'yes (test)']);
});

test('a new config that makes two conflict that are to run by their tests has one of them wait', () => {
	const story = tell(['blue', LAZY], ['green', LAZY]);
	rule(story, 'test', true, ['blue', 'green']);
	reload(story, ['blue', LAZY], ['green', {...LAZY, conflicts: ['blue']}]);
	expect([phases(story), said(story, 'green')]).toEqual([{blue: 'up', green: 'waiting'}, 'yes (test)']);
	expect(phases(rule(story, 'test', false, ['blue']))).toEqual({blue: 'stopped', green: 'up'});
});

test('a restart under way ends in a stop when a test says no, and a stop under way in a start when it says yes', () => {
	const deaf: Traits = {deaf: true, stop: {signal: SIG.TERM, grace: 1000}};
	const story = tell(['web', deaf]).ask('restart', 'web');
	rule(story, 'test', false, ['web']).wait(1000);
	expect(phases(story)).toEqual({web: 'stopped'});
	rule(story, 'test', true, ['web']);
	rule(rule(story, 'test', false, ['web']), 'test', true, ['web']).wait(1000);
	expect([phases(story), said(story, 'web')]).toEqual([{web: 'up'}, 'yes (test)']);
});

test('a service that waits, or is in backoff, is stopped by a ruling, and one that comes back has all restarts', () => {
	const limits: Traits = {restart: {...RESTART, jitter: 0, attempts: 2, delay: 1000, growth: 'constant'}};
	const story = tell(['db', {...LAZY}], ['web', {needs: [{name: 'db', strength: 'hard'}]}], ['api', limits]).dies('api', exit(1));
	story.ask('stop', 'db');
	expect(phases(story)).toMatchObject({api: 'backoff'});
	rule(story, 'test', false, ['web', 'api']);
	expect(phases(story)).toMatchObject({api: 'stopped'});
	rule(story, 'test', true, ['api']);
	expect([phases(story)['api'], entryOf(story, 'api').ends]).toEqual(['up', []]);
});

test('a oneshot that a test turns off and on does its work again', () => {
	const story = rule(tell(['job', JOB]), 'test', true, ['job']).dies('job', exit(0));
	expect(phases(story)).toEqual({job: 'completed'});
	rule(story, 'test', false, ['job']);
	expect([phases(story), noteOf(story, 'job')]).toEqual([{job: 'completed'}, 'exit status 0; its test said no (exit status 1)']);
	expect(phases(rule(story, 'test', true, ['job']))).toEqual({job: 'starting'});
});

test('an essential service that its test turns off does not end the container, nor does idleness while rulings keep it', () => {
	const story = tellWith({whenIdle: 'always'}, ['web', {essential: true}]);
	rule(story, 'test', false, ['web']).wait(60_000);
	expect([story.state().stage.kind, phases(story)]).toEqual(['running', {web: 'stopped'}]);
	rule(story, 'test', true, ['web']).dies('web', exit(3));
	expect(story.lines()).toMatch(/exit 3$/);
});

test('on_failure does not start what the hitlist or an operator keeps down', () => {
	const story = tell(['alert', JOB], ['mail', JOB], ['web', {...NEVER, onFailure: ['alert', 'mail']}]).ask('stop', 'mail');
	rule(story, 'hitlist', false, ['alert']);
	story.dies('web', exit(1));
	expect(phases(story)).toEqual({alert: 'new', mail: 'new', web: 'failed'});
});

test('what a failure has started is over when it is at rest', () => {
	const story = tell(['alert', LAZY], ['web', {...NEVER, onFailure: ['alert']}]).dies('web', exit(1));
	expect([phases(story)['alert'], said(story, 'alert')]).toEqual(['up', 'yes (failure)']);
	story.dies('alert', exit(2));
	expect([phases(story)['alert'], said(story, 'alert')]).toEqual(['up', 'yes (failure)']);
	story.ask('stop', 'alert').ask('auto', 'alert');
	expect([phases(story)['alert'], said(story, 'alert')]).toEqual(['stopped', 'no (config)']);
});

test('a run that is due starts what is at rest, and is over at its end, also if it fails', () => {
	const story = fire(tell(['job', JOB], ['web']), 'job', 'web');
	expect([phases(story), said(story, 'job'), said(story, 'web')]).toEqual([{job: 'starting', web: 'up'}, 'yes (schedule)', 'yes (config)']);
	fire(story, 'job');
	expect(entryOf(story, 'job').starts).toBe(1);
	story.dies('job', exit(0));
	expect([phases(story)['job'], said(story, 'job')]).toEqual(['completed', 'no (config)']);
	fire(story, 'job').dies('job', exit(7));
	expect([phases(story)['job'], said(story, 'job'), story.state().awaited]).toEqual(['failed', 'no (config)', 0]);
	expect(phases(fire(story, 'job'))).toMatchObject({job: 'starting'});
});

test('a due run that is restarted goes on, and one that a test stops is over', () => {
	const story = fire(tell(['job', {...JOB, deaf: true, stop: {signal: SIG.TERM, grace: 100}}]), 'job').ask('restart', 'job').wait(100);
	expect([phases(story), said(story, 'job')]).toEqual([{job: 'starting'}, 'yes (schedule)']);
	rule(story, 'test', false, ['job']).wait(100);
	rule(story, 'test', null, ['job']);
	expect([phases(story), said(story, 'job')]).toEqual([{job: 'stopped'}, 'no (config)']);
});

test('what must not run does not start when it is due, and what an operator has started stays his', () => {
	const story = tell(['a', JOB], ['b', JOB], ['c', JOB], ['d', JOB]).ask('stop', 'a').ask('start', 'd').dies('d', exit(0));
	rule(rule(story, 'hitlist', false, ['b']), 'test', false, ['c']);
	fire(story, 'a', 'b', 'c', 'd');
	expect([phases(story), said(story, 'd')]).toEqual([{a: 'new', b: 'new', c: 'new', d: 'starting'}, 'yes (operator)']);
});

test('a due run takes what it needs along, which stays', () => {
	const story = fire(tell(['db', LAZY], ['job', {...JOB, needs: ['db']}]), 'job').dies('job', exit(0));
	expect([phases(story), said(story, 'db')]).toEqual([{db: 'up', job: 'completed'}, 'yes (dependents)']);
	// Nothing needs it now, and a reload sees that.
	reload(story, ['db', LAZY], ['job', {...JOB, needs: ['db']}]);
	expect([phases(story)['db'], said(story, 'db')]).toEqual(['stopped', 'no (config)']);
});

test('a reload keeps rulings, due runs and what they need', () => {
	const cast = [['db', LAZY], ['web', {...LAZY, needs: ['db']}], ['job', JOB]] as const;
	const story = fire(rule(tell(...cast), 'test', true, ['web']), 'job');
	story.lines();
	reload(story, ...cast);
	expect([phases(story), story.lines()]).toEqual([{db: 'up', web: 'up', job: 'starting'}, '']);
	expect([said(story, 'db'), said(story, 'web'), said(story, 'job')]).toEqual(['yes (dependents)', 'yes (test)', 'yes (schedule)']);
});

test('a service of a manifest starts when the manifest says so, survives a reload, and is removed when it is at rest', () => {
	const story = tell(['web']).hear({kind: 'add', service: service('follower', {...LAZY, origin: 'manifest'})});
	expect(phases(story)).toEqual({web: 'up', follower: 'new'});
	rule(story, 'manifest', true, ['follower']);
	reload(story, ['web']);
	expect([phases(story), said(story, 'follower')]).toEqual([{web: 'up', follower: 'up'}, 'yes (manifest)']);
	story.ask('stop', 'follower').ask('auto', 'follower');
	expect(phases(story)).toMatchObject({follower: 'up'});
	rule(story, 'manifest', false, ['follower']);
	expect([phases(story), noteOf(story, 'follower')]).toEqual([{web: 'up', follower: 'stopped'}, 'not in the manifest (exit status 1)']);
	story.hear({kind: 'remove', id: entryOf(story, 'follower').id});
	expect([phases(story), story.state().awaited]).toEqual([{web: 'up'}, 0]);
});

test('rulings before boot decide what starts, and in a shutdown they start nothing', () => {
	const story = tell(['web'], ['api', LAZY]);
	const {state} = story;
	const before = rule(story.hear({kind: 'shutdown', why: 'the end'}), 'test', true, ['api']);
	expect([phases(before)['api'], said(before, 'api')]).toEqual(['new', 'no (shutdown)']);
	expect(entryOf(story, 'api').rulings.test?.runs).toBe(true);
	expect(state().stage.kind).not.toBe('running');
});

test('what is remembered of an archon before this one takes along what it needs', () => {
	const test = {command: ['true'], interval: null, timeout: 1000} as const;
	const cast = [service('db', LAZY), service('cache', LAZY), service('web', {...LAZY, needs: ['db']}), service('api', {...LAZY, test, needs: ['cache']})];
	const known = {starts: 3, rulings: NO_RULINGS, rest: null} as const;
	const services = new Map([
		['web', {...known, asked: 'start'} as const],
		['api', {...known, asked: 'auto', rulings: {test: {runs: true, why: '', at: 0}}} as const],
	]);
	const [state] = step(create(cast, SETTINGS), {kind: 'boot', remembered: {runs: 7, services, transients: []}}, 0);
	expect(cast.map(({name}) => find(state, name)?.phase.kind)).toEqual(['spawning', 'spawning', 'waiting', 'waiting']);
	expect(['db', 'cache'].map(name => find(state, name)?.desired)).toEqual(['needed', 'needed']);
});

test('what only a service with a test needs waits for its answer, and is let go by a reload after a no', () => {
	const tested: Traits = {test: {command: ['true'], interval: null, timeout: 1000}, needs: ['db']};
	const [cast, again] = [[['db', LAZY], ['web', tested]], [['db', LAZY], ['web', tested]]] as const;
	const story = tell(...cast);
	expect(phases(story)).toEqual({db: 'new', web: 'new'});
	rule(story, 'test', true, ['web']);
	expect(phases(story)).toEqual({db: 'up', web: 'up'});
	rule(story, 'test', false, ['web']);
	expect(phases(story)).toEqual({db: 'up', web: 'stopped'});
	expect(phases(reload(story, ...again))).toEqual({db: 'stopped', web: 'stopped'});
});

test('rulings and due runs survive re-execution', () => {
	const story = fire(rule(rule(tell(['web'], ['job', JOB]), 'test', false, ['web']), 'manifest', true, ['web']), 'job');
	const again = readAll(writeAll(story.state())) as State;
	expect(again.table).toEqual(story.state().table);
	expect(find(again, 'web')?.rulings.test).toEqual({runs: false, why: 'exit status 1', at: 0});
});

test('rulings of ten thousand services cost each service its own, and the others nothing', () => {
	const cast = Array.from({length: 1000}, (_, i) => [`s${i}`] as const);
	const story = tell(...cast);
	const before = story.state();
	const [after, effects] = step(before, {kind: 'rule', rule: 'test', revive: false, rulings: [{id: 500, ruling: {runs: true, why: ''}}]}, 1);
	expect(effects).toEqual([]);
	expect([499, 501].map(id => find(after, `s${id}`) === find(before, `s${id}`))).toEqual([true, true]);
	expect(find(after, 's501')?.rulings).toBe(NO_RULINGS);
});
