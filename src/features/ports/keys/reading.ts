/** What `ports` may say, of a service and at the top; only a config that has it loads this. */
import {either, listOf, mapOf, number, someText, textLike} from '../../../config/accepts.ts';
import {key, optional, value} from '../../../config/key.ts';
import {type Place, quoteWritten, type Report} from '../../../config/problems.ts';
import {readBy, refuse, refuseKind} from '../../../config/readers.ts';
import {fault, oneOf, parser, whole} from '../../../config/scalars.ts';
import {
	type Context, FOREIGN, isMissing, reader, readShape, REQUIRED, type Schema, shape, within,
} from '../../../config/shape.ts';
import {isNothing, type Mapping, type Value} from '../../../config/values.ts';
import {ok} from '../../../core/result.ts';
import type {Service} from '../../../core/service.ts';
import {keyOf, PORT_RULES, type PortRules, type PortSpec, type Protocol, PROTOCOLS, variableFor} from '../core/spec.ts';

const portNumber = whole(1, 65_535);

const port = parser<number | 'auto'>(() => either(number('integer', 1, 65_535), {enum: ['auto']}), text => {
	if (text === 'auto') return ok(text);
	const read = portNumber(text);
	return read.ok ? read : fault('is not a port', 'write a number from 1 to 65535, or auto');
});

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

const name = parser<string>(() => textLike(NAME.source, 'http'), text =>
	(NAME.test(text) ? ok(text) : fault('cannot be a port\'s name', 'a name has letters, digits, "_" and "-", and begins with a letter')));

export const PORT = shape({
	name: optional(name, 'name', REQUIRED, 'its own among those of the service: $PORT_<NAME> tells it', 'http'),
	port: value<number | 'auto'>(port, 'number | auto', 'auto', 'auto: one that archon chooses, which stays the same'),
	protocol: value<Protocol>(oneOf(PROTOCOLS), PROTOCOLS.join(' | '), 'tcp', 'of what listens there'),
}, {words: () => ({names: {name: 'id', port: 'number container_port containerPort', protocol: 'proto type'}})});

/** How many a service may have. */
const PORTS_MAX = 64;

/** compose's short form, and its long one, which has a `target`: they concern the container. */
export function accepts(): Schema {
	const target = number('integer', 1, 65_535);
	const long: Schema = {type: 'object', properties: {target}, required: ['target'], description: 'Of compose; ignored.'};
	const short: Schema = {...someText(), description: 'Of compose; ignored.'};
	return listOf(either({shape: PORT}, short, long), {maxItems: PORTS_MAX});
}

export function readPorts(from: Value, context: Context): readonly PortSpec[] | undefined {
	if (isNothing(from)) return [];
	if (from.kind !== 'list') return refuseKind(from, context, 'a list of ports');
	if (from.items.length > PORTS_MAX) return refuse(from, context, `has more than ${PORTS_MAX} ports`);
	const found = new Map<string, PortSpec>();
	for (const [index, item] of from.items.entries()) {
		if (item.kind === 'scalar' || (item.kind === 'map' && item.entries.has('target'))) {
			context.note(item, FOREIGN, 'ports');
			continue;
		}
		const inner = within(context, index);
		if (item.kind !== 'map') {
			refuseKind(item, inner, 'a map with a name');
			continue;
		}
		const spec = readPort(item, inner);
		if (!spec) continue;
		const other = found.get(variableFor(spec.name));
		if (other) refuse(item, inner, `has the variable ${variableFor(spec.name)}, as has ${other.name}`, 'give it another name');
		found.set(variableFor(spec.name), spec);
	}
	return [...found.values()];
}

function readPort(from: Mapping, context: Context): PortSpec | null {
	const {name, port, protocol} = readShape(PORT, from, context);
	if (name !== null) return {name, port, protocol};
	if (isMissing(['name'], from, PORT)) refuse(from, context, 'has no name', 'write name: http, and the service finds it in $PORT_HTTP');
	return null;
}

const RANGE = /^(\d{1,5})-(\d{1,5})$/;

const range = parser<PortRules['range']>(() => textLike(RANGE.source, '30000-30099'), text => {
	const [, first = '', last = ''] = RANGE.exec(text) ?? [];
	const [from, to] = [Number(first), Number(last)];
	return first !== '' && from >= 1 && to <= 65_535 && from <= to ? ok([from, to])
		: fault('is not a range of ports', 'write the first and the last, as in 30000-30099');
});

const OWNED = /^[A-Za-z0-9][A-Za-z0-9_.:-]*\.[A-Za-z][A-Za-z0-9_-]{0,63}$/;

