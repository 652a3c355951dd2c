/** Commands at the turns of a run: one after the other, all within their time, and gone when it is over. */
import {mkdtempSync, readFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {News} from '../../src/core/event.ts';
import {createHooks} from '../../src/os/spawn/hooks.ts';
import {oblivion} from '../../src/os/reexec/handoff.ts';
import {createPoller} from '../../src/os/poller.ts';
import {processes} from '../../src/os/reap/procfs.ts';
import {hands, reaper, sleeper} from './hands.ts';

const folder = mkdtempSync(join(tmpdir(), 'archon-hooks-'));

const sh = (script: string) => ['sh', '-c', script] as const;
const living = (command: string): number => processes().filter(one => one.command === command && !one.isZombie).length;

test('commands run one after the other, and what they say goes where their service\'s words go', async () => {
	const path = join(folder, 'log');
	const base = sleeper();
	const life = sleeper({exec: {...base.service.exec, output: {kind: 'files', stdout: path, stderr: path}, environment: {NAME: 'value'}}});
	life.hook('post_start', [sh('sleep 0.1; echo first $MAINPID'), sh('echo second $NAME >&2'), sh('cat; echo third')]);
	expect(await life.news('hooked')).toEqual({kind: 'hooked', hook: 'post_start', failure: null});
	expect(readFileSync(path, 'utf8')).toBe(`first ${life.pid}\nsecond value\nthird\n`);
});

test.each([
	['exits', sh('exit 3'), 'sh: exit status 3'],
	['is killed', sh('kill -TERM $$'), 'sh: killed by SIGTERM'],
	['cannot be executed', ['/no/such'] as const, '/no/such: executing /no/such: no such file or directory'],
])('one that %s is the last', async (_, command, failure) => {
	const life = sleeper();
	const path = join(folder, `after-${life.run}`);
	life.hook('pre_stop', [sh('true'), command, sh(`touch ${path}`)]);
	expect(await life.news('hooked')).toEqual({kind: 'hooked', hook: 'pre_stop', failure});
	expect(() => readFileSync(path)).toThrow();
});

test('all share one time, and whatever takes longer is ended with its whole group', async () => {
	const life = sleeper();
	life.hook('pre_stop', [sh('true'), sh('sleep 2345 & sleep 2345')], 300);
	expect(await life.news('hooked')).toEqual({kind: 'hooked', hook: 'pre_stop', failure: 'took longer than 0.3 s'});
	await expect.poll(() => living('sleep 2345')).toBe(0);
});

test('the next turn ends the hook of the last one, and the end of the run ends all', async () => {
	const life = sleeper();
	life.hook('post_start', [['sleep', '3456']]);
	await expect.poll(() => living('sleep 3456')).toBe(1);
	life.hook('pre_stop', [['sleep', '4567']]);
	await expect.poll(() => [living('sleep 3456'), living('sleep 4567')]).toEqual([0, 1]);
	life.over();
	await expect.poll(() => living('sleep 4567')).toBe(0);
	expect(life.heard()).toEqual([]);
});

test('no commands are done at once', async () => {
	const life = sleeper();
	life.hook('reload', []);
	expect(await life.news('hooked')).toEqual({kind: 'hooked', hook: 'reload', failure: null});
});

test.each([
	['that is gone', 4_194_305],
	['of somebody else', 1],
])('a command that the last instance began, with a pid %s, has failed and is not waited for', async (_, pid) => {
	const {run, service} = sleeper();
	const told: News[] = [];
	const hooks = createHooks({
		reaper, poller: createPoller(), pace: job => job(), output: {wireHelper: () => expect.fail('nothing is begun')},
		handoff: {...oblivion(), past: new Map([[`hook ${run}`, `0 ${pid} post_start`]])}, tell: (_id, _run, news) => void told.push(news),
	});
	hooks.start({kind: 'hook', id: run, run, service, hook: 'post_start', commands: [sh('exit 0')], timeout: Infinity, environment: {}});
	await expect.poll(() => told).toEqual([{kind: 'hooked', hook: 'post_start', failure: 'sh: it ended while archon was re-executed'}]);
});

test('a file that output cannot be added to keeps the process from being made, and says why', () => {
	const {service} = sleeper();
	const to = (stdout: string | null, stderr: string | null) => {
		const exec = {...service.exec, output: {kind: 'files', stdout, stderr}} as const;
		const event = hands.spawn({kind: 'spawn', id: 1000, run: 1000, service: {...service, exec}})();
		return event.kind === 'news' ? event.news : null;
	};
	expect(to('/no/such/log', null)).toMatchObject({
		kind: 'refused', refusal: {stage: 'opening /no/such/log', errno: 2, reason: 'no such file or directory', temporary: false},
	});
	expect(to(null, '/proc')).toMatchObject({refusal: {stage: 'opening /proc', temporary: false}});
});
