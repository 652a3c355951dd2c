/** What is loaded when it is first needed. */

/**
 * Acts at once on what is there, else when it has been loaded, in the order of the calls. What the loading or the act throws
 * is told to `failed`, and concerns no other act; without it, it is thrown.
 */
export type Lazily<T> = (act: (it: T) => void, failed?: Failed) => void;

export type Failed = (error: unknown) => void;

interface Waiting<T> {
	readonly act: (it: T) => void;
	readonly failed: Failed | undefined;
}

export function lazily<T>(load: () => PromiseLike<T>): Lazily<T> {
	let it: {readonly value: T} | null = null;
	let waiting: Waiting<T>[] | null = null;
	return (act, failed) => {
		if (it) {
			const {value} = it;
			return attempt(() => act(value), failed);
		}
		if (waiting) return void waiting.push({act, failed});
		const all: Waiting<T>[] = [{act, failed}];
		waiting = all;
		load().then(value => {
			it = {value};
			waiting = null;
			for (const {act, failed} of all) attempt(() => act(value), failed);
		}, (error: unknown) => {
			// The next act has it loaded again.
			waiting = null;
			for (const {failed = rethrow} of all) failed(error);
		});
	};
}

/** Acts, and tells `failed` what that throws. */
export function attempt(act: () => void, failed: Failed = rethrow): void {
	try {
		act();
	} catch (error) {
		failed(error);
	}
}

function rethrow(error: unknown): never {
	throw error;
}
