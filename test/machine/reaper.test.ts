/** Who is waited for by whom: services, and orphans. */
import {execa} from 'execa';
import {expect, test} from 'vitest';
import {processes} from '../../src/os/reap/procfs.ts';
import {make, news, outputOf, reaper} from './bench.ts';

const made = (argv: readonly [string, ...string[]]) => {
	const result = make(argv);
	if (!('pid' in result)) throw new Error(result.reason);
	return result;
};

const zombies = (): number => processes().filter(({parent, isZombie}) => parent === process.pid && isZombie).length;

test('every exit status and every deadly signal is told as it was', async () => {
	const codes = Array.from({length: 256}, (_, code) => made(['sh', '-c', `exit ${code}`]).exited);
	expect((await Promise.all(codes)).map(({outcome}) => outcome)).toEqual(
		codes.map((_, code) => ({kind: 'code', code})),
	);
	for (const signal of [1, 2, 3, 6, 9, 11, 15, 34, 64]) {
		const {outcome} = await made(['sh', '-c', `ulimit -c 0; kill -${signal} $$`]).exited;
		expect(outcome).toMatchObject({kind: 'signal', signal});
	}
});

test('orphans are reaped without news', async () => {
	const before = reaper.reaped();
	await outputOf(['sh', '-c', 'i=0; while [ $i -lt 200 ]; do (true &) ; i=$((i+1)); done']);
	await expect.poll(() => {
		reaper.reap();
		return reaper.reaped() - before;
	}).toBe(200);
	expect(zombies()).toBe(0);
});

test('others of the process group are told of, and so is the end of the last', async () => {
	const leader = made(['sh', '-c', 'sleep 1000 & exit 3']);
	expect(await leader.exited).toEqual({kind: 'exited', outcome: {kind: 'code', code: 3}, survivors: true});
	const emptied = news(leader.run, 'emptied');
	reaper.signal(leader.run, leader.pid, 15, 'tree');
	expect(await emptied).toEqual({kind: 'emptied'});
});

test('a pid that is gone, or that another run has, is not signalled', async () => {
	const {exited, pid, run} = made(['true']);
	await exited;
	reaper.signal(run, pid, 9, 'tree');
	const living = made(['sleep', '1000']);
	reaper.signal(living.run + 1, living.pid, 9, 'main');
	reaper.signal(living.run, living.pid, 15, 'main');
	expect((await living.exited).outcome).toEqual({kind: 'signal', signal: 15, core: false});
});

test('a grandchild that holds the streams does not delay the news of the end', async () => {
	const {exited, run, pid} = made(['sh', '-c', 'setsid sleep 1000 & exit 0']);
	expect((await exited).outcome).toEqual({kind: 'code', code: 0});
	reaper.signal(run, pid, 9, 'tree');
	const left = processes().find(({command}) => command === 'sleep 1000');
	if (left) process.kill(left.pid);
});

test('a number that is another\'s by now is not taken for the process of the last instance, and is not signalled', async () => {
	const [run, home] = [1_000_000, {name: 'test', cgroup: null, user: null}];
	const other = made(['sleep', '1000000']);
	// A child of another process, without a tag.
	const stranger = execa('sleep', ['1000000']);
	const grandchild = execa('sh', ['-c', 'sleep 1000000 & echo $!; wait']);
	const line = await new Promise<string>(resolve => grandchild.stdout?.once('data', data => resolve(String(data))));
	for (const [i, pid] of [other.pid, Number(line)].entries()) {
		const ended = news(run + i, 'exited');
		reaper.adopt(0, run + i, pid, pid, home);
		reaper.signal(run + i, pid, 9, 'tree');
		expect(await ended).toMatchObject({outcome: {kind: 'code', code: 255}, survivors: false});
		expect(processes().find(one => one.pid === pid)).toMatchObject({isZombie: false});
	}
	// What is right is adopted, and its end is told.
	const again = news(other.run, 'exited');
	reaper.adopt(0, other.run, other.pid, other.pid, home);
	reaper.signal(other.run, other.pid, 9, 'main');
	expect(await again).toMatchObject({outcome: {kind: 'signal', signal: 9}});
	process.kill(Number(line), 'SIGKILL');
	stranger.kill('SIGKILL');
	await Promise.allSettled([stranger, grandchild]);
});
