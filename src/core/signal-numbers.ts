/** Signals by number and by name (signal(7)). */

/** A signal's number on Linux (signal(7)); the same on x86-64 and arm64. */
export type SignalNumber = number;

const NAMES: readonly string[] = [
	'', 'HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'KILL', 'USR1', 'SEGV', 'USR2', 'PIPE',
	'ALRM', 'TERM', 'STKFLT', 'CHLD', 'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'XCPU', 'XFSZ',
	'VTALRM', 'PROF', 'WINCH', 'IO', 'PWR', 'SYS',
];

/** Without `SIG`, in the order of their numbers; those of real-time signals are RTMIN+n. */
export const SIGNAL_NAMES: readonly string[] = NAMES.slice(1);

/** The first real-time signal that programs may use; glibc keeps 32 and 33 for itself. */
export const RTMIN = 34;

/** The last real-time signal. */
export const RTMAX = 64;

/** The numbers that archon's own code uses. */
export const SIG = {
	HUP: 1, INT: 2, QUIT: 3, ILL: 4, TRAP: 5, ABRT: 6, BUS: 7, FPE: 8, KILL: 9, USR1: 10, SEGV: 11, USR2: 12,
	PIPE: 13, TERM: 15, CHLD: 17, CONT: 18, STOP: 19, TSTP: 20, TTIN: 21, TTOU: 22, WINCH: 28, PWR: 30, SYS: 31,
} as const;

/** `SIGTERM`, `SIGRTMIN+3`; a number that has no name as `signal 99`. */
export function signalName(signal: SignalNumber): string {
	if (signal > 0 && signal < NAMES.length) return `SIG${NAMES[signal]}`;
	if (signal === RTMIN) return 'SIGRTMIN';
	if (signal > RTMIN && signal <= RTMAX) return `SIGRTMIN+${signal - RTMIN}`;
	return `signal ${signal}`;
}

/** The number of `TERM`, `SIGTERM`, `sigterm`, `15`, `RTMIN+3` or `RTMAX-1`; null: there is no such signal. */
export function signalNumber(text: string): SignalNumber | null {
	const name = text.trim().toUpperCase().replace(/^SIG/, '');
	if (/^\d+$/.test(name)) {
		const number = Number(name);
		return (number >= 1 && number < NAMES.length) || (number >= RTMIN && number <= RTMAX) ? number : null;
	}
	const realTime = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
	if (realTime) {
		const offset = Number(realTime[3] ?? 0) * (realTime[2] === '-' ? -1 : 1);
		const number = (realTime[1] === 'MIN' ? RTMIN : RTMAX) + offset;
		return number >= RTMIN && number <= RTMAX ? number : null;
	}
	const aliases: Readonly<Record<string, string>> = {IOT: 'ABRT', CLD: 'CHLD', POLL: 'IO'};
	const index = NAMES.indexOf(aliases[name] ?? name);
	return index > 0 ? index : null;
}
