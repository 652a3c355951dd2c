/** Long looks, a stretch at a time and one after the other: who asks for one that has not begun shares it with others who do. */
import {attempt, type Failed} from '../../core/lazily.ts';

/** Does a part of the work at each step. */
export type Look<T> = Generator<undefined, T>;

/** Calls back soon with what a look finds that has begun after this; `failed`: with what it, or the callback, has thrown. */
export type Ask<T> = (told: (found: T) => void, failed: Failed) => void;

/** What makes of a look one that can be asked for. `soon`: calls back in the next turn of the loop. */
export function createLooks(soon: (callback: () => void) => void): <T>(begin: () => Look<T>) => Ask<T> {
	const queue: (() => Look<void>)[] = [];
	let current: Look<void> | null = null;

	function goOn(): void {
		current ??= queue.shift()?.() ?? null;
		if (current?.next().done ?? true) current = null;
		if (current || queue.length > 0) soon(goOn);
	}

	function asking<T>(begin: () => Look<T>): Ask<T> {
		let waiting: {readonly told: (found: T) => void; readonly failed: Failed}[] = [];
		function* look(): Look<void> {
			const all = waiting;
			waiting = [];
			try {
				const found = yield* begin();
				for (const {told, failed} of all) attempt(() => told(found), failed);
			} catch (error) {
				for (const {failed} of all) failed(error);
			}
		}
		return (told, failed) => {
			waiting.push({told, failed});
			if (waiting.length > 1) return;
			queue.push(look);
			if (queue.length === 1 && !current) soon(goOn);
		};
	}
	return asking;
}
