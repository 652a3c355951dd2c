/** Probes from outside, as in `ready` and `healthcheck`. */
import type {Probe} from '../../../core/service.ts';
import {anyText, either, mapOf} from '../../../config/accepts.ts';
import type {Advising, Written} from '../../../config/group.ts';
import {key, list, optional} from '../../../config/key.ts';
import {readBy, readText, refuse, refuseKind} from '../../../config/readers.ts';
import {address, httpUrl, pattern, whole} from '../../../config/scalars.ts';
import {reader, readShape, shape, within, type Context, type Key} from '../../../config/shape.ts';
import type {Value} from '../../../config/values.ts';

export const HTTP = shape({
	url: optional(httpUrl, 'http(s)://…', 'required', 'what is requested'),
	status: list(whole(100, 599), 'number | list', 'statuses that count as success; empty: 200 to 399', '[200, 204]'),
	headers: key<Readonly<Record<string, string>>>(
		reader(() => mapOf(anyText(), HEADER.source), readHeaders), 'map', 'empty', {}, 'sent with the request', '{Host: shop.example}',
	),
	body: optional(pattern, 'regular expression', 'anything', 'what the body must match'),
});

export const tcp = (help: string): Key<Probe | null> =>
	key<Probe | null>(readTcp, 'port | host:port', 'none', null, help);

export const http = (help: string): Key<Probe | null> =>
	key<Probe | null>(readHttp, 'http(s)://… | map with url', 'none', null, help);

const readAddress = readBy(address);

const readTcp = reader<Probe>(address.accepts, (from, context) => {
	const place = readAddress(from, context);
	return place && {kind: 'tcp', ...place};
});

const readHttp = reader<Probe>(() => either(httpUrl.accepts(), {shape: HTTP}), (from, context) => {
	if (from.kind === 'list') return refuse(from, context, 'must be a URL or a map with one, not a list');
	if (from.kind === 'scalar') {
		const url = readBy(httpUrl)(from, context);
		return url === undefined ? undefined : {kind: 'http', url, statuses: [], headers: {}, body: null};
	}
	const {url, status: statuses, headers, body} = readShape(HTTP, from, context);
	if (url !== null) return {kind: 'http', url, statuses, headers, body};
	return from.entries.has('url') ? undefined : refuse(from, context, 'has no url');
});

/** A header's name (RFC 9110, 5.6.2). */
const HEADER = /^[\w!#$%&'*+.^`|~-]+$/;

function readHeaders(from: Value, context: Context): Readonly<Record<string, string>> | undefined {
	if (from.kind !== 'map') return refuseKind(from, context, 'a map');
	const headers = new Map<string, string>();
	for (const [name, {key: place, value: content}] of from.entries) {
		const inner = within(context, name);
		const text = readText(content, inner);
		if (!HEADER.test(name)) refuse(place, inner, 'cannot be a header\'s name');
		else if (text !== undefined && /[^\t -~\x80-\xff]/.test(text)) refuse(content, inner, 'holds what a header cannot');
		else if (text !== undefined) headers.set(name, text);
	}
	return Object.fromEntries(headers);
}

/** TLS is spoken by a program of the image alone. */
export function noteTls({path, map}: Written<unknown>, key: string, probe: Probe | null, {notes, lookups}: Advising): void {
	const written = map.entries.get(key)?.value;
	if (!written || probe?.kind !== 'http' || !probe.url.startsWith('https:')) return;
	const {hasProgram} = lookups;
	if (hasProgram && !TLS_PROGRAMS.some(hasProgram)) notes.gather(written, NO_TLS, `${path}.${key}`);
}

/** Noted once for all URLs. */
const NO_TLS = 'https needs curl or wget, and neither is here: install one in the image, or use http or exec';
const TLS_PROGRAMS = ['curl', 'wget'];
