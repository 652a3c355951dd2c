/**
 * What a terminal sends → keys and pasted text: UTF-8, control characters, and the escape sequences of xterm and of those
 * who imitate it (XTerm Control Sequences, "PC-Style Function Keys"; ECMA-48). Pure.
 */

/**
 * A key is what it types, or its name: `up`, `page-down`, `ctrl-c`, `alt-b`, `shift-tab`, `enter`, `escape`, `f1`. Modifiers
 * stand in the order `ctrl-alt-shift-`.
 */
export type Input =
	| {readonly kind: 'key'; readonly key: string}
	/** Bracketed paste, with line feeds between lines. `isCut`: there was more of it than is kept. */
	| {readonly kind: 'paste'; readonly text: string; readonly isCut: boolean};

export interface Decoder {
	read(bytes: Uint8Array): readonly Input[];
	/** Whether an escape sequence is begun, or it was the key Escape: `ESCAPE_PAUSE` without another byte decides. */
	isPending(): boolean;
	/** No other byte came. */
	flush(): readonly Input[];
}

/** How long a terminal may take between the bytes of an escape sequence, in milliseconds. */
export const ESCAPE_PAUSE = 50;

/** More than any key sends. */
const SEQUENCE_MAX = 32;
/** Characters of one paste. */
export const PASTE_MAX = 65_536;

const ESC = 0x1b;

/** Final letters of CSI and SS3. */
const LETTERS: Readonly<Record<string, string>> = {
	A: 'up', B: 'down', C: 'right', D: 'left', E: 'begin', F: 'end', H: 'home', M: 'enter', P: 'f1', Q: 'f2', R: 'f3', S: 'f4', Z: 'shift-tab',
};

/** First parameters of sequences that end in `~`. */
const NUMBERS: Readonly<Record<string, string>> = {
	1: 'home', 2: 'insert', 3: 'delete', 4: 'end', 5: 'page-up', 6: 'page-down', 7: 'home', 8: 'end',
	11: 'f1', 12: 'f2', 13: 'f3', 14: 'f4', 15: 'f5', 17: 'f6', 18: 'f7', 19: 'f8', 20: 'f9', 21: 'f10', 23: 'f11', 24: 'f12',
};

/** Code points that have a name as keys. */
const NAMED: Readonly<Record<number, string>> = {
	0: 'ctrl-@', 8: 'backspace', 9: 'tab', 10: 'enter', 13: 'enter', 27: 'escape', 127: 'backspace',
};

const PASTE_BEGIN = '200';
const PASTE_END = '\x1b[201~';

export function createDecoder(): Decoder {
	const utf8 = createUtf8();
	/** What follows ESC, that with it; empty: no sequence is begun. */
	let sequence = '';
	/** Pasted so far; null: nothing is being pasted. */
	let paste: string[] | null = null;
	/** Its last characters, which may be the mark of the end. */
	let tail = '';
	let isCut = false;
	let out: Input[] = [];

	const give = (key: string): void => void out.push({kind: 'key', key});

	/** One character while text is pasted. */
	const pasted = (kept: string[], character: string): void => {
		tail += character;
		if (tail === PASTE_END) {
			out.push({kind: 'paste', text: kept.join('').replace(/\r\n?/g, '\n'), isCut});
			[paste, tail, isCut] = [null, '', false];
		}
		while (tail !== '' && !PASTE_END.startsWith(tail)) {
			if (kept.length < PASTE_MAX) kept.push(tail.charAt(0));
			else isCut = true;
			tail = tail.slice(1);
		}
	};
	/** One character behind ESC. */
	const continued = (character: string): void => {
		const code = character.codePointAt(0) ?? 0;
		if (code === ESC) {
			// The first was a key of its own.
			give('escape');
			return;
		}
		if (sequence === '\x1b' && (character === '[' || character === 'O')) {
			sequence += character;
			return;
		}
		if (sequence === '\x1b') {
			sequence = '';
			give(`alt-${nameOf(character)}`);
			return;
		}
		// The Linux console: ESC [ [ A.
		const isFinal = code >= 0x40 && code <= 0x7e && !(sequence === '\x1b[' && character === '[');
		if (!isFinal && code >= 0x20 && sequence.length < SEQUENCE_MAX) {
			sequence += character;
			return;
		}
		const whole = sequence + character;
		sequence = '';
		if (!isFinal) return;
		if (whole === `\x1b[${PASTE_BEGIN}~`) paste = [];
		else if (keyOf(whole) !== null) give(keyOf(whole) ?? '');
	};
	const take = (character: string): void => {
		if (paste !== null) return pasted(paste, character);
		if (sequence !== '') return continued(character);
		const code = character.codePointAt(0) ?? 0;
		if (code === ESC) sequence = character;
		// C1 controls are no keys.
		else if (code < 0x80 || code >= 0xa0) give(nameOf(character));
	};
	const taken = (): readonly Input[] => {
		const inputs = out;
		out = [];
		return inputs;
	};
	return {
		read(bytes) {
			for (const byte of bytes) {
				for (const character of utf8(byte)) take(character);
			}
			return taken();
		},
		isPending: () => sequence !== '',
		flush() {
			const begun = sequence;
			sequence = '';
			if (begun === '\x1b') give('escape');
			else if (begun.length === 2) give(`alt-${begun.slice(1)}`);
			return taken();
		},
	};
}

