/** Where lines may go: the drivers of `logging`, and their options. */
import {err, ok} from '../../../core/result.ts';
import {LOG_STREAMS, type LogDriver, type LogFile, type LogStream, type Syslog} from '../core.ts';
import {anyText, either, listOf, words} from '../../../config/accepts.ts';
import {key, optional, value} from '../../../config/key.ts';
import {compression, facility, logPath, logTag, maxAge, maxSize, ownerName, permissions, syslogAddress} from './scalars.ts';
import {didYouMean} from '../../../config/problems.ts';
import {readBy, readListOf, refuse, refuseKind} from '../../../config/readers.ts';
import {oneOf, parser, truth, whole} from '../../../config/scalars.ts';
import {reader, readShape, shape, within, type Context, type Schema, type Shape} from '../../../config/shape.ts';
import {isNothing, type Mapping, type Value} from '../../../config/values.ts';

const STREAMS = {
	streams: key<readonly LogStream[]>(
		reader(streams, readStreams), 'stdout | stderr | list of both', 'both', LOG_STREAMS, 'the streams whose lines it gets',
	),
};

/** What docker has for its drivers and archon does not. */
const FOREIGN_OPTIONS: ReadonlySet<string> = new Set([
	'cache-compress', 'cache-disabled', 'cache-max-file', 'cache-max-size', 'env', 'env-regex', 'labels', 'labels-regex',
	'max-buffer-size', 'mode', 'syslog-tls-ca-cert', 'syslog-tls-cert', 'syslog-tls-key', 'syslog-tls-skip-verify',
]);

export const PREFIX = shape({
	timestamps: value(truth, 'true | false', 'false', 'the time after the name'),
	...STREAMS,
}, {unsupported: FOREIGN_OPTIONS});

export const FILE = shape({
	path: value(
		logPath, 'path', '/var/log/archon/{name}.log',
		'{name} is web, or web-0 if there are several instances; also {service}, {instance}, and {stream} for one file each',
	),
	format: value(
		oneOf<LogFile['format']>(['raw', 'timestamps', 'json']), 'raw | timestamps | json', 'raw',
		'lines as they are, with their time, or as one JSON object each',
	),
	'max-size': value(maxSize, 'size | unlimited', '10m', 'a file this large is rotated to path.1, path.2, …'),
	'max-file': value(whole(1, 1000), 'number', '5', 'how many files are kept, the current one included'),
	'max-age': value(
		maxAge, 'duration with days | unlimited', 'unlimited', 'a file this old is rotated, and a rotated one this old is removed',
	),
	compress: value(compression, 'none | gzip | zstd', 'none', 'how rotated files are compressed; true is gzip'),
	mode: optional(permissions, 'octal', '0640, less the umask', 'permissions of the file and of rotated ones'),
	user: optional(ownerName, 'name | uid', 'archon\'s own', 'whose they are'),
	group: optional(ownerName, 'name | gid', 'archon\'s own', 'the same'),
	...STREAMS,
}, {unsupported: new Set([...FOREIGN_OPTIONS].filter(name => name !== 'mode'))});

export const SYSLOG = shape({
	'syslog-address': value(
		syslogAddress, 'unix://path | udp://host[:514] | tcp://host[:514]', 'unix:///dev/log', 'where the lines are sent',
	),
	'syslog-format': optional(
		oneOf<Syslog['format']>(['rfc3164', 'rfc5424', 'rfc5424micro']), 'rfc3164 | rfc5424 | rfc5424micro', 'rfc3164 for unix, else rfc5424',
		'what a message looks like; a daemon at /dev/log expects rfc3164',
	),
	'syslog-facility': value(facility, 'name | 0 to 23', 'daemon', 'what they are said to come from'),
	tag: value(logTag, 'text', '{name}', 'what they are said to come from; may hold what path may'),
	...STREAMS,
}, {unsupported: FOREIGN_OPTIONS});

/** Of `inherit` and `json`. */
export const PLAIN = shape(STREAMS, {unsupported: FOREIGN_OPTIONS});

/** In the order in which messages list them. */
const OPTIONS = {inherit: PLAIN, prefix: PREFIX, json: PLAIN, file: FILE, syslog: SYSLOG} as const satisfies
	Readonly<Record<LogDriver['kind'], Shape>>;

type Kind = keyof typeof OPTIONS;
const KINDS = Object.keys(OPTIONS) as readonly Kind[];

/** What may be written as a driver. */
export const DRIVERS: readonly string[] = [...KINDS, 'none'];

/** docker's ways of keeping what the container says: what that is, is archon's to say, by its default. */
const DAEMONS: ReadonlySet<string> = new Set(['json-file', 'local']);

