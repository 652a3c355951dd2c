/** Messages on their way to one receiver, one after the other: bounded, and tried again with pauses that grow. */
import type {ReceiverReport} from '../../core/alerts.ts';
import {isObject} from '../../core/foreign-json.ts';
import type {Millis} from '../../core/time.ts';
import type {Message} from '../../features/alerts/core/message.ts';
import type {Delivered} from './delivery.ts';

export interface OutboxParts {
	readonly deliver: (message: Message) => Promise<Delivered>;
	/** In ms since 1970. */
	readonly wallClock: () => number;
	readonly after: (millis: Millis, callback: () => void) => () => void;
	/** Something is another than before. */
	readonly changed: () => void;
	/** A line for the log. */
	readonly say: (text: string) => void;
}

export interface Outbox {
	put(message: Message): void;
	/** Another attempt at once, whatever pause there was. */
	hurry(): void;
	/** Whether nothing waits. */
	isEmpty(): boolean;
	report(): Omit<ReceiverReport, 'name' | 'kind' | 'firing'>;
	/** All of it, for `saved`. */
	save(): unknown;
	/** No attempt is begun any more. */
	close(): void;
}

/** Messages that wait at most; then the oldest is given up. */
export const WAITING_MAX = 8;
/** The first pause, and the longest. */
const [PAUSE_MIN, PAUSE_MAX]: readonly [Millis, Millis] = [5000, 300_000];
/** A message that is older is of no use any more. */
const OLD: Millis = 86_400_000;

export function createOutbox({deliver, wallClock, after, changed, say}: OutboxParts, saved: unknown = null): Outbox {
	const before = isObject(saved) ? saved : {};
	let waiting = Array.isArray(before['waiting']) ? (before['waiting'] as Message[]).slice(0, WAITING_MAX) : [];
	let [delivered, dropped] = [count(before['delivered']), count(before['dropped'])];
	let last: number | null = typeof before['last'] === 'number' ? before['last'] : null;
	let why = typeof before['why'] === 'string' ? before['why'] : '';
	let tries = 0;
	let isBusy = false;
	let isClosed = false;
	let next: number | null = null;
	let cancel = (): void => {};

	function pump(): void {
		const [message] = waiting;
		if (isBusy || isClosed || next !== null || !message) return;
		isBusy = true;
		void attempt(message).then(outcome => settle(message, outcome));
	}

	/** A bug is a failure like others. */
	const attempt = (message: Message): Promise<Delivered> =>
		deliver(message).catch((error: unknown): Delivered => ({why: `a bug in archon: ${String(error)}`, isFinal: true, pause: null}));

	function settle(message: Message, outcome: Delivered): void {
		isBusy = false;
		const isOver = outcome === null || outcome.isFinal || wallClock() - message.at > OLD;
		if (isOver) waiting = waiting.filter(each => each !== message);
		if (outcome === null) {
			if (why !== '') say(`delivers again, after: ${why}`);
			[why, tries, last] = ['', 0, wallClock()];
			delivered++;
		} else {
			if (outcome.why !== why) say(`${isOver ? 'has lost an alert' : 'cannot deliver, and tries again'}: ${outcome.why}`);
			why = outcome.why;
			if (isOver) [dropped, tries] = [dropped + 1, 0];
			else rest(Math.max(outcome.pause ?? 0, Math.min(PAUSE_MAX, PAUSE_MIN * 2 ** Math.min(tries++, 16))));
		}
		changed();
		pump();
	}

	function rest(pause: Millis): void {
		next = wallClock() + pause;
		cancel = after(pause, () => {
			next = null;
			pump();
		});
	}

	// In a turn of its own: who made this one has it by then.
	after(0, pump);
	return {
		put(message) {
			waiting.push(message);
			// The first is on its way.
			if (waiting.length > WAITING_MAX) {
				waiting.splice(isBusy ? 1 : 0, 1);
				dropped++;
			}
			changed();
			pump();
		},
		hurry() {
			cancel();
			next = null;
			pump();
		},
		isEmpty: () => waiting.length === 0,
		report: () => ({waiting: waiting.length, delivered, dropped, last, why, next: waiting.length > 0 ? next : null}),
		save: () => ({waiting, delivered, dropped, last, why}),
		close() {
			isClosed = true;
			cancel();
		},
	};
}

const count = (value: unknown): number => (typeof value === 'number' && value >= 0 ? value : 0);
