/** Text with looks: what a row of the screen is made of, and how lines with colours (SGR, ECMA-48 8.3.117) become it. Pure. */

/** How a cell looks, as bits: a colour, a background, and attributes. 0 is as the terminal has it by itself. */
export type Style = number;

export interface Span {
	readonly text: string;
	readonly style: Style;
}

export const PLAIN: Style = 0;
export const BOLD: Style = 1 << 18;
export const DIM: Style = 1 << 19;
export const UNDERLINE: Style = 1 << 20;
export const REVERSE: Style = 1 << 21;

/** Nine bits each: 0 none, else a number of the 256 colours and one. */
const COLOUR_BITS = 0x1ff;
const BACKGROUND_SHIFT = 9;

/** Of the 256 colours of xterm; the first eight are black, red, green, yellow, blue, magenta, cyan and white. */
export const colour = (number: number): Style => number + 1;

const background = (number: number): Style => colour(number) << BACKGROUND_SHIFT;

const ATTRIBUTES: readonly (readonly [style: Style, sgr: number])[] = [[BOLD, 1], [DIM, 2], [UNDERLINE, 4], [REVERSE, 7]];

export const withoutColours = (style: Style): Style => style & ~(COLOUR_BITS | COLOUR_BITS << BACKGROUND_SHIFT);

/** What makes a terminal write in that style, whatever it wrote in before. */
export function sgrOf(style: Style): string {
	const codes = ATTRIBUTES.filter(([attribute]) => (style & attribute) !== 0).map(([, sgr]) => String(sgr));
	codes.push(...colourCode(style & COLOUR_BITS, 30, 90), ...colourCode((style >> BACKGROUND_SHIFT) & COLOUR_BITS, 40, 100));
	return `\x1b[${['', ...codes].join(';')}m`;
}

function colourCode(field: number, normal: number, bright: number): readonly string[] {
	const number = field - 1;
	if (number < 0) return [];
	if (number < 8) return [String(normal + number)];
	return number < 16 ? [String(bright + number - 8)] : [`${normal + 8};5;${number}`];
}

/** A line whose only control sequences are colours, as `plainText` leaves it. */
export function spansOf(line: string, base: Style = PLAIN): readonly Span[] {
	if (!line.includes('\x1b')) return [{text: line, style: base}];
	const spans: Span[] = [];
	let style = base;
	let from = 0;
	for (const {0: found, 1: codes = '', index} of line.matchAll(SGR)) {
		if (index > from) spans.push({text: line.slice(from, index), style});
		style = styled(style, codes, base);
		from = index + found.length;
	}
	if (from < line.length) spans.push({text: line.slice(from), style});
	return spans;
}

const SGR = /\x1b\[([\d;:]*)m/g;

/** The style after the codes of one sequence. */
function styled(before: Style, codes: string, base: Style): Style {
	const list = codes.split(/[;:]/, CODES_MAX).map(Number);
	let style = before;
	for (let at = 0; at < list.length; at++) {
		const code = list[at] ?? 0;
		if (code === 38 || code === 48) {
			const {number, length} = extended(list.slice(at + 1, at + 5));
			at += length;
			if (number !== null) style = code === 38 ? withColour(style, colour(number)) : withBackground(style, background(number));
		} else {
			style = simple(style, code, base);
		}
	}
	return style;
}

/** Codes in one sequence that are looked at. */
const CODES_MAX = 32;

function simple(style: Style, code: number, base: Style): Style {
	if (code === 0) return base;
	const attribute = ATTRIBUTES.find(([, sgr]) => sgr === code);
	if (attribute) return style | attribute[0];
	if (code === 22) return style & ~(BOLD | DIM);
	if (code === 24) return style & ~UNDERLINE;
	if (code === 27) return style & ~REVERSE;
	if (code >= 30 && code <= 37) return withColour(style, colour(code - 30));
	if (code === 39) return withColour(style, 0);
	if (code >= 40 && code <= 47) return withBackground(style, background(code - 40));
	if (code === 49) return withBackground(style, 0);
	if (code >= 90 && code <= 97) return withColour(style, colour(code - 82));
	return code >= 100 && code <= 107 ? withBackground(style, background(code - 92)) : style;
}

const withColour = (style: Style, bits: number): Style => (style & ~COLOUR_BITS) | bits;
const withBackground = (style: Style, bits: number): Style => (style & ~(COLOUR_BITS << BACKGROUND_SHIFT)) | bits;

/** What follows 38 and 48: `5;n`, or `2;r;g;b`, of which the nearest in the cube of 6×6×6 is taken. */
function extended([kind, ...values]: readonly number[]): {readonly number: number | null; readonly length: number} {
	if (kind === 5) return {number: (values[0] ?? 0) & 0xff, length: 2};
	if (kind !== 2) return {number: null, length: 0};
	const [red = 0, green = 0, blue = 0] = values.map(value => Math.round(Math.min(255, value) / 51));
	return {number: 16 + 36 * red + 6 * green + blue, length: 4};
}
