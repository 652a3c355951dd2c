/** The watch over the config's files: where somebody writes beside them without end, and where the kernel has no watches left. */
import {beforeEach, expect, test, vi} from 'vitest';
import {createConfigWatch} from '../../../../src/features/watch-config/os/watch.ts';
import {createWatches} from '../../../../src/os/watches.ts';
import {ERRNO, sys} from '../../../../src/os/sys.ts';

const FD = 7;
const PATIENCE = 10_000;

let reads = 0;
let timers: {millis: number; callback: () => void}[] = [];
let watched: (() => void) | null = null;
let changes = 0;
let warnings: string[] = [];

function after(millis: number, callback: () => void): () => void {
	const timer = {millis, callback};
	timers.push(timer);
	return () => void (timers = timers.filter(each => each !== timer));
}

const watch = (): void => createConfigWatch({
	watches: createWatches({
		poller: {
			watch: (_fd, _events, watcher) => void (watched = () => watcher(1)),
			forget: () => void (watched = null),
		},
		after,
	}),
	after,
	changed: () => void (changes += 1),
	warn: text => void warnings.push(text),
}).set({files: ['/srv/app.yaml'], folders: []}, 500);

function fire(millis: number): void {
	const timer = timers.find(each => each.millis === millis);
	timers = timers.filter(each => each !== timer);
	timer?.callback();
}

beforeEach(() => {
	[reads, timers, watched, changes, warnings] = [0, [], null, 0, []];
	vi.spyOn(sys, 'openWatches').mockReturnValue(FD);
	vi.spyOn(sys, 'addWatch').mockReturnValue(1);
	vi.spyOn(sys, 'readLink').mockReturnValue(-22);
	vi.spyOn(sys, 'readText').mockReturnValue('');
	vi.spyOn(sys, 'realPath').mockReturnValue(-2);
	vi.spyOn(sys, 'close').mockReturnValue(0);
	vi.spyOn(sys, 'readWatches').mockImplementation(() => {
		reads += 1;
		if (reads > PATIENCE) throw new Error('it is read without end');
		return ['1 other'];
	});
	return () => vi.restoreAllMocks();
});

test('a flood of names is read in parts, with rests between, and comes to one change', () => {
	watch();
	vi.mocked(sys.readWatches).mockImplementation(() => {
		reads += 1;
		if (reads > PATIENCE) throw new Error('it is read without end');
		return ['1 app.yaml'];
	});
	watched?.();
	expect(reads).toBeLessThan(100);
	expect(watched).toBeNull();
	fire(100);
	expect(watched).not.toBeNull();
	fire(500);
	expect(changes).toBe(1);
});

test('where a user has no instance of inotify left, the files are looked at from time to time, and one line says so', () => {
	vi.mocked(sys.openWatches).mockReturnValue(-ERRNO.EMFILE);
	watch();
	expect(warnings).toEqual([
		'cannot watch the config: No file descriptors available (fs.inotify.max_user_instances); it is read every 10 s instead',
	].map(text => expect.stringContaining(text.slice(text.indexOf('(')))));
	for (let i = 1; i <= 3; i++) {
		fire(10_000);
		expect(changes).toBe(i);
	}
	expect(warnings).toHaveLength(1);
});

test('where there are no watches left, too', () => {
	vi.mocked(sys.addWatch).mockReturnValue(-ERRNO.ENOSPC);
	watch();
	expect(warnings[0]).toMatch(/fs\.inotify\.max_user_watches\); it is read every 10 s instead/);
	fire(10_000);
	expect(changes).toBe(1);
});
