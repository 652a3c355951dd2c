/** `type`: whether a service stays, puts itself into the background, or does its work once and ends. */
import type {Condition, Service} from '../../core/service.ts';
import type {Part, ServiceGroup, Written} from '../group.ts';
import {value} from '../key.ts';
import type {Gather, Report} from '../problems.ts';
import {oneOf} from '../scalars.ts';
import type {Settings} from '../shape.ts';
import {writtenAt} from '../values.ts';

/** A daemon that puts itself into the background is one for all else. */
export type Type = Service['type'] | 'forking';

const KEYS = {
	type: value(
		oneOf<Type>(['daemon', 'oneshot', 'forking']), 'daemon | oneshot | forking', 'daemon',
		'a daemon keeps running; a oneshot does its work once and exits; a forking one puts itself into the background',
	),
};

type Own = Settings<typeof KEYS>;

export const type = {
	keys: KEYS,
	isForAll: true,
	words: () => ({
		others: [['is_daemon daemon daemonize', 'type', 'write type: forking, or let the program stay in the foreground']],
	}),
	plan: ({type}: Own): Part => ({type: type === 'forking' ? 'daemon' : type, forks: type === 'forking'}),
} satisfies ServiceGroup;

/** Reports a key that a oneshot cannot have. */
export function refuseForOneshot({path, map, settings}: Written<Own>, key: string, report: Report): void {
	const place = writtenAt(map, key)?.key;
	if (!place || settings.type !== 'oneshot') return;
	report(place, `${path}.${key} is only for daemons, and this is a oneshot, which is done when it exits`);
}

interface Awaiting extends Own {
	readonly depends_on: readonly {readonly name: string; readonly condition: Condition | null}[];
	readonly restart: {readonly policy: string | null};
}

/** A service that another one waits for to complete is a oneshot, unless it says what it is, or is to be started again and again. */
export function withOneshots<S extends Awaiting, D extends Written<S>>(
	services: ReadonlyMap<string, D | null>, note: Gather,
): ReadonlyMap<string, D | null> {
	const awaited = new Set([...services.values()].flatMap(each => each?.settings.depends_on ?? [])
		.filter(({condition}) => condition === 'service_completed_successfully').map(({name}) => name));
	if (awaited.size === 0) return services;
	return new Map([...services].map(([name, declared]) => {
		if (!declared || !awaited.has(name)) return [name, declared];
		const {key, map, settings: {type, restart: {policy}}} = declared;
		const isSaid = map.entries.has('type') || policy === 'always' || policy === 'unless-stopped';
		if (isSaid || type === 'oneshot') return [name, declared];
		note(key, COMPLETED, name);
		const written = {key, value: {...key, kind: 'scalar', text: 'oneshot', plain: true}} as const;
		const entries = new Map([...map.entries, ['type', written]]);
		return [name, {...declared, map: {...map, entries}, settings: {...declared.settings, type: 'oneshot'}}];
	}));
}

/** Noted once for all of them. */
const COMPLETED = 'treated as "type: oneshot", as others wait for it to complete';
