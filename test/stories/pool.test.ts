/** Pools: how a tree of nodes boots, what becomes of it when something in it ends or changes, and what its clients are told. */
import {describe, expect, test} from 'vitest';
import {SIG} from '../../src/core/signal-numbers.ts';
import type {Event} from '../../src/features/pools/core/event.ts';
import {crashTextOf, filesOf} from '../../src/features/pools/core/view.ts';
import {PoolStory, specOf, type Traits, type Tree} from './pool-tell.ts';

const TREE: Tree = {boot: {base: {dev: {console: ['c'], rake: []}, test: {spec: []}}, other: {}}};

const tell = (traits: Record<string, Traits> = {}, more: Parameters<typeof specOf>[1] = {}): PoolStory => new PoolStory(TREE, traits, more);

/** A story of which nothing was looked at before the next event. */
const told = (story: PoolStory): PoolStory => {
	story.lines();
	return story;
};

describe('a pool boots', () => {
	test('from the root, each node by a word to the one above it', () => {
		const story = tell();
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.00  spawn
			  0.00  boot is booting (101)
			  0.00  boot: S:base
			  0.00  boot is ready (101)
			  0.00  boot: S:other
			  0.00  base is booting (102)
			  0.00  base: S:dev
			  0.00  base is ready (102)
			  0.00  other is booting (103)
			  0.00  other is ready (103)
			  0.00  base: S:test
			  0.00  dev is booting (104)
			  0.00  dev is ready (104)
			  0.00  test is booting (105)
			  0.00  test is ready (105)
			  0.00  ready"
		`);
		expect(story.rows()).toBe('boot 101 ready, base 102 ready, dev 104 ready, test 105 ready, other 103 ready');
	});

	test('with nothing but the root while the root has not registered, and again when it is late', () => {
		const story = tell({boot: {mute: true}});
		expect(story.rows()).toBe('boot waiting, base waiting, dev waiting, test waiting, other waiting');
		story.wait(9000);
		expect(story.lines()).toBe('  0.00  spawn');
		story.traits['boot'] = {};
		expect(told(story.wait(5000)).rows()).toContain('test 106 ready');
	});

	test('without a node that does not register, which is tried again and again ever later', () => {
		const story = tell({test: {mute: true}});
		story.lines();
		story.wait(70_000);
		expect(story.lines().split('\n').filter(line => line.includes('S:test')).map(line => Number(line.slice(0, 6)))).toMatchInlineSnapshot(`
			[
			  5,
			  11,
			  18,
			  27,
			  40,
			  61,
			]
		`);
		expect(story.rows()).toContain('dev 104 ready');
		story.traits['test'] = {};
		expect(story.wait(40_000).rows()).toMatch(/test \d+ ready/);
	});

	test('and gives the text of its action to a worker that can run it, and those of commands', () => {
		const root = {name: 'boot', action: 'import a', nodes: [], commands: [{name: 'x', aliases: [], action: 'run()'}, {name: 'y', aliases: [], action: null}]};
		const story = new PoolStory({}, {boot: {can: ['A']}}, {root});
		expect(story.lines()).toContain('boot: A:import a\n');
		story.asks('x');
		expect(story.lines()).toMatch(/boot: A:run\(\)\n.*boot: C:x/);
		story.asks('y');
		expect(story.lines()).toMatch(/boot: A:\n.*boot: C:y/);
	});
});

describe('the death of a node', () => {
	test('that is ready and not the root is noticed: what is below it ends first, and it is booted again', () => {
		const story = told(tell());
		expect(story.dies('base').lines()).toMatchInlineSnapshot(`
			"  0.00  warn: node base: it ended (SIGKILL)
			  0.00  SIGTERM to dev 104
			  0.00  SIGTERM to test 105
			  0.00  base is waiting
			  0.00  dev is waiting
			  0.00  test is waiting
			  0.00  boot: S:base
			  0.00  base is booting (106)
			  0.00  base: S:dev
			  0.00  base is ready (106)
			  0.00  base: S:test
			  0.00  dev is booting (107)
			  0.00  dev is ready (107)
			  0.00  test is booting (108)
			  0.00  test is ready (108)"
		`);
		expect(story.rows()).toBe('boot 101 ready, base 106 ready, dev 107 ready, test 108 ready, other 103 ready');
	});

	test('that is the root does not leave it ready: the whole tree is made again', () => {
		const story = told(tell());
		story.dies('boot');
		expect(story.rows()).toBe('boot 106 ready, base 107 ready, dev 109 ready, test 110 ready, other 108 ready');
	});

	test('again and again makes its next boot wait, up to 30 s, and a client is told instead of waiting', () => {
		const story = told(tell());
		const boots: number[] = [];
		for (let i = 0; i < 8; i++) {
			story.dies('test');
			const before = story.now;
			while (Number.isNaN(story.pid('test'))) story.wait(250);
			boots.push(story.now - before);
		}
		expect(boots).toEqual([0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
		story.dies('test');
		const run = story.asks('spec');
		expect(story.answers.get(run)).toEqual(['pid 0, stdio: node test: it ended (SIGKILL); it is booted again after 30 s, status 1']);
		// Ten seconds of work, and it is forgotten.
		story.wait(45_000).dies('test');
		expect(story.rows()).toMatch(/test \d+ ready/);
	});

	test('is not told by the end of its connection alone: a process that lives on is ended', () => {
		const story = told(tell());
		const pid = story.pid('test');
		story.hear({kind: 'closed', peer: story.peer('test'), why: null}).wait(200);
		expect(story.lines()).toContain(`SIGTERM to test ${pid}`);
		expect(story.rows()).toMatch(/test \d+ ready/);
	});

	test('as its parent tells it is a hint: the process is ended if it has not', () => {
		const story = told(tell({base: {can: ['D']}}));
		const pid = story.pid('test');
		story.hear({kind: 'said', peer: story.peer('base'), message: {kind: 'died', pid}});
		expect(story.lines()).toContain(`SIGTERM to test ${pid}`);
		expect(story.rows()).toMatch(/test \d+ ready/);
		expect(story.pid('test')).not.toBe(pid);
	});

	test('comes by SIGKILL a second after SIGTERM where that is not heard', () => {
		const story = told(tell({test: {deaf: true}}));
		story.hear({kind: 'restart', node: 'test', by: 'a person'}).wait(1000);
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.00  restart of test: a person
			  0.00  SIGTERM to test 105
			  0.00  test is waiting
			  1.00  SIGKILL to test 105
			  1.00  base: S:test
			  1.00  test is booting (106)
			  1.00  test is ready (106)"
		`);
	});
});

