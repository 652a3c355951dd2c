/** Long looks, a stretch at a time and one after the other: who asks for one that has not begun shares it with others who do. */

/** Does a part of the work at each step. */
export type Look<T> = Generator<undefined, T>;

/** Calls back soon with what a look finds that has begun after this. */
export type Ask<T> = (told: (found: T) => void) => void;

/** What makes of a look one that can be asked for. `soon`: calls back in the next turn of the loop. */
export function createLooks(soon: (callback: () => void) => void): <T>(begin: () => Look<T>) => Ask<T> {
	const queue: (() => Look<void>)[] = [];
	let current: Look<void> | null = null;

	function goOn(): void {
		current ??= queue.shift()?.() ?? null;
		let isOver = true;
		try {
			isOver = current?.next().done ?? true;
		} finally {
			// One that throws is over as well.
			if (isOver) current = null;
			if (current || queue.length > 0) soon(goOn);
		}
	}

	function asking<T>(begin: () => Look<T>): Ask<T> {
		let waiting: ((found: T) => void)[] = [];
		function* look(): Look<void> {
			const all = waiting;
			waiting = [];
			const found = yield* begin();
			for (const tell of all) tell(found);
		}
		return told => {
			waiting.push(told);
			if (waiting.length > 1) return;
			queue.push(look);
			if (queue.length === 1 && !current) soon(goOn);
		};
	}
	return asking;
}
