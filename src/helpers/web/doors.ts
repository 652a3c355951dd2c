/**
 * Archon as visitors may ask it: connections of the control protocol that PID 1 lends, each with the rights of one grant and for one
 * request of HTTP at a time. How many there are, and how much is asked in a while, is bounded for all together.
 */
import type {Grant} from '../../core/access.ts';
import type {Millis} from '../../core/time.ts';
import {grantId} from '../../core/web.ts';
import {bytesOf, newBytes, textOf} from '../../os/bytes.ts';
import {after} from '../../os/clock.ts';
import {close} from '../../os/descriptors.ts';
import {LENT, type Message, WITHHELD} from '../../os/helper-wire.ts';
import type {Poller} from '../../os/poller.ts';
import {EPOLLIN, ERRNO, sys} from '../../os/sys.ts';
import type {Connection} from '../connection.ts';
import {createHelperControl, type HelperControl} from '../control.ts';
import type {Visitor} from './visitor.ts';

/** What a request of HTTP may ask of archon. */
export interface Asking extends Pick<Visitor, 'ask' | 'follow'> {
	/** The request is over: whatever it still waits for is given up. */
	end(): void;
}

export interface Doors {
	/** Whether the message was about connections; then its descriptors are used. */
	heard(message: Message, fds: readonly number[]): boolean;
	/** Another instance of archon is there. */
	reset(): void;
	asking(grant: Grant): Asking;
}

interface Line {
	readonly door: string;
	readonly control: HelperControl;
}

/** Connections at a time, and those that are kept though no request has them. */
const [LINES_MAX, IDLE_MAX] = [60, 4];
/** Questions in so long: others wait, so that nothing that comes by HTTP takes archon's time from services. */
const [BURST, PERIOD]: readonly [number, Millis] = [50, 100];
/** Of the reply that confirms the rights. */
const REPLY_MAX = 1024;

export function createDoors(connection: Connection, poller: Poller): Doors {
	/** What PID 1 was asked for, by number. */
	const wanted = new Map<number, {readonly line: Line; readonly id: number}>();
	const lines = new Set<Line>();
	let idle: readonly Line[] = [];
	/** Those that wait for a line, in their order. */
	const queue = new Set<() => void>();
	let [last, asked, isResting] = [0, 0, false];

	function createLine(door: string): Line {
		const own: Connection = {
			send(kind, id = 0) {
				wanted.set(++last, {line, id});
				connection.send(kind, last, bytesOf(door));
			},
			waiting: connection.waiting,
		};
		const line: Line = {door, control: createHelperControl(own, poller)};
		lines.add(line);
		return line;
	}

	/** Only what PID 1 has confirmed has the rights of the door, and no more. */
	function confirm(fd: number, done: (isConfirmed: boolean) => void): void {
		let reply = '';
		poller.watch(fd, EPOLLIN, () => {
			const more = newBytes(REPLY_MAX);
			const count = sys.read(fd, more);
			if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return;
			reply += textOf(more, 0, Math.max(0, count));
			if (count > 0 && !reply.includes('\n') && reply.length < REPLY_MAX) return;
			poller.forget(fd);
			done(reply === 'Ok\n');
		});
	}

	function drop(line: Line): void {
		lines.delete(line);
		line.control.close();
	}

	function take(door: string): Line | null {
		const found = idle.find(each => each.door === door);
		if (found) {
			idle = idle.filter(each => each !== found);
			return found;
		}
		const [oldest] = idle;
		if (lines.size >= LINES_MAX && oldest) {
			idle = idle.slice(1);
			drop(oldest);
		}
		return lines.size < LINES_MAX ? createLine(door) : null;
	}

	function give(line: Line): void {
		if (!lines.has(line)) return;
		idle = [...idle, line];
		for (const each of idle.slice(0, -IDLE_MAX)) drop(each);
		idle = idle.slice(-IDLE_MAX);
		goOn();
	}

	function goOn(): void {
		for (const each of [...queue]) {
			if (isResting) return;
			each();
		}
	}

	/** Whether one more may be asked now. */
	function mayAsk(): boolean {
		if (isResting) return false;
		asked += 1;
		if (asked === 1) {
			after(PERIOD, () => {
				[asked, isResting] = [0, false];
				goOn();
			});
		}
		isResting = asked >= BURST;
		return true;
	}

	function asking(grant: Grant): Asking {
		const door = grantId(grant);
		let line: Line | null = null;
		let isOver = false;
		/** What gives up each that is under way or waits. */
		const under = new Set<() => void>();

		/** Begins as soon as it may; the result gives it up. */
		function begin(act: (control: HelperControl, done: () => void) => () => void): () => void {
			let giveUp: () => void = () => void queue.delete(attempt);
			let isDone = false;
			const done = (): void => {
				isDone = true;
				under.delete(end);
			};
			const attempt = (): void => {
				line ??= isResting ? null : take(door);
				if (!line || !mayAsk()) return void queue.add(attempt);
				queue.delete(attempt);
				giveUp = act(line.control, done);
			};
			const end = (): void => {
				if (isDone) return;
				done();
				giveUp();
			};
			under.add(end);
			if (isOver) end();
			else attempt();
			return end;
		}

		return {
			ask: (request, fields, hears) => begin((control, done) => control.ask(request, fields, {
				rows: rows => hears.rows?.(rows),
				done(result) {
					done();
					hears.done(result);
				},
			})),
			follow: (choice, hears) => begin(control => control.follow(choice, hears)),
			end() {
				if (isOver) return;
				isOver = true;
				for (const each of [...under]) each();
				if (line) give(line);
				line = null;
			},
		};
	}

	return {
		asking,
		heard({kind, id, payload}, fds) {
			if (kind !== LENT && kind !== WITHHELD) return false;
			const [fd, ...others] = fds;
			others.forEach(close);
			const found = wanted.get(id);
			wanted.delete(id);
			if (kind === WITHHELD || fd === undefined || !found || !lines.has(found.line)) {
				if (fd !== undefined) close(fd);
				if (kind === WITHHELD) found?.line.control.heard({kind, id: found.id, payload}, []);
				return true;
			}
			confirm(fd, isConfirmed => {
				if (isConfirmed && lines.has(found.line)) found.line.control.heard({kind, id: found.id, payload: newBytes(0)}, [fd]);
				else close(fd);
			});
			return true;
		},
		reset() {
			wanted.clear();
			for (const each of idle) drop(each);
			idle = [];
			for (const {control} of lines) control.reset();
		},
	};
}
