/** What archon does about a signal that somebody sent it. */
import {signalName, type SignalNumber} from '../core/signal-numbers.ts';
import {judge, type Meanings, type ReceivedSignal} from '../core/signals.ts';
import {find} from '../core/state.ts';
import type {Log} from '../os/log.ts';
import type {Loop} from '../os/loop.ts';

export interface Obedience {
	readonly loop: Pick<Loop, 'state' | 'dispatch'>;
	readonly log: Log;
	/** What signals mean now. */
	readonly meanings: () => Meanings;
	readonly reload: (signal: SignalNumber) => void;
	/** Opens every log file anew. */
	readonly reopen: () => void;
}

export function createObedience({loop, log, meanings, reload, reopen}: Obedience): (received: ReceivedSignal) => void {
	/** Signals about which a person was told that nothing comes of them: once, for anybody may send any number. */
	let wondered = new Set<number>();
	let known = meanings();
	return received => {
		const {signal} = received;
		if (known !== meanings()) wondered = new Set();
		known = meanings();
		const verdict = judge(received, known.get(signal) ?? 'ignore', name => find(loop.state(), name) !== undefined);
		switch (verdict.kind) {
			case 'shutdown': return loop.dispatch({kind: 'shutdown', why: signalName(signal)});
			case 'reload': return reload(signal);
			case 'reopen': return reopen();
			case 'forward': {
				for (const name of verdict.to) {
					const id = find(loop.state(), name)?.id;
					if (id !== undefined) loop.dispatch({kind: 'signal', id, signal: verdict.signal});
				}
				return;
			}
			case 'ignore': {
				if (verdict.why === null || wondered.has(signal)) return;
				wondered.add(signal);
				log.info(`${signalName(signal)} was ignored: ${verdict.why}`);
			}
		}
	};
}
