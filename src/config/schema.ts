/**
 * Every key of a config: what may be written, the default, and one line of help. What keys and services
 * mean for each other is left to the plan.
 */
import {NO_ENDS, RESTART as RESTART_DEFAULTS, START_RATE as RATE} from '../core/defaults.ts';
import {WHEN_IDLE} from '../core/config.ts';
import {type Command, type Exec, type Health, KILL_MODES, type Ready, type Service} from '../core/service.ts';
import {blanksIn, fillIn} from './blanks.ts';
import {FOREIGN_SERVICE_KEYS, FOREIGN_TOP_KEYS, UNSUPPORTED_SERVICE_KEYS, UNSUPPORTED_TOP_KEYS, withoutDeploy} from './compose.ts';
import {dependencies, links, relatives} from './dependencies.ts';
import {SERVICE_WORDS, TOP_WORDS} from './glossary.ts';
import {readHealth} from '../features/health/keys/healthcheck.ts';
import {hook, readReload} from './hooks.ts';
import {key, list, optional, value, words} from './keys.ts';
import {LIMIT_KEYS} from './limits.ts';
import {ARCHON, logging} from '../features/logging/keys/logging.ts';
import {instancesOf, named, SCALE_MAX, SERVICES_MAX} from './names.ts';
import type {Place} from './problems.ts';
import {readBy, readCommand, readEnvironment, readListOf, readMap, refuse, refuseKind} from './readers.ts';
import {readReady} from '../features/health/keys/ready.ts';
import {ends, readRestart, RESTART} from './restarts.ts';
import {
	absolutePath, decimal, duration, grace, lapse, oneOf, patience, signal, text, truth, umask, user, variableName, whole,
} from './scalars.ts';
import {readShape, shape, within, type Context, type Reader, type Settings, type Shape} from './shape.ts';
import {readSignals, type Rule} from './signals.ts';
import {isNothing, kindOf, type Entry, type Mapping, type Value} from './values.ts';

const ENV_PATH = {
	path: optional(text, 'path', 'required', 'beside the config, unless it begins with /'),
	required: value(truth, 'true | false', 'true', 'false: it may be missing'),
};

export const ENV_FILE = shape(ENV_PATH, new Set(), new Set(['format']));
export const ENV_DIR = shape(ENV_PATH);

export const ENV_FROM = shape({
	command: key<Command | null>(readCommand, 'words', 'required', null, 'prints lines of NAME=value; within start_timeout, else 60s'),
});

/** A file or folder of variables, as it is named. */
export interface EnvPath {
	readonly path: string;
	readonly required: boolean;
	readonly at: Value;
}

