/** The service's name before a line, padded so that all lines begin in one column. Each name always has the same colour. */

const NAME_MAX = 24;
const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];
const OWN_COLOUR = 90;

/** The width of the column of names, in characters. */
export const widthOf = (names: Iterable<string>): number =>
	Math.min(NAME_MAX, [...names].reduce((width, name) => Math.max(width, name.length), 'archon'.length));

/** The label of one line: `web    | `. */
export function label(name: string, width: number, isColoured: boolean): string {
	const text = `${name.padEnd(width)} | `;
	if (!isColoured) return text;
	let hash = 0;
	for (const character of name) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
	return `\x1b[${name === 'archon' ? OWN_COLOUR : COLOURS[hash % COLOURS.length]}m${text}\x1b[0m`;
}
