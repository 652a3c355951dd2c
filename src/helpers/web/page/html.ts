/** Text as HTML: what is put into a page is escaped, unless it was made here. */

/** A piece of a page. */
export interface Html {
	readonly html: string;
}

/** What can be put into a piece: texts and numbers are escaped, null and false are nothing, a list is all that is in it. */
export type Piece = Html | string | number | null | false | readonly Piece[];

/** Made by hand, of nothing that a visitor or a service has said. */
export const raw = (html: string): Html => ({html});

export const html = (texts: TemplateStringsArray, ...pieces: readonly Piece[]): Html =>
	raw(texts.reduce((all, text, index) => all + textOf(pieces[index - 1] ?? null) + text));

function textOf(piece: Piece): string {
	if (piece === null || piece === false) return '';
	if (typeof piece === 'string') return escape(piece);
	if (typeof piece === 'number') return String(piece);
	return 'html' in piece ? piece.html : piece.map(textOf).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;'};

/** For text, and for attributes in quotes. What no page may hold becomes a sign in its place. */
const escape = (text: string): string => text.replace(/[&<>"'\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g, each => ENTITIES[each] ?? '\ufffd');

/** A path on this server: its segments, and a query of what is not empty. */
export function path(segments: readonly string[], query: Readonly<Record<string, string>> = {}): string {
	const pairs = Object.entries(query).filter(([, value]) => value !== '').map(pair => pair.map(encode).join('='));
	return `/${segments.map(encode).join('/')}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`;
}

/** A surrogate without its other half has no place in an address. */
const encode = (text: string): string => encodeURIComponent(text.toWellFormed());
