/** A copy of this process that does one thing, and what it says meanwhile. Only for a program of one thread. */
import type {Outcome as Ended} from '../core/outcome.ts';
import {SIG} from '../core/signal-numbers.ts';
import {bytesOf, concat, newBytes, textOf} from './bytes.ts';
import {close, pipe} from './descriptors.ts';
import {BrokenPipe} from './errno.ts';
import {forget, startOver, watch} from './reactor.ts';
import {newReport, outcomeOf, pidOf} from './reap/outcome.ts';
import {EPOLLIN, ERRNO, O, type Outcome, sys} from './sys.ts';

/** `out`: its standard output. `told`: what it says by `tell`. `noise`: its standard error, and that of what it executes. */
export type Voice = (typeof VOICES)[number];
const VOICES = ['out', 'noise', 'told'] as const;

export interface BranchListener {
	/** Without the line feed. What is longer than 1 MiB comes in pieces. */
	line(voice: Voice, text: string): void;
	/** Nothing is heard after it. */
	ended(how: Ended): void;
}

/** Gives its exit status. What is told is whole lines. */
export type Act = (tell: (text: string) => void) => Promise<number>;

export interface Branch {
	/** It, and all in its process group, are killed; `ended` is still heard. */
	kill(): void;
	/** The same, and nothing more is heard. */
	drop(): void;
}

const LINE_MAX = 1 << 20;
/** Reads of what is left in a pipe whose writer has ended; another process that has it may write on. */
const ROUNDS = 32;
const LF = 10;
const BROKEN_PIPE = 141;
const FAILED = 111;

const scratch = newBytes(64 << 10);

/**
 * `act` is done in the copy. It is in a session of its own, where nothing can ask at the terminal, reads
 * from /dev/null, and ends with this process. In the original a branch or -errno; in the copy 0, and then there is nothing to do
 * but to return.
 */
export function branch(act: Act, failed: (error: unknown) => string, listener: BranchListener): Branch | Outcome {
	const pipes: (readonly [reader: number, writer: number])[] = [];
	const closeAll = (): void => pipes.flat().forEach(close);
	for (const _ of VOICES) {
		const ends = pipe();
		if (typeof ends === 'number') {
			closeAll();
			return ends;
		}
		pipes.push(ends);
	}
	const pid = sys.fork();
	if (pid < 0) {
		closeAll();
		return pid;
	}
	if (pid === 0) {
		become(act, failed, pipes.map(([, writer]) => writer));
		return 0;
	}
	for (const [, writer] of pipes) close(writer);
	return hear(pid, pipes.map(([reader]) => reader), listener);
}

// ── The copy ─────────────────────────────────────────────────────────────────────────────────────

function become(act: Act, failed: (error: unknown) => string, [out = -1, noise = -1, told = -1]: readonly number[]): void {
	sys.setsid();
	sys.setParentDeathSignal(SIG.TERM);
	sys.restoreSignals();
	startOver();
	const nothing = sys.open('/dev/null', O.RDONLY, 0);
	// What is not open cannot be read either.
	if (nothing >= 0) sys.duplicate(nothing, 0);
	else close(0);
	sys.duplicate(out, 1);
	sys.duplicate(noise, 2);
	const tell = (text: string): void => {
		for (let bytes: Uint8Array = bytesOf(text); bytes.length > 0;) {
			const count = sys.write(told, bytes);
			if (count < 0 && count !== -ERRNO.EINTR) return;
			if (count > 0) bytes = bytes.subarray(count);
		}
	};
	act(tell).then(status => sys.exit(status), (error: unknown) => {
		if (error instanceof BrokenPipe) sys.exit(BROKEN_PIPE);
		tell(failed(error));
		sys.exit(FAILED);
	});
}

// ── The original ─────────────────────────────────────────────────────────────────────────────────

function hear(pid: number, readers: readonly number[], listener: BranchListener): Branch {
	const rests = readers.map((): Uint8Array[] => []);
	let isOver = false;

	/** How many bytes there were; 0 at the end, or -errno. */
	const take = (index: number): Outcome => {
		const [reader = -1, voice = 'out', rest = []] = [readers[index], VOICES[index], rests[index]];
		const count = sys.read(reader, scratch);
		let from = 0;
		for (let end = scratch.indexOf(LF); end >= 0 && end < count && !isOver; end = scratch.indexOf(LF, from)) {
			rest.push(scratch.slice(from, end));
			listener.line(voice, textOf(concat(rest.splice(0))));
			from = end + 1;
		}
		if (from < count) rest.push(scratch.slice(from, count));
		if (rest.reduce((sum, {length}) => sum + length, 0) > LINE_MAX && !isOver) listener.line(voice, textOf(concat(rest.splice(0))));
		return count;
	};
	const finish = (): void => {
		isOver = true;
		for (const fd of [...readers, ended]) {
			forget(fd);
			close(fd);
		}
	};
	readers.forEach((reader, index) => watch(reader, EPOLLIN, () => {
		if (take(index) === 0 && !isOver) forget(reader);
	}));
	const ended = sys.pidfdOpen(pid);
	// The end of its streams says nothing: what it executed may have left a process of its own that has them (ssh's ControlPersist).
	watch(ended, EPOLLIN, () => {
		const report = newReport();
		// What is told may be of an earlier descriptor of this number, which was closed in the same turn of the loop.
		sys.waitPid(pid, report, true);
		if (pidOf(report) === 0) return;
		for (const index of readers.keys()) for (let round = 0; round < ROUNDS && !isOver && take(index) > 0; round++);
		if (isOver) return;
		readers.forEach((_, index) => {
			const rest = rests[index]?.splice(0) ?? [];
			if (rest.length > 0) listener.line(VOICES[index] ?? 'out', textOf(concat(rest)));
		});
		// As long as it is not reaped, the group is its own.
		sys.kill(-pid, SIG.TERM);
		sys.waitPid(pid, report);
		finish();
		listener.ended(outcomeOf(report));
	});
	return {
		kill: () => void sys.kill(-pid, SIG.KILL),
		drop() {
			if (isOver) return;
			sys.kill(-pid, SIG.KILL);
			finish();
		},
	};
}
