/** `services` and `environment` at the top: the services that there are, by name, and what all of them have. */
import {fillIn, varyingIn} from '../placeholders.ts';
import {withoutDeploy} from '../compose.ts';
import {either, mapOf, NAME} from '../accepts.ts';
import type {Group, Written} from '../group.ts';
import {key} from '../key.ts';
import {variables} from '../merge.ts';
import {instancesOf, named, SERVICES_MAX} from '../names.ts';
import {misread, readEnvironment, refuse, refuseKind} from '../readers.ts';
import {SAME_FOR_ALL, SERVICE, type ServiceSettings} from '../schema/service.ts';
import {reader, readShape, within, type Context} from '../shape.ts';
import {isNothing, kindOf, type Entry, type Value} from '../values.ts';
import {scaleOf} from './presence.ts';
import {withShell} from './shell.ts';

/** A service as it is written, each of its instances as the first one but for the keys in `varying`. */
export interface Declared extends Written<ServiceSettings> {
	/** Keys that say something else for each instance. */
	readonly varying: readonly string[];
	/** Whether something in it could not be read, which has been reported. */
	readonly isSpoilt: boolean;
}

const KEYS = {
	services: key<ReadonlyMap<string, Declared | null>>(
		reader(() => either(mapOf(either({shape: SERVICE}, {type: 'null'}), NAME), {type: 'null'}), readServices),
		'map by name', 'required', new Map(), 'what archon runs; beside a manifest there may be none',
		'{web: {command: nginx -g "daemon off;"}}',
	),
	environment: key(
		readEnvironment, 'map | list of NAME=value', 'empty', {}, 'variables of all services; their own env_file and environment override them',
	),
};

export const services = {
	keys: KEYS,
	merge: {environment: variables},
	maps: [['services.<name>', SERVICE]],
	words: () => ({
		names: {services: 'processes apps procs programs service jobs'},
		others: [['checks', 'services', 'write healthcheck in the service that is checked']],
	}),
} satisfies Group;

function readServices(from: Value, context: Context): ReadonlyMap<string, Declared | null> | undefined {
	// Whether there may be none is for the planner to say.
	if (isNothing(from)) return new Map();
	if (from.kind !== 'map') return refuseKind(from, context, 'a map');
	if (from.entries.size > SERVICES_MAX) return refuse(from, context, `has more than ${SERVICES_MAX} services`);
	const services = new Map<string, Declared | null>();
	for (const [name, entry] of from.entries) {
		services.set(name, readService(name, entry, named(name, entry.key, 'service', context)));
	}
	return services;
}

/** The settings of a further instance, as `web:1`. */
export function settingsFor({map, varying, settings, path}: Declared, instance: string, context: Context): Declared['settings'] {
	if (varying.length === 0) return settings;
	const own: Record<string, unknown> = {...settings};
	for (const key of varying) {
		const value = map.entries.get(key)?.value;
		const reader = Object.hasOwn(SERVICE.keys, key) ? SERVICE.keys[key as keyof typeof SERVICE.keys] : undefined;
		const read = value && reader?.read(fillIn(value, instance), within({...context, path}, key));
		if (read !== undefined) own[key] = read;
	}
	return own as Declared['settings'];
}

/** Null if it cannot be read at all. A service without content is one without a command. */
function readService(name: string, {key: place, value: from}: Entry, context: Context): Declared | null {
	const map: Value = isNothing(from) ? {...place, kind: 'map', entries: new Map()}
		: from.kind === 'map' ? withShell(withoutDeploy(from, context), context) : from;
	if (map.kind === 'map') {
		const varying = varyingIn(map, SAME_FOR_ALL);
		let isSpoilt = false;
		const watched: Context = {...context, report(...problem) {
			isSpoilt = true;
			context.report(...problem);
		}};
		const declared = {name, path: context.path, key: place, map, varying, settings: SERVICE.initial, isSpoilt};
		if (varying.length === 0) return {...declared, settings: readShape(SERVICE, map, watched), isSpoilt};
		const [first = name] = instancesOf(name, scaleOf(map, context));
		const filled = [...map.entries].map(([key, entry]) =>
			[key, varying.includes(key) ? {...entry, value: fillIn(entry.value, first)} : entry] as const);
		return {...declared, settings: readShape(SERVICE, {...map, entries: new Map(filled)}, watched), isSpoilt};
	}
	// A key of the service above that is not far enough in.
	if (Object.hasOwn(SERVICE.keys, name)) {
		refuse(from, context, `must be a map, not ${kindOf(from)}`, 'indent it further if it belongs to the service before it');
	} else {
		refuse(from, context, `must be a map, not ${kindOf(from)}`, misread(from) ?? 'write what it runs as "command: …" under its name');
	}
	return null;
}