describe('an action that fails', () => {
	const traits = (): Record<string, Traits> => ({base: {crash: 'Traceback (most recent call last):\n  File "a.py"\nSyntaxError: bad\n', loads: ['/srv/a.py']}});

	test('leaves its text to all below it, and to those who ask for a command', () => {
		const story = tell(traits());
		expect(story.rows()).toBe('boot 101 ready, base crashed: SyntaxError: bad, dev crashed: SyntaxError: bad, test crashed: SyntaxError: bad, other 103 ready');
		expect(crashTextOf(story.pool, 'dev')).toContain('File "a.py"');
		const run = story.asks('c');
		expect(story.answers.get(run)).toEqual([expect.stringMatching(/^pid 0, stdio: Traceback[^]*SyntaxError: bad, status 1$/)]);
	});

	test('waits for its file, also one that never finished loading', () => {
		const story = told(tell(traits()));
		expect(story.wait(3_600_000).lines()).toBe('');
		story.traits['base'] = {};
		story.changes('/srv/b.py').wait(1000);
		expect(story.rows()).toContain('base crashed');
		story.changes('/srv/a.py').wait(1000);
		expect(story.rows()).toBe('boot 101 ready, base 104 ready, dev 105 ready, test 106 ready, other 103 ready');
	});

	test('waits for an operator, who may name any node below it', () => {
		const story = told(tell(traits()));
		story.traits['base'] = {};
		story.hear({kind: 'restart', node: 'dev', by: 'archonctl'});
		expect(story.rows()).toContain('dev 105 ready');
	});

	test('is tried again by itself where the config says so', () => {
		const story = told(tell(traits(), {restart: 'always'}));
		story.traits['base'] = {};
		story.wait(1000);
		expect(story.rows()).toContain('dev 105 ready');
	});

	test('is heard by the clients who have waited for the end of the boot', () => {
		const story = told(tell({base: {slow: true}}));
		const [first, second] = [story.asks('c'), story.asks('spec')];
		expect(story.answers.get(first)).toEqual([]);
		story.hear({kind: 'said', peer: story.peer('base'), message: {kind: 'failed', text: 'NameError: x'}});
		expect([story.answers.get(first), story.answers.get(second)]).toEqual([['pid 0, stdio: NameError: x, status 1'], ['pid 0, stdio: NameError: x, status 1']]);
	});

	test('is retried below as well when what is above it restarts', () => {
		const story = told(tell({test: {crash: 'oops'}}));
		expect(story.rows()).toContain('test crashed: oops');
		story.traits['test'] = {};
		story.dies('base');
		expect(story.rows()).toMatch(/test \d+ ready/);
	});
});

