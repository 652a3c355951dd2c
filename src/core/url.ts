/** URLs of http and https (RFC 3986), as far as probes need them. */

/** The parts of a URL. */
export interface Url {
	readonly scheme: 'http' | 'https';
	/** A name or an address, without the brackets of an IPv6 address. */
	readonly host: string;
	readonly port: number;
	/** The path with the query, as it is sent; at least `/`. */
	readonly path: string;
	/** `user:password`, or `user`; null: the URL has none. */
	readonly credentials: string | null;
}

const URL = /^(https?):\/\/(?:([^/?#@\s]*)@)?(?:\[([\da-f:.]+)\]|([^/?#@:[\]\s\\]+))(?::(\d{0,5}))?([/?][^#]*)?(?:#.*)?$/is;

/** Parses a URL of http or https; null: it is not one. Characters that a path must not contain become `%XX`. */
export function parseUrl(text: string): Url | null {
	const [, scheme = '', user, address, name = '', digits = '', rest = ''] = text.isWellFormed() ? URL.exec(text) ?? [] : [];
	const isSecure = scheme.toLowerCase() === 'https';
	const port = digits === '' ? (isSecure ? 443 : 80) : Number(digits);
	const host = address ?? name;
	const isHost = address === undefined ? /^[!-~]+$/.test(name) && !/[%<>^`{|}"]/.test(name) : address.split(':').length > 2;
	if (scheme === '' || !isHost || port > 65_535) return null;
	const path = (rest.startsWith('/') ? rest : `/${rest}`).replace(/[^!-~]+/g, encodeURIComponent);
	return {scheme: isSecure ? 'https' : 'http', host, port, path, credentials: user === undefined ? null : decoded(user)};
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
