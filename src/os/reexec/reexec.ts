/**
 * PID 1 survives itself: after a fatal signal, a bug or an upgrade the same pid re-executes archon. What the new
 * instance has to know is in memory that outlives the old one, and the descriptors that were kept are still open.
 *
 * The memory begins with a head that belongs to this file and to reexec.c; the rest is the handoff's.
 */
import {signalName, type SignalNumber} from '../../core/signal-numbers.ts';
import type {Instant} from '../../core/time.ts';
import {type ReceivedSignal, ORIGINS} from '../../core/signals.ts';
import {type Bytes, textOf} from '../bytes.ts';
import {CAUSE, CAUSE_KINDS, CAUSES_MAX, HEADER, HEADER_ROOM} from '../layouts.ts';
import type {Memory} from './handoff.ts';
import {ERRNO, type Outcome, sys} from '../sys.ts';

/** Why archon was re-executed. */
export interface Cause {
	/** `fault`: its own; `sent`: another process sent it the signal; `bug`: an exception that was not caught; `upgrade`: it was asked to. */
	readonly kind: (typeof CAUSE_KINDS)[number];
	/** 0 for a bug and an upgrade. */
	readonly signal: SignalNumber;
	/** si_code of sigaction(2). */
	readonly code: number;
	/** The pid that sent the signal; 0: one outside of archon's PID namespace, or none. */
	readonly sender: number;
	/** Where the fault was. */
	readonly address: bigint;
	readonly at: Instant;
	/** What archon said of it; of the last cause only, and empty where it had no time to. */
	readonly words: string;
}

/** Where the handoff's own part of the memory begins. */
export const MEMORY_START = HEADER_ROOM;

export interface Reexec {
	readonly memory: Memory;
	/** How often archon was re-executed; 0: this is the first instance. */
	readonly reexecutions: number;
	/** Why, the latest last, and no more than 8. */
	readonly causes: readonly Cause[];
	/** Signals that were read and not acted on yet, those of the previous instance included. */
	pending(): readonly ReceivedSignal[];
	/** It was acted on. */
	heard(signal: SignalNumber): void;
	/** From here on a fatal signal is survived; 0 or -errno. */
	arm(): Outcome;
	/** Whether a descriptor outlives this instance; which ones do is for kept-fds.ts to say. 0 or -errno. */
	keepFd(fd: number, isKept: boolean): Outcome;
	/** What happens in it is not torn apart by a signal that another process sends. It must be short and never wait. */
	whole<T>(act: () => T): T;
	/** Ends this instance because of a bug. Returns only where that failed: -errno. */
	revive(words: string): Outcome;
	/** Gives way to the archon at `path`. Returns only where that failed: -errno, and everything is as it was. */
	upgrade(path: string, words: string): Outcome;
}

/** The memory of the previous instance, where there was one, else new memory of the first of these sizes that can be had; or -errno. */
export function openReexec(...sizes: readonly number[]): Reexec | Outcome {
	const fd = sys.leftMemory();
	let opened = fd >= 0 ? sys.openMemory(fd, 0) : -ERRNO.ENOMEM;
	// No memory is left, or none that can be mapped: a first instance is better than no archon.
	for (const size of sizes) if (opened < 0) opened = sys.openMemory(-1, size);
	if (opened < 0) return opened;
	const head = sys.viewMemory(0, MEMORY_START);
	const view = new DataView(head.buffer, head.byteOffset, head.length);
	const reexecutions = view.getUint32(HEADER.at.reexecutions, true);
	return {
		memory: {view: sys.viewMemory},
		reexecutions, causes: causesOf(head, view, reexecutions),
		pending() {
			const pairs = sys.pendingSignals();
			return pairs.flatMap((signal, i) => (i % 2 === 0 ? [{signal, origin: ORIGINS[pairs[i + 1] ?? 0] ?? 'inside'}] : []));
		},
		heard: sys.forgetSignal,
		arm: sys.armFaultHandler,
		keepFd: sys.keepFd,
		whole(act) {
			sys.enterSection();
			try {
				return act();
			} finally {
				sys.leaveSection();
			}
		},
		revive: words => sys.reexecute('', CAUSE_KINDS.indexOf('bug'), words),
		upgrade: (path, words) => sys.reexecute(path, CAUSE_KINDS.indexOf('upgrade'), words),
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

function causesOf(head: Bytes, view: DataView, reexecutions: number): Cause[] {
	// The trace of an error spans lines.
	const words = textOf(head, HEADER.at.words, head.indexOf(0, HEADER.at.words)).trim().replaceAll(/\s*\n\s*/g, ' ');
	return Array.from({length: Math.min(reexecutions, CAUSES_MAX)}, (_, i) => {
		const number = reexecutions - Math.min(reexecutions, CAUSES_MAX) + 1 + i;
		const at = HEADER.at.causes + (number % CAUSES_MAX) * CAUSE.size;
		return {
			kind: CAUSE_KINDS[view.getInt32(at + CAUSE.at.kind, true)] ?? 'fault',
			signal: view.getInt32(at + CAUSE.at.signal, true),
			code: view.getInt32(at + CAUSE.at.code, true),
			sender: view.getInt32(at + CAUSE.at.sender, true),
			address: view.getBigUint64(at + CAUSE.at.address, true),
			at: Number(view.getBigUint64(at + CAUSE.at.at, true)) / 1e6,
			words: number === reexecutions ? words : '',
		};
	});
}
