/**
 * Every key of a config: what may be written, the default, and one line of help. What keys and services
 * mean for each other is left to the plan.
 */
import type {Condition, Service} from '../core/model.ts';
import {
	FOREIGN_SERVICE_KEYS, FOREIGN_TOP_KEYS, UNSUPPORTED_SERVICE_KEYS, UNSUPPORTED_TOP_KEYS,
} from './compose.ts';
import {quote, type Place} from './problems.ts';
import {readBy, readEnvironment, readText, readWords, refuse} from './readers.ts';
import {
	absolutePath, attempts, condition, decimal, duration, oneOf, only, policy, restart, signal, truth, umask,
	user, type Parse,
} from './scalars.ts';
import {readShape, shape, within} from './shape.ts';
import type {Context, Key, Reader, Settings, Shape} from './shape.ts';
import {isNothing, kindOf, type Entry, type Mapping, type Value} from './values.ts';

export const RESTART = shape({
	policy: optional(
		policy, 'no | always | on-failure | unless-stopped', 'as without a map',
		'after which ends it is started again',
	),
	delay: value(duration, 'duration', '100ms', 'the pause before the second start within the window'),
	factor: value(decimal(1, 100), 'number', '2', 'by how much the pause grows with each further start'),
	max_delay: value(duration, 'duration', '10s', 'the longest pause'),
	jitter: value(decimal(0, 1), '0 to 1', '0.1', 'the share of the pause that is left to chance'),
	attempts: value(attempts, 'number | unlimited', '8', 'starts within the window before it has failed'),
	window: value(duration, 'duration', '60s', 'how long an end counts against the attempts'),
});

export const DEPENDENCY = shape({
	condition: value(
		condition, 'service_started | service_completed_successfully', 'service_started',
		'what must hold of the other service first',
	),
	required: value(only(true), 'true', 'true', 'the other service must exist'),
	restart: value(only(false), 'false', 'false', 'its restart does not restart this one'),
});

export const SERVICE = shape({
	type: value(
		oneOf<Service['type']>(['daemon', 'oneshot']), 'daemon | oneshot', 'daemon',
		'a daemon stays; a oneshot does its work once and ends',
	),
	command: words('program and arguments; quotes as in a shell, but no shell'),
	entrypoint: words('put before the command'),
	environment: key(
		readEnvironment, 'map | list of NAME=value', 'empty', {},
		'added to archon\'s own environment, whose value stays for a NAME without one',
	),
	working_dir: optional(absolutePath, 'path', 'archon\'s own', 'where it runs'),
	user: optional(user, 'name[:group] | uid[:gid]', 'archon\'s own', 'as whom it runs'),
	umask: optional(umask, 'octal', 'archon\'s own', 'permissions that new files do not get'),
	depends_on: key(
		readDependencies, 'list | map with condition', 'empty', [],
		'services that come before this one, and end after it',
	),
	restart: key(
		readRestart, 'no | always | on-failure[:N] | unless-stopped | map',
		'always; no for a oneshot or an essential service', RESTART.initial,
		'when it is started again after it ended by itself',
	),
	stop_signal: value(signal, 'signal', 'TERM', 'asks it to end'),
	stop_grace_period: value(duration, 'duration', '5s', 'from the stop signal until KILL'),
	essential: value(
		truth, 'true | false', 'false', 'when it ends for good, the container ends with its status',
	),
}, FOREIGN_SERVICE_KEYS, UNSUPPORTED_SERVICE_KEYS);

export const SHUTDOWN = shape({
	grace_period: value(duration, 'duration', '9s', 'for all services together, then KILL; docker waits 10s'),
});

export const TOP = shape({
	services: key<ReadonlyMap<string, Declared | null>>(
		readServices, 'map by name', 'required', new Map(), 'what archon runs',
	),
	shutdown: key(readShutdown, 'map', 'empty', SHUTDOWN.initial, 'how everything ends'),
	name: key(ignore, 'anything', 'none', null, 'of a compose project; has no effect'),
	version: key(ignore, 'anything', 'none', null, 'of a compose file; has no effect'),
}, FOREIGN_TOP_KEYS, UNSUPPORTED_TOP_KEYS);

/** A service as it is written. */
export interface Declared {
	readonly name: string;
	/** What it is called in messages: `services.web`. */
	readonly path: string;
	readonly key: Place;
	readonly map: Mapping;
	readonly settings: Settings<typeof SERVICE.keys>;
}

/** One entry of `depends_on`. */
export interface Dependency {
	readonly name: string;
	readonly condition: Condition;
	readonly at: Place;
}

/** The whole table as text: each key with what may be written, its default, and what it is for. */
export function describeSchema(): string {
	const sections: readonly (readonly [string, Shape])[] = [
		['At the top', TOP],
		['services.<name>', SERVICE],
		['services.<name>.depends_on.<name>', DEPENDENCY],
		['services.<name>.restart', RESTART],
		['shutdown', SHUTDOWN],
	];
	const texts = sections.map(([title, {keys}]) => {
		const lines = Object.entries(keys).map(([name, {form, fallback, help}]) =>
			`  ${name}: ${form} (default: ${fallback})\n      ${help}\n`);
		return `${title}:\n${lines.join('')}\n`;
	});
	return `${texts.join('')}A duration is written 1h30m, 10s, 1.5s or 500ms; a bare number is seconds.\n`;
}