export const PORTS = shape({
	range: value(range, 'FIRST-LAST', PORT_RULES.range.join('-'), 'where those come from that archon chooses'),
	reserve: key<PortRules['reserve']>(
		reader(() => mapOf(portNumber.accepts(), OWNED.source), readReserved), 'map of SERVICE.NAME to port', 'empty', {},
		'ports that these are given with port: auto, and nothing else is', '{web.http: 30080}',
	),
});

export function readRules(from: Value, context: Context): PortRules | undefined {
	if (isNothing(from)) return undefined;
	if (from.kind !== 'map') return refuseKind(from, context, 'a map with a range');
	const {range, reserve} = readShape(PORTS, from, context);
	return {range, reserve};
}

function readReserved(from: Value, context: Context): PortRules['reserve'] | undefined {
	if (from.kind !== 'map') return refuseKind(from, context, 'a map of names to ports');
	const found: Record<string, number> = {};
	const owners = new Map<number, string>();
	for (const [name, {key, value}] of from.entries) {
		const inner = within(context, name);
		if (!OWNED.test(name)) {
			refuse(key, context, `${quoteWritten(key, name)} is not a port of a service`, 'write SERVICE.NAME, as in web.http');
			continue;
		}
		const number = readBy(portNumber)(value, inner);
		if (number === undefined) continue;
		const owner = owners.get(number);
		if (owner !== undefined) refuse(value, inner, `is reserved for ${owner} as well`);
		owners.set(number, name);
		found[name] = number;
	}
	return found;
}

/** A port that a service says it listens at. */
interface Claim {
	readonly service: string;
	readonly key: string;
	readonly port: number;
	readonly protocol: Protocol;
	/** Of a socket: the only address; null: all. */
	readonly host: string | null;
	readonly conflicts: readonly string[];
	/** Where that is written, and what it is called in messages: `services.web.ports`. */
	readonly at: Place;
	readonly path: string;
}

/** Where a service has a key. */
export type WhereIs = (service: string, key: 'ports' | 'sockets') => {readonly path: string; readonly at: Place} | null;

function claimsOf({name: service, ports, sockets, conflicts}: Service, whereIs: WhereIs): readonly Claim[] {
	const claims: Claim[] = [];
	const add = (key: 'ports' | 'sockets', claim: Pick<Claim, 'key' | 'port' | 'protocol' | 'host'>): void => {
		const where = whereIs(service, key);
		if (where) claims.push({...claim, service, conflicts, at: where.at, path: `${where.path}.${key}`});
	};
	for (const {name, port, protocol} of ports) {
		if (port !== 'auto') add('ports', {key: keyOf(service, name), port, protocol, host: null});
	}
	for (const {name, listen, type} of sockets) {
		if (listen.kind !== 'inet' || listen.port === 'auto') continue;
		const protocol = type === 'dgram' ? 'udp' : 'tcp';
		add('sockets', {key: keyOf(service, name), port: listen.port, protocol, host: listen.host});
	}
	return claims;
}

/** An instance is called as its service, with its number behind a colon. */
const baseOf = (service: string): string => service.replace(/:\d+$/, '');

/** Whether both may be bound at the same time, and cannot be. */
function isRival(one: Claim, other: Claim): boolean {
	if (one.host !== null && other.host !== null && one.host !== other.host) return false;
	const areSockets = one.path.endsWith('.sockets') && other.path.endsWith('.sockets');
	// Instances of one service share its socket, or have one each at the same address (SO_REUSEPORT).
	if (areSockets && one.service !== other.service && baseOf(one.service) === baseOf(other.service)) return false;
	return one.service === other.service || !(one.conflicts.includes(other.service) || other.conflicts.includes(one.service));
}

/** Reports fixed ports that two services ask for which may run at the same time. */
export function judgePorts(services: readonly Service[], {reserve}: PortRules, whereIs: WhereIs, report: Report): void {
	const claims = new Map<string, Claim[]>();
	const owners = new Map(Object.entries(reserve).map(([key, port]) => [port, key]));
	for (const service of services) {
		for (const claim of claimsOf(service, whereIs)) {
			const {port, protocol, path, at, key} = claim;
			const owner = owners.get(port);
			if (owner !== undefined && owner !== key) {
				report(at, `${path}: port ${port} is reserved for ${owner}`, 'take another one, or port: auto');
			}
			const others = claims.get(`${protocol} ${port}`) ?? [];
			const rival = others.find(other => isRival(claim, other));
			if (rival) {
				const why = rival.service === claim.service ? `${rival.key} and ${key} are one port, ${port}`
					: `port ${port}: ${rival.service} asks for it as well`;
				report(at, `${path}: ${why}`, 'give each a port of its own, or let archon choose: port: auto');
			}
			claims.set(`${protocol} ${port}`, [...others, claim]);
		}
	}
}
