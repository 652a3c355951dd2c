/** What `sockets` may say, key by key, and what does not go together; only a config that has it loads this. */
import type {Account, Written} from '../../../config/group.ts';
import {optional, value} from '../../../config/key.ts';
import {refuseForOneshot, type Type} from '../../../config/keys/type.ts';
import type {Planning} from '../../../config/planning.ts';
import {readBy, refuse} from '../../../config/readers.ts';
import {fault, fileMode, oneOf, parser, truth, user, whole, type Parse} from '../../../config/scalars.ts';
import {either, listOf, number} from '../../../config/accepts.ts';
import {readShape, shape, within, type Context, type Schema, type Settings} from '../../../config/shape.ts';
import {isNothing, type Mapping, writtenAt, type Value} from '../../../config/values.ts';
import {ok} from '../../../core/result.ts';
import type {Ready} from '../../../core/service.ts';
import {addressOf, type Listen, type SocketSpec} from '../core/spec.ts';
import {isAddress} from '../core/address.ts';

/** With what is kept for it (fd_store_max) there must be room in one request (REQUEST_FDS_MAX). */
const SOCKETS_MAX = 24;
/** The first descriptor that is passed (sd_listen_fds(3)). */
const FIRST = 3;
/** Of the path of a socket, in bytes, with the NUL at its end one more (unix(7)). */
const PATH_MAX = 107;

const LISTEN = String.raw`^(((\[[0-9A-Fa-f:.]+\]|\d{1,3}(\.\d{1,3}){3}):)?(\d{1,5}|auto)|unix:/.+|fd(:\d{1,4})?)$`;
const INET = /^(?:(?:\[([^\]]+)\]|([^:[\]]*)):)?(\d{1,5}|auto)$/;

/** Where to listen. */
export const listen: Parse<Listen> = parser(
	() => ({...number('integer', 1, 65_535, LISTEN), examples: [8080, '127.0.0.1:8080', '[::]:8080', 'auto', 'unix:/run/web.sock', 'fd']}),
	text => {
		if (text.startsWith('/')) return fault('is not an address', `write unix:${text}`);
		if (text.startsWith('unix:')) return unixPath(text.slice('unix:'.length));
		const passed = /^fd(?::(\d{1,4}))?$/.exec(text);
		if (passed) return passedFd(passed[1]);
		const [, six, four, digits] = INET.exec(text) ?? [];
		const port = digits === 'auto' ? digits : Number(digits ?? 0);
		if (port !== 'auto' && (port < 1 || port > 65_535)) {
			return fault('is not an address', 'write 8080, 127.0.0.1:8080, "[::]:8080", unix:/run/web.sock or fd');
		}
		const host = six ?? four ?? null;
		if (host === null) return ok({kind: 'inet', host: null, port});
		if (host === '*' || host === '') return fault('is not an address', `write ${port} for all addresses`);
		if (!isAddress(host) || (six === undefined) !== !host.includes(':')) {
			const hint = host === 'localhost' ? `write 127.0.0.1:${port}` : 'write it in figures, one of IPv6 in brackets: "[::1]:8080"';
			return fault('is not an address', hint);
		}
		return ok({kind: 'inet', host, port});
	},
);

function unixPath(path: string): ReturnType<Parse<Listen>> {
	if (!path.startsWith('/') || path.endsWith('/')) return fault('is not the path of a socket', 'write an absolute one: unix:/run/web.sock');
	if (path.split('/').includes('..')) return fault('leads upwards', 'write it without ..');
	if (encodeURIComponent(path).replaceAll(/%../g, '_').length > PATH_MAX) return fault(`is longer than ${PATH_MAX} bytes`);
	return ok({kind: 'unix', path});
}

function passedFd(text: string | undefined): ReturnType<Parse<Listen>> {
	const fd = text === undefined ? null : Number(text);
	if (fd !== null && fd < FIRST) return fault('is one of archon\'s own streams', `the first descriptor that is passed is ${FIRST}`);
	return ok({kind: 'fd', fd});
}

const NAME = /^[A-Za-z0-9_.-]{1,64}$/;

const socketName: Parse<string> = parser(() => ({type: ['string', 'number'], pattern: NAME.source, examples: ['http']}), text =>
	(NAME.test(text) ? ok(text) : fault('is not the name of a socket', 'letters, digits, _, . and -')));

export const SOCKET = shape({
	listen: optional(
		listen, 'port | address:port | unix:path | fd', 'required',
		'where; the port may be auto; fd: a socket that archon was started with', '8080',
	),
	name: optional(socketName, 'name', 'the port, or the name of the file', 'what it is called in $LISTEN_FDNAMES', 'http'),
	type: value(oneOf(['stream', 'dgram', 'seqpacket'] as const), 'stream | dgram | seqpacket', 'stream', 'seqpacket only at a path'),
	backlog: value(whole(1, 65_535), 'number', '4096', 'how many connections may wait to be accepted'),
	mode: value(fileMode, 'octal', '0666', 'the permissions of a socket at a path'),
	user: optional(user, 'name[:group] | uid[:gid]', 'archon\'s own', 'whose a socket at a path is'),
	reuseport: value(truth, 'true | false', 'false', 'each instance has a socket of its own, among which the kernel divides connections'),
}, {
	words: () => ({
		names: {
			listen: 'ListenStream address bind port', name: 'FileDescriptorName', mode: 'SocketMode', user: 'SocketUser owner',
			reuseport: 'so_reuseport',
		},
		others: [['accept', 'listen', 'write accept beside sockets: it is for the whole service']],
	}),
});

export const accepts = (): Schema => {
	const one = either(listen.accepts(), {shape: SOCKET});
	return either(...one.anyOf, listOf(one));
};