describe('files', () => {
	const traits: Record<string, Traits> = {
		boot: {loads: ['/srv/boot.py']}, base: {loads: ['/srv/base.py', '/srv/boot.py']}, test: {loads: ['/srv/test.py', '/srv/both.py']}, dev: {loads: ['/srv/both.py']},
	};

	test('are those of the node that loaded them first, and not of those below it', () => {
		const story = tell(traits);
		expect(filesOf(story.pool, 'boot')).toEqual(['/srv/boot.py']);
		expect(filesOf(story.pool, 'base')).toEqual(['/srv/base.py']);
		expect(filesOf(story.pool, 'test')).toEqual(['/srv/both.py', '/srv/test.py']);
		expect(filesOf(story.pool, 'nope')).toBeNull();
	});

	test('that change restart exactly what has loaded them, and all below it', () => {
		const story = told(tell(traits));
		story.changes('/srv/base.py').wait(299);
		expect(story.lines()).toBe('');
		story.wait(1);
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.30  restart of base: /srv/base.py changed
			  0.30  SIGTERM to dev 104
			  0.30  SIGTERM to test 105
			  0.30  base is waiting
			  0.30  dev is waiting
			  0.30  test is waiting
			  0.30  forget the files of dev
			  0.30  forget the files of test
			  0.30  SIGTERM to base 102
			  0.30  forget the files of base
			  0.30  boot: S:base
			  0.30  base is booting (106)
			  0.30  watch /srv/base.py for base
			  0.30  base: S:dev
			  0.30  base is ready (106)
			  0.30  base: S:test
			  0.30  dev is booting (107)
			  0.30  watch /srv/both.py for dev
			  0.30  dev is ready (107)
			  0.30  test is booting (108)
			  0.30  watch /srv/test.py /srv/both.py for test
			  0.30  test is ready (108)"
		`);
		expect(story.rows()).toBe('boot 101 ready, base 106 ready, dev 107 ready, test 108 ready, other 103 ready');
	});

	test('that change within the delay of the first are one restart, of the topmost nodes only', () => {
		const story = told(tell(traits));
		for (let i = 0; i < 50; i++) story.changes('/srv/test.py', '/srv/both.py', '/srv/base.py', `/srv/${i}`).wait(4);
		story.wait(1000);
		expect(story.lines().split('\n').filter(line => line.includes('restart of'))).toEqual(['  0.30  restart of base: /srv/test.py changed, and 2 more']);
	});

	test('of an earlier boot restart nothing any more', () => {
		const story = told(tell({test: {loads: ['/srv/old.py']}}));
		story.traits['test'] = {loads: ['/srv/new.py']};
		expect(story.changes('/srv/old.py').wait(1000).lines()).toContain('restart of test');
		story.changes('/srv/old.py').wait(1000);
		expect(story.lines()).toBe('');
		expect(filesOf(story.pool, 'test')).toEqual(['/srv/new.py']);
		expect(story.changes('/srv/new.py').wait(1000).lines()).toContain('restart of test');
	});

	test('of the last good boot count again when one fails, as what it misses was there then; and no longer than that', () => {
		const story = told(tell({test: {loads: ['/srv/a.py', '/srv/plan.py']}}));
		story.traits['test'] = {loads: ['/srv/plan.py'], crash: 'no a.py'};
		story.changes('/srv/a.py').wait(1000);
		expect(story.rows()).toContain('test crashed: no a.py');
		story.changes('/srv/plan.py').wait(1000);
		story.traits['test'] = {loads: ['/srv/plan.py']};
		story.changes('/srv/a.py').wait(1000);
		expect(story.rows()).toMatch(/test \d+ ready/);
		expect(filesOf(story.pool, 'test')).toEqual(['/srv/plan.py']);
		story.traits['test'] = {loads: [], crash: 'no plan.py'};
		story.changes('/srv/plan.py').wait(1000);
		expect(filesOf(story.pool, 'test')).toEqual(['/srv/plan.py']);
	});

	test('that change while their node boots are not lost', () => {
		const story = told(tell({test: {slow: true, loads: ['/srv/a.py']}}));
		story.changes('/srv/a.py').wait(100).boots('test').wait(200);
		expect(story.lines()).toContain('restart of test: /srv/a.py changed');
	});

	test('may be told at any time, on the node itself by those that can', () => {
		const story = told(tell({dev: {can: ['F']}}));
		story.wait(5000).hear({kind: 'said', peer: story.peer('dev'), message: {kind: 'feature', path: '/srv/late.py'}});
		expect(story.lines()).toBe('  5.00  watch /srv/late.py for dev');
		story.changes('/srv/late.py').wait(300);
		expect(story.lines()).toContain('restart of dev');
	});
});

describe('a command', () => {
	test('begins in its node, whatever it is called, and its status comes back', () => {
		const story = told(tell());
		const run = story.asks('c');
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.00  dev: C:console
			  0.00  client 1: pid 107"
		`);
		story.hear({kind: 'done', run, status: 7});
		expect(story.answers.get(run)).toEqual(['pid 107', 'status 7']);
		story.hear({kind: 'exited', pid: story.runner(run), status: 0, signal: null});
		expect(story.pool.runs.size + story.pool.open).toBe(0);
	});

	test('that is unknown is refused at once, with what it may have been meant', () => {
		const story = told(tell());
		const [near, far] = [story.asks('consol'), story.asks('x'.repeat(1000))];
		expect(story.answers.get(near)).toEqual(['pid 0, stderr: archon zeus: there is no command "consol": did you mean console?, status 127']);
		expect(story.answers.get(far)?.[0]).toMatch(/x": there are console, rake, spec, status 127$/);
	});

	test('waits for the boot of its node', () => {
		const story = told(tell({dev: {slow: true}}));
		const run = story.asks('rake');
		story.wait(60_000);
		expect(story.answers.get(run)).toEqual([]);
		story.boots('dev');
		expect(story.answers.get(run)).toEqual(['pid 107']);
	});

	test('comes after the one before it has its runner', () => {
		const story = told(tell({dev: {idle: true}}));
		const [first, second] = [story.asks('rake'), story.asks('console')];
		expect(story.lines().match(/C:\w+/g)).toEqual(['C:rake']);
		story.hear({kind: 'runner', run: first, pid: 500});
		expect(story.lines().match(/C:\w+/g)).toEqual(['C:console']);
		expect(story.answers.get(second)).toEqual([]);
	});

	test('whose runner is killed does not leave its client waiting', () => {
		const story = told(tell());
		const run = story.asks('rake');
		story.lines();
		story.loses(run).wait(2000);
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.25  SIGKILL to rake 107
			  0.25  client 1: status 137"
		`);
		expect(story.answers.get(run)).toEqual(['pid 107', 'status 137']);
	});

	test('that is made by a runner which then ends does not stay behind', () => {
		const story = told(tell({rake: {lazy: true}}));
		const run = story.asks('rake');
		story.processes.set(500, {pid: 500, name: 'left', peer: 0, parent: 1});
		story.loses(run).hear({kind: 'begun', run, pid: 500});
		story.lines();
		story.wait(2000);
		expect(story.lines()).toMatch(/SIGKILL to left 500\n.*client 1: .*status 137$/);
	});

	test('that ends without a word of its runner does not either', () => {
		const story = told(tell());
		const run = story.asks('rake');
		story.loses(run, SIG.SEGV, 'command').wait(2000);
		expect(story.answers.get(run)).toEqual(['pid 107', 'status 139']);
	});

	test('that does not get a runner, or whose runner does not begin, is refused in time', () => {
		const story = told(tell({dev: {idle: true}, spec: {lazy: true}}));
		const [idle, lazy] = [story.asks('rake'), story.asks('spec')];
		story.wait(5000);
		expect(story.answers.get(idle)).toEqual(['pid 0, stderr: archon zeus: the node did not start the command within 5 s, status 1']);
		// What the node says later cannot be told from what is due then.
		expect(story.lines()).toContain('warn: node dev: it did not start rake within 5 s');
		story.wait(5000);
		expect(story.answers.get(lazy)).toEqual(['pid 0, stderr: archon zeus: the command did not begin within 10 s, status 1']);
	});

	test.each([
		['is queued', {dev: {slow: true}}, 0],
		['is called', {dev: {idle: true}}, 0],
		['has a runner', {rake: {lazy: true}}, 0],
		['runs', {}, 0],
		['runs and is deaf', {rake: {deaf: true}}, 1000],
	] satisfies (readonly [string, Record<string, Traits>, number])[])('that %s ends with its client, and leaves nothing', (what, traits, millis) => {
		const story = told(tell(traits));
		const run = story.asks('rake');
		story.hear({kind: 'gone', run});
		if (what === 'is called') story.hear({kind: 'runner', run, pid: 500});
		story.wait(millis + 250);
		expect([...story.processes.values()].filter(each => each.run !== undefined)).toEqual([]);
		expect(story.answers.get(run)?.filter(each => each.includes('status'))).toHaveLength(1);
		expect(story.pool.open).toBe(0);
		expect(story.wait(10_000).pool.runs.size).toBe(0);
	});

	test('whose socket its node has made itself ends with its client too, and the node stays', () => {
		const story = told(tell({dev: {idle: true}, '': {lazy: true}}));
		const run = story.asks('rake');
		story.hear({kind: 'runner', run, pid: story.pid('dev')}, {kind: 'gone', run});
		story.processes.set(500, {pid: 500, name: 'rake', peer: 0, parent: 1});
		story.hear({kind: 'begun', run, pid: 500}).wait(5000);
		expect([story.processes.has(500), story.rows()]).toEqual([false, expect.stringContaining('dev 104 ready')]);
		expect(story.answers.get(run)).toEqual(['status 143']);
		expect(story.pool.runs.size).toBe(0);
	});

	test('whose socket its node has made itself, and which does not begin, is the end of that node', () => {
		const story = told(tell({dev: {idle: true}, '': {lazy: true}}));
		const run = story.asks('rake');
		const dev = story.pid('dev');
		story.hear({kind: 'runner', run, pid: dev}).wait(9999);
		expect(story.pid('dev')).toBe(dev);
		story.wait(2500);
		expect(story.processes.has(dev)).toBe(false);
		expect(story.answers.get(run)).toEqual([expect.stringContaining('the command did not begin within 10 s')]);
	});

	test('outlives the restart of its node', () => {
		const story = told(tell());
		const run = story.asks('rake');
		story.hear({kind: 'restart', node: 'dev', by: 'a person'}).wait(5000);
		expect(story.answers.get(run)).toEqual(['pid 107']);
		expect(story.processes.has(107)).toBe(true);
		story.hear({kind: 'done', run, status: 0});
		expect(story.answers.get(run)).toEqual(['pid 107', 'status 0']);
	});

	test('ends with it where the config says so', () => {
		const story = told(tell({}, {killCommandsOnRestart: true}));
		const run = story.asks('rake');
		story.hear({kind: 'restart', node: 'base', by: 'a person'}).wait(5000);
		expect(story.answers.get(run)).toEqual(['pid 107', 'status 143']);
	});

	test('waits for the next boot where its node ends in the middle of it', () => {
		const story = told(tell({dev: {idle: true}}));
		const run = story.asks('rake');
		story.traits['dev'] = {};
		story.dies('dev');
		expect(story.answers.get(run)).toEqual([expect.stringMatching(/^pid \d+$/)]);
	});

	test('is one of 1024 at most', () => {
		const story = told(tell({dev: {slow: true}}));
		for (let i = 0; i < 1024; i++) story.asks('rake');
		const last = story.asks('rake');
		expect(story.answers.get(last)).toEqual(['pid 0, stderr: archon zeus: pool app has 1024 clients already, status 1']);
		story.hear({kind: 'gone', run: 1});
		expect(story.answers.get(story.asks('rake'))).toEqual([]);
	});
});

describe('a worker that is hostile', () => {
	test.each<[string, Event, string]>([
		['an unknown node', {kind: 'registered', peer: 77, pid: 700, parent: 101, name: 'nope'}, 'is no node of the plan'],
		['a node that has a process', {kind: 'registered', peer: 77, pid: 700, parent: 102, name: 'dev'}, 'has a process'],
		['the root', {kind: 'registered', peer: 77, pid: 700, parent: 0, name: ''}, 'was not asked for'],
		['a child of another node', {kind: 'registered', peer: 77, pid: 700, parent: 103, name: 'test'}, 'was not asked for'],
	])('and registers as %s is killed, and nothing else happens', (_, event, why) => {
		const story = told(tell());
		const before = story.rows();
		expect(story.hear(event).lines()).toMatch(new RegExp(`warn: process 700 .*${why}.*\n.*SIGKILL to process 700$`));
		expect(story.rows()).toBe(before);
	});

	test('and does not obey three times in a row is made again', () => {
		const story = told(tell({dev: {mute: true}}));
		const pid = story.pid('base');
		story.traits['test'] = {mute: true};
		story.dies('test').wait(20_000);
		expect(story.lines()).toContain('warn: node base: it has not answered 3 orders in a row');
		expect(story.pid('base')).not.toBe(pid);
	});

	test('and says garbage is ended and named', () => {
		const story = told(tell());
		story.hear({kind: 'closed', peer: story.peer('dev'), why: 'said "x", which is not R:, K:, D: or F:'});
		expect(story.lines()).toContain('warn: node dev: said "x", which is not R:, K:, D: or F:');
		expect(story.rows()).toMatch(/dev \d+ ready/);
	});

	test('and names another process as its command is not believed', () => {
		const story = told(tell({rake: {lazy: true}}));
		const run = story.asks('rake');
		story.hear({kind: 'begun', run, pid: story.pid('boot')});
		expect(story.answers.get(run)?.[0]).toMatch(/said that its command is process 101, status 1$/);
		expect(story.rows()).toContain('boot 101 ready');
	});
});

describe('a pool stops', () => {
	test('leaf first, in parallel, with all commands', () => {
		const story = told(tell());
		const run = story.asks('rake');
		story.lines();
		story.hear({kind: 'stop'});
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.00  SIGTERM to rake 107
			  0.00  SIGTERM to other 103
			  0.00  SIGTERM to dev 104
			  0.00  SIGTERM to test 105
			  0.00  boot is waiting
			  0.00  base is waiting
			  0.00  other is waiting
			  0.00  dev is waiting
			  0.00  test is waiting
			  0.00  client 1: status 143
			  0.00  SIGTERM to base 102
			  0.00  SIGTERM to boot 101
			  0.00  over"
		`);
		expect(story.answers.get(run)).toEqual(['pid 107', 'status 143']);
		expect([...story.processes.values()].filter(({peer}) => peer !== 0)).toEqual([]);
	});

	test('within little more than a second where all nodes are deaf', () => {
		const deaf = {deaf: true};
		const story = told(tell({boot: deaf, base: deaf, dev: deaf, test: deaf, other: deaf}));
		story.hear({kind: 'stop'}).wait(1200);
		expect(story.lines()).toMatch(/1\.20 {2}over$/);
		expect(story.processes.size).toBe(0);
	});

	test('and refuses who waits, and who comes', () => {
		const story = told(tell({dev: {slow: true}, boot: {deaf: true}}));
		const first = story.asks('rake');
		const second = story.hear({kind: 'stop'}).asks('rake');
		const refusal = ['pid 0, stderr: archon zeus: pool app is stopping, status 1'];
		expect([story.answers.get(first), story.answers.get(second)]).toEqual([refusal, refusal]);
	});

	test('also while its root is being started', () => {
		const story = tell({boot: {mute: true}});
		story.hear({kind: 'stop'});
		expect(story.lines()).toMatch(/SIGTERM to boot 101\n.*over$/);
	});
});

