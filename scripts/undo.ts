/** Puts right what a script, a bench or a test has started, mounted or changed, on every way out of this process. */
import {onExit} from 'signal-exit';

const actions = new Set<() => void>();
let isArmed = false;

/**
 * Runs `action` once: when what is returned is disposed of, or else when this process ends, by itself, by process.exit or
 * by a signal that can be caught; what was done last is then undone first. The action is synchronous, for nothing is awaited
 * any more by then; if it throws, that is reported and keeps no other from its turn.
 */
export function undo(action: () => void): Disposable {
	if (!isArmed) onExit(undoAll);
	isArmed = true;
	// The same function may be given twice.
	const own = (): void => action();
	actions.add(own);
	return {
		[Symbol.dispose]() {
			if (actions.delete(own)) own();
		},
	};
}

function undoAll(): void {
	for (const action of [...actions].toReversed()) {
		actions.delete(action);
		try {
			action();
		} catch (error) {
			console.error(error);
		}
	}
}
