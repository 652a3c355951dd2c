/** `alerts` at the top: who is told of which events, and how. */
import {anyText, mapOf, someText, textLike} from '../../config/accepts.ts';
import type {WholeGroup} from '../../config/group.ts';
import {command, key, list, optional, value} from '../../config/key.ts';
import type {Lookups} from '../../config/planning.ts';
import {quote, type Report} from '../../config/problems.ts';
import {readListOf, readText, refuse, refuseKind} from '../../config/readers.ts';
import {absolutePath, duration as durations, fault, oneOf, parser, type Parse} from '../../config/scalars.ts';
import {readShape, reader, shape, within, type Context, type Settings} from '../../config/shape.ts';
import {isNothing, type Mapping, type Value} from '../../config/values.ts';
import * as accepts from '../../config/accepts.ts';
import {type Alerts, type MailServer, type Receiver, RECEIVERS_MAX, type Target} from '../../core/alerts.ts';
import {EVENT_KINDS, type EventKind} from '../../core/event-kinds.ts';
import {fits} from '../../core/name-pattern.ts';
import {ok} from '../../core/result.ts';
import type {Millis} from '../../core/time.ts';
import {parseUrl} from '../../core/url.ts';
import {facility, syslogAddress} from '../logging/keys/scalars.ts';
import {PLACEHOLDERS, strangersIn} from './core/message.ts';

const SECOND: Millis = 1000;
const [MINUTE, HOUR, WEEK]: readonly [Millis, Millis, Millis] = [60 * SECOND, 3600 * SECOND, 168 * 3600 * SECOND];
const [TEMPLATE_MAX, HEADERS_MAX, TO_MAX, VALUE_MAX] = [4096, 16, 20, 1000];

const between = (least: Millis, most: Millis, words: string): Parse<Millis> => parser(
	() => ({...accepts.duration(least, most), examples: ['1m', '90s']}),
	text => {
		const length = durations(text);
		if (!length.ok) return length;
		return length.value >= least && length.value <= most ? length : fault(`is not between ${words}`);
	},
);

const url = parser<string>(() => textLike(String.raw`^https?://[^@\s]+$`, 'https://hooks.example/archon'), text => {
	if (!/^https?:\/\/[^@\s]+$/.test(text) || !parseUrl(text)) {
		return /^https?:\/\/[^/]*@/.test(text)
			? fault('has a password, which everyone who reads the config would see', 'name a token_file')
			: fault('is not a URL of http or https');
	}
	return ok(text);
});

const ADDRESS = String.raw`^[A-Za-z0-9!#$%&'*+/=?^_{|}~.\-]+@[A-Za-z0-9.\-]+$`;
const mailAddress = parser<string>(() => textLike(ADDRESS, 'ops@example.com'), text =>
	(new RegExp(ADDRESS).test(text) && text.length <= 200 ? ok(text) : fault('is not an address of mail', 'write ops@example.com')));

const SERVER = String.raw`^smtps?://([A-Za-z0-9._\-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?/?$`;
const server = parser<Omit<MailServer, 'security'> & {readonly isTls: boolean}>(() => textLike(SERVER, 'smtp://mail.example:587'), text => {
	const [, scheme = '', host = '', port] = /^(smtps?):\/\/(\[[^\]]*\]|[^:/]*)(?::(\d+))?\/?$/.exec(text) ?? [];
	if (!new RegExp(SERVER).test(text) || Number(port ?? 25) > 65_535) {
		return fault('is not a mail server', 'write smtp://127.0.0.1:25, smtp://mail.example:587 or smtps://mail.example');
	}
	const isTls = scheme === 'smtps';
	return ok({host: host.replaceAll(/[[\]]/g, ''), port: Number(port ?? (isTls ? 465 : 25)), isTls});
});

