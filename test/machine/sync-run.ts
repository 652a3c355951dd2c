/**
 * One run of a follower in a process of its own, which kills itself at a step: `node sync-run.ts SYNC STEP READY`. What it comes to is
 * a line of JSON. READY: `yes`, or the release that is not.
 */
import '../../scripts/under-node.ts';
import {readlinkSync} from 'node:fs';

const [words = '{}', killAt = '', bad = ''] = process.argv.slice(2);
const {turn} = await import('../../src/os/reactor.ts');
const {createFollower} = await import('../../src/helpers/sync/follower.ts');
const {createFolder} = await import('../../src/helpers/sync/folder.ts');
const {createPlace} = await import('../../src/helpers/sync/place.ts');

const sync = JSON.parse(words);
const turns = setInterval(() => turn(0), 1);
const current = (): string => readlinkSync(`${sync.dest}/current`).replace('releases/', '');
const started: string[] = [];
const follower = createFollower(sync, createPlace(sync.dest), {
	fetcher: createFolder(sync.source.slice('file://'.length)),
	wallClock: Date.now,
	restart() {
		started.push(current());
		return Promise.resolve(current() === bad ? 'web: exit status 1' : null);
	},
	step(name) {
		if (name === killAt) process.kill(process.pid, 'SIGKILL');
	},
});
const answer = await follower.look(false);
clearInterval(turns);
console.log(JSON.stringify({...answer, started}));
