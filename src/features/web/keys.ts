/** `web` at the top: where HTTP is answered, who may be shown what, and by which tokens more. */
import {textLike} from '../../config/accepts.ts';
import type {WholeGroup} from '../../config/group.ts';
import {key, list, optional, value} from '../../config/key.ts';
import {grantOf, type WrittenGrant} from '../../config/keys/access.ts';
import {readNames, type Name} from '../../config/keys/groups.ts';
import {LISTEN, listenAt} from '../../config/keys/remote.ts';
import {readListOf, refuse, refuseKind} from '../../config/readers.ts';
import {absolutePath, fault, fileMode, oneOf, parser, truth} from '../../config/scalars.ts';
import {isMissing, reader, readShape, REQUIRED, shape, within, type Context, type Settings} from '../../config/shape.ts';
import {isNothing, type Value} from '../../config/values.ts';
import {RIGHTS, type Role} from '../../core/access.ts';
import {ok} from '../../core/result.ts';
import {type Area, AREAS, isNear, placeName, type Web, type WebPlace} from '../../core/web.ts';

/** A token with the places of what is in it. */
export interface WrittenToken extends WrittenGrant {
	readonly tokenFile: string;
	/** What it is called in messages: `web.tokens[1]`. */
	readonly path: string;
	/** Where its token_file is named. */
	readonly tokenAt: Value;
}

export interface WrittenWeb extends Omit<Web, 'tokens'> {
	readonly tokens: readonly WrittenToken[];
}

/** How many there may be, as the helper is told all of them. */
const [PLACES_MAX, HOSTS_MAX, TOKENS_MAX] = [8, 64, 8];
/** Bytes of the path of a socket (unix(7)). */
const PATH_MAX = 107;

const PATH = String.raw`unix://(/[!-.0-~]+)+`;

type Where = Exclude<WebPlace, {kind: 'unix'}> | {readonly kind: 'unix'; readonly path: string};

const tcpAddress = listenAt(9180);

const place = parser<Where>(
	() => textLike(`${LISTEN.replace('$', '')}$|^${PATH}$`, '127.0.0.1:9180', '[::1]:9180', 'unix:///run/archon/web.sock'), text => {
		const [scheme] = /^https?:\/\/|^tcp:\/\//.exec(text) ?? [];
		if (scheme !== undefined) return fault(`begins with ${scheme}`, `write it without: ${text.slice(scheme.length).replace(/\/+$/, '')}`);
		if (text.startsWith('/')) return fault('has no port', `write unix://${text} for a socket at this path`);
		if (!text.startsWith('unix:')) {
			const found = tcpAddress(text);
			return found.ok ? ok({kind: 'inet', ...found.value}) : found;
		}
		const path = text.slice('unix://'.length);
		if (!new RegExp(`^${PATH}$`).test(text)) {
			return fault('is not the path of a socket', 'write an absolute one: unix:///run/archon/web.sock');
		}
		if (path.split('/').includes('..')) return fault('leads upwards', 'write it without ..');
		return path.length > PATH_MAX ? fault(`is longer than ${PATH_MAX} bytes`) : ok({kind: 'unix', path});
	},
);

/** What people write to show all; no such word is needed. */
const area = parser<Area>(
	() => oneOf(AREAS).accepts(), text => {
		const found = oneOf(AREAS)(text);
		return found.ok || !/^(all|everything|\*|true|yes)$/i.test(text) ? found : fault(found.error.why, `write show: [${AREAS.join(', ')}]`);
	},
);

const HOST = '^[0-9A-Za-z_]([0-9A-Za-z_.-]{0,251}[0-9A-Za-z_])?$';

const host = parser(() => textLike(HOST, 'status.example.com'), text => {
	if (new RegExp(HOST).test(text)) return ok(text.toLowerCase());
	return fault('is not the name of a host', 'write a name without a port, as browsers are given it: status.example.com');
});

const TOKEN_KEYS = {
	token_file: optional(absolutePath, 'path', REQUIRED, 'holds tokens, one a line; read again as it changes', '/run/secrets/web-token'),
	role: value<Role>(oneOf<Role>(RIGHTS), RIGHTS.join(' | '), 'observe', 'what a visitor with such a token may do'),
	services: key<readonly Name[] | null>(
		readNames, 'name | pattern | list of them', 'all, and archon as a whole', null, 'for which services and groups', '[web, "worker-*"]',
	),
};

const TOKEN = shape(TOKEN_KEYS, {words: () => ({names: {token_file: 'token password secret', role: 'roles right rights'}})});

const readTokens = readListOf(reader(() => ({shape: TOKEN}), readToken));

