/**
 * A connection that a shell has for its commands: the copy of the shell that carries one out has it while it runs, and it is
 * for the next one only where every answer of this one is whole.
 */
import type {Result} from '../../core/result.ts';
import {bytesOf, newBytes} from '../bytes.ts';
import {close, pipe, read, write} from '../descriptors.ts';
import {ERRNO, sys} from '../sys.ts';

/** What came of connecting to a path. */
export interface Lent {
	readonly path: string;
	/** A descriptor that waits, or why it cannot be had. */
	readonly result: Result<number, string>;
}

let lent: Lent | null = null;
let state: 'unused' | 'used' | 'returned' = 'unused';

/** For the process that carries a command out: who connects to the path has it, once at a time. */
export function lend(it: Lent | null): void {
	lent = it;
	state = 'unused';
}

/** null: a connection is to be made. */
export function borrow(path: string): Result<number, string> | null {
	if (lent?.path !== path || state === 'used') return null;
	state = 'used';
	return lent.result;
}

/** Whether the descriptor was lent, and is kept for the next who connects. */
export function giveBack(fd: number): boolean {
	if (!lent?.result.ok || lent.result.value !== fd) return false;
	state = 'returned';
	return true;
}

/** The shell's side. */
export interface Keeper {
	/** Before the copy is made: the connection as it is, where nothing has come of it unasked, else another one. */
	ready(): Lent | null;
	/** In the copy, before it ends: the next command finds nothing of this one in the connection. */
	leave(): void;
	/** The copy has ended, in whatever way. Without `leave` the connection is closed, and ends all that hangs on it. */
	ended(): void;
	close(): void;
}

const WHOLE = bytesOf('.');
const scratch = newBytes(16);

/** `dial`: makes a connection, to the first place where archon is. */
export function createKeeper(dial: () => Lent | null): Keeper {
	const ends = pipe();
	let kept: Lent | null = null;

	const drop = (): void => {
		if (kept?.result.ok) close(kept.result.value);
		kept = null;
	};
	return {
		ready() {
			if (typeof ends === 'number') return null;
			if (!kept?.result.ok || !isQuiet(kept.result.value)) {
				drop();
				kept = dial();
			}
			return kept;
		},
		leave() {
			if (typeof ends !== 'number' && state !== 'used') write(ends[1], WHOLE);
		},
		ended() {
			if (typeof ends === 'number' || read(ends[0], scratch) !== WHOLE.length) drop();
		},
		close: drop,
	};
}

/** Neither the end nor anything else has come. */
function isQuiet(fd: number): boolean {
	sys.setBlocking(fd, false);
	const count = read(fd, scratch);
	sys.setBlocking(fd, true);
	return count === -ERRNO.EAGAIN;
}
