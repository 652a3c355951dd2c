/**
 * Lines made safe to be shown beside others: whatever would move the cursor, clear the screen or ring the
 * bell is written out, so that no line can look like another service's. Colours (SGR) are let through.
 */

/** What is not shown as itself, in text and in bytes of UTF-8 each read as one character. */
const IN_TEXT = /\x1b\[[\d;:]*m|[\0-\x08\x0b-\x1f\x7f-\x9f]/g;
const IN_BYTES = /\x1b\[[\d;:]*m|[\0-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]/g;

const RESET = '\x1b[0m';

/** Of one line without its newline. A carriage return at its end does no harm and stays. */
export const plainText = (line: string): string => plain(line, IN_TEXT);

/** The same of UTF-8 bytes, one character each (latin1). */
export const plainBytes = (line: string): string => plain(line, IN_BYTES);

/** Whether any line of latin1 bytes needs a closer look; newlines are none of these. */
export const isPlain = (bytes: string): boolean => !/[\0-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]/.test(bytes);

function plain(line: string, unsafe: RegExp): string {
	const end = line.endsWith('\r') ? line.length - 1 : line.length;
	let isColoured = false;
	const shown = line.slice(0, end).replace(unsafe, found => {
		if (found.length > 2) {
			isColoured = true;
			return found;
		}
		return written(found);
	});
	// A colour that is left on would run on into what comes after it.
	return `${shown}${isColoured ? RESET : ''}${line.slice(end)}`;
}

function written(control: string): string {
	if (control === '\r') return '\\r';
	return [...control].map(character => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
}