export function readSockets(from: Value, context: Context): readonly SocketSpec[] | undefined {
	if (isNothing(from)) return [];
	if (from.kind !== 'list') {
		const one = readSocket(from, context);
		return one && [one];
	}
	if (from.items.length > SOCKETS_MAX) return refuse(from, context, `are more than ${SOCKETS_MAX}`);
	const all = from.items.map((item, index) => readSocket(item, within(context, index)));
	for (const [index, spec] of all.entries()) {
		const place = from.items[index];
		const before = spec && all.slice(0, index).find(other => other && (other.name === spec.name || isAlike(other, spec)));
		if (!before || !place) continue;
		if (isAlike(before, spec)) refuse(place, within(context, index), `is ${addressOf(spec)} once more`);
		else refuse(place, within(context, index), `has the same name as another one, ${spec.name}`, 'write {listen: …, name: …}');
	}
	return all.includes(undefined) ? undefined : all.filter(each => each !== undefined);
}

const isAlike = (one: SocketSpec, other: SocketSpec): boolean =>
	one.type === other.type && addressOf(one) === addressOf(other) && one.listen.kind !== 'fd';

function readSocket(from: Value, context: Context): SocketSpec | undefined {
	if (from.kind !== 'map') {
		const where = readBy(listen)(from, context);
		return where && {...SOCKET.initial, listen: where, name: nameFor(where)};
	}
	const settings = readShape(SOCKET, from, context);
	const {listen: where} = settings;
	if (!where) return writtenAt(from, 'listen') ? undefined : refuse(from, context, 'does not say where to listen', 'write listen: 8080');
	if (!isMeant(from, settings, where, context)) return undefined;
	return {...settings, listen: where, name: settings.name ?? nameFor(where)};
}

/** Whether its keys go with where it listens. */
function isMeant(from: Mapping, {type, reuseport}: Settings<typeof SOCKET.keys>, where: Listen, context: Context): boolean {
	let isGood = true;
	const report = (name: string, why: string, hint?: string): void => {
		isGood = false;
		context.report(writtenAt(from, name)?.key ?? from, `${context.path}.${name} ${why}`, hint);
	};
	for (const name of ['mode', 'user']) if (writtenAt(from, name) && where.kind !== 'unix') report(name, 'is only for a socket at a path');
	if (reuseport && where.kind !== 'inet') report('reuseport', 'is only for a port');
	if (type === 'seqpacket' && where.kind === 'inet') report('type', 'seqpacket is only for a socket at a path', 'write stream or dgram');
	return isGood;
}

/** What a socket without a name is called. */
function nameFor(where: Listen): string {
	if (where.kind === 'inet') return String(where.port);
	if (where.kind === 'fd') return where.fd === null ? 'fd' : `fd${where.fd}`;
	return where.path.slice(where.path.lastIndexOf('/') + 1).replaceAll(/[^A-Za-z0-9_.-]/g, '-').slice(0, 64);
}

/** What else of a service matters. */
export interface Judged {
	readonly type: Type;
	readonly sockets: readonly SocketSpec[];
	readonly accept: 'eager' | 'lazy';
	readonly autostart: boolean;
	readonly fd_store_max: number;
	readonly ready: Ready | null;
}

/** What of a service does not go with its sockets. */
export function judgeSockets(service: Written<Judged>, {problems: {report}}: Planning): void {
	const {path, map, settings: {type, sockets, accept, autostart, fd_store_max: kept, ready}} = service;
	refuseForOneshot(service, 'accept', report);
	refuseForOneshot(service, 'idle_timeout', report);
	const [lazy, idle] = [writtenAt(map, 'accept')?.key, writtenAt(map, 'idle_timeout')?.key];
	if (idle && accept !== 'lazy') {
		report(idle, `${path}.idle_timeout is only for accept: lazy`, 'what it stops for, nothing else would start it again');
	}
	if (lazy && accept === 'lazy' && type !== 'oneshot') {
		if (!writtenAt(map, 'sockets')) report(lazy, `${path}.accept: lazy needs sockets`, 'write sockets: [8080]');
		const starts = writtenAt(map, 'autostart')?.key;
		if (starts && autostart) report(starts, `${path}.autostart does not go with accept: lazy`, 'its first connection starts it: remove one');
	}
	const last = FIRST + sockets.length + kept;
	const place = writtenAt(map, 'ready')?.value;
	if (place && ready?.kind === 'fd' && ready.variable === null && ready.fd < last) {
		const hint = `write ready: {fd: ${last}}, or ready: {fd: {variable: NAME}}`;
		report(place, `${path}.ready: descriptor ${ready.fd} is one of its sockets'`, hint);
	}
}

/** Paths at which two services are to listen; what conflicts with others does not run beside them. */
export function judgePaths(services: readonly Written<Pick<Judged, 'sockets'>>[], {problems: {report}}: Planning): void {
	const owners = new Map<string, string>();
	for (const {name, path, map, settings: {sockets}} of services) {
		const place = writtenAt(map, 'conflicts') ? undefined : writtenAt(map, 'sockets')?.value;
		for (const {listen: where} of place ? sockets : []) {
			const owner = where.kind === 'unix' ? owners.get(where.path) : undefined;
			if (where.kind === 'unix') owners.set(where.path, owner ?? name);
			if (!place || owner === undefined || owner === name) continue;
			report(place, `${path}.sockets: ${addressOf({listen: where})} is ${owner}'s already`);
		}
	}
}

/** Whose the sockets are to be. */
export function accountsOf({map, settings: {sockets}}: Written<Pick<Judged, 'sockets'>>): readonly Account[] {
	const at = writtenAt(map, 'sockets')?.value;
	return at ? sockets.flatMap(({user}) => (user ? [{spec: user, key: 'sockets', at}] : [])) : [];
}