export const SERVICE = shape({
	type: value(
		oneOf<Service['type']>(['daemon', 'oneshot']), 'daemon | oneshot', 'daemon',
		'a daemon stays; a oneshot does its work once and ends',
	),
	command: words('program and arguments; quotes as in a shell, but no shell'),
	entrypoint: words('put before the command'),
	autostart: value(truth, 'true | false', 'true', 'false: started by archonctl, or because another service needs it'),
	scale: key<number | null>(
		readBy(whole(0, SCALE_MAX)), 'number', '1', null,
		'so many of them: web:0, web:1, …, each with its number in $ARCHON_INSTANCE',
	),
	profiles: list(text, 'list', 'runs only if one of these is in $ARCHON_PROFILES'),

	environment: key(
		readEnvironment, 'map | list of NAME=value', 'empty', {},
		'its variables; a NAME without a value has that of archon\'s own environment',
	),
	env_file: key(
		readListOf(readEnvPath(ENV_FILE)), 'path | list of paths or maps with a path', 'empty', [],
		'files of NAME=value lines, read before each start; environment outranks them',
	),
	env_dir: key(
		readListOf(readEnvPath(ENV_DIR)), 'path | list of paths or maps with a path', 'empty', [],
		'folders with a file for each variable, read before each start; they outrank env_file',
	),
	env_from: key(
		readListOf(readEnvFrom), 'map with a command | list of them', 'empty', [],
		'commands that print NAME=value lines, run before each start as the service would be; they outrank env_dir',
	),
	environment_base: key<Exec['base']>(
		readBase, 'inherit | clean | list of names', 'inherit', 'inherit',
		'what it gets of archon\'s own environment: all, PATH and TERM, or these',
	),
	secrets_from_files: value(truth, 'true | false', 'false', 'NAME becomes the content of the file that NAME_FILE names'),
	working_dir: optional(absolutePath, 'path', 'archon\'s own', 'where it runs'),
	user: optional(user, 'name[:group] | uid[:gid]', 'archon\'s own', 'as whom it runs'),
	umask: optional(umask, 'octal', 'archon\'s own', 'permissions that new files do not get'),
	...LIMIT_KEYS,
	tty: value(truth, 'true | false', 'false', 'it has a terminal of its own'),
	stdin_open: value(truth, 'true | false', 'false', 'its stdin is archon\'s own; one service may have that'),
	logging: logging('as archon.logging says; else prefix, or inherit for a lone service', 'what becomes of its lines'),
	clean: list(text, 'list of paths with *, ? and […]', 'stale files that are removed before each start; from its working_dir'),

	depends_on: dependencies,
	wants: relatives('soft', 'the same, but it does without those that fail'),
	after: relatives('order', 'services that come first if they are to run anyhow'),
	before: relatives('order', 'services that come after this one if they are to run anyhow'),
	links: links('compose\'s older word for after; an alias behind a colon has no effect'),
	ready: key<Ready | null>(readReady, 'notify | map', 'none', null, 'how a daemon says that it can serve'),
	start_period: value(duration, 'duration', '0s', 'without ready: a daemon can serve when it has run for so long'),
	start_timeout: optional(
		patience, 'duration | unlimited', '60s with ready, else unlimited', 'until a daemon must be ready, or a oneshot done',
	),
	pre_start: hook('commands before each start, within start_timeout; if one fails, the start has failed'),
	post_start: hook('commands after its start; if one fails, the start has failed'),
	healthcheck: key<Health | null>(readHealth, 'map', 'none', null, 'repeated looks at whether it still serves'),
	watchdog: optional(lapse, 'duration', 'none', 'it must send WATCHDOG=1 this often, as sd_notify(3) does'),
	reload: key<Service['reload']>(
		readReload, 'signal | map with signal or command', 'none', null, 'how it is told to read its config anew',
	),

	restart: key(
		readRestart, 'no | always | on-failure[:N] | unless-stopped | map', 'always; no for oneshot or essential',
		RESTART.initial, 'when it is started again after it ended by itself',
	),
	success_codes: ends('0', RESTART_DEFAULTS.success, 'ends that are no failure, whatever the policy; all others are'),
	restart_on: ends('empty', NO_ENDS, 'ends after which it is started again whatever its policy'),
	fatal_codes: ends('126, 127', RESTART_DEFAULTS.fatal, 'ends after which it is not started again'),
	on_failed: value(
		oneOf<Service['onFailed']>(['stay', 'shutdown']), 'stay | shutdown', 'stay', 'what follows when it has failed for good',
	),
	essential: value(truth, 'true | false', 'false', 'when it ends for good, the container ends with its status'),
	pre_stop: hook('commands before the stop signal, within the grace period'),
	post_stop: hook('commands after each end, told it by SERVICE_RESULT, EXIT_CODE and EXIT_STATUS; within a grace period'),
	down: hook('commands that undo a oneshot which has completed, when it is stopped; within a grace period'),
	stop_signal: value(signal, 'signal', 'TERM', 'asks it to end'),
	stop_grace_period: value(grace, 'duration | unlimited', '5s', 'from then until KILL'),
	stop_to: value(
		oneOf<Service['stopTo']>(['main', 'group']), 'main | group', 'main',
		'whom stop_signal, reload and archonctl signal reach; group: also what is behind a wrapper that passes nothing on',
	),
	kill_mode: value(
		oneOf<Service['killMode']>(KILL_MODES), KILL_MODES.join(' | '), 'tree',
		'what ends with it: all that it made, its process group, or its main process alone',
	),
	pid_file: optional(absolutePath, 'path', 'none', 'names the main process when the one before has ended'),
	labels: key(ignore, 'anything', 'none', null, 'has no effect'),
}, FOREIGN_SERVICE_KEYS, UNSUPPORTED_SERVICE_KEYS, SERVICE_WORDS);

export const SHUTDOWN = shape({
	grace_period: value(duration, 'duration', '9s', 'for all services together, then KILL; docker waits 10s'),
	when_idle: optional(
		oneOf(WHEN_IDLE), WHEN_IDLE.join(' | '), 'failed; never for programs',
		'ends the container when nothing runs and nothing will start by itself: if a service has failed, always, or never',
	),
});

export const START_RATE = shape({
	per_second: value(decimal(0.1, 10_000), 'number', String(RATE.perSecond), 'restarts in each second of a storm'),
	burst: value(whole(1, 10_000), 'number', String(RATE.burst), 'restarts that may come at once before that'),
});

export const TOP = shape({
	services: key<ReadonlyMap<string, Declared | null>>(readServices, 'map by name', 'required', new Map(), 'what archon runs'),
	environment: key(
		readEnvironment, 'map | list of NAME=value', 'empty', {}, 'variables of all services; their own env_file and environment outrank them',
	),
	archon: key(readMap(ARCHON), 'map', 'empty', ARCHON.initial, 'what is said in logs, and how'),
	shutdown: key(readMap(SHUTDOWN), 'map', 'empty', SHUTDOWN.initial, 'how everything ends'),
	start_rate: key(
		readStartRate, 'number | map', String(RATE.perSecond), START_RATE.initial,
		'how many services that ended may be started again each second',
	),
	signals: key<readonly Rule[]>(
		readSignals, 'map from signal to shutdown | reload | reopen | ignore | signal | map', 'as in docs/signals.md', [],
		'what signals to archon mean; a signal is what main is sent instead',
	),
	name: key(ignore, 'anything', 'none', null, 'of a compose project; has no effect'),
	version: key(ignore, 'anything', 'none', null, 'of a compose file; has no effect'),
}, FOREIGN_TOP_KEYS, UNSUPPORTED_TOP_KEYS, TOP_WORDS);

