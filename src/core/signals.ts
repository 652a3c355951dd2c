/** What archon does about a signal that it receives: what the config says, else what container runtimes mean by it. */
import {RTMAX, RTMIN, SIG, type SignalNumber} from './signal-numbers.ts';

/**
 * `main`: the signal is forwarded to the service `main`. If there is no such service, archon shuts down where the signal
 * comes from outside of the container, and ignores it otherwise.
 */
export type Meaning = 'shutdown' | 'reload' | 'reopen' | 'ignore' | 'main' | Forward;

/** The signal is forwarded to the named services; `as`: as another signal; null: as itself. */
export interface Forward {
	readonly to: readonly string[];
	readonly as: SignalNumber | null;
}

/** What a config says about signals, as JSON. */
export type SignalRules = readonly (readonly [signal: SignalNumber, meaning: Meaning])[];

/** The meaning of each signal that archon catches. */
export type Meanings = ReadonlyMap<SignalNumber, Meaning>;

/**
 * The sender of a signal: the kernel (a terminal), a process outside of archon's PID namespace (a container runtime), or
 * any other process. A process inside cannot pretend to be outside (rt_sigqueueinfo(2)). The order is that of events.c.
 */
export const ORIGINS = ['inside', 'kernel', 'outside'] as const;
export type Origin = (typeof ORIGINS)[number];

/** A signal that archon has received. */
export interface ReceivedSignal {
	readonly signal: SignalNumber;
	readonly origin: Origin;
}

/**
 * Signals that have no meaning to configure: faults are handled by the fault handler, SIGCHLD and SIGPIPE concern archon's
 * own children and pipes, the terminal's stop signals are ignored, and SIGKILL and SIGSTOP cannot be caught.
 */
const UNCATCHABLE: readonly SignalNumber[] = [
	SIG.ILL, SIG.TRAP, SIG.ABRT, SIG.BUS, SIG.FPE, SIG.SEGV, SIG.SYS, SIG.KILL, SIG.STOP, SIG.CHLD, SIG.PIPE,
	SIG.TTIN, SIG.TTOU,
];

/** Every signal that a config can give a meaning to. */
export const CATCHABLE: readonly SignalNumber[] = [
	...Array.from({length: 31}, (_, i) => i + 1), ...Array.from({length: RTMAX - RTMIN + 1}, (_, i) => RTMIN + i),
].filter(signal => !UNCATCHABLE.includes(signal));

/** With a config: the signals by which runtimes stop containers (SIGRTMIN+3 for systemd, SIGPWR for lxc) shut down. */
export const SUPERVISING: Meanings = new Map<SignalNumber, Meaning>([
	[SIG.TERM, 'shutdown'], [SIG.INT, 'shutdown'], [SIG.QUIT, 'shutdown'], [SIG.PWR, 'shutdown'],
	[RTMIN + 3, 'shutdown'], [SIG.HUP, 'reload'], [SIG.USR1, 'main'], [SIG.USR2, 'main'], [SIG.WINCH, 'main'],
]);

/** With one command: every signal is forwarded to it. */
export const ONE_COMMAND: Meanings = new Map(CATCHABLE.map(signal => [signal, 'main'] as const));

/** What archon does about one signal. */
export type Action =
	| {readonly kind: 'shutdown' | 'reload' | 'reopen'}
	| {readonly kind: 'forward'; readonly to: readonly string[]; readonly signal: SignalNumber}
	/** `why` is logged; null: ignoring it is what was asked for. */
	| {readonly kind: 'ignore'; readonly why: string | null};

/** What to do about a signal of this meaning; `exists`: whether there is a service of that name. */
export function actionFor({signal, origin}: ReceivedSignal, meaning: Meaning, exists: (name: string) => boolean): Action {
	if (typeof meaning === 'object') {
		const to = meaning.to.filter(exists);
		return to.length > 0 ? {kind: 'forward', to, signal: meaning.as ?? signal} : ignored(meaning.to);
	}
	if (meaning === 'main' && exists('main')) return {kind: 'forward', to: ['main'], signal};
	// The terminal that archon was started at was resized, which asks for nothing.
	if (meaning === 'ignore' || (signal === SIG.WINCH && origin === 'kernel')) return {kind: 'ignore', why: null};
	if (meaning !== 'main') return {kind: meaning};
	return origin === 'outside' ? {kind: 'shutdown'} : ignored(['main']);
}

const ignored = (names: readonly string[]): Action =>
	({kind: 'ignore', why: `there is no service ${names.join(' or ')} to forward it to`});
