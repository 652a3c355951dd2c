/** What PID 1 hears: one table from signals to what they mean, for each way of running. */
import {RTMAX, RTMIN, SIG, type SignalNumber} from '../core/model.ts';
import {errnoText} from './errno.ts';
import {watch} from './reactor.ts';
import {EPOLLIN, sys} from './sys.ts';

/** `shutdown`: end everything in order. `reload`: read the config anew. `main`: pass it on to the service `main`. */
export type Meaning = 'shutdown' | 'reload' | 'main';

/**
 * Never passed on: faults are archon's own, SIGCHLD and SIGPIPE are about archon's children and pipes,
 * the terminal's stop signals are ignored, and the kernel lets nobody catch SIGKILL and SIGSTOP.
 */
const OWN: readonly SignalNumber[] = [
	SIG.ILL, SIG.TRAP, SIG.ABRT, SIG.BUS, SIG.FPE, SIG.SEGV, SIG.SYS, SIG.KILL, SIG.STOP, SIG.CHLD, SIG.PIPE,
	SIG.TTIN, SIG.TTOU,
];

/** Every signal that a program may be sent and archon can hear. */
export const FORWARDABLE: readonly SignalNumber[] = [
	...Array.from({length: 31}, (_, i) => i + 1), ...Array.from({length: RTMAX - RTMIN + 1}, (_, i) => RTMIN + i),
].filter(signal => !OWN.includes(signal));

/** With a config: runtimes stop containers by these (SIGRTMIN+3 and SIGPWR are systemd's and lxc's words). */
export const SUPERVISING: ReadonlyMap<SignalNumber, Meaning> = new Map<SignalNumber, Meaning>([
	[SIG.TERM, 'shutdown'], [SIG.INT, 'shutdown'], [SIG.QUIT, 'shutdown'], [SIG.PWR, 'shutdown'],
	[RTMIN + 3, 'shutdown'], [SIG.HUP, 'reload'], [SIG.USR1, 'main'], [SIG.USR2, 'main'], [SIG.WINCH, 'main'],
]);

/** With one command: whatever comes is the command's. */
export const ONE_COMMAND: ReadonlyMap<SignalNumber, Meaning> =
	new Map(FORWARDABLE.map(signal => [signal, 'main'] as const));

/** So many are heard in a turn: somebody may send them faster than they are acted on. */
const AT_ONCE = 64;

/**
 * Signals are heard before anything is spawned: what has no handler never reaches a PID 1, and kills
 * or stops every other process (pid_namespaces(7)). SIGHUP is heard in any case, so that a terminal
 * that goes away does not take archon with it. A signal that was read is pending until it is forgotten
 * (`Guard.heard`), also in the next life. SIGCHLDs coalesce: one call of `reap` must find all who have ended.
 */
export function hearSignals(
	meanings: ReadonlyMap<SignalNumber, Meaning>,
	heard: (signal: SignalNumber, meaning: Meaning | null) => void,
	reap: () => void,
): void {
	sys.ignoreSignal(SIG.TTIN);
	sys.ignoreSignal(SIG.TTOU);
	const fd = sys.openSignals([...new Set([SIG.CHLD, SIG.HUP, ...meanings.keys()])]);
	if (fd < 0) throw new Error(`signals cannot be heard: ${errnoText(-fd)}`);
	const report = new Int32Array(4);
	watch(fd, EPOLLIN, () => {
		let hasEnded = false;
		for (let left = AT_ONCE; left > 0 && sys.readSignal(fd, report) === 1; left--) {
			const [signal = 0] = report;
			if (signal === SIG.CHLD) hasEnded = true;
			else heard(signal, meanings.get(signal) ?? null);
		}
		if (hasEnded) reap();
	});
}
