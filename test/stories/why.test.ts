/** Why a service is as it is, told for every phase and cause. */
import {expect, test} from 'vitest';
import {SIG} from '../../src/core/signal-numbers.ts';
import {find} from '../../src/core/state.ts';
import {why as explain, troubles} from '../../src/core/why/why.ts';
import {exit, killedBy, type Story, tell, type Traits} from './tell.ts';

/** The answer as text, times in seconds. */
function why(story: Story, name: string): string {
	const entry = find(story.state(), name);
	if (!entry) throw new Error(`no ${name}`);
	const {wanted, chain, next, waiting, advice} = explain(story.state(), entry);
	return [
		`${wanted.runs ? 'wanted' : 'unwanted'} (${wanted.by}): ${wanted.why}`,
		...chain.map(link => `${link.name} ${link.status}: ${link.why}`),
		...next.map(({name: who, at, what}) => `at ${(at / 1000).toFixed(1)} ${who}: ${what}`),
		...waiting.length > 0 ? [`for it wait: ${waiting.join()}`] : [],
		...advice.map(({command, does}) => `$ ${command}: ${does}`),
	].join('\n');
}

const READY: Traits = {ready: {kind: 'notify'}, startTimeout: 60_000};
const restart = (more: object): Traits => ({restart: {...RESTART, ...more}});
const RESTART = {
	policy: 'always', growth: 'exponential', delay: 1000, factor: 2, maxDelay: 60_000, jitter: 0, attempts: 3, counts: 'all', window: 60_000,
	resetAfter: 60_000, success: {codes: [0], signals: []}, force: {codes: [], signals: []}, fatal: {codes: [], signals: []},
} as const;

test('a service that waits through others, down to one that is in backoff', () => {
	const story = tell(['db', {...READY, ...restart({})}], ['app', {needs: ['db+']}], ['web', {needs: ['app', 'db']}], ['cron', {needs: ['web']}]);
	story.dies('db', exit(1)).dies('db', exit(1)).wait(10);
	expect(why(story, 'cron')).toMatchInlineSnapshot(`
		"wanted (config): its config starts it with archon
		cron waiting: it needs web to be started
		web waiting: it needs app to be started and db to be started
		db backoff: it ended: exited before it was ready (exit status 1); restart 2 of 3 is next
		at 1.0 db: it is started again
		$ archonctl logs db: shows all that it said
		$ archonctl start db: starts it now, with all restarts
		$ archonctl history db: shows how its last runs ended"
	`);
	expect(why(story, 'db')).toMatchInlineSnapshot(`
		"wanted (config): its config starts it with archon
		db backoff: it ended: exited before it was ready (exit status 1); restart 2 of 3 is next
		at 1.0 db: it is started again
		for it wait: app,web
		$ archonctl logs db: shows all that it said
		$ archonctl start db: starts it now, with all restarts
		$ archonctl history db: shows how its last runs ended"
	`);
	expect(troubles(story.state()).map(({service}) => service.name)).toEqual(['db']);
});

test('what is waited for has failed', () => {
	const story = tell(['cache', READY], ['db', {type: 'oneshot'}], ['web', {needs: ['cache+', 'db!']}]);
	story.dies('db', exit(3));
	expect(why(story, 'web')).toMatchInlineSnapshot(`
		"wanted (config): its config starts it with archon
		web waiting: it needs cache to be ready and db to have completed
		db failed: it ended: exit status 3, and restart: no does not start it again
		$ archonctl logs db: shows all that it said
		$ archonctl start db: tries again, with all restarts"
	`);
});

test('each way of being down', () => {
	const story = tell(
		['job', {type: 'oneshot'}], ['once', {...restart({policy: 'no'})}], ['often', restart({attempts: 1, growth: 'constant', delay: 0})], ['fine', restart({policy: 'on-failure'})],
		['gone', {refused: 2}], ['spare', {autostart: false}], ['fatal', restart({fatal: {codes: [9], signals: []}})], ['halted'],
		['picky', {onlyIf: {pathExists: ['/no'], pathMissing: [], envSet: [], command: null, otherwise: 'satisfied'}}],
	);
	story.dies('job', exit(0)).dies('once', exit(2)).dies('often', exit(1)).dies('often', killedBy(SIG.SEGV)).dies('fine', exit(0)).dies('fatal', exit(9));
	story.ask('stop', 'halted').tells('picky', {kind: 'examined', verdict: 'unmet', why: '/no does not exist'}).wait(10);
	expect(['job', 'once', 'often', 'fine', 'gone', 'spare', 'fatal', 'halted', 'picky'].map(name => why(story, name)).join('\n\n')).toMatchSnapshot();
});