function key<T>(read: Reader<T>, form: string, fallback: string, initial: T, help: string): Key<T> {
	return {read, form, fallback, initial, help};
}

/** A key with one text, whose default is written as the user would write it. */
function value<T>(parse: Parse<T>, form: string, fallback: string, help: string): Key<T> {
	const initial = parse(fallback);
	if (!initial.ok) throw new Error(`the default ${fallback} ${initial.error.why}`);
	return key(readBy(parse), form, fallback, initial.value, help);
}

/** A key with one text that may be missing; null then. */
function optional<T>(parse: Parse<T>, form: string, fallback: string, help: string): Key<T | null> {
	return key<T | null>(readBy(parse), form, fallback, null, help);
}

/** A key with a command's words; null if there are none to be read. */
function words(help: string): Key<readonly string[] | null> {
	return key<readonly string[] | null>(readWords, 'words | list', 'empty', null, help);
}

function ignore(): null {
	return null;
}

function readServices(from: Value, context: Context): ReadonlyMap<string, Declared | null> | undefined {
	if (isNothing(from)) return refuse(from, context, 'is empty', 'write at least one service');
	if (from.kind !== 'map') return refuse(from, context, `must be a map, not ${kindOf(from)}`);
	if (from.entries.size === 0) return refuse(from, context, 'is empty', 'write at least one service');
	const services = new Map<string, Declared | null>();
	for (const [name, entry] of from.entries) {
		checkName(name, entry.key, context);
		services.set(name, readService(name, entry, within(context, name)));
	}
	return services;
}

function checkName(name: string, place: Place, context: Context): void {
	if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) {
		const hint = 'a name has letters, digits, ".", "_" and "-", and begins with a letter or digit';
		context.report(place, `${quote(name)} cannot be a service's name`, hint);
	} else if (RESERVED.has(name)) {
		context.report(place, `${quote(name)} cannot be a service's name: ${RESERVED.get(name)}`);
	}
}

const RESERVED: ReadonlyMap<string, string> = new Map([
	['all', 'it stands for every service'],
	['archon', 'it stands for archon itself'],
]);

/** Null if it cannot be read at all. A service without content is one without a command. */
function readService(name: string, {key: place, value: from}: Entry, context: Context): Declared | null {
	const map: Value = isNothing(from) ? {...place, kind: 'map', entries: new Map()} : from;
	if (map.kind === 'map') {
		return {name, path: context.path, key: place, map, settings: readShape(SERVICE, map, context)};
	}
	refuse(from, context, `must be a map, not ${kindOf(from)}`);
	return null;
}

function readShutdown(from: Value, context: Context): Settings<typeof SHUTDOWN.keys> | undefined {
	if (from.kind !== 'map') return refuse(from, context, `must be a map, not ${kindOf(from)}`);
	return readShape(SHUTDOWN, from, context);
}

function readRestart(from: Value, context: Context): Settings<typeof RESTART.keys> | undefined {
	const initial = RESTART.initial;
	if (from.kind !== 'map') {
		const word = readBy(restart)(from, context);
		return word && {...initial, policy: word.policy, attempts: word.attempts ?? initial.attempts};
	}
	const settings = readShape(RESTART, from, context);
	const longest = from.entries.get('max_delay');
	if (settings.delay <= settings.max_delay) return settings;
	if (longest) return refuse(longest.value, context, 'has a max_delay that is shorter than its delay');
	return {...settings, max_delay: settings.delay};
}

function readDependencies(from: Value, context: Context): readonly Dependency[] | undefined {
	if (isNothing(from)) return [];
	if (from.kind === 'list') return readNames(from.items, context);
	if (from.kind !== 'map') return refuse(from, context, 'must be a list of services or a map');
	return [...from.entries].map(([name, {key: at, value: terms}]) => {
		const inner = within(context, name);
		if (terms.kind === 'map') return {name, at, condition: readShape(DEPENDENCY, terms, inner).condition};
		if (!isNothing(terms)) refuse(terms, inner, `must be a map with a condition, not ${kindOf(terms)}`);
		return {name, at, condition: DEPENDENCY.keys.condition.initial};
	});
}

/** The short form of `depends_on`. */
function readNames(items: readonly Value[], context: Context): readonly Dependency[] {
	const dependencies = new Map<string, Dependency>();
	for (const [index, at] of items.entries()) {
		const name = readText(at, within(context, index));
		if (name === undefined) continue;
		if (dependencies.has(name)) refuse(at, context, `names ${quote(name)} twice`);
		dependencies.set(name, {name, at, condition: DEPENDENCY.keys.condition.initial});
	}
	return [...dependencies.values()];
}
