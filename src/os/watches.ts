/**
 * Changes of files as the kernel tells them (inotify(7)): one descriptor for all who want to hear of any, as a user has few and
 * the containers of a machine share them. What is watched by several is watched once.
 */
import type {Millis} from '../core/time.ts';
import {after} from './clock.ts';
import type {Poller} from './poller.ts';
import {EPOLLIN, type Outcome, sys} from './sys.ts';

export interface WatchesParts {
	readonly poller: Pick<Poller, 'watch' | 'forget'>;
	/** As of clock.ts. */
	readonly after?: (millis: Millis, callback: () => void) => () => void;
}

/** Who hears of changes. */
export interface Hearer {
	/** The descriptor that numbers are of; or -errno. From here to `set` it hears of numbers that are not known yet. */
	begin(): Outcome;
	/** The numbers that it hears of from now on. */
	set(numbers: Iterable<number>): void;
	/** It hears of one more. */
	add(number: number): void;
	/** It does not hear of that one any more. */
	drop(number: number): void;
	/** It hears of nothing any more. */
	close(): void;
}

/** `number`: of a watch, or -1: some were lost, or it is not known yet. `name`: in the folder; empty: of what is watched itself. */
export type Hear = (number: number, name: string) => void;

export interface Watches {
	hearer(hear: Hear): Hearer;
}

/**
 * Who may write in a folder that is watched can do so without end: after these reads, of 16 KiB each, others have their
 * turn, and the next comes after a rest. What the kernel's queue cannot hold meanwhile it tells as lost.
 */
const READS_MAX = 16;
const REST: Millis = 100;

export function createWatches({poller, after: later = after}: WatchesParts): Watches {
	interface Own {
		readonly hear: Hear;
		numbers: Set<number>;
		isBeginning: boolean;
	}
	const all = new Set<Own>();
	const byNumber = new Map<number, Set<Own>>();
	/** Numbers without a hearer; they are given up when no look is under way that may take them again. */
	const left = new Set<number>();
	let fd = -1;
	let endRest = (): void => {};

	function open(): Outcome {
		if (fd >= 0) return fd;
		const opened = sys.openWatches();
		if (opened < 0) return opened;
		fd = opened;
		poller.watch(fd, EPOLLIN, hear);
		return fd;
	}

	function close(): void {
		if (fd < 0) return;
		endRest();
		poller.forget(fd);
		sys.close(fd);
		fd = -1;
		left.clear();
	}

	function hear(): void {
		let reads = 0;
		for (let events = sys.readWatches(fd); typeof events !== 'number' && events.length > 0; events = sys.readWatches(fd)) {
			for (const event of events) tell(event);
			reads += 1;
			if (fd < 0) return;
			if (reads < READS_MAX) continue;
			poller.forget(fd);
			endRest();
			endRest = later(REST, () => fd >= 0 && poller.watch(fd, EPOLLIN, hear));
			return;
		}
	}

	function tell(event: string): void {
		const space = event.indexOf(' ');
		const [number, name] = [Number(event.slice(0, space)), event.slice(space + 1)];
		const owners = number < 0 ? all : byNumber.get(number);
		if (owners) for (const own of [...owners]) own.hear(number, name);
		else if (!left.has(number)) for (const own of all) if (own.isBeginning) own.hear(-1, '');
	}

	function join(own: Own, number: number): void {
		left.delete(number);
		const owners = byNumber.get(number);
		if (owners) owners.add(own);
		else byNumber.set(number, new Set([own]));
	}

	function part(own: Own, number: number): void {
		const owners = byNumber.get(number);
		owners?.delete(own);
		if (owners?.size !== 0) return;
		byNumber.delete(number);
		left.add(number);
	}

	function leave(own: Own, kept: ReadonlySet<number>): void {
		for (const number of own.numbers) if (!kept.has(number)) part(own, number);
	}

	/** Not while somebody looks for places to watch: the number may be given again. */
	function giveUp(): void {
		if ([...all].some(({isBeginning}) => isBeginning)) return;
		for (const number of left) sys.removeWatch(fd, number);
		left.clear();
	}

	return {
		hearer(hear) {
			const own: Own = {hear, numbers: new Set(), isBeginning: false};
			return {
				begin() {
					const opened = open();
					all.add(own);
					own.isBeginning = true;
					return opened;
				},
				set(numbers) {
					const kept = new Set(numbers);
					own.isBeginning = false;
					leave(own, kept);
					own.numbers = kept;
					for (const number of kept) join(own, number);
					giveUp();
				},
				add(number) {
					own.numbers.add(number);
					join(own, number);
				},
				drop(number) {
					if (!own.numbers.delete(number)) return;
					part(own, number);
					giveUp();
				},
				close() {
					leave(own, NONE);
					own.numbers = new Set();
					own.isBeginning = false;
					all.delete(own);
					if (all.size === 0) close();
					else giveUp();
				},
			};
		},
	};
}

const NONE: ReadonlySet<number> = new Set();

let shared: Watches | null = null;

/** The same for the whole process. */
export const watchesOf = (poller: Poller): Watches => shared ??= createWatches({poller});