/** Those of docker's drivers that would send lines elsewhere. */
const DOCKERS: ReadonlySet<string> = new Set(['awslogs', 'etwlogs', 'fluentd', 'gcplogs', 'gelf', 'journald', 'logentries', 'splunk']);

const driverName = parser<Kind | 'none' | 'default'>(() => words(...DRIVERS, ...DAEMONS), text => {
	const name = [...KINDS, 'none' as const].find(each => each === text);
	if (name) return ok(name);
	if (DAEMONS.has(text)) return ok('default');
	const all = DRIVERS.join(', ');
	return DOCKERS.has(text)
		? err({why: 'is a driver of docker, which archon does not have', hint: `write one of ${all}`})
		: err({why: `is not one of ${all}`, hint: didYouMean(text, DRIVERS)});
});

/** A driver by its name alone. */
export const driverSchema = driverName.accepts;

/** The options of some driver: which go with which is more than a schema can say in a way that people understand. */
export const optionsSchema = (): Schema => ({name: 'log_options', anyOf: [...KINDS.map(kind => ({shape: OPTIONS[kind]})), {
	type: 'object', properties: Object.fromEntries([...JSON_FILE_OPTIONS].map(name => [name, anyText()])), additionalProperties: false,
}]});

/** What docker's json-file has. */
export const JSON_FILE_OPTIONS: ReadonlySet<string> = new Set([
	'compress', 'env', 'env-regex', 'labels', 'labels-regex', 'max-buffer-size', 'max-file', 'max-size', 'mode', 'tag',
]);

/** A driver as it is written, with placeholders; null: whatever the default is. */
export type WrittenDriver = LogDriver | 'none' | null;

/** Noted once for drivers that docker has for itself. */
const PASSED_OVER = 'ignored, as json-file and local are drivers of docker itself; archon\'s default is used';

/** The driver of a name; `owner` is the context of what holds them both. */
export function readDriver(name: Value, at: Context, options: Value | undefined, owner: Context): WrittenDriver | undefined {
	const kind = readBy(driverName)(name, at);
	if (kind === undefined) return undefined;
	if (kind === 'default') {
		owner.note(name, PASSED_OVER, owner.path);
		return null;
	}
	const context = within(owner, 'options');
	const map = !options || isNothing(options) ? {...name, kind: 'map' as const, entries: new Map()} : options;
	if (map.kind !== 'map') return refuseKind(map, context, 'a map');
	if (kind !== 'none') return makeDriver(kind, withoutStrangers(kind, map, context), context);
	return map.entries.size === 0 ? 'none' : refuse(map, context, 'belong to a driver, and none has no options');
}

/** Reports options that only other drivers have. */
function withoutStrangers(kind: Kind, map: Mapping, context: Context): Mapping {
	const has = (each: Kind, name: string): boolean => Object.hasOwn(OPTIONS[each].keys, name);
	const entries = [...map.entries].filter(([name, {key: place}]) => {
		const owners = has(kind, name) || FOREIGN_OPTIONS.has(name) ? [] : KINDS.filter(each => has(each, name));
		if (owners.length > 0) refuse(place, within(context, name), `is not an option of ${kind}`, `it goes with ${owners.join(', ')}`);
		return owners.length === 0;
	});
	return {...map, entries: new Map(entries)};
}

function makeDriver(kind: Kind, map: Mapping, context: Context): LogDriver {
	switch (kind) {
		case 'inherit':
		case 'json': return {kind, ...readShape(PLAIN, map, context)};
		case 'prefix': return {kind, ...readShape(PREFIX, map, context)};
		case 'file': {
			const {'max-size': size, 'max-file': maxFile, 'max-age': age, ...rest} = readShape(FILE, map, context);
			return {kind, ...rest, maxSize: size, maxFile, maxAge: age};
		}
		case 'syslog': {
			const {'syslog-address': address, 'syslog-facility': number, 'syslog-format': format, ...rest} = readShape(SYSLOG, map, context);
			return {kind, ...rest, address, facility: number, format: format ?? (address.kind === 'unix' ? 'rfc3164' : 'rfc5424')};
		}
	}
}

function streams(): Schema {
	const stream = words(...LOG_STREAMS);
	return either(stream, listOf(stream, {minItems: 1}));
}

function readStreams(from: Value, context: Context): readonly LogStream[] | undefined {
	const streams = readListOf(readBy(oneOf(LOG_STREAMS)))(from, context);
	if (streams?.length === 0) return refuse(from, context, 'is empty', 'write stdout, stderr or both');
	return streams && LOG_STREAMS.filter(stream => streams.includes(stream));
}
