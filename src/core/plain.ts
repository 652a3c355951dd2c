/**
 * A line made safe to be shown beside others: whatever would move the cursor, clear the screen or ring the bell is
 * written out, so that no line can look like another service's. Colours (SGR) are let through. The same is done in C
 * for bytes of UTF-8 (native/lines.c).
 */

/** What is not shown as itself. */
const UNSAFE = /\x1b\[[\d;:]*m|[\0-\x08\x0b-\x1f\x7f-\x9f]/g;

const RESET = '\x1b[0m';

/** Of one line without its newline. A carriage return at its end does no harm and stays. */
export function plainText(line: string): string {
	const end = line.endsWith('\r') ? line.length - 1 : line.length;
	let isColoured = false;
	const shown = line.slice(0, end).replace(UNSAFE, found => {
		if (found.length > 1) {
			isColoured = true;
			return found;
		}
		return written(found);
	});
	// A colour that is left on would run on into what comes after it.
	return `${shown}${isColoured ? RESET : ''}${line.slice(end)}`;
}

const written = (control: string): string => (control === '\r' ? '\\r' : `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
