/**
 * Where lines leave archon: a bounded queue before something that may be slow, stuck or gone. What finds
 * no room is lost, counted by service, and told; nothing waits here.
 */
import {bytesOf} from '../../../os/bytes.ts';
import {after, now, soon} from '../../../os/clock.ts';
import {count, droppedOf} from '../../../os/counts.ts';
import {sys} from '../../../os/sys.ts';
import type {Queue} from './queue.ts';

export interface Outlet {
	/** Whole lines, which are copied. `must`: they are kept although there is no room, for their service waits. */
	put(lines: Uint8Array, service: string, must: boolean): void;
	isFull(): boolean;
	/** Whether to wait for room is worth while: not where it did not come for long. */
	isPatient(): boolean;
	giveUp(): void;
	/** Calls back when half of the room is free, or the outlet is broken. */
	whenRoom(callback: () => void): void;
	/** Calls back when all is written, or the outlet is broken. */
	whenIdle(callback: () => void): void;
}

/**
 * Writes some of what waits and takes it from the queue. `later`: `resume` is called when it should be asked
 * again. `broken`: never again, for it has no reader any more.
 */
export type Write = (queue: Queue, resume: () => void) => 'written' | 'later' | 'broken';

/** How many lines of each service were lost. */
export type Losses = ReadonlyMap<string, number>;

/** Bytes that may wait for a reader. */
const LIMIT = 1 << 20;
/** The same of a reader that is slow, and not yet known to be too slow. */
const HARD_LIMIT = 8 << 20;
/** After its reader was too slow for long, lines do not wait for it for this time, in milliseconds. */
const IMPATIENCE = 10_000;

/** Reports lines that were lost: in a line that goes out here when there is room again, or elsewhere and at once. */
export type LossReport = {readonly here: (losses: Losses) => string} | {readonly elsewhere: (losses: Losses) => void};

export function createOutlet(queue: Queue, write: Write, lossReport: LossReport): Outlet {
	let losses = new Map<string, number>();
	let isWaiting = false;
	let isBroken = false;
	let patientFrom = 0;
	const forRoom: (() => void)[] = [];
	const forIdle: (() => void)[] = [];

	function pump(): void {
		while (!isWaiting && queue.size() > 0) {
			const outcome = write(queue, resume);
			if (outcome === 'later') isWaiting = true;
			if (outcome === 'broken') {
				isBroken = true;
				queue.take(queue.size());
			}
		}
		if (queue.size() <= LIMIT / 2) makeKnown();
	}

	function resume(): void {
		isWaiting = false;
		pump();
	}

	function makeKnown(): void {
		if (losses.size > 0 && !isBroken && 'here' in lossReport) {
			queue.put(bytesOf(lossReport.here(losses)));
			losses = new Map();
			return pump();
		}
		if (forRoom.length > 0) for (const callback of forRoom.splice(0)) callback();
		if (queue.size() === 0 && forIdle.length > 0) for (const callback of forIdle.splice(0)) callback();
	}

	// What the previous instance left behind.
	if (queue.size() > 0) soon(pump);

	function lose(bytes: Uint8Array, service: string): void {
		const lines = sys.countLines(bytes);
		lost += lines;
		count(droppedOf(service), lines);
		if ('elsewhere' in lossReport) lossReport.elsewhere(new Map([[service, lines]]));
		else losses.set(service, (losses.get(service) ?? 0) + lines);
	}

	return {
		put(lines, service, must) {
			if (isBroken) return;
			// An outlet that may still get through accepts what comes while it is being closed: last words above all.
			const most = must ? Infinity : now() >= patientFrom ? HARD_LIMIT : LIMIT;
			if (queue.size() >= most) return lose(lines, service);
			queue.put(lines);
			if (isWaiting) return;
			// What is under way goes first, a service's restart above all; and what comes meanwhile is written with it.
			isWaiting = true;
			soon(resume);
		},
		isFull: () => queue.size() >= LIMIT,
		isPatient: () => now() >= patientFrom,
		giveUp() {
			patientFrom = now() + IMPATIENCE;
		},
		whenRoom: callback => void (queue.size() <= LIMIT / 2 ? callback() : forRoom.push(callback)),
		whenIdle: callback => void (queue.size() === 0 ? callback() : forIdle.push(callback)),
	};
}

/** How often the same trouble is told, in milliseconds. */
const TELL_EVERY = 10_000;

let lost = 0;

/** Lines that this instance of archon had no room for, of all outlets. */
export const linesLost = (): number => lost;

/** Gathers losses, and tells them after a second and then every ten, for as long as there are any. */
export function createTally(tell: (losses: Losses) => void): (losses: Losses) => void {
	let gathered = new Map<string, number>();
	let isArmed = false;
	let quietUntil = 0;
	const arm = (): void => {
		isArmed = true;
		after(Math.max(1000, quietUntil - now()), () => {
			isArmed = false;
			quietUntil = now() + TELL_EVERY;
			const told = gathered;
			gathered = new Map();
			tell(told);
		});
	};
	return losses => {
		for (const [service, count] of losses) gathered.set(service, (gathered.get(service) ?? 0) + count);
		if (!isArmed) arm();
	};
}

/** `12 lines were dropped (web 9, db 3)`. */
export function lossText(losses: Losses, verb: 'dropped' | 'lost' | 'left out'): string {
	const total = [...losses.values()].reduce((sum, count) => sum + count, 0);
	const whose = [...losses].map(([service, count]) => `${service} ${count}`);
	const shown = whose.length > NAMES_MAX ? [...whose.slice(0, NAMES_MAX), '…'] : whose;
	return `${total} ${total === 1 ? 'line was' : 'lines were'} ${verb} (${shown.join(', ')})`;
}

const NAMES_MAX = 5;
