/** A day of events leaves archon as big as it was after its first hours. */
import {getHeapSpaceStatistics, setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {expect, test} from 'vitest';
import {dawn, HOUR} from './day.ts';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Where V8 has data: what it compiles is in others, and grows for as long as it finds something to make faster. */
const SPACES: readonly string[] = ['new_space', 'old_space', 'large_object_space', 'new_large_object_space'];

/** KiB of data in use, buffers included, after garbage collection. */
function used(): number {
	gc();
	gc();
	const heap = getHeapSpaceStatistics().filter(({space_name: name}) => SPACES.includes(name));
	return Math.round((process.memoryUsage().arrayBuffers + heap.reduce((sum, {space_used_size: size}) => sum + size, 0)) / 1024);
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;

const HOURS = 24;

/**
 * KiB: less than half a byte for each event. V8's own notes on what it compiles come to half of that in twenty hours; the
 * names of all commands would come to twice as much, and an object of each event to a hundred times.
 */
const SLACK = 256;

test(`${HOURS} hours of events leave the heap flat`, {timeout: 300_000}, async () => {
	const day = dawn(1);
	const levels: number[] = [];
	for (let hour = 1; hour <= HOURS; hour++) {
		await day.until(hour * HOUR);
		levels.push(used());
	}
	// The first hour fills what has a bound: last lines, last ends.
	const [early, late] = [median(levels.slice(1, 4)), median(levels.slice(-3))];
	const told = `${JSON.stringify(day.counts)}; ${early} KiB early, ${late} KiB late, by the hour ${levels.join(' ')}`;
	console.log(told);
	expect(late - early, told).toBeLessThan(SLACK);

	// A day on which nothing happens would leave it flat, too.
	const {events, spawns, lines, commands, reloads} = day.counts;
	expect(events).toBeGreaterThan(500_000);
	expect(spawns).toBeGreaterThan(50_000);
	expect(lines).toBeGreaterThan(200_000);
	expect(commands).toBeGreaterThan(8000);
	expect(reloads).toBeGreaterThan(300);
	// Who came has left, but for those who watch; and every place was used again.
	expect(day.visitors()).toBeLessThan(10);
	expect(day.state().table.places).toBeLessThan(80);
	expect(day.state().living).toBeGreaterThan(30);
});
