/** `logging` of a service, and `archon` at the top: what becomes of the lines that services and archon write. */
import type {LogDriver, Logging} from '../core.ts';
import type {ServiceGroup, WholeGroup} from '../../../config/group.ts';
import {either, listOf} from '../../../config/accepts.ts';
import {key, optional, value} from '../../../config/key.ts';
import {aboutOne} from '../../../config/merge.ts';
import {
	DRIVERS, driverSchema, FILE, JSON_FILE_OPTIONS, optionsSchema, PLAIN, PREFIX, readDriver, SYSLOG, type WrittenDriver,
} from './drivers.ts';
import {planEvents, planLogging, UNWRITTEN, type WrittenLogging} from './outputs.ts';
import {rate, rateLines, size} from './scalars.ts';
import {WATCH_CONFIG} from '../../watch-config/keys.ts';
import {quote} from '../../../config/problems.ts';
import {readBy, readMap, refuse} from '../../../config/readers.ts';
import {absolutePath, lapse, oneOf} from '../../../config/scalars.ts';
import {reader, readShape, shape, within, type Context, type Key, type Reader, type Schema, type Settings} from '../../../config/shape.ts';
import {isNothing, type Mapping, type Value} from '../../../config/values.ts';

const RATE_LIMIT = shape({
	lines: optional(rateLines, 'number', 'required', 'how many in each interval; further lines are dropped and counted', '1000'),
	interval: value(lapse, 'duration', '1s', 'from one count to the next'),
});

const NAMES = DRIVERS.join(' | ');
const MEMORY_MAX = '16m';

/** Read where it stands. */
const raw = (accepts: () => Schema): Reader<Value> => reader(accepts, from => from);

/** Of its keys, those that make a driver are read where they stand. */
const LOGGING = shape({
	driver: key<Value | null>(
		raw(driverSchema), NAMES, 'prefix; inherit for a single service', null, 'where lines go; none: only archonctl logs has them',
	),
	options: key<Value | null>(raw(optionsSchema), 'map', 'empty', null, 'of the driver', '{timestamps: true}'),
	drivers: key<Value | null>(
		raw(driversSchema), 'list of names or maps with driver and options', 'empty', null, 'instead of driver: each gets every line',
	),
	on_full: value(
		oneOf<Logging['onFull']>(['drop', 'block']), 'drop | block', 'drop',
		'when a reader is too slow for too long: lines are dropped and counted, or the service waits',
	),
	max_line: value(size('256', '1m'), 'size', '16k', 'longer lines are passed on in pieces'),
	buffer: value(size('0', MEMORY_MAX), 'size', '64k', 'how much of the last lines is kept in memory for archonctl logs'),
	rate_limit: key<Logging['rateLimit']>(
		reader(() => either(rate.accepts(), {shape: RATE_LIMIT}), readRate),
		'N/duration | {lines, interval} | unlimited', 'unlimited', null, 'lines beyond that are dropped and counted',
	),
});

const SETTINGS = {on_full: 'onFull', max_line: 'maxLine', buffer: 'buffer', rate_limit: 'rateLimit'} as const;
const DRIVER_KEYS: readonly string[] = ['driver', 'options'];

const loggingKey = (fallback: string, help: string): Key<WrittenLogging | null> =>
	key<WrittenLogging | null>(reader(loggingSchema, readLogging), 'driver | list of drivers | map', fallback, null, help);

/** What it comes to depends on the other services as well (outputs.ts). */
export const logging = {
	keys: {
		logging: loggingKey('archon.logging; else prefix, or inherit for a single service', 'where the lines of its output go'),
	},
	merge: {logging: aboutOne('driver')},
	isForAll: true,
	maps: [
		['services.<name>.logging, archon.logging, archon.events', LOGGING],
		['options of the drivers inherit and json', PLAIN],
		['options of the driver prefix', PREFIX],
		['options of the driver file', FILE],
		['options of the driver syslog', SYSLOG],
		['rate_limit, of logging', RATE_LIMIT],
	],
	words: () => ({
		names: {logging: 'log_driver log logs'},
		others: [
			['stdout_logfile stderr_logfile logfile log_location out_file error_file StandardOutput StandardError', 'logging',
				'write logging: {driver: file, options: {path: …}}'],
			['redirect_stderr merge_logs combine_logs', 'logging', 'remove it: both streams go the same way, unless logging says otherwise'],
			['stdout_logfile_maxbytes stderr_logfile_maxbytes logfile_maxbytes', 'logging',
				'write logging: {driver: file, options: {max-size: 10m}}'],
			['stdout_logfile_backups stderr_logfile_backups logfile_backups', 'logging',
				'write logging: {driver: file, options: {max-file: 3}}'],
			['producer-for consumer-for pipeline-name', 'logging', 'archon has no pipelines: write logging'],
		],
	}),
} satisfies ServiceGroup;

