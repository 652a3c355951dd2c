/** Merges runs of lines, each sorted by time, without holding them in memory. */

interface Timed {
	readonly at: number;
}

interface Head<T> {
	readonly value: T;
	readonly run: Iterator<T>;
	/** Of lines with the same time, that of the earlier run comes first. */
	readonly rank: number;
}

/** A run that is not sorted stays as it is. */
export function* merge<T extends Timed>(runs: readonly Iterable<T>[]): Generator<T> {
	const heap: Head<T>[] = [];
	for (const [rank, iterable] of runs.entries()) {
		const run = iterable[Symbol.iterator]();
		const first = run.next();
		if (!first.done) heap.push({value: first.value, run, rank});
	}
	for (let index = heap.length >> 1; index >= 0; index--) sink(heap, index);
	for (let head = heap[0]; head; head = heap[0]) {
		yield head.value;
		const next = head.run.next();
		const last = next.done ? heap.pop() : {...head, value: next.value};
		if (heap.length === 0 || !last) return;
		heap[0] = last;
		sink(heap, 0);
	}
}

const isBefore = <T extends Timed>(a: Head<T>, b: Head<T>): boolean =>
	a.value.at < b.value.at || (a.value.at === b.value.at && a.rank < b.rank);

/** Moves an entry down the heap to its place. */
function sink<T extends Timed>(heap: Head<T>[], from: number): void {
	for (let at = from;;) {
		let least = at;
		for (const child of [2 * at + 1, 2 * at + 2]) {
			const [one, other] = [heap[child], heap[least]];
			if (one && other && isBefore(one, other)) least = child;
		}
		const [moved, above] = [heap[at], heap[least]];
		if (least === at || !moved || !above) return;
		heap[at] = above;
		heap[least] = moved;
		at = least;
	}
}
