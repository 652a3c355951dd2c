/**
 * The modes that a program has put its terminal into, found in what it wrote: so that another terminal can be put into the
 * same ones, and a person's into those that it had before. Knows sequences and no screen. Pure.
 */

/** What a program has changed of a terminal. */
export interface Modes {
	/** DEC private modes that are not as at the beginning (`CSI ? n h` and `l`), oldest first. */
	readonly private: ReadonlyMap<number, boolean>;
	/** `ESC =`: the keypad sends sequences. */
	readonly hasKeypad: boolean;
	/** `CSI 4 h`: what is written moves the rest of its line. */
	readonly isInserting: boolean;
	/** `CSI 20 h`: the return key sends a line feed as well, and a line feed returns. */
	readonly isNewline: boolean;
	/** `CSI 2 h`: no key does anything. */
	readonly isLocked: boolean;
	/** The rows that scroll, as `2;23`; empty: all of them. */
	readonly margins: string;
	/** The form of the cursor (`CSI n SP q`); empty: the person's own. */
	readonly cursor: string;
	/** xterm's modifyOtherKeys (`CSI > 4 ; n m`). */
	readonly otherKeys: string;
	/** How many of kitty's keyboard modes are on its stack (`CSI > n u`). */
	readonly keyboards: number;
	/** G0 is the set of line drawing (`ESC ( 0`). */
	readonly isDrawing: boolean;
}

export const PLAIN: Modes = {
	private: new Map(), hasKeypad: false, isInserting: false, isNewline: false, isLocked: false,
	margins: '', cursor: '', otherKeys: '', keyboards: 0, isDrawing: false,
};

/** The alternate screen, in the three ways that there are to it. */
const ALTERNATE: readonly number[] = [1049, 1047, 47];

export const isAlternate = ({private: modes}: Modes): boolean => ALTERNATE.some(mode => modes.get(mode) === true);

/** On as a terminal begins; all others are off. Auto-wrap, a visible cursor, and that a key which is held repeats. */
const ON: ReadonlySet<number> = new Set([7, 8, 25]);
/** That do not say how a terminal is from then on: it is cleared (3), or keeps its cursor in mind (1048). */
const PASSING: ReadonlySet<number> = new Set([3, 1048]);
/** Modes of ECMA-48 (`CSI n h`). */
const ANSI: ReadonlyMap<number, 'isLocked' | 'isInserting' | 'isNewline'> =
	new Map([[2, 'isLocked'], [4, 'isInserting'], [20, 'isNewline']] as const);
/** More modes than terminals have are not kept. */
const MODES_MAX = 64;

/** Reads output in pieces, cut anywhere. One character is one byte (Latin-1). */
export interface Tracker {
	take(text: string): void;
	modes(): Modes;
	/** Whether the screen was cleared, or entered as an empty one, since the tracker was made. */
	wasCleared(): boolean;
}