const ARCHON = shape({
	logging: loggingKey('prefix; inherit for a single service', 'the default for all services'),
	events: key<WrittenLogging | null>(
		reader(loggingSchema, readEvents), 'as logging', 'as logging, unless that is inherit or none; else prefix', null,
		'where archon\'s own messages go; they come on stderr',
	),
	log_level: value(
		oneOf(['info', 'warn', 'error'] as const), 'info | warn | error', 'info', 'archon\'s own messages below this are left out',
	),
	state_dir: optional(
		absolutePath, 'path', 'nothing is kept', 'a folder that exists, for what outlives archon: what operators asked for, counts, pids',
		'/var/lib/archon',
	),
	watch_config: WATCH_CONFIG,
});

const TOP_KEYS = {
	archon: key(
		readMap(ARCHON), 'map', 'empty', ARCHON.initial, 'what is logged and where, and what outlives archon', '{log_level: warn, logging: json}',
	),
};

export const archon = {
	keys: TOP_KEYS,
	maps: [['archon', ARCHON]],
	words: () => ({
		others: [
			['logging log', 'archon', 'write archon: {logging: …} for all services'],
			['log_level', 'archon', 'write archon: {log_level: …}'],
			['supervisord', 'archon', 'remove it: archon help config lists the keys of archon'],
		],
	}),
	plan: ({archon}: Settings<typeof TOP_KEYS>) => ({
		logging: planLogging(archon), events: planEvents(archon), level: archon.log_level, stateDir: archon.state_dir,
		...archon.watch_config !== null && {watchConfig: archon.watch_config},
	}),
} satisfies WholeGroup;

function loggingSchema(): Schema {
	return {name: 'lines', ...either(driversSchema(), {shape: LOGGING})};
}

function driversSchema(): Schema {
	const driver: Schema = {
		type: 'object', properties: {driver: driverSchema(), options: optionsSchema()}, patternProperties: {'^x-': {}},
		additionalProperties: false, required: ['driver'],
	};
	const item = either(driverSchema(), driver);
	return {name: 'log_drivers', ...either(...item.anyOf, listOf(item, {minItems: 1, maxItems: DRIVERS_MAX}))};
}

function readLogging(from: Value, context: Context): WrittenLogging | undefined {
	if (isNothing(from)) return refuse(from, context, 'is empty', `write one of ${DRIVERS.join(', ')}`);
	if (from.kind === 'map') return readLoggingMap(from, context);
	const drivers = readDrivers(from, context);
	return drivers && {drivers, settings: {}};
}

function readLoggingMap(from: Mapping, context: Context): WrittenLogging | undefined {
	const settings = readShape(LOGGING, from, context);
	const drivers = readMapDrivers(from, context);
	return drivers && {
		drivers,
		settings: Object.fromEntries(Object.entries(SETTINGS).flatMap(([name, field]) =>
			from.entries.has(name) ? [[field, settings[name as keyof typeof SETTINGS]]] : [])),
	};
}

