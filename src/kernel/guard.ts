/**
 * PID 1 survives itself: after a fatal signal, a bug or an upgrade the same pid executes archon anew. What the new
 * life has to know is in memory that outlives the old one, and the descriptors that were kept are still open.
 *
 * The memory begins with a head that belongs to this file and to guard.c; the rest is the ledger's.
 */
import {type Instant, signalName, type SignalNumber} from '../core/model.ts';
import {armGuard, enterSection, executeAnew, keep, leaveSection, type Memory, openMemory, witness} from './native.ts';

/** How a life ended; the order is that of `enum kind` in guard.c. */
const KINDS = ['fault', 'sent', 'bug', 'upgrade'] as const;

/** Why archon was executed anew. */
export interface Cause {
	/** `fault`: its own; `sent`: somebody sent it the signal; `bug`: an exception that nobody caught; `upgrade`: it was asked to. */
	readonly kind: (typeof KINDS)[number];
	/** 0 for a bug and an upgrade. */
	readonly signal: SignalNumber;
	/** si_code of sigaction(2). */
	readonly code: number;
	/** The pid that sent the signal; 0: one outside of archon's PID namespace, or nobody. */
	readonly sender: number;
	/** Where the fault was. */
	readonly address: bigint;
	readonly at: Instant;
	/** What archon, or for some faults Node, said of it; of the last cause only, and empty for signals that were sent. */
	readonly words: string;
}

/** Where the ledger's own part of the memory begins. */
export const MEMORY_START = 1024;

export interface Guard {
	readonly memory: Memory;
	/** How often archon was executed anew; 0: this is the first life. */
	readonly lives: number;
	/** Why, the latest last, and no more than 8. */
	readonly causes: readonly Cause[];
	/** Signals that came and that nobody has acted on, those of the last life included. */
	pending(): readonly SignalNumber[];
	/** They were acted on. */
	heard(signals: readonly SignalNumber[]): void;
	/** Signals that are written down the moment they come; after `onSignals`. */
	witness(signals: readonly SignalNumber[]): void;
	/** From here on a fatal signal is survived; 0 or -errno. */
	arm(): number;
	/** Whether a descriptor lives on. One of the last life is kept again by this life, or it is for this one only. 0 or -errno. */
	keep(fd: number, isKept: boolean): number;
	/** What happens in it is not torn apart by a signal that somebody sends. It must be short and never wait. */
	whole<T>(act: () => T): T;
	/** Ends this life because of a bug. Returns only where that failed: -errno. */
	revive(words: string): number;
	/** Gives this life to the archon at `path`. Returns only where that failed: -errno, and everything is as it was. */
	upgrade(path: string, words: string): number;
}

/** Who says which descriptors live on. */
export type Keeper = Pick<Guard, 'keep'>;

const VARIABLE = 'ARCHON_LEDGER';
const LIVES = 8;
const PENDING = 16;
const CAUSES = 32;
const CAUSES_MAX = 8;
const CAUSE_SIZE = 32;
const WORDS = CAUSES + CAUSES_MAX * CAUSE_SIZE;

/**
 * The memory of the last life, where there was one, else new memory of so many bytes; or -errno. Nobody else sees
 * the variable that says which it was: services must not inherit it.
 */
export function openGuard(size: number): Guard | number {
	const fd = Number(process.env[VARIABLE] ?? -1);
	delete process.env[VARIABLE];
	let memory = openMemory(Number.isInteger(fd) ? fd : -1, size);
	// Not ours after all, or of another layout: better a first life than none.
	if (typeof memory === 'number' && fd >= 0) memory = openMemory(-1, size);
	if (typeof memory === 'number') return memory;
	const head = memory.view(0, MEMORY_START);
	const lives = head.readUInt32LE(LIVES);
	return {
		memory, lives, causes: causesOf(head, lives),
		pending: () => signalsOf(head.readBigUInt64LE(PENDING)),
		heard: signals => forget(head, bits(signals)),
		witness: signals => witness(bits(signals)),
		arm: armGuard, keep,
		whole(act) {
			enterSection();
			try {
				return act();
			} finally {
				leaveSection();
			}
		},
		revive: words => executeAnew('', KINDS.indexOf('bug'), words),
		upgrade: (path, words) => executeAnew(path, KINDS.indexOf('upgrade'), words),
	};
}

/** One line about a cause, for people. */
export function describeCause({kind, signal, sender, address, words}: Cause): string {
	if (kind === 'upgrade') return `was upgraded${words ? `: ${words}` : ''}`;
	if (kind === 'bug') return `had a bug: ${words}`;
	if (kind === 'sent') return `was sent ${signalName(signal)} ${sender > 0 ? `by pid ${sender}` : 'from outside of the container'}`;
	const place = address > 0n ? ` at 0x${address.toString(16)}` : '';
	return `crashed with ${signalName(signal)}${place}${words ? `: ${words}` : ''}`;
}

function causesOf(head: Buffer, lives: number): Cause[] {
	// Node's words span lines, and a trace of its stack comes behind them.
	const [words = ''] = head.toString('utf8', WORDS, head.indexOf(0, WORDS)).split('\n-----');
	return Array.from({length: Math.min(lives, CAUSES_MAX)}, (_, i) => {
		const life = lives - Math.min(lives, CAUSES_MAX) + 1 + i;
		const at = CAUSES + (life % CAUSES_MAX) * CAUSE_SIZE;
		return {
			kind: KINDS[head.readInt32LE(at)] ?? 'fault',
			signal: head.readInt32LE(at + 4),
			code: head.readInt32LE(at + 8),
			sender: head.readInt32LE(at + 12),
			address: head.readBigUInt64LE(at + 16),
			at: Number(head.readBigUInt64LE(at + 24)) / 1e6,
			words: life === lives ? words.trim().replaceAll(/\s*\n[\s#]*/g, ' ') : '',
		};
	});
}

const bits = (signals: readonly SignalNumber[]): bigint => signals.reduce((sum, signal) => sum | (1n << BigInt(signal - 1)), 0n);

const signalsOf = (set: bigint): SignalNumber[] =>
	Array.from({length: 64}, (_, i) => i + 1).filter(signal => ((set >> BigInt(signal - 1)) & 1n) === 1n);

/** In one step: a handler may write down another signal at any time. */
function forget(head: Buffer, set: bigint): void {
	const [low, high] = [0, 4].map(at => new Int32Array(head.buffer, head.byteOffset + PENDING + at, 1));
	if (low) Atomics.and(low, 0, ~Number(BigInt.asIntN(32, set)));
	if (high) Atomics.and(high, 0, ~Number(BigInt.asIntN(32, set >> 32n)));
}
