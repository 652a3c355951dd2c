/**
 * What one service has written to its terminal last, byte for byte, and which modes the terminal was in before that. It lies
 * in the memory that outlives this instance of archon.
 */
import {bytesOf, latin1Of, newBytes} from '../../../os/bytes.ts';
import {type Block, BLOCK_SIZE, type Handoff, HEAD, TAIL} from '../../../os/reexec/handoff.ts';
import {createTracker, enter, isAlternate, type Modes, PLAIN, withoutQuestions} from '../core/modes.ts';
import type {Picture, Written} from '../core/terminals.ts';

export interface History {
	put(bytes: Uint8Array): void;
	from(place: number, most: number): Written;
	picture(withHistory: boolean): Picture;
	/** The terminal has another size, and with it no margins: a program that set some takes that for granted. */
	resized(): boolean;
	/** Another terminal begins, and the places go on. */
	restart(): void;
	forget(): void;
}

/** What stands in the handoff beside the bytes. */
interface Mark {
	/** The place of the first byte that is kept. */
	readonly start: number;
	/** The modes before it; null: the terminal began with it. */
	readonly modes: Modes | null;
}

const NEWLINE = 10;
const ESCAPE = 27;
/** Without a move of the cursor. */
const NO_MARGINS = bytesOf('\x1b7\x1b[r\x1b8');
/** Bytes of a sequence that sets margins, but for its last. */
const MARGINS_MAX = 12;
/** How far a better place to cut is looked for, in bytes. */
const NEAR = 2048;

/** `owner`: by which the next instance knows it again. */
export function createHistory({blocks, past, put: write, delete: remove}: Handoff, owner: string): History {
	let block = blocks.inherit(owner)[0] ?? blocks.claim(owner) ?? {bytes: newBytes(BLOCK_SIZE), bounds: [0, 0]} satisfies Block;
	let mark = read(past.get(owner));
	/** Up to this place no margins were left when the size changed last: who changes it often has that looked at once. */
	let free = -1;
	const end = (): number => mark.start + tail();
	const tail = (): number => block.bounds[TAIL] ?? 0;

	const keep = (next: Mark): void => {
		mark = next;
		write(owner, JSON.stringify({start: next.start, modes: next.modes && {...next.modes, private: [...next.modes.private]}}));
	};
	/** Half of it goes, up to a place where no sequence is torn apart. */
	function makeRoom(): void {
		const {bytes, bounds} = block;
		const half = BLOCK_SIZE / 2;
		const [line, escape] = [bytes.indexOf(NEWLINE, half), bytes.indexOf(ESCAPE, half)];
		const cut = isNear(line, half) ? line + 1 : isNear(escape, half) ? escape : half;
		const tracker = createTracker(mark.modes ?? PLAIN);
		tracker.take(latin1Of(bytes, 0, cut));
		bytes.copyWithin(0, cut, tail());
		bounds[TAIL] = tail() - cut;
		keep({start: mark.start + cut, modes: tracker.modes()});
	}

	function put(bytes: Uint8Array): void {
		for (let at = 0; at < bytes.length;) {
			if (tail() === BLOCK_SIZE) makeRoom();
			const piece = bytes.subarray(at, at + BLOCK_SIZE - tail());
			block.bytes.set(piece, tail());
			block.bounds[HEAD] = 0;
			block.bounds[TAIL] = tail() + piece.length;
			at += piece.length;
		}
	}

	return {
		put,
		from(place, most) {
			const first = Math.min(Math.max(place, mark.start), end());
			const last = Math.min(end(), first + most);
			return {
				text: latin1Of(block.bytes, first - mark.start, last - mark.start), end: last, missing: Math.max(0, mark.start - place),
			};
		},
		picture(withHistory) {
			const text = latin1Of(block.bytes, 0, tail());
			const base = mark.modes ?? PLAIN;
			const tracker = createTracker(base);
			tracker.take(text);
			// Without what came before, only a screen that the program has to itself is drawn.
			const isShown = withHistory || isAlternate(tracker.modes());
			return {
				text: isShown ? enter(base) + withoutQuestions(text) : enter(tracker.modes()), end: end(),
				isWhole: mark.modes === null || tracker.wasCleared(),
			};
		},
		resized() {
			const isOld = mark.start <= free;
			const written = latin1Of(block.bytes, isOld ? free - mark.start : 0, tail());
			const isSet = (!isOld && (mark.modes?.margins ?? '') !== '') || /\x1b\[\d*;\d*r/.test(written);
			if (isSet) put(NO_MARGINS);
			// Without them a sequence may have begun.
			free = isSet ? end() : Math.max(mark.start, end() - MARGINS_MAX);
			return isSet;
		},
		restart() {
			if (tail() === 0 && mark.modes === null) return;
			keep({start: end(), modes: null});
			block.bounds[TAIL] = 0;
		},
		forget() {
			blocks.release(block);
			block = {bytes: newBytes(0), bounds: [0, 0]};
			remove(owner);
		},
	};
}

const isNear = (at: number, from: number): boolean => at >= 0 && at < from + NEAR;

/** What another instance has written; where that is damaged, the terminal is taken for a new one. */
function read(text: string | undefined): Mark {
	if (text === undefined) return {start: 0, modes: null};
	const {start, modes} = JSON.parse(text) as {start: number; modes: (Omit<Modes, 'private'> & {private: [number, boolean][]}) | null};
	return {start, modes: modes && {...modes, private: new Map(modes.private)}};
}
