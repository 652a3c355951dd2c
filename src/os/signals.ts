/** What PID 1 hears: signals, each with who sent it, and the ends of children. */
import {SIG, type SignalNumber} from '../core/signal-numbers.ts';
import {type ReceivedSignal, ORIGINS} from '../core/signals.ts';
import {errnoText} from './errno.ts';
import {SIGNAL_REPORT} from './layouts.ts';
import {watch} from './reactor.ts';
import {EPOLLIN, sys} from './sys.ts';

/** How many are heard in a turn: a process may send them faster than archon acts on them. */
const AT_ONCE = 64;

/**
 * Signals are heard before anything is spawned: what has no handler never reaches a PID 1, and kills
 * or stops every other process (pid_namespaces(7)); until then the host holds them back. SIGHUP is heard in any case,
 * so that a terminal that goes away does not take archon with it. A signal that was read is pending until it is
 * forgotten (`Reexec.heard`), also in the next instance. SIGCHLDs coalesce: one call of `reap` must find all who have ended.
 * The result makes further signals heard.
 */
export function listenForSignals(
	signals: Iterable<SignalNumber>, heard: (signal: ReceivedSignal) => void, reap: () => void,
): (signals: Iterable<SignalNumber>) => void {
	sys.ignoreSignal(SIG.TTIN);
	sys.ignoreSignal(SIG.TTOU);
	const all = new Set<SignalNumber>([SIG.CHLD, SIG.HUP, ...signals]);
	const fd = sys.openSignals([...all]);
	if (fd < 0) throw new Error(`signals cannot be heard: ${errnoText(-fd)}`);
	const report = new Int32Array(Object.keys(SIGNAL_REPORT).length);
	watch(fd, EPOLLIN, () => {
		let hasEnded = false;
		for (let left = AT_ONCE; left > 0 && sys.readSignal(fd, report) === 1; left--) {
			const [signal = 0, origin = 0] = [report[SIGNAL_REPORT.number], report[SIGNAL_REPORT.origin]];
			if (signal === SIG.CHLD) hasEnded = true;
			else heard({signal, origin: ORIGINS[origin] ?? 'inside'});
		}
		if (hasEnded) reap();
	});
	return more => {
		const count = all.size;
		for (const signal of more) all.add(signal);
		if (all.size > count) sys.changeSignals(fd, [...all]);
	};
}
