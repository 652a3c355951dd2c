/** Does what a received signal means. */
import {signalName, type SignalNumber} from '../core/signal-numbers.ts';
import {actionFor, type Meanings, type ReceivedSignal} from '../core/signals.ts';
import {find} from '../core/state.ts';
import type {Log} from '../os/log.ts';
import type {Loop} from '../os/loop.ts';

export interface SignalHandlerParts {
	readonly loop: Pick<Loop, 'state' | 'dispatch'>;
	readonly log: Log;
	/** The meanings that are in force. */
	readonly meanings: () => Meanings;
	readonly reload: (signal: SignalNumber) => void;
	/** Reopens every log file. */
	readonly reopen: () => void;
}

export function createSignalHandler({loop, log, meanings, reload, reopen}: SignalHandlerParts): (received: ReceivedSignal) => void {
	/** Ignored signals that were logged: each only once, as any process can send any number of them. */
	let told = new Set<number>();
	let known = meanings();
	return received => {
		const {signal} = received;
		if (known !== meanings()) told = new Set();
		known = meanings();
		const action = actionFor(received, known.get(signal) ?? 'ignore', name => find(loop.state(), name) !== undefined);
		switch (action.kind) {
			case 'shutdown': return loop.dispatch({kind: 'shutdown', why: signalName(signal)});
			case 'reload': return reload(signal);
			case 'reopen': return reopen();
			case 'forward': {
				for (const name of action.to) {
					const id = find(loop.state(), name)?.id;
					if (id !== undefined) loop.dispatch({kind: 'signal', id, signal: action.signal});
				}
				return;
			}
			case 'ignore': {
				if (action.why === null || told.has(signal)) return;
				told.add(signal);
				log.info(`ignored ${signalName(signal)}: ${action.why}`);
			}
		}
	};
}