function readMapDrivers({entries}: Mapping, context: Context): readonly (LogDriver | null)[] | undefined {
	const [driver, options, drivers] = ['driver', 'options', 'drivers'].map(name => entries.get(name));
	if (driver && drivers) return refuse(drivers.key, context, 'has both driver and drivers', 'keep one');
	if (drivers) {
		if (options) refuse(options.key, within(context, 'options'), 'are for one driver', 'write drivers: [{driver: NAME, options: …}, …]');
		return readDrivers(drivers.value, within(context, 'drivers'));
	}
	if (!driver && !options) return UNWRITTEN.drivers;
	if (!driver && options && !isForDocker(options.value)) {
		return refuse(options.key, within(context, 'options'), 'belong to a driver, which is missing', `write driver: ${NAMES}`);
	}
	// compose-spec: options without a driver are for docker's own default.
	const name: Value | undefined = driver?.value ?? (options && {...options.key, kind: 'scalar', text: 'json-file', plain: true});
	const made = name && readDriver(name, within(context, 'driver'), options?.value, context);
	return made === undefined ? undefined : made === 'none' ? [] : [made];
}

/** Whether docker's json-file has all of these options. */
const isForDocker = (options: Value): boolean =>
	options.kind === 'map' && [...options.entries.keys()].every(name => JSON_FILE_OPTIONS.has(name));

const DRIVERS_MAX = 20;

/** One, or several at once. */
function readDrivers(from: Value, context: Context): readonly (LogDriver | null)[] | undefined {
	if (from.kind !== 'list') {
		const driver = readItem(from, context);
		return driver === undefined ? undefined : driver === 'none' ? [] : [driver];
	}
	if (from.items.length === 0) return refuse(from, context, 'is empty', 'write none to send lines nowhere');
	if (from.items.length > DRIVERS_MAX) return refuse(from, context, `has more than ${DRIVERS_MAX} drivers`);
	const known = new Set<string>();
	const drivers: (LogDriver | null)[] = [];
	for (const [index, item] of from.items.entries()) {
		const driver = readItem(item, within(context, index));
		if (driver === undefined) continue;
		if (driver !== 'none') drivers.push(driver);
		else if (from.items.length > 1) refuse(item, context, 'has none among other drivers', 'keep the one or the others');
		if (driver === null || driver === 'none') continue;
		const text = JSON.stringify(driver);
		if (known.has(text)) refuse(item, context, `names ${driver.kind} twice`);
		known.add(text);
	}
	return drivers;
}

function readItem(from: Value, context: Context): WrittenDriver | undefined {
	if (from.kind === 'list') return refuse(from, context, 'must be a driver or a map, not a list');
	if (from.kind === 'scalar') return readDriver(from, context, undefined, context);
	const {entries} = from;
	for (const [name, {key: place}] of entries) {
		if (DRIVER_KEYS.includes(name) || name.startsWith('x-')) continue;
		if (Object.hasOwn(SETTINGS, name)) {
			refuse(place, within(context, name), 'is for all drivers together', `write {drivers: […], ${name}: …}`);
		} else {
			context.report(place, `unknown key ${quote(name)} in ${context.path}`, 'a driver has driver and options');
		}
	}
	const driver = entries.get('driver');
	if (!driver) return refuse(from, context, 'has no driver', `write one of ${DRIVERS.join(', ')}`);
	return readDriver(driver.value, within(context, 'driver'), entries.get('options')?.value, context);
}

function readRate(from: Value, context: Context): Logging['rateLimit'] | undefined {
	if (from.kind !== 'map') return readBy(rate)(from, context);
	const settings = readMap(RATE_LIMIT)(from, context);
	if (!settings) return undefined;
	const {lines, interval} = settings;
	if (lines !== null) return {lines, interval};
	return from.entries.has('lines') ? undefined : refuse(from, context, 'has no lines', 'write {lines: N, interval: 1s}, or 1000/s');
}

/** Archon writes its messages to stderr, and must not wait for a reader. */
function readEvents(from: Value, context: Context): WrittenLogging | undefined {
	const written = readLogging(from, context);
	if (!written) return undefined;
	const onFull = from.kind === 'map' ? from.entries.get('on_full') : undefined;
	if (onFull && written.settings.onFull === 'block') {
		return refuse(onFull.value, within(context, 'on_full'), 'must be drop, for archon itself never waits');
	}
	const isDeaf = written.drivers.some(driver => driver && !driver.streams.includes('stderr'));
	return isDeaf ? refuse(from, context, 'has a driver for stdout only, and archon itself writes to stderr') : written;
}
