/**
 * Makes a line safe to be shown beside others: control characters that would move the cursor, clear the screen or ring
 * the bell are escaped, so that no line can look like another service's. Colours (SGR) are kept. native/lines.c does the
 * same for bytes of UTF-8.
 */

/** Colours, and the control characters that are escaped. */
const UNSAFE = /\x1b\[[\d;:]*m|[\0-\x08\x0b-\x1f\x7f-\x9f]/g;

const RESET = '\x1b[0m';

/** The safe form of one line without its newline. A carriage return at its end is harmless and stays. */
export function plainText(line: string): string {
	const end = line.endsWith('\r') ? line.length - 1 : line.length;
	let isColoured = false;
	const shown = line.slice(0, end).replace(UNSAFE, found => {
		if (found.length > 1) {
			isColoured = true;
			return found;
		}
		return escaped(found);
	});
	// A colour that is not reset would colour the text after it.
	return `${shown}${isColoured ? RESET : ''}${line.slice(end)}`;
}

/**
 * What is printed by archonctl, with moves of the cursor of its own: C1 control characters, which some terminals obey like ESC
 * and a letter, are never among those.
 */
export const withoutC1 = (text: string, escape: (control: string) => string = escaped): string => text.replace(/[\x80-\x9f]/g, escape);

/** The same within JSON. */
export const jsonEscaped = (control: string): string => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;

const escaped = (control: string): string => (control === '\r' ? '\\r' : `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
