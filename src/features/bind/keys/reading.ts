/** What `bind` may say; only a config that has it loads this. */
import {either, listOf, number, textLike} from '../../../config/accepts.ts';
import {key, optional, value} from '../../../config/key.ts';
import type {Place, Report} from '../../../config/problems.ts';
import {refuse, refuseKind} from '../../../config/readers.ts';
import {absolutePath, fault, oneOf, parser, truth, whole} from '../../../config/scalars.ts';
import {type Context, isMissing, reader, readShape, REQUIRED, shape, within} from '../../../config/shape.ts';
import {isNothing, type Mapping, type Value} from '../../../config/values.ts';
import {fits} from '../../../core/name-pattern.ts';
import {ok} from '../../../core/result.ts';
import type {Service} from '../../../core/service.ts';
import {type Protocol, PROTOCOLS} from '../../ports/core/spec.ts';
import {type BindRule, type BindRules, type Given, isForService, NO_BIND} from '../core/rules.ts';

const SERVICE = String.raw`^[A-Za-z0-9*?][A-Za-z0-9_.*?-]*$`;
const SIX = String.raw`[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*`;
const FOUR = String.raw`\d{1,3}(\.\d{1,3}){3}`;
const PORT = String.raw`[1-9]\d{0,4}`;
const SOCKET = String.raw`[A-Za-z0-9][A-Za-z0-9_.-]*\.[A-Za-z][A-Za-z0-9_-]*`;
const GIVE = `^((${FOUR}|\\[${SIX}\\]):${PORT}|${SOCKET})$`;

const service = parser<string>(() => textLike(SERVICE, 'web', 'web*'), text => (new RegExp(SERVICE).test(text) ? ok(text)
	: fault('is neither a service nor a pattern', 'write a name, or a pattern with * and ?')));

const address = parser<string | null>(() => textLike(String.raw`^(\*|${FOUR}|${SIX})$`, '*', '127.0.0.1', '::1'), text => {
	if (text === '*') return ok(null);
	return new RegExp(`^(${FOUR}|${SIX})$`).test(text) ? ok(text) : fault('is not an address in figures', 'write 127.0.0.1, "::1" or "*"');
});

const port = whole(1, 65_535);

const give = parser<Given>(
	() => either(number('integer', 1, 65_535), textLike(GIVE, '127.0.0.1:8080', 'web.http')), text => {
		const [, host, digits] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
		const number = port(digits ?? '');
		const plain = host?.replace(/^\[(.*)\]$/, '$1');
		if (number.ok && (plain === undefined || new RegExp(`^(${FOUR}|${SIX})$`).test(plain))) {
			return ok({kind: 'address', host: plain ?? null, port: number.value});
		}
		const at = text.lastIndexOf('.');
		if (new RegExp(`^${SOCKET}$`).test(text)) return ok({kind: 'socket', service: text.slice(0, at), name: text.slice(at + 1)});
		return fault('is neither a port, an address with a port, nor a socket of a service', 'write 8080, 127.0.0.1:8080 or web.http');
	},
);

const AS_ASKED: Given = {kind: 'address', host: null, port: null};

export const RULE = shape({
	service: optional(service, 'name | pattern', REQUIRED, 'which services', 'web'),
	port: optional(port, 'port', REQUIRED, 'which port they bind', '80'),
	protocol: value<Protocol>(oneOf(PROTOCOLS), PROTOCOLS.join(' | '), 'tcp', 'of what they bind'),
	address: optional(address, '* | address', '*', 'at which address they bind it, in figures', '127.0.0.1'),
	give: optional(give, 'port | address:port | service.socket', 'what is asked for', 'what they are given instead', '8080'),
	strict: value(
		truth, 'true | false', 'false', 'where that cannot be had they are told that the address is in use; else they bind it themselves',
	),
}, {words: () => ({names: {
	service: 'name services match', port: 'ports', protocol: 'proto type', address: 'addr host ip', give: 'to socket use',
}})});

/** Each is looked at for every bind(2). */
const RULES_MAX = 256;

export const BIND = shape({
	rules: key<readonly BindRule[]>(
		reader(() => listOf({shape: RULE}, {maxItems: RULES_MAX}), readRules), 'list of maps', 'empty', [],
		'the first that is for what is bound counts',
		'[{service: web, port: 80}]',
	),
	library: optional(
		absolutePath, 'path', '/usr/lib/archon/libarchon-bind.so', 'the library that services load for it', '/opt/libarchon-bind.so',
	),
}, {words: () => ({names: {library: 'shim preload'}})});

export function readBind(from: Value, context: Context): BindRules | undefined {
	if (isNothing(from)) return NO_BIND;
	if (from.kind !== 'map') return refuseKind(from, context, 'a map with rules');
	const {rules, library} = readShape(BIND, from, context);
	return {rules, library};
}

function readRules(from: Value, context: Context): readonly BindRule[] | undefined {
	if (isNothing(from)) return [];
	if (from.kind !== 'list') return refuseKind(from, context, 'a list of rules');
	if (from.items.length > RULES_MAX) return refuse(from, context, `has more than ${RULES_MAX} rules`);
	return from.items.flatMap((item, index) => readRule(item, within(context, index)) ?? []);
}

/** Where each rule stands. */
const written = new WeakMap<BindRule, {readonly path: string; readonly from: Mapping}>();

function readRule(from: Value, context: Context): BindRule | undefined {
	if (from.kind !== 'map') return refuseKind(from, context, 'a map with service and port');
	const {service, port, protocol, address, give, strict} = readShape(RULE, from, context);
	if (isMissing(['service'], from, RULE)) refuse(from, context, 'does not say for whom it is', 'write service: web, or a pattern');
	if (isMissing(['port'], from, RULE)) refuse(from, context, 'does not say which port it is for', 'write port: 80');
	if (service === null || port === null) return undefined;
	const rule: BindRule = {service, port, protocol, address, give: give ?? AS_ASKED, isStrict: strict};
	written.set(rule, {path: context.path, from});
	return rule;
}

/** Reports rules for which there are no services, and sockets that there are not. `at`: where `bind` is written. */
export function judgeBind({rules}: BindRules, services: readonly Service[], at: Place, report: Report): void {
	const names = [...new Set(services.map(({name}) => name.replace(/:\d+$/, '')))];
	for (const rule of rules) {
		const {service, give, protocol} = rule;
		const {path, from} = written.get(rule) ?? {path: 'bind.rules', from: null};
		const placeOf = (key: string): Place => from?.entries.get(key)?.value ?? from ?? at;
		if (!names.some(name => fits(service, name))) {
			report(placeOf('service'), `${path}.service: no service is called ${service}`, `there are ${names.slice(0, 5).join(', ')}`);
		}
		if (give.kind !== 'socket') continue;
		const socket = services.find(({name}) => name === give.service)?.sockets.find(({name}) => name === give.name);
		const type = protocol === 'tcp' ? 'stream' : 'dgram';
		if (!socket) {
			report(placeOf('give'), `${path}.give: ${give.service}.${give.name} is not a socket of a service`, 'write it in sockets of the service');
		}
		if (socket && (socket.listen.kind === 'unix' || socket.type !== type)) {
			report(
				placeOf('give'), `${path}.give: ${give.service}.${give.name} is no socket for ${protocol}`,
				'give one of the network, of the same type',
			);
		}
	}
}

/** The services, of which those say so that some rule is for. */
export const withBound = (services: readonly Service[], rules: BindRules): readonly Service[] =>
	services.map(service => (isForService(rules, service.name) ? {...service, isBound: true} : service));
