/** Where an archon is reached from outside: `[ssh://][user@]host[:port][/path]`, `docker://name[/path]`, a socket or a port. */
import {err, ok, type Result} from './result.ts';

export type Host =
	| {readonly kind: 'unix'; readonly path: string}
	| {readonly kind: 'tcp'; readonly host: string; readonly port: number}
	/** `path`: of the socket there; null: the usual places. */
	| {readonly kind: 'ssh'; readonly user: string | null; readonly host: string; readonly port: number | null; readonly path: string | null}
	/** A container, by its name or id. */
	| {readonly kind: 'docker'; readonly name: string; readonly path: string | null};

/** One that another program goes to. */
export type Through = Extract<Host, {kind: 'ssh' | 'docker'}>;

/** The name or the address, without the brackets of an IPv6 address, and the port. */
const PLACE = /^(?:\[([\da-f:.]+)\]|([^:[\]/@\s]+))(?::(\d{1,5}))?$/i;
const LOGIN = /^(?:([^@/\s]+)@)?([^@/]+)(\/.*)?$/s;
/** As docker names containers. */
const CONTAINER = /^([a-z\d][\w.-]{0,254})(\/.*)?$/is;
/** What ssh_config(5) could give to a shell (ProxyCommand) or take for an option; OpenSSH refuses the same by itself since 9.6. */
const UNSAFE = /^-|[\0-\x20\x7f-\x9f'"`$\\;&<>|(){},*?!#]/;
const CONTROL = /[\0-\x1f\x7f-\x9f]/;

export function parseHost(text: string): Result<Host, string> {
	const [, scheme = 'ssh', rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/s.exec(text) ?? [];
	if (CONTROL.test(text)) return err('holds a control character');
	switch (scheme) {
		case 'unix':
			return rest.startsWith('/') ? ok({kind: 'unix', path: rest}) : err('takes an absolute path: unix:///run/archon/archon.sock');
		case 'tcp': {
			const place = placeOf(rest);
			if (place && place.port !== null) return ok({kind: 'tcp', host: place.host, port: place.port});
			return err('takes a host and a port: tcp://127.0.0.1:7070');
		}
		case 'docker': {
			const [, name, path] = CONTAINER.exec(rest) ?? [];
			if (name === undefined) return err('takes the name of a container: docker://box/run/archon/archon.sock, where the path may be left out');
			return ok({kind: 'docker', name, path: pathOf(path)});
		}
		case 'ssh': return parseSsh(rest);
		default: return err('is not one of [ssh://][user@]host[:port][/path], docker://name[/path], unix:///path, tcp://host:port');
	}
}

function parseSsh(rest: string): Result<Host, string> {
	const [, user, where = '', path] = LOGIN.exec(rest) ?? [];
	const place = placeOf(where);
	if (!place || UNSAFE.test(place.host) || (user !== undefined && UNSAFE.test(user))) {
		return err('takes a host: ssh://user@host:22/run/archon/archon.sock, where all but the host may be left out');
	}
	return ok({kind: 'ssh', user: user ?? null, ...place, path: pathOf(path)});
}

const pathOf = (path: string | undefined): string | null => (path === undefined || path === '/' ? null : path);

function placeOf(text: string): {readonly host: string; readonly port: number | null} | null {
	const [, address, name, port] = PLACE.exec(text) ?? [];
	const host = address ?? name;
	if (host === undefined || Number(port ?? 1) > 65_535 || Number(port ?? 1) === 0) return null;
	return {host, port: port === undefined ? null : Number(port)};
}

/** As many as one command line may name. */
const MOST = 1000;

/** The hosts of a list with commas, each once, in order. */
export function hostsIn(texts: readonly string[]): Result<readonly string[], string> {
	const hosts = [...new Set(texts.flatMap(text => text.split(',')))];
	if (hosts.includes('')) return err('a host of the list is empty');
	return hosts.length > MOST ? err(`${hosts.length} hosts are more than ${MOST}`) : ok(hosts);
}