test('each way of starting', () => {
	const probe = {kind: 'probe', probe: {kind: 'tcp', host: 'localhost', port: 80}, interval: 1000, timeout: 500} as const;
	const story = tell(
		['fd', {ready: {kind: 'fd', fd: 3, variable: 'READY_FD'}}], ['notify', READY], ['log', {ready: {kind: 'log', pattern: 'listening'}}],
		['probe', {ready: probe}], ['steady', {startPeriod: 5000}], ['job', {type: 'oneshot'}], ['slow', {slow: true}],
		['forks', {forks: true, pidFile: '/run/forks.pid'}],
	);
	story.tells('probe', {kind: 'probe', purpose: 'ready', passed: false, detail: 'connection refused'});
	expect(['fd', 'notify', 'log', 'probe', 'steady', 'job', 'slow', 'forks'].map(name => why(story, name)).join('\n\n')).toMatchSnapshot();
	story.tells('forks', {kind: 'forked'});
	expect(why(story, 'forks')).toMatchInlineSnapshot(`
		"wanted (config): its config starts it with archon
		forks starting: its main process is looked for in /run/forks.pid
		$ archonctl logs forks: shows all that it said
		$ archonctl restart forks: stops it and starts it again"
	`);
});

test('each way of running', () => {
	const health = {probe: {kind: 'tcp', host: 'localhost', port: 80}, interval: 1000, timeout: 500, retries: 1, successes: 1, startPeriod: 0, startInterval: 1000, onUnhealthy: 'none'} as const;
	const story = tell(['web'], ['ill', {health}], ['unsure', {health}], ['busy', READY], ['again']);
	story.tells('ill', {kind: 'probe', purpose: 'health', passed: false, detail: 'HTTP 503'}).tells('busy', {kind: 'ready'});
	story.tells('busy', {kind: 'notify', message: {kind: 'reloading'}}).dies('again', exit(1)).wait(10);
	expect(['web', 'ill', 'unsure', 'busy', 'again'].map(name => why(story, name)).join('\n\n')).toMatchSnapshot();
});

test('each way of stopping, and a stop that waits for another', () => {
	const story = tell(['db'], ['web', {needs: ['db'], deaf: true}], ['left', {leavesSurvivors: true}]);
	story.ask('stop', 'db', 'web').wait(10);
	expect(why(story, 'db')).toMatchInlineSnapshot(`
		"unwanted (operator): it was stopped on request
		db running: it is to stop, after web, which needs it
		web stopping: it was asked to stop; it was sent SIGTERM and has not ended
		at 5.0 web: it is sent SIGKILL
		$ archonctl logs web: shows all that it said
		$ archonctl signal KILL web: ends its main process now"
	`);
	story.dies('left', exit(0));
	expect(why(story, 'left')).toMatchInlineSnapshot(`
		"wanted (config): its config starts it with archon
		left running: it is ready; its last run ended: exit status 0"
	`);
	expect(troubles(story.state()).map(({service}) => service.name)).toContain('web');
});

test('who has wanted it', () => {
	const story = tell(
		['blue', {conflicts: ['green'], autostart: false}], ['green'], ['lazy', {autostart: false}], ['web', {needs: ['lazy']}],
		['mail', {autostart: false}], ['bad', {onFailure: ['mail'], type: 'oneshot'}],
	);
	story.ask('start', 'blue').dies('bad', exit(1)).wait(10);
	expect(['blue', 'green', 'lazy', 'mail'].map(name => why(story, name)).join('\n\n')).toMatchSnapshot();
	story.hear({kind: 'shutdown', why: 'received SIGTERM'});
	expect(why(story, 'web')).toMatchInlineSnapshot(`
		"unwanted (shutdown): archon is shutting down
		web stopped: it has stopped"
	`);
});

test('a chain that is as long as a config is cut, and costs no stack', () => {
	const names = Array.from({length: 5000}, (_, index) => `s${index}`);
	const story = tell(...names.map((name, index) => [name, index === 0 ? READY : {needs: [`s${index - 1}+`]}] as const));
	const entry = find(story.state(), 's4999');
	if (!entry) throw new Error('no s4999');
	const {chain, root} = explain(story.state(), entry);
	expect(chain).toHaveLength(20);
	expect(root.service.name).toBe('s0');
});

test('what a decider says of it, and what helps', () => {
	const story = tell(['web'], ['job', {autostart: false}], ['off'], ['list', {origin: 'manifest', autostart: false}]);
	const rule = (name: string, decider: 'hitlist' | 'test' | 'manifest', runs: boolean, words: string): void => {
		story.hear({kind: 'rule', rule: decider, revive: false, rulings: [{id: find(story.state(), name)?.id ?? -1, ruling: {runs, why: words}}]});
	};
	rule('web', 'test', false, 'exit 1');
	rule('job', 'manifest', true, '/etc/whizzifest.txt:7');
	story.ask('stop', 'off');
	rule('off', 'hitlist', false, '/etc/hitlist.txt:3');
	expect(['web', 'job', 'off', 'list'].map(name => why(story, name)).join('\n\n')).toMatchInlineSnapshot(`
		"unwanted (test): its test said no (exit 1)
		web stopped: it was stopped: its test said no (exit 1)
		$ archonctl start web: starts it all the same, until archonctl auto

		wanted (manifest): the manifest lists it (/etc/whizzifest.txt:7)
		job running: it is ready

		unwanted (operator): it was stopped on request
		off stopped: it was stopped
		$ archonctl auto off: lets a ruling decide again
		$ archonctl start off: starts it whatever the ruling is

		unwanted (config): its manifest has not been read yet
		list stopped: it was not started
		$ archonctl start list: starts it and what it needs"
	`);
	const web = find(story.state(), 'web');
	if (web) expect(explain(story.state(), web).wanted).toMatchObject({by: 'test', at: 0});
});
