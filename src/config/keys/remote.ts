/** `remote` at the top: where clients of a network come in, by which tokens, and what they may do. */
import {RIGHTS, type Role} from '../../core/access.ts';
import {ok} from '../../core/result.ts';
import type {Remote} from '../../core/remote.ts';
import {either, listOf, textLike} from '../accepts.ts';
import type {WholeGroup} from '../group.ts';
import {key, optional, value} from '../key.ts';
import {appended} from '../merge.ts';
import {refuse, refuseKind} from '../readers.ts';
import {absolutePath, fault, oneOf, parser, truth, type Parse} from '../scalars.ts';
import {isMissing, reader, readShape, REQUIRED, shape, within, type Context, type Settings} from '../shape.ts';
import {isNothing, type Value} from '../values.ts';
import {type WrittenGrant, grantOf} from './access.ts';
import {readNames, type Name} from './groups.ts';

/** The same with the places of what is in it. */
export interface WrittenRemote extends WrittenGrant, Omit<Remote, 'grant'> {
	/** What it is called in messages: `remote`, `remote[1]`. */
	readonly path: string;
	/** Where its token_file is named. */
	readonly tokenAt: Value;
}

/** How many there may be: all of them are told to the helper in one message. */
const REMOTES_MAX = 8;

const OCTET = String.raw`(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const HEX = '[0-9A-Fa-f]{1,4}';
const SOME = `(${HEX}(:${HEX}){0,5})?`;
const PORT = String.raw`(6553[0-5]|655[0-2]\d|65[0-4]\d\d|6[0-4]\d{3}|[1-5]\d{4}|[1-9]\d{0,3})`;
/** An address in figures with a port. */
export const LISTEN = String.raw`^(localhost|${OCTET}(\.${OCTET}){3}|\[((${HEX}:){7}${HEX}|${SOME}::${SOME})\]):${PORT}$`;

interface Listen {
	readonly host: string;
	readonly port: number;
}

/** `usual`: the port that messages have as an example. */
export const listenAt = (usual: number): Parse<Listen> => parser<Listen>(
	() => textLike(LISTEN, `127.0.0.1:${usual}`, `[::1]:${usual}`), text => readPlace(text, usual),
);

function readPlace(text: string, usual: number): ReturnType<Parse<Listen>> {
	const examples = `127.0.0.1:${usual} or "[::1]:${usual}"`;
	if (/:\d+-\d+$/.test(text)) return fault('has a range of ports', 'write one port');
	const [, name, address, digits = ''] = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(text) ?? [];
	if (!new RegExp(LISTEN).test(text)) {
		if (/^\d+$/.test(text)) return fault('has no address', `write 127.0.0.1:${text}`);
		const everywhere = /^\*?:(\d+)$/.exec(text)?.[1];
		if (everywhere !== undefined) return fault('has no address', `write 127.0.0.1:${everywhere}, or 0.0.0.0:${everywhere} for all addresses`);
		if (digits === '') return fault('has no port', `write an address and a port: ${examples}`);
		return fault('is not an address in figures with a port', `write ${examples}`);
	}
	const host = name ?? address ?? '';
	return ok({host: host === 'localhost' ? '127.0.0.1' : host, port: Number(digits)});
}

const REMOTE_KEYS = {
	listen: optional(listenAt(7070), 'address:port', REQUIRED, 'where; an address in figures', '127.0.0.1:7070'),
	token_file: optional(absolutePath, 'path', REQUIRED, 'holds tokens, one a line; read again as it changes', '/run/secrets/archon-token'),
	role: value<Role>(oneOf<Role>(RIGHTS), RIGHTS.join(' | '), 'observe', 'what a client with such a token may do'),
	services: key<readonly Name[] | null>(
		readNames, 'name | pattern | list of them', 'all, and archon as a whole', null, 'for which services and groups', '[web, "worker-*"]',
	),
	insecure: value(truth, 'true | false', 'false', 'true allows an address that others reach; they can read what is said on the way'),
};

const REMOTE = shape(REMOTE_KEYS, {
	words: () => ({names: {listen: 'address bind port host', token_file: 'token password secret password_file', role: 'roles right rights'}}),
});

const KEYS = {
	remote: key<readonly WrittenRemote[]>(
		reader(() => either({shape: REMOTE}, listOf({shape: REMOTE}, {maxItems: REMOTES_MAX})), readRemotes),
		'{listen, token_file, role, services} | list of them', 'none', [],
		'control by TCP, for clients with a token', '{listen: "127.0.0.1:7070", token_file: /run/secrets/archon-token, role: operate}',
	),
};

export const remote = {
	keys: KEYS,
	maps: [['remote', REMOTE]],
	merge: {remote: appended},
	words: () => ({names: {remote: 'tcp inet_http_server http_server api'}}),
	plan: ({remote}: Settings<typeof KEYS>) => ({
		remote: remote.map(({host, port, tokenFile, role, services}): Remote =>
			({host, port, tokenFile, grant: {role, services: services?.map(({name}) => name) ?? null}})),
	}),
} satisfies WholeGroup;

function readRemotes(from: Value, context: Context): readonly WrittenRemote[] | undefined {
	if (isNothing(from)) return [];
	if (from.kind === 'map') return readRemote(from, context);
	if (from.kind !== 'list') return refuseKind(from, context, 'a map with listen and token_file, or a list of them');
	if (from.items.length > REMOTES_MAX) return refuse(from, context, `has more than ${REMOTES_MAX} entries`);
	return from.items.flatMap((item, index) => readRemote(item, within(context, index)) ?? []);
}

function readRemote(from: Value, context: Context): readonly WrittenRemote[] | undefined {
	if (from.kind !== 'map') return refuseKind(from, context, 'a map with listen and token_file');
	const {listen, token_file: tokenFile, insecure, ...rights} = readShape(REMOTE, from, context);
	const grant = grantOf(rights, from, context);
	if (isMissing(['listen'], from, REMOTE)) refuse(from, context, 'does not say where to listen', 'write listen: 127.0.0.1:7070');
	if (isMissing(['token_file'], from, REMOTE)) {
		refuse(from, context, 'has no token_file', 'name a file with a token in it, as of: openssl rand -base64 32');
	}
	if (listen && !insecure && !/^127\.|^::1$/.test(listen.host)) {
		refuse(
			from.entries.get('listen')?.value ?? from, within(context, 'listen'),
			'is an address that others reach, who could read the token on the way',
			'listen at 127.0.0.1 and come in by ssh or a proxy with TLS, or write insecure: true',
		);
	}
	if (!grant || !listen || tokenFile === null) return undefined;
	return [{...grant, ...listen, tokenFile, path: context.path, tokenAt: from.entries.get('token_file')?.value ?? from}];
}