/** No part of it can be read in two ways, so that no text takes long. */
const SEQUENCE = /\x1b(?:\[([<=>?]?)([\d;:]{0,256})([ !"$'*]?)([@-~])|([=>c])|\(([0-9A-Z]))/g;
/** A sequence that is not whole yet. */
const BEGUN = /(?:\x1b(?:\[[<=>?]?[\d;:]{0,256}[ !"$'*]?|\(?)|\xc2)$/;
const BEGUN_MAX = 262;
/** CSI as one control character of UTF-8, which some terminals obey as well. */
const C1_CSI = /\xc2\x9b/g;
/** Within a sequence a terminal obeys these at once, and goes on with it; CAN, SUB and ESC end it. */
const BETWEEN = /[\0-\x17\x19\x1c-\x1f\x7f]+/g;

export function createTracker(from: Modes = PLAIN): Tracker {
	let modes = from;
	let rest = '';
	let wasCleared = false;

	const setPrivate = (mode: number, isOn: boolean): void => {
		if (PASSING.has(mode)) return;
		const next = new Map(modes.private);
		next.delete(mode);
		if (isOn !== ON.has(mode) && next.size < MODES_MAX) next.set(mode, isOn);
		if (isOn && ALTERNATE.includes(mode)) wasCleared = true;
		modes = {...modes, private: next};
	};
	const obey = (kind: string, numbers: string, between: string, last: string): void => {
		const command = `${kind}${between}${last}`;
		switch (command) {
			case '?h':
			case '?l':
				for (const mode of numbers.split(';')) if (mode !== '') setPrivate(Number(mode), last === 'h');
				break;
			case 'h':
			case 'l':
				for (const mode of numbers.split(';')) {
					const name = ANSI.get(Number(mode));
					if (name) modes = {...modes, [name]: last === 'h'};
				}
				break;
			case 'J':
				wasCleared ||= numbers === '2' || numbers === '3';
				break;
			case 'r':
				modes = {...modes, margins: numbers};
				break;
			case ' q':
				modes = {...modes, cursor: numbers === '0' ? '' : numbers};
				break;
			case '>m':
				if (/^4(;|$)/.test(numbers)) modes = {...modes, otherKeys: /^4;[1-9]/.test(numbers) ? numbers.slice(2) : ''};
				break;
			case '>u':
				modes = {...modes, keyboards: Math.min(16, modes.keyboards + 1)};
				break;
			case '<u':
				modes = {...modes, keyboards: Math.max(0, modes.keyboards - (Number(numbers) || 1))};
				break;
			case '!p':
				// A soft reset leaves the screen and its mode.
				modes = {...PLAIN, private: new Map([...modes.private].filter(([mode]) => ALTERNATE.includes(mode)))};
		}
	};
	return {
		take(piece) {
			const text = (rest + piece).replace(C1_CSI, CSI).replace(BETWEEN, '');
			for (const [, kind = '', numbers = '', between = '', last, single, set] of text.matchAll(SEQUENCE)) {
				if (last !== undefined) obey(kind, numbers, between, last);
				else if (set !== undefined) modes = {...modes, isDrawing: set === '0'};
				else if (single === 'c') [modes, wasCleared] = [PLAIN, true];
				else modes = {...modes, hasKeypad: single === '='};
			}
			rest = BEGUN.exec(text.slice(-BEGUN_MAX))?.[0] ?? '';
		},
		modes: () => modes,
		wasCleared: () => wasCleared,
	};
}

const CSI = '\x1b[';

/** Puts a terminal that is as it began into these modes, with an empty screen where that is the alternate one. */
export function enter(all: Modes): string {
	const {private: modes, hasKeypad, margins, cursor, otherKeys, keyboards, isDrawing} = all;
	return [
		...[...modes].map(([mode, isOn]) => `${CSI}?${mode}${isOn ? 'h' : 'l'}`),
		...ALTERNATE.some(mode => modes.get(mode)) ? [`${CSI}2J${CSI}H`] : [],
		hasKeypad ? '\x1b=' : '', ansi(all, 'h'), margins === '' ? '' : `${CSI}${margins}r`,
		cursor === '' ? '' : `${CSI}${cursor} q`, otherKeys === '' ? '' : `${CSI}>4;${otherKeys}m`,
		`${CSI}>1u`.repeat(keyboards), isDrawing ? '\x1b(0' : '',
	].join('');
}

/** Puts a terminal in these modes back to how it began; what was on it before the alternate screen is on it again. */
export function leave(all: Modes): string {
	const {private: modes, hasKeypad, margins, cursor, otherKeys, keyboards, isDrawing} = all;
	const isOther = [...modes].filter(([mode]) => !ALTERNATE.includes(mode));
	const screens = ALTERNATE.filter(mode => modes.get(mode));
	return [
		keyboards > 0 ? `${CSI}<${keyboards}u` : '', otherKeys === '' ? '' : `${CSI}>4m`,
		// To set the margins moves the cursor home.
		margins === '' ? '' : `\x1b7${CSI}r\x1b8`, ansi(all, 'l'), hasKeypad ? '\x1b>' : '',
		set(isOther.filter(([, isOn]) => isOn), 'l'), set(isOther.filter(([, isOn]) => !isOn), 'h'),
		isDrawing ? '\x1b(B' : '', '\x0f', cursor === '' ? '' : `${CSI}0 q`, `${CSI}0m`,
		...screens.map(mode => `${CSI}?${mode}l`),
	].join('');
}

const ansi = (modes: Modes, to: 'h' | 'l'): string =>
	[...ANSI].filter(([, name]) => modes[name]).map(([mode]) => `${CSI}${mode}${to}`).join('');

const set = (modes: readonly (readonly [number, boolean])[], to: 'h' | 'l'): string =>
	modes.length === 0 ? '' : `${CSI}?${modes.map(([mode]) => mode).join(';')}${to}`;

/**
 * Output that is shown a second time, without what a terminal would do once more: to answer questions (its answer would be
 * typed into the program), and to ring.
 */
export const withoutQuestions = (text: string): string => text.replace(QUESTIONS, found =>
	// The bell that ends a title is a part of it.
	found.startsWith('\x1b]') && !found.includes(';?') ? found : '');

/**
 * Device attributes, status and mode reports, window reports, the state of kitty's keyboard, XTVERSION; DCS that asks for
 * settings or capabilities; OSC, whose questions hold `;?`; ENQ; BEL.
 */
const QUESTIONS = new RegExp([
	/\x1b\[(?:[>=]?\d{0,4}c|\??\d{1,4}n|\??\d{1,4}\$p|(?:1[13-9]|2[01])(?:;\d)?t|\?u|>\d?q|\d?x|\?\d{0,2}m)/,
	/\x1bP[+$]q[^\x1b]{0,4096}\x1b\\/,
	/\x1b\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)/,
	/[\x05\x07]/,
].map(({source}) => source).join('|'), 'g');
