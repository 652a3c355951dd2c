/** What the core is told of the clock on the wall: when it is asked for, and whenever it was set. */
import {expect, test} from 'vitest';
import type {Event} from '../../../../src/core/event.ts';
import {ownClock} from '../../../../src/features/schedule/os/clock.ts';
import {now} from '../../../../src/os/clock.ts';
import {sys} from '../../../../src/os/sys.ts';

test('it is told at once, when it was set, and not any more when nothing has a schedule', () => {
	const events: Event[] = [];
	const watchers = new Map<number, (events: number) => void>();
	let wall = 1_000_000_000;
	const {arms: {'watch-clock': watch}} = ownClock({
		poller: {watch: (fd, _, watcher) => void watchers.set(fd, watcher), forget: fd => void watchers.delete(fd)},
		dispatch: event => void events.push(event), log: {warn() {}}, wall: () => wall,
	});
	const told = (): number => {
		const event = events.pop();
		return event?.kind === 'clock' ? Math.round((event.epoch + now() - wall) / 1000) : NaN;
	};
	watch({kind: 'watch-clock', isOn: true});
	expect([told(), watchers.size]).toEqual([0, 1]);
	// Another config asks again, and there is still one descriptor.
	watch({kind: 'watch-clock', isOn: true});
	expect([told(), watchers.size]).toEqual([0, 1]);
	wall += 7_200_000;
	const [fd = -1] = watchers.keys();
	watchers.get(fd)?.(1);
	expect(told()).toBe(0);
	watch({kind: 'watch-clock', isOn: false});
	expect([events.length, watchers.size, sys.isCloseOnExec(fd)]).toEqual([0, 0, false]);
});
