/** The watch over the config's files, where somebody writes beside them without end. */
import {beforeEach, expect, test, vi} from 'vitest';
import {createConfigWatch} from '../../../../src/features/watch-config/os/watch.ts';
import {sys} from '../../../../src/os/sys.ts';

const FD = 7;
const PATIENCE = 10_000;

let reads = 0;
let timers: {millis: number; callback: () => void}[] = [];
let watched: (() => void) | null = null;
let changes = 0;

const watch = (): void => createConfigWatch({
	poller: {
		watch: (_fd, _events, watcher) => void (watched = () => watcher(1)),
		forget: () => void (watched = null),
	},
	after(millis, callback) {
		const timer = {millis, callback};
		timers.push(timer);
		return () => void (timers = timers.filter(each => each !== timer));
	},
	changed: () => void (changes += 1),
	warn() {},
}).set({files: ['/srv/app.yaml'], folders: []}, 500);

beforeEach(() => {
	[reads, timers, watched, changes] = [0, [], null, 0];
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
	watched?.();
	expect(reads).toBeLessThan(100);
	expect(watched).toBeNull();
	timers.find(({millis}) => millis < 500)?.callback();
	expect(watched).not.toBeNull();
	timers.find(({millis}) => millis === 500)?.callback();
	expect(changes).toBe(1);
});