/** The key of one character. */
function nameOf(character: string): string {
	const code = character.codePointAt(0) ?? 0;
	const named = NAMED[code];
	if (named !== undefined) return named;
	return code < 0x20 ? `ctrl-${String.fromCharCode(code + 0x40).toLowerCase()}` : character;
}

/** The key of a whole sequence; null: that is not known. */
function keyOf(sequence: string): string | null {
	const final = sequence.at(-1) ?? '';
	if (sequence.startsWith('\x1b[[')) return /[A-E]/.test(final) ? `f${final.charCodeAt(0) - 0x40}` : null;
	const [first = '', second = ''] = sequence.slice(2, -1).split(';');
	const modifiers = modifiersOf(Number(second.split(':', 1)[0] || 1));
	if (modifiers === null) return null;
	// Keys as `modifyOtherKeys` and the kitty protocol have them.
	if (final === 'u' && /^\d+/.test(first)) return modified(modifiers, Number.parseInt(first, 10));
	const key = final === '~' ? NUMBERS[first] : /^[1-9]?$/.test(first) ? LETTERS[final] : undefined;
	return key === undefined ? null : modifiers + key;
}

/** The number in a sequence is one more than the sum of shift 1, alt 2 and ctrl 4. */
function modifiersOf(number: number): string | null {
	const bits = number - 1;
	if (!Number.isInteger(bits) || bits < 0 || bits > 255) return null;
	return `${bits & 4 ? 'ctrl-' : ''}${bits & 2 ? 'alt-' : ''}${bits & 1 ? 'shift-' : ''}`;
}

function modified(modifiers: string, code: number): string | null {
	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return null;
	const key = nameOf(String.fromCodePoint(code));
	// The character is given without shift.
	if (modifiers === 'shift-' && key.length === 1) return key.toUpperCase();
	return key.startsWith('ctrl-') ? key : modifiers + key;
}

/** Bytes one by one → the characters that they complete; what is not UTF-8 is U+FFFD. */
function createUtf8(): (byte: number) => string {
	let [code, left, least] = [0, 0, 0];
	const begin = (byte: number): string => {
		if (byte < 0x80) return String.fromCharCode(byte);
		if (byte >= 0xc2 && byte < 0xe0) [code, left, least] = [byte & 0x1f, 1, 0x80];
		else if (byte >= 0xe0 && byte < 0xf0) [code, left, least] = [byte & 0x0f, 2, 0x800];
		else if (byte >= 0xf0 && byte < 0xf5) [code, left, least] = [byte & 0x07, 3, 0x10000];
		else return '\ufffd';
		return '';
	};
	return byte => {
		if (left === 0) return begin(byte);
		if ((byte & 0xc0) !== 0x80) {
			left = 0;
			return `\ufffd${begin(byte)}`;
		}
		code = code << 6 | byte & 0x3f;
		left -= 1;
		if (left > 0) return '';
		const isValid = code >= least && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
		return isValid ? String.fromCodePoint(code) : '\ufffd';
	};
}