const WEB = shape({
	listen: key<readonly Where[]>(
		list(place, '', '').read, 'address:port | unix:///path | list of them', '127.0.0.1:9180',
		[{kind: 'inet', host: '127.0.0.1', port: 9180}], 'where; an address in figures', '[127.0.0.1:9180, unix:///run/archon/web.sock]',
	),
	mode: value(fileMode, 'octal', '0666', 'the permissions of sockets at a path'),
	hosts: list(
		host, 'name | list of names', 'by which names it may be asked for, beside localhost and addresses in figures', 'status.example.com',
	),
	show: key<readonly Area[] | null>(
		list<Area>(area, '', '').read, `${AREAS.join(' | ')} | list of them`, 'all to this machine, health to others', null,
		'what a visitor without a token may see', '[health, metrics]',
	),
	tokens: key<readonly WrittenToken[]>(
		readTokens, '{token_file, role, services} | list of them', 'none', [], 'who may more',
		'{token_file: /run/secrets/web-token, role: operate}',
	),
	insecure: value(truth, 'true | false', 'false', 'true allows tokens at an address that others reach; they can read them on the way'),
}, {words: () => ({names: {
	listen: 'address bind port', hosts: 'host allowed_hosts server_name', show: 'anonymous public', tokens: 'token auth users',
}, others: [
	['token_file password secret role', 'tokens', 'write tokens: {token_file: …, role: …}'],
	['tls ssl https cert certificate key', null, 'put a proxy with TLS in front of it, and remove this'],
	['enabled', null, 'remove it: with web, HTTP is answered'],
]})});

const KEYS = {
	web: {...key<WrittenWeb | null>(
		reader(() => ({shape: WEB}), readWeb), '{listen, hosts, show, tokens, …}', 'none', null,
		'health, metrics, an API and a status page by HTTP', '{listen: "127.0.0.1:9180"}',
	), takesNothing: true as const},
};

export const web = {
	keys: KEYS,
	maps: [['web', WEB], ['web.tokens', TOKEN]],
	words: () => ({names: {web: 'http dashboard metrics prometheus status_page'}}),
	plan: ({web}: Settings<typeof KEYS>) => ({web: web && planOf(web)}),
} satisfies WholeGroup;

const planOf = ({listen, hosts, show, tokens}: WrittenWeb): Web => ({
	listen, hosts, show,
	tokens: tokens.map(({tokenFile, role, services}) => ({tokenFile, grant: {role, services: services?.map(({name}) => name) ?? null}})),
});

function readWeb(from: Value, context: Context): WrittenWeb | null | undefined {
	if (isNothing(from)) {
		context.note(from, 'nothing listens where it is empty (write {} for the usual address)', context.path);
		return null;
	}
	if (from.kind !== 'map') {
		if (from.kind === 'scalar' && /^(true|yes|on)$/i.test(from.text)) {
			return refuse(from, context, 'must be a map, not true', 'write web: {}');
		}
		return refuseKind(from, context, 'a map with listen, show and tokens, which may be empty: {}');
	}
	const {listen, mode, hosts, show, tokens, insecure} = readShape(WEB, from, context);
	const at = (name: string): Value => from.entries.get(name)?.value ?? from;
	const places = listen.map((each): WebPlace => (each.kind === 'unix' ? {...each, mode} : each));
	const bound = (name: string, count: number, most: number): void =>
		void (count > most && refuse(at(name), within(context, name), `has more than ${most} entries`));
	bound('listen', places.length, PLACES_MAX);
	bound('hosts', hosts.length, HOSTS_MAX);
	bound('tokens', tokens.length, TOKENS_MAX);
	if (places.length === 0) refuse(at('listen'), within(context, 'listen'), 'does not say where to listen', 'write listen: 127.0.0.1:9180');
	const twice = places.find((one, index) => places.slice(0, index).some(other => placeName(one) === placeName(other)));
	if (twice) refuse(at('listen'), within(context, 'listen'), `has ${placeName(twice)} twice`, 'remove one of them');
	const far = places.find(each => !isNear(each));
	if (far && tokens.length > 0 && !insecure) {
		refuse(
			at('listen'), within(context, 'listen'),
			`has ${placeName(far)}, an address that others reach, who could read tokens on the way`,
			'listen at 127.0.0.1 behind a proxy with TLS, or write insecure: true',
		);
	}
	return {listen: places, hosts, show, tokens};
}

function readToken(from: Value, context: Context): WrittenToken | undefined {
	if (from.kind !== 'map') return refuseKind(from, context, 'a map with token_file and role');
	const {token_file: tokenFile, ...rights} = readShape(TOKEN, from, context);
	const grant = grantOf(rights, from, context);
	if (isMissing(['token_file'], from, TOKEN)) {
		refuse(from, context, 'has no token_file', 'name a file with a token in it, as of: openssl rand -base64 32');
	}
	if (!grant || tokenFile === null) return undefined;
	return {...grant, tokenFile, path: context.path, tokenAt: from.entries.get('token_file')?.value ?? from};
}
