/** The event loop: what is told of a descriptor is not told of another one that has its number by now. */
import {expect, test} from 'vitest';
import {createPoller} from '../../src/os/poller.ts';
import {EPOLLIN, sys} from '../../src/os/sys.ts';

test('of a descriptor that is closed in the turn in which it is ready, its successor hears nothing', () => {
	const poller = createPoller();
	const heard: string[] = [];
	const open = (): Int32Array => {
		const ends = new Int32Array(2);
		expect(sys.pipe(ends)).toBe(0);
		return ends;
	};
	const [one, two] = [open(), open()];
	const ends = new Map<number, number>([one, two].map(([read = -1, write = -1]) => [read, write]));
	const others: number[] = [];
	const meet = (fd: number): void => {
		heard.push('ready');
		// The other one is in the same batch; its number is the lowest that is free.
		const other = [...ends.keys()].find(each => each !== fd) ?? -1;
		poller.forget(other);
		sys.close(other);
		const [read = -1, write = -1] = open();
		expect(read).toBe(other);
		others.push(read, write);
		poller.watch(read, EPOLLIN, () => heard.push('successor'));
		poller.forget(fd);
	};
	for (const [read, write] of ends) {
		poller.watch(read, EPOLLIN, () => meet(read));
		sys.write(write, new Uint8Array(1));
	}
	poller.poll();
	expect(heard).toEqual(['ready']);
	for (const fd of [...ends.values(), ...others]) sys.close(fd);
});