describe('a new plan', () => {
	test('takes the place of the old one once all of that has ended, and who waits goes on waiting', () => {
		const story = told(tell({dev: {slow: true}}));
		const [rake, spec] = [story.asks('rake'), story.asks('spec')];
		story.hear({kind: 'done', run: spec, status: 0});
		const lost = story.asks('console');
		story.lines();
		story.hear({kind: 'plan', spec: specOf({boot: {fresh: {rake: []}}})});
		expect(story.lines()).toMatchInlineSnapshot(`
			"  0.00  restart of boot: its config was read again
			  0.00  SIGTERM to other 103
			  0.00  SIGTERM to dev 104
			  0.00  SIGTERM to test 105
			  0.00  boot is waiting
			  0.00  base is waiting
			  0.00  other is waiting
			  0.00  dev is waiting
			  0.00  test is waiting
			  0.00  SIGTERM to base 102
			  0.00  SIGTERM to boot 101
			  0.00  planned
			  0.00  client 3: pid 0, stderr: archon zeus: "console" is no command of the new plan, status 127
			  0.00  spawn
			  0.00  boot is booting (108)
			  0.00  boot: S:fresh
			  0.00  boot is ready (108)
			  0.00  fresh is booting (109)
			  0.00  fresh: C:rake
			  0.00  fresh is ready (109)
			  0.00  ready
			  0.00  client 1: pid 111"
		`);
		expect(story.rows()).toBe('boot 108 ready, fresh 109 ready');
		expect(story.answers.get(rake)).toEqual(['pid 111']);
		expect(story.answers.get(lost)).toEqual(['pid 0, stderr: archon zeus: "console" is no command of the new plan, status 127']);
	});
});
