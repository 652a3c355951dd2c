/** Descriptors that outlive an instance of archon: what the next one finds, what it closes, and what becomes of those that cannot be kept. */
import {expect, test} from 'vitest';
import {type KeptFds, openKeptFds} from '../../../src/os/reexec/kept-fds.ts';

/** A kernel with some open descriptors, and a handoff that one instance after the other has. */
function world(...open: readonly number[]) {
	const records = new Map<string, string>();
	const fds = new Map(open.map(fd => [fd, false]));
	const failures: string[] = [];
	let last: KeptFds | null = null;
	return {
		records, failures,
		kept: () => [...fds].filter(([, isKept]) => isKept).map(([fd]) => fd),
		open: () => [...fds.keys()],
		/** archon is re-executed: what is not kept is closed. */
		instance(strays: readonly number[] = []): KeptFds {
			for (const [fd, isKept] of last ? [...fds] : []) {
				if (isKept) fds.set(fd, false);
				else if (!strays.includes(fd)) fds.delete(fd);
			}
			last = openKeptFds({
				handoff: {past: new Map(records), put: (key, text) => void records.set(key, text), delete: key => void records.delete(key)},
				keepFd(fd, isKept) {
					if (isKept && !fds.has(fd)) return -9;
					if (fds.has(fd)) fds.set(fd, isKept);
					return 0;
				},
				close: fd => (fds.delete(fd) ? 0 : -9),
				strays,
				failed: (fd, errno) => void failures.push(`${fd}: ${errno}`),
			});
			return last;
		},
	};
}

test('what one instance keeps every later one finds under its key, once', () => {
	const {instance, kept} = world(5, 6, 7);
	instance().keep('pipes 1', [5, 6]);
	const second = instance();
	expect(second.inherited('pipes 1')).toEqual([5, 6]);
	expect(second.inherited('pipes 1')).toEqual([]);
	expect(second.closeUnclaimed()).toBe(0);
	expect(instance().inherited('pipes 1')).toEqual([5, 6]);
	expect(kept()).toEqual([5, 6]);
});

test('what is released is not found again, and only its owner closes it', () => {
	const {instance, open, kept, records} = world(5);
	const first = instance();
	first.keep('ready 1', [5]);
	first.release('ready 1');
	first.release('ready 1');
	expect([open(), kept(), records.size]).toEqual([[5], [], 0]);
	expect(instance().inherited('ready 1')).toEqual([]);
});

test('what an instance has no use for is closed when its start is over, and counted', () => {
	const {instance, open, records} = world(5, 6, 7, 8);
	const first = instance();
	first.keep('listener /a', [5]);
	first.keep('pipes 1', [6, 7, 8]);
	const second = instance();
	second.inherited('listener /a');
	expect(second.closeUnclaimed()).toBe(3);
	expect(second.closeUnclaimed()).toBe(0);
	expect([open(), [...records.keys()]]).toEqual([[5], ['fds listener /a']]);
});

test('a fault in the start loses nothing: until something is claimed it lives on as well', () => {
	const {instance} = world(5);
	instance().keep('listener /a', [5]);
	instance();
	expect(instance().inherited('listener /a')).toEqual([5]);
});

test('descriptors of which nothing is written down are closed, but for those that are found to be of use', () => {
	const {instance, open, kept} = world(5, 6, 7);
	const first = instance([5, 6, 7]);
	first.keep('pipes 1', [6]);
	first.closeStrays();
	expect([open(), kept(), first.closeUnclaimed()]).toEqual([[6], [6], 0]);
});

test('of descriptors that belong together all are kept or none, and a failure is told once', () => {
	const {instance, kept, failures, records} = world(5);
	const first = instance();
	first.keep('pipes 1', [5, 6]);
	first.keep('pipes 2', [5, 7]);
	expect([kept(), failures, records.size]).toEqual([[], ['6: 9'], 0]);
});

test('a record of a descriptor that is not open any more is dropped with the rest of its key', () => {
	const {instance, open, records} = world(5);
	records.set('fds pipes 1', '5 6');
	const first = instance();
	expect(first.inherited('pipes 1')).toEqual([]);
	expect([first.closeUnclaimed(), open(), records.size]).toEqual([0, [], 0]);
});
