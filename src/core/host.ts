/** Where an archon is reached from outside: `unix:///path`, `tcp://host:port`, `ssh://[user@]host[:port][/path]`. */
import {err, ok, type Result} from './result.ts';

export type Host =
	| {readonly kind: 'unix'; readonly path: string}
	| {readonly kind: 'tcp'; readonly host: string; readonly port: number}
	/** `path`: of the socket there; null: the usual places. */
	| {readonly kind: 'ssh'; readonly user: string | null; readonly host: string; readonly port: number | null; readonly path: string | null};

/** The name or the address, without the brackets of an IPv6 address, and the port. */
const PLACE = /^(?:\[([\da-f:.]+)\]|([^:[\]/@\s]+))(?::(\d{1,5}))?$/i;
const LOGIN = /^(?:([^@/\s]+)@)?([^@/]+)(\/.*)?$/s;

export function parseHost(text: string): Result<Host, string> {
	const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.*)$/s.exec(text) ?? [];
	if (scheme === 'unix') {
		return rest.startsWith('/') ? ok({kind: 'unix', path: rest}) : err('takes an absolute path: unix:///run/archon/archon.sock');
	}
	if (scheme === 'tcp') {
		const place = placeOf(rest);
		if (place && place.port !== null) return ok({kind: 'tcp', host: place.host, port: place.port});
		return err('takes a host and a port: tcp://127.0.0.1:7070');
	}
	if (scheme !== 'ssh') return err('is not one of unix:///path, tcp://host:port, ssh://[user@]host[:port][/path]');
	const [, user, where = '', path] = LOGIN.exec(rest) ?? [];
	const place = placeOf(where);
	// Else ssh would take them for options.
	const isSafe = place && !place.host.startsWith('-') && !user?.startsWith('-');
	if (!isSafe) return err('takes a host: ssh://user@host:22/run/archon/archon.sock, where all but the host may be left out');
	return ok({kind: 'ssh', user: user ?? null, ...place, path: path === undefined || path === '/' ? null : path});
}

function placeOf(text: string): {readonly host: string; readonly port: number | null} | null {
	const [, address, name, port] = PLACE.exec(text) ?? [];
	const host = address ?? name;
	if (host === undefined || Number(port ?? 1) > 65_535 || Number(port ?? 1) === 0) return null;
	return {host, port: port === undefined ? null : Number(port)};
}
