/** What a signal to archon means: the config's word on it, else what container runtimes mean by it. */
import {RTMAX, RTMIN, SIG, type SignalNumber} from './signal-numbers.ts';

/** `main`: to the service main where there is one; else it shuts down if it comes from outside of the container. */
export type Meaning = 'shutdown' | 'reload' | 'reopen' | 'ignore' | 'main' | Forward;

/** To services by their names, and as another signal unless that is null. */
export interface Forward {
	readonly to: readonly string[];
	readonly as: SignalNumber | null;
}

/** What a config says; data that can be written down. */
export type SignalRules = readonly (readonly [signal: SignalNumber, meaning: Meaning])[];

export type Meanings = ReadonlyMap<SignalNumber, Meaning>;

/**
 * Who sent a signal: the kernel (a terminal), a process outside of archon's PID namespace by kill(2), as runtimes do,
 * or anybody else. No process inside can pass for one outside (rt_sigqueueinfo(2)). The order is that of events.c.
 */
export const ORIGINS = ['inside', 'kernel', 'outside'] as const;
export type Origin = (typeof ORIGINS)[number];

export interface ReceivedSignal {
	readonly signal: SignalNumber;
	readonly origin: Origin;
}

/**
 * Never heard: faults are archon's own, SIGCHLD and SIGPIPE are about archon's children and pipes, the terminal's stop
 * signals are ignored, and the kernel lets nobody catch SIGKILL and SIGSTOP.
 */
const UNCATCHABLE: readonly SignalNumber[] = [
	SIG.ILL, SIG.TRAP, SIG.ABRT, SIG.BUS, SIG.FPE, SIG.SEGV, SIG.SYS, SIG.KILL, SIG.STOP, SIG.CHLD, SIG.PIPE,
	SIG.TTIN, SIG.TTOU,
];

/** Every signal that archon may be sent and can hear. */
export const CATCHABLE: readonly SignalNumber[] = [
	...Array.from({length: 31}, (_, i) => i + 1), ...Array.from({length: RTMAX - RTMIN + 1}, (_, i) => RTMIN + i),
].filter(signal => !UNCATCHABLE.includes(signal));

/** With a config: runtimes stop containers by these (SIGRTMIN+3 and SIGPWR are systemd's and lxc's words). */
export const SUPERVISING: Meanings = new Map<SignalNumber, Meaning>([
	[SIG.TERM, 'shutdown'], [SIG.INT, 'shutdown'], [SIG.QUIT, 'shutdown'], [SIG.PWR, 'shutdown'],
	[RTMIN + 3, 'shutdown'], [SIG.HUP, 'reload'], [SIG.USR1, 'main'], [SIG.USR2, 'main'], [SIG.WINCH, 'main'],
]);

/** With one command: whatever comes is the command's. */
export const ONE_COMMAND: Meanings = new Map(CATCHABLE.map(signal => [signal, 'main'] as const));

/** What is to be done about a signal. */
export type Action =
	| {readonly kind: 'shutdown' | 'reload' | 'reopen'}
	| {readonly kind: 'forward'; readonly to: readonly string[]; readonly signal: SignalNumber}
	/** `why`: a person may wonder; null: nobody does. */
	| {readonly kind: 'ignore'; readonly why: string | null};

/** `exists`: whether there is a service of that name. */
export function actionFor({signal, origin}: ReceivedSignal, meaning: Meaning, exists: (name: string) => boolean): Action {
	if (typeof meaning === 'object') {
		const to = meaning.to.filter(exists);
		return to.length > 0 ? {kind: 'forward', to, signal: meaning.as ?? signal} : ignored(meaning.to);
	}
	if (meaning === 'main' && exists('main')) return {kind: 'forward', to: ['main'], signal};
	// Somebody resized the terminal that archon was started at, and means nothing by it.
	if (meaning === 'ignore' || (signal === SIG.WINCH && origin === 'kernel')) return {kind: 'ignore', why: null};
	if (meaning !== 'main') return {kind: meaning};
	return origin === 'outside' ? {kind: 'shutdown'} : ignored(['main']);
}

const ignored = (names: readonly string[]): Action =>
	({kind: 'ignore', why: `there is no service ${names.join(' or ')} to forward it to`});
