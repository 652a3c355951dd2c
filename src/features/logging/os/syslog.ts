/** Lines to a syslog server: a bounded backlog, and a relay that is dialled again for as long as there is something to send. */
import type {LogStream, Syslog} from '../core.ts';
import {after, now, soon} from '../../../os/clock.ts';
import {sys} from '../../../os/sys.ts';
import {createBacklog} from './backlog.ts';
import type {Queue} from './queue.ts';
import {placeOf, type Relay, type RelayListener} from './relays.ts';
import {framing} from './rfc5424.ts';

/** Takes lines on their way, and never makes the caller wait. */
export interface LineWriter {
	/** Lines without their newlines, as latin1 text; `at` is in milliseconds since 1970. */
	put(lines: readonly string[], stream: LogStream, at: number): void;
	/** Calls back when all is sent or hopeless. */
	whenIdle(callback: () => void): void;
	/** What is not sent by now is lost, and that is told before this returns. */
	close(): void;
}

/** Bytes that may wait for the server. */
const LIMIT = 1 << 20;
/** Bytes that are sent at a stretch, before others have their turn. */
const BATCH = 1 << 16;
/** Between two attempts to connect, in milliseconds: twice as long after each, up to the latter. */
const PAUSE_MIN = 100;
const PAUSE_MAX = 10_000;
/** A connection that lasted so long was a good one, in milliseconds. */
const LASTING = 1000;
/** After this many consecutive failures they are logged, although nothing is lost yet. */
const FAILURES_TOLD = 4;
/** For so long losses are gathered before they are told, and how often they are told, in milliseconds. */
const GATHER = 1000;
const TELL_EVERY = 10_000;

/** `resting`: it failed, and is not tried again for a while. */
type State = 'off' | 'dialling' | 'ready' | 'busy' | 'resting' | 'closed';

/** Begins to connect to the server. It may have failed, or be ready, before there is a result. */
export type Dial = (listener: RelayListener) => Relay;

/**
 * `queue`: where messages wait. `lost` is told how many lines were lost since it was told last, and why; none where nothing
 * gets through, but waits.
 */
export function createSyslog(target: Syslog, dial: Dial, queue: Queue, lost: (count: number, why: string) => void): LineWriter {
	const {address} = target;
	const frame = framing(target, sys.hostname());
	const losses = createLosses(lost);
	const backlog = createBacklog(queue);
	let state: State = 'off';
	let relay: Relay | null = null;
	let openedAt = Infinity;
	let failures = 0;
	let trouble: string | null = null;
	let endRest = (): void => {};
	let isScheduled = false;
	const waiting: (() => void)[] = [];

	const reason = (): string => trouble ?? `${placeOf(address)} is too slow`;
	const isIdle = (): boolean => backlog.count() === 0 || state === 'resting' || state === 'closed';

	function tellIdle(): void {
		if (isIdle()) for (const callback of waiting.splice(0)) callback();
	}

	/** In a turn of its own: who puts a line or hears of a relay is done first. */
	function schedule(): void {
		if (isScheduled || backlog.count() === 0 || (state !== 'off' && state !== 'ready')) return;
		isScheduled = true;
		soon(() => {
			isScheduled = false;
			if (backlog.count() === 0) return;
			if (state === 'off') open();
			else if (state === 'ready') sendOn();
		});
	}

	function open(): void {
		state = 'dialling';
		openedAt = Infinity;
		const listener: RelayListener = {
			ready(done) {
				if (state === 'dialling') openedAt = now();
				trouble = null;
				state = 'ready';
				backlog.take(done);
				schedule();
				tellIdle();
			},
			lost: losses.add,
			failed(why, done) {
				trouble = why;
				relay = null;
				backlog.take(done);
				pause();
				tellIdle();
			},
		};
		const opened = dial(listener);
		if (isConnecting()) relay = opened;
	}

	/** Whether it has not failed by now. */
	const isConnecting = (): boolean => state === 'dialling' || state === 'ready';

	function sendOn(): void {
		state = 'busy';
		relay?.send(backlog.first(BATCH));
	}

	function pause(): void {
		failures = now() - openedAt >= LASTING ? 1 : failures + 1;
		if (failures === FAILURES_TOLD && trouble !== null) losses.add(0, trouble);
		state = 'resting';
		endRest = after(Math.min(PAUSE_MAX, PAUSE_MIN * 2 ** (failures - 1)), () => {
			state = 'off';
			schedule();
		});
	}

	// What the last instance left behind.
	schedule();

	return {
		put(lines, stream, at) {
			let room = state === 'closed' ? 0 : LIMIT - backlog.size();
			const messages: string[] = [];
			for (const line of lines) {
				const made = frame(line, stream, at);
				if (made.length > room) continue;
				messages.push(made);
				room -= made.length;
			}
			backlog.put(messages);
			if (messages.length < lines.length) losses.add(lines.length - messages.length, reason());
			schedule();
		},
		whenIdle: callback => void (isIdle() ? callback() : waiting.push(callback)),
		close() {
			if (state === 'closed') return;
			state = 'closed';
			endRest();
			relay?.close();
			if (backlog.count() > 0) losses.add(backlog.count(), reason());
			backlog.take(backlog.count());
			losses.tell();
			tellIdle();
		},
	};
}

interface Losses {
	add(count: number, why: string): void;
	/** At once. */
	tell(): void;
}

function createLosses(lost: (count: number, why: string) => void): Losses {
	let gathered = 0;
	let reason: string | null = null;
	let quietUntil = 0;
	let disarm: (() => void) | null = null;

	function tell(): void {
		disarm?.();
		disarm = null;
		if (reason === null) return;
		const [count, why] = [gathered, reason];
		[gathered, reason, quietUntil] = [0, null, now() + TELL_EVERY];
		lost(count, why);
	}

	return {
		tell,
		add(count, why) {
			gathered += count;
			reason = why;
			disarm ??= after(Math.max(GATHER, quietUntil - now()), tell);
		},
	};
}