const contentType = parser<string>(
	() => textLike('^[A-Za-z0-9!#$&^_.+/ ;="-]{1,100}$', 'text/plain'),
	text => (/^[A-Za-z0-9!#$&^_.+/ ;="-]{1,100}$/.test(text) ? ok(text) : fault('is not a content type', 'write text/plain')),
);

const template = parser<string>(someText, text => {
	if (text.length > TEMPLATE_MAX) return fault(`is longer than ${TEMPLATE_MAX} characters`);
	const [stranger] = strangersIn(text);
	return stranger === undefined ? ok(text) : fault(`has {{${stranger}}}, which means nothing`, `it may have ${PLACEHOLDERS.join(', ')}`);
});

const receiverName = parser<string>(() => textLike(String.raw`^[A-Za-z0-9][\w.-]{0,39}$`, 'ops'), text =>
	(/^[A-Za-z0-9][\w.-]{0,39}$/.test(text) ? ok(text) : fault('is not a name', 'write letters, digits, _, . and -')));

const mailUser = parser<string>(() => textLike('^[!-9;-~]{1,200}$', 'archon'), text =>
	(/^[!-9;-~]{1,200}$/.test(text) ? ok(text) : fault('is not a user of a mail server')));

const pattern = parser<string>(someText, text =>
	(/^[A-Za-z0-9*?][\w.:*?-]{0,199}$/.test(text) ? ok(text) : fault('is neither a service nor a pattern', 'write web or "worker-*"')));

/** A header's name and value. What the transfer itself says is not theirs to say. */
const HEADER = '^(?!([Hh]ost|[Cc]ontent-[Ll]ength|[Cc]onnection|[Tt]ransfer-[Ee]ncoding|[Ee]xpect)$|[Xx]-[Aa]rchon-)[A-Za-z0-9-]{1,100}$';

const readHeaders = reader(() => ({...mapOf(anyText(), HEADER), maxProperties: HEADERS_MAX}), headersIn);

function headersIn(from: Value, context: Context): Readonly<Record<string, string>> | undefined {
	if (from.kind !== 'map') return refuseKind(from, context, 'a map of names and values');
	if (from.entries.size > HEADERS_MAX) return refuse(from, context, `has more than ${HEADERS_MAX} entries`);
	const headers: [string, string][] = [];
	for (const [name, entry] of from.entries) {
		const text = readText(entry.value, within(context, name));
		if (text === undefined) continue;
		if (!new RegExp(HEADER).test(name)) context.report(entry.key, `${context.path}: ${quote(name)} cannot be set`);
		else if (/[^\t -~]/.test(text) || text.length > VALUE_MAX) refuse(entry.value, within(context, name), 'cannot be sent in a header');
		else headers.push([name, text]);
	}
	return Object.fromEntries(headers);
}

const COMMON = {
	name: optional(receiverName, 'name', 'its kind', 'what it is called in status, and by archonctl alerts test', 'ops'),
	on: list<EventKind>(
		oneOf(EVENT_KINDS), 'event | list of events', 'of which events; those of alerts, where it is empty', '[failed, unhealthy]',
	),
	services: list<string>(
		pattern, 'name | pattern | list of them', 'of which services; all and archon as a whole, where it is empty', '[web, "worker-*"]',
	),
	timeout: value(between(SECOND, 5 * MINUTE, '1s and 5m'), 'duration', '10s', 'how long one attempt may take'),
};

const KINDS = {
	http: {
		http: optional(url, 'URL', 'none', 'where messages are posted; https takes curl', 'https://hooks.example/archon'),
		template: optional(
			template, 'text', 'JSON of all there is', 'the body; {{title}}, {{text}} and others are filled in', '\'{"text": "{{title}}"}\'',
		),
		content_type: value(contentType, 'text', 'application/json', 'of the body'),
		headers: key<Readonly<Record<string, string>>>(readHeaders, 'map', 'empty', {}, 'more headers', '{X-Team: ops}'),
		secret_file: optional(absolutePath, 'path', 'none', 'holds what bodies are signed with, by HMAC-SHA256', '/run/secrets/hook'),
		token_file: optional(absolutePath, 'path', 'none', 'holds what is sent as Authorization: Bearer', '/run/secrets/token'),
	},
	mail: {
		mail: list<string>(mailAddress, 'address | list of them', 'to whom mails are sent', 'ops@example.com'),
		from: optional(mailAddress, 'address', 'archon@<hostname>', 'from whom', 'archon@example.com'),
		server: optional(server, 'smtp://host[:25] | smtps://host[:465]', 'smtp://127.0.0.1:25', 'the mail server', 'smtp://mail.example:587'),
		tls: optional<'starttls' | 'none'>(
			oneOf(['starttls', 'none']), 'starttls | none', 'starttls, and on this machine none', 'for smtp://; starttls takes curl',
			'starttls',
		),
		user: optional(mailUser, 'name', 'none', 'who is logged in', 'archon'),
		password_file: optional(absolutePath, 'path', 'none', 'holds the password', '/run/secrets/mail'),
	},
	syslog: {
		syslog: optional(
			syslogAddress, 'unix://path | udp://host[:514] | tcp://host[:514]', 'none', 'where a line of each message is sent',
			'unix:///dev/log',
		),
		facility: value(facility, 'name | 0 to 23', 'daemon', 'what it is said to come from'),
	},
	command: {
		command: command(
			'none', 'is run with the message as JSON on its standard input, as the user of archon.alerts', '[/usr/local/bin/page, ops]',
		),
	},
};

const RECEIVER_KEYS = {...COMMON, ...KINDS.http, ...KINDS.mail, ...KINDS.syslog, ...KINDS.command};

export const RECEIVER = shape(RECEIVER_KEYS, {words: () => ({names: {
	http: 'url webhook webhook_url slack', mail: 'email to recipients', server: 'smtp host smarthost', command: 'exec run script',
	services: 'service match', on: 'events kinds', password_file: 'password secret', token_file: 'token bearer', name: 'id',
}})});

const readReceivers = readListOf(reader(() => ({shape: RECEIVER}), readReceiver));

export const ALERTS = shape({
	receivers: key<readonly Receiver[]>(
		readReceivers, '{http | mail | syslog | command, …} | list of them', 'empty', [], 'who is told', '{mail: ops@example.com}',
	),
	on: key<readonly EventKind[]>(
		list<EventKind>(oneOf(EVENT_KINDS), '', '').read, 'event | list of events', 'failed, unhealthy, reload-failed',
		['failed', 'unhealthy', 'reload-failed'], 'of which events, where a receiver does not say', '[failed, unhealthy, backoff]',
	),
	group_wait: value(
		between(SECOND, HOUR, '1s and 1h'), 'duration', '30s', 'from the first event until it is told, with all that comes meanwhile',
	),
	repeat: value(between(MINUTE, WEEK, '1m and 168h'), 'duration', '4h', 'what lasts is told again after so long'),
}, {words: () => ({names: {receivers: 'to receiver targets', group_wait: 'wait', repeat: 'repeat_interval min_interval'}})});

const KEYS = {
	alerts: key<Alerts | null>(
		reader(() => ({shape: ALERTS}), readAlerts), '{receivers, on, group_wait, repeat}', 'none', null,
		'who is told of what goes wrong', '{receivers: {mail: ops@example.com}}',
	),
};

export const alerts = {
	keys: KEYS,
	maps: [['alerts', ALERTS], ['alerts.receivers', RECEIVER]],
	words: () => ({names: {alerts: 'alert alerting alertmanager notifications notify'}}),
	plan: ({alerts}: Settings<typeof KEYS>) => ({alerts}),
} satisfies WholeGroup;

function readAlerts(from: Value, context: Context): Alerts | null | undefined {
	if (isNothing(from)) return null;
	if (from.kind !== 'map') return refuseKind(from, context, 'a map with receivers');
	const {receivers, on, group_wait: groupWait, repeat} = readShape(ALERTS, from, context);
	const at = from.entries.get('receivers')?.value ?? from;
	if (!from.entries.has('receivers')) refuse(from, context, 'does not say who is told', 'write receivers: {mail: ops@example.com}');
	if (receivers.length > RECEIVERS_MAX) refuse(at, within(context, 'receivers'), `has more than ${RECEIVERS_MAX} entries`);
	if (repeat < groupWait) refuse(from.entries.get('repeat')?.value ?? from, within(context, 'repeat'), 'is shorter than group_wait');
	const names = new Set<string>();
	const named = receivers.map((each): Receiver => {
		let name = each.name === '' ? each.target.kind : each.name;
		if (each.name === '') for (let i = 2; names.has(name); i++) name = `${each.target.kind}-${i}`;
		else if (names.has(name)) refuse(at, within(context, 'receivers'), `has two of the name ${name}`, 'give each a name of its own');
		names.add(name);
		return {...each, name, on: each.on.length > 0 ? each.on : on};
	});
	return {groupWait, repeat, receivers: named};
}

function readReceiver(from: Value, context: Context): Receiver | undefined {
	if (from.kind !== 'map') return refuseKind(from, context, 'a map with http, mail, syslog or command');
	const settings = readShape(RECEIVER, from, context);
	const names = Object.keys(KINDS) as (keyof typeof KINDS)[];
	const kinds = names.filter(name => isThere(from, name));
	const [kind, other] = kinds;
	if (kind === undefined) {
		return refuse(from, context, 'does not say how it is told', 'write http: URL, mail: address, syslog: unix:///dev/log or command: words');
	}
	if (other !== undefined) return refuse(from, context, `has both ${kind} and ${other}`, 'make two receivers of it');
	for (const [name, {key}] of from.entries) {
		if (Object.hasOwn(RECEIVER_KEYS, name) && !Object.hasOwn({...COMMON, ...KINDS[kind]}, name)) {
			context.report(key, `${within(context, name).path} does not go with ${kind}`);
		}
	}
	const target = targetOf(kind, settings, from, context);
	const {name, on, services, timeout} = settings;
	return target === undefined ? undefined : {name: name ?? '', on, services, timeout, target};
}

type Written = Settings<typeof RECEIVER_KEYS>;

function targetOf(kind: keyof typeof KINDS, settings: Written, from: Mapping, context: Context): Target | undefined {
	switch (kind) {
		case 'http': {
			const {http, template, content_type: contentType, headers, secret_file: secretFile, token_file: tokenFile} = settings;
			return http === null ? undefined : {kind, url: http, headers, template, contentType, secretFile, tokenFile};
		}
		case 'mail': return mailTarget(settings, from, context);
		case 'syslog': return settings.syslog === null ? undefined : {kind, address: settings.syslog, facility: settings.facility};
		case 'command': return settings.command === null ? undefined : {kind, argv: settings.command};
	}
}

function mailTarget(
	{mail: to, from, server, tls, user, password_file: passwordFile}: Written, map: Mapping, context: Context,
): Target | undefined {
	const {host, port, isTls} = server ?? {host: '127.0.0.1', port: 25, isTls: false};
	const isHere = host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
	const security = isTls ? 'tls' : tls ?? (isHere ? 'none' : 'starttls');
	if (isTls && tls !== null) {
		refuse(placeOf(map, 'tls'), within(context, 'tls'), 'does not go with smtps://, which is TLS from the first byte on');
	}
	if (user !== null && security === 'none') {
		refuse(
			placeOf(map, 'user'), within(context, 'user'), 'needs TLS: the password could be read on the way',
			'write tls: starttls or server: smtps://host',
		);
	}
	if ((user === null) !== (passwordFile === null)) refuse(map, context, 'needs both user and password_file, or none of them');
	if (to.length > TO_MAX) refuse(placeOf(map, 'mail'), within(context, 'mail'), `has more than ${TO_MAX} addresses`);
	return to.length === 0 ? undefined : {kind: 'mail', to, from, server: {host, port, security}, user, passwordFile};
}

const placeOf = (map: Mapping, name: string): Value => map.entries.get(name)?.value ?? map;

const isThere = ({entries}: Mapping, name: string): boolean => {
	const entry = entries.get(name);
	return entry !== undefined && !isNothing(entry.value);
};

/** What the image lacks, and what may surprise. `at`: where `alerts` stands; `names`: of services. */
export function judgeAlerts(
	{receivers}: Alerts, at: Value, names: readonly string[], {hasProgram}: Lookups, report: Report, note: Report,
): void {
	for (const {name, target, services} of receivers) {
		const what = curlFor(target);
		if (what !== null && hasProgram && !hasProgram('curl')) {
			report(at, `alerts: ${name} uses ${what}, which needs curl, and it is not here`, 'install curl in the image');
		}
		if (target.kind === 'command' && hasProgram && !target.argv[0].includes('/') && !hasProgram(target.argv[0])) {
			report(at, `alerts: ${name} runs ${target.argv[0]}, and it is not here`);
		}
		for (const each of services) {
			if (!names.some(service => fits(each, service))) note(at, `alerts: ${name} is to hear of ${each}, and no service is called so`);
		}
	}
}

/** What of a receiver takes curl; null: nothing does. */
function curlFor(target: Target): string | null {
	if (target.kind === 'http') return target.url.startsWith('https:') ? 'https' : null;
	return target.kind === 'mail' && target.server.security !== 'none' ? 'a mail server with TLS' : null;
}
