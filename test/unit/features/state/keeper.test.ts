/** A disk that hangs: that is one line in the log, nothing waits for it, and what changes meanwhile is written when it answers. */
import {beforeEach, expect, test, vi} from 'vitest';
import {createKeeper} from '../../../../src/features/state/os/keeper.ts';
import {create} from '../../../../src/core/whole.ts';
import {service, SETTINGS} from '../../../stories/tell.ts';

/** Jobs that are held: the disk answers when the test says so. */
const disk = vi.hoisted(() => ({
	saves: [] as ((result: number) => void)[], timers: [] as {readonly millis: number; readonly callback: () => void}[],
}));

vi.mock(import('../../../../src/os/jobs.ts'), async original => {
	const done = (result: number) => ({result, inode: 0, size: 0, time: 0, stream: -1, bytes: new Uint8Array()});
	return {
		...await original(),
		start: (_job, _order, told) => void disk.saves.push(result => told(done(result))),
		wait: job => done(job === 'lock' ? 1000 : -2),
	};
});
vi.mock(import('../../../../src/os/clock.ts'), async original => ({
	...await original(), now: () => 0,
	after(millis, callback) {
		const timer = {millis, callback};
		disk.timers.push(timer);
		return () => void disk.timers.splice(disk.timers.indexOf(timer), 1);
	},
}));
vi.mock(import('../../../../src/os/sys.ts'), async original => {
	const {sys, ...others} = await original();
	return {...others, sys: {...sys, write: () => 1, lendToChildren: () => 0}};
});

beforeEach(() => {
	disk.saves.splice(0);
	disk.timers.splice(0);
});

test('a disk that hangs is told once, holds nothing up, and what changed meanwhile is written at its end', () => {
	const said: string[] = [];
	const say = (text: string): void => void said.push(text);
	const state = create([service('web')], SETTINGS);
	const keeper = createKeeper({
		dir: '/state', kept: {keep() {}} as never, log: {info: say, warn: say, error: say} as never, state: () => state, hasManifest: false,
	});
	keeper.begin(state);
	let heard = 0;
	for (let i = 0; i < 100; i++) keeper.persist(() => heard++);
	expect([disk.saves.length, heard, disk.timers.map(({millis}) => millis)]).toEqual([1, 0, [10_000]]);
	for (const {callback} of [...disk.timers]) callback();
	for (let i = 0; i < 100; i++) keeper.persist();
	expect([disk.saves.length, said.length, said[0]]).toEqual([1, 1, expect.stringContaining('the disk has not answered for 10 s')]);
	expect(keeper.about().trouble).toContain('has not answered');
	disk.saves[0]?.(0);
	expect([disk.saves.length, said.length, said[1], heard]).toEqual([2, 2, '/state/state.json is written again', 1]);
	disk.saves[1]?.(0);
	expect([disk.saves.length, disk.timers.length, heard, keeper.about().trouble]).toEqual([2, 0, 100, null]);
});
