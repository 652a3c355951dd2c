/**
 * Looks for a pattern in a text in linear time (Cox 2007): goes through the text once, with the set of all steps of the
 * program at which it can be. Such sets are kept, and what follows them, so that a character mostly costs one look into a
 * table.
 */
import {alphabetOf, has, NEWLINES, WORD} from './characters.ts';
import type {Program} from './program.ts';
import type {Edge} from './syntax.ts';

/** How much is kept of the states that were seen, in cells of 16 bytes: 128 KiB. Before it is more, all are forgotten. */
const CELLS_MAX = 8192;
/** What a state takes besides its table and its places, each entry of which is a cell. */
const STATE_CELLS = 48;

/** What is on one side of a place in the text: its end, a newline, or a character of a word. */
const OUTSIDE = 1;
const NEWLINE = 2;
const LETTER = 4;

function holds(edge: Edge, before: number, after: number): boolean {
	switch (edge) {
		case 'start': return (before & OUTSIDE) > 0;
		case 'end': return (after & OUTSIDE) > 0;
		case 'line start': return (before & (OUTSIDE | NEWLINE)) > 0;
		case 'line end': return (after & (OUTSIDE | NEWLINE)) > 0;
		case 'word edge': return ((before ^ after) & LETTER) > 0;
		case 'no word edge': return ((before ^ after) & LETTER) === 0;
	}
}

/** All that is known between two characters of the text. */
interface State {
	/** What is before it. */
	readonly before: number;
	/** The indices of the steps at which the program can be, ascending. */
	readonly places: Uint16Array;
	/** By letter of what comes next, the state behind it; null: not known yet. */
	readonly table: (State | null)[];
}

const MATCHED: State = {before: 0, places: new Uint16Array(), table: []};
const FAILED: State = {before: 0, places: new Uint16Array(), table: []};

/**
 * Tells whether the program matches anywhere behind the index `from` of a text; `isAnchored`: only right there. Takes time
 * in proportion to the text's length, times that of the program where every character leads to a state that is not kept.
 */
export function searchFor({steps, start, sets, edges}: Program, isAnchored: boolean): (text: string, from: number) => boolean {
	const {members, samples, ascii, letterOf} = alphabetOf(sets);
	// The letter of the text's end, which is in no set.
	const end = members.length;
	const rows = [...members, new Uint8Array(sets.length)];
	// Only what an edge asks for, lest states differ by more.
	const asked = [...edges].reduce((all, edge) => all | (edge.includes('line') ? NEWLINE : edge.includes('word') ? LETTER : 0), 0);
	const sides = [...samples.map(code => sideOf(code) & asked), OUTSIDE];

	const states = new Map<string, State>();
	let cells = 0;

	function stateOf(before: number, places: Uint16Array): State {
		const key = String.fromCharCode(before, ...places);
		const known = states.get(key);
		if (known) return known;
		const size = STATE_CELLS + rows.length + places.length;
		if (cells + size > CELLS_MAX) {
			states.clear();
			cells = 0;
		}
		cells += size;
		const state: State = {before, places, table: new Array<null>(rows.length).fill(null)};
		states.set(key, state);
		return state;
	}

	// The places before a character and behind it: each only once, for it is marked with the number of the round. That one
	// goes on for as long as PID 1 lives, beyond 32 bits.
	const [live, reached] = [new Uint16Array(steps.length), new Uint16Array(steps.length)];
	const [liveMarks, reachedMarks] = [new Float64Array(steps.length), new Float64Array(steps.length)];
	let round = 0;

	function isNew(marks: Float64Array, place: number): boolean {
		if (marks[place] === round) return false;
		marks[place] = round;
		return true;
	}

	/** The state behind the letter. */
	function follow({before, places}: State, letter: number): State {
		const [row, after] = [rows[letter]!, sides[letter]!];
		let [liveCount, reachedCount] = [0, 0];
		round++;
		for (const place of places) if (isNew(liveMarks, place)) live[liveCount++] = place;
		// A match may begin behind every character.
		if (!isAnchored && isNew(reachedMarks, start)) reached[reachedCount++] = start;
		for (let i = 0; i < liveCount; i++) {
			const step = steps[live[i]!]!;
			if (step.kind === 'match') return MATCHED;
			if (step.kind === 'read') {
				if (row[step.set] === 1 && isNew(reachedMarks, step.next)) reached[reachedCount++] = step.next;
				continue;
			}
			if (step.kind === 'pass' && !holds(step.edge, before, after)) continue;
			if (isNew(liveMarks, step.next)) live[liveCount++] = step.next;
			if (step.kind === 'fork' && isNew(liveMarks, step.other)) live[liveCount++] = step.other;
		}
		if (letter === end || reachedCount === 0) return FAILED;
		return stateOf(after, reached.slice(0, reachedCount).sort());
	}

	return (text, from) => {
		let state = stateOf(from === 0 ? OUTSIDE : sides[letterOf(text.charCodeAt(from - 1))]!, Uint16Array.of(start));
		for (let at = from; ; at++) {
			const code = text.charCodeAt(at);
			const letter = code < 128 ? ascii[code]! : at < text.length ? letterOf(code) : end;
			const next: State = state.table[letter] ?? (state.table[letter] = follow(state, letter));
			if (next === MATCHED) return true;
			if (next === FAILED) return false;
			state = next;
		}
	};
}

const sideOf = (code: number): number => (has(NEWLINES, code) ? NEWLINE : 0) | (has(WORD, code) ? LETTER : 0);
