/** Puts right what a script, a bench or a test has started, mounted or changed, on every way out of this process. */
import {onExit} from 'signal-exit';

/**
 * Runs `action` once: when what is returned is disposed of, or else when this process ends, by itself, by process.exit or
 * by a signal that can be caught. The action is synchronous, for nothing is awaited any more by then; what it throws is
 * reported and keeps no other from its turn.
 */
export function undo(action: () => void): Disposable {
	let isDone = false;
	const once = (): void => {
		if (isDone) return;
		isDone = true;
		forget();
		action();
	};
	const forget = onExit(() => {
		try {
			once();
		} catch (error) {
			console.error(error);
		}
	});
	return {[Symbol.dispose]: once};
}
