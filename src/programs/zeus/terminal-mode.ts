/** What a client must know of a terminal's mode: struct termios of Linux (termios(3)), as `sys.terminalMode` gives it. */

export type Mode = Uint8Array<ArrayBuffer>;

/** Where flags and control characters begin, in bytes. */
const [OUTPUT, LOCAL, CHARACTERS] = [4, 12, 17];
/** In the first byte of their flags on processors that archon runs on. */
const [OPOST, ISIG, ICANON, ECHO] = [1, 1, 2, 8];
/** Places of control characters. */
const [VINTR, VQUIT, VEOF, VSUSP] = [0, 1, 4, 10];
/** _POSIX_VDISABLE: no key has that function. */
const DISABLED = 0;

/** `\n` is written as it is. */
export const withoutOutputProcessing = (mode: Mode): Mode => without(mode, OUTPUT, OPOST);

export const withoutEcho = (mode: Mode): Mode => without(mode, LOCAL, ECHO);

function without(mode: Mode, at: number, flag: number): Mode {
	const changed = mode.slice();
	changed[at] = (mode[at] ?? 0) & ~flag;
	return changed;
}

/** The character that ends what is typed; null: the program reads characters as they come, and it has no such character. */
export const endOfFile = (mode: Mode): number | null => ((mode[LOCAL] ?? 0) & ICANON ? character(mode, VEOF) : null);

const character = (mode: Mode, which: number): number | null => {
	const code = mode[CHARACTERS + which] ?? DISABLED;
	return code === DISABLED ? null : code;
};

export type Key = 'interrupt' | 'quit' | 'suspend';

/** What a key that was typed asks for; null: nothing, or the program reads such keys itself. */
export function keyOf(mode: Mode, code: number): Key | null {
	if (((mode[LOCAL] ?? 0) & ISIG) === 0) return null;
	if (code === character(mode, VINTR)) return 'interrupt';
	if (code === character(mode, VQUIT)) return 'quit';
	return code === character(mode, VSUSP) ? 'suspend' : null;
}