/** A service as it is written. */
export interface Declared {
	readonly name: string;
	/** What it is called in messages: `services.web`. */
	readonly path: string;
	readonly key: Place;
	readonly map: Mapping;
	/** Keys that say something else for each instance. */
	readonly blanks: readonly string[];
	/** Of its first instance. */
	readonly settings: Settings<typeof SERVICE.keys>;
}

function ignore(): null {
	return null;
}

function readServices(from: Value, context: Context): ReadonlyMap<string, Declared | null> | undefined {
	if (isNothing(from)) return refuse(from, context, 'is empty', 'write at least one service');
	if (from.kind !== 'map') return refuseKind(from, context, 'a map');
	if (from.entries.size === 0) return refuse(from, context, 'is empty', 'write at least one service');
	if (from.entries.size > SERVICES_MAX) return refuse(from, context, `has more than ${SERVICES_MAX} services`);
	const services = new Map<string, Declared | null>();
	for (const [name, entry] of from.entries) {
		services.set(name, readService(name, entry, named(name, entry.key, 'service', context)));
	}
	return services;
}

/** The settings of a further instance, as `web:1`. */
export function settingsFor({map, blanks, settings, path}: Declared, instance: string, context: Context): Declared['settings'] {
	if (blanks.length === 0) return settings;
	const own: Record<string, unknown> = {...settings};
	for (const key of blanks) {
		const value = map.entries.get(key)?.value;
		const reader = Object.hasOwn(SERVICE.keys, key) ? SERVICE.keys[key as keyof typeof SERVICE.keys] : undefined;
		const read = value && reader?.read(fillIn(value, instance), within({...context, path}, key));
		if (read !== undefined) own[key] = read;
	}
	return own as Declared['settings'];
}

/** Null if it cannot be read at all. A service without content is one without a command. */
function readService(name: string, {key: place, value: from}: Entry, context: Context): Declared | null {
	const map: Value = isNothing(from) ? {...place, kind: 'map', entries: new Map()} : from.kind === 'map' ? withoutDeploy(from) : from;
	if (map.kind === 'map') {
		const blanks = blanksIn(map);
		const declared = {name, path: context.path, key: place, map, blanks, settings: SERVICE.initial};
		if (blanks.length === 0) return {...declared, settings: readShape(SERVICE, map, context)};
		const scale = map.entries.get('scale')?.value;
		const count = scale && readBy(whole(0, SCALE_MAX))(scale, {...context, report() {}, note() {}});
		const [first = name] = instancesOf(name, count ?? 1);
		const filled = [...map.entries].map(([key, entry]) =>
			[key, blanks.includes(key) ? {...entry, value: fillIn(entry.value, first)} : entry] as const);
		return {...declared, settings: readShape(SERVICE, {...map, entries: new Map(filled)}, context)};
	}
	// A key of the service above that is not far enough in.
	if (Object.hasOwn(SERVICE.keys, name)) {
		refuse(from, context, `must be a map, not ${kindOf(from)}`, 'indent it further if it belongs to the service before it');
	} else {
		refuseKind(from, context, 'a map');
	}
	return null;
}

function readEnvPath(form: Shape<typeof ENV_PATH>): Reader<EnvPath> {
	return (from, context) => {
		if (from.kind !== 'map') {
			const path = readBy(text)(from, context);
			return path === undefined ? undefined : {path, required: true, at: from};
		}
		const {path, required} = readShape(form, from, context);
		if (path !== null) return {path, required, at: from};
		return from.entries.has('path') ? undefined : refuse(from, context, 'has no path');
	};
}

function readEnvFrom(from: Value, context: Context): Command | undefined {
	if (from.kind !== 'map') return refuse(from, context, 'must be a map with a command', 'write {command: …}');
	const {command} = readShape(ENV_FROM, from, context);
	return command ?? (from.entries.has('command') ? undefined : refuse(from, context, 'has no command'));
}

function readBase(from: Value, context: Context): Exec['base'] | undefined {
	if (from.kind === 'list') return readListOf(readBy(variableName))(from, context);
	return readBy(oneOf(['inherit', 'clean'] as const))(from, context);
}

function readStartRate(from: Value, context: Context): Settings<typeof START_RATE.keys> | undefined {
	if (from.kind === 'map') return readShape(START_RATE, from, context);
	const perSecond = readBy(decimal(0.1, 10_000))(from, context);
	return perSecond === undefined ? undefined : {...START_RATE.initial, per_second: perSecond};
}
