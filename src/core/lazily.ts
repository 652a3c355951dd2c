/** What is loaded when it is first needed. */

/** Acts at once on what is there, else when it has been loaded, in the order of the calls. */
export type Lazily<T> = (act: (it: T) => void) => void;

export function lazily<T>(load: () => PromiseLike<T>): Lazily<T> {
	let it: {readonly value: T} | null = null;
	let waiting: ((it: T) => void)[] | null = null;
	return act => {
		if (it) return act(it.value);
		if (waiting) return void waiting.push(act);
		waiting = [act];
		load().then(value => {
			it = {value};
			for (const act of waiting ?? []) act(value);
			waiting = null;
		});
	};
}
