/** `groups` at the top and of a service: names for several services, by which they are steered, shown and depended on. */
import {anyText, mapOf, NAME} from '../accepts.ts';
import type {Group, ServiceGroup} from '../group.ts';
import {key} from '../key.ts';
import {eachBy, united} from '../merge.ts';
import {named} from '../names.ts';
import type {Place} from '../problems.ts';
import {readListOf, readText, refuse, refuseKind} from '../readers.ts';
import {reader, within, type Context} from '../shape.ts';
import {isNothing, type Value} from '../values.ts';

/** A service, or a group, that a list names. */
export interface Name {
	readonly name: string;
	readonly at: Place;
}

/** A group as it is written. */
export interface WrittenGroup {
	/** What it is called in messages: `groups.backend`. */
	readonly path: string;
	readonly key: Place;
	readonly members: readonly Name[];
}

/** How many groups there may be. */
export const GROUPS_MAX = 1000;

/** A name, or a list of them, each with its place. */
export const readNames = readListOf<Name>(reader(anyText, (value, context) => {
	const name = readText(value, context);
	return name === undefined ? undefined : {name, at: value};
}));

const KEYS = {
	groups: key<ReadonlyMap<string, WrittenGroup>>(
		reader(() => mapOf(readNames.accepts(), NAME), readGroups), 'map from name to list of services', 'none', new Map(),
		'names for several services, for archonctl and depends_on; a group in a group stands for all in it',
		'{backend: [api, worker]}',
	),
};

export const groups = {
	keys: KEYS,
	merge: {groups: eachBy(united())},
	words: () => ({names: {groups: 'bundles namespaces'}}),
} satisfies Group;

/** What becomes of them is for all groups together (membership.ts). */
export const ownGroups = {
	keys: {groups: key(readNames, 'name | list of names', 'empty', [], 'groups that it belongs to', 'backend')},
	isForAll: true,
	merge: {groups: united()},
	words: () => ({names: {groups: 'namespace'}}),
} satisfies ServiceGroup;

function readGroups(from: Value, context: Context): ReadonlyMap<string, WrittenGroup> | undefined {
	if (isNothing(from)) return new Map();
	if (from.kind !== 'map') return refuseKind(from, context, 'a map from names of groups to their services');
	if (from.entries.size > GROUPS_MAX) return refuse(from, context, `has more than ${GROUPS_MAX} groups`);
	return new Map([...from.entries].map(([name, {key, value}]) => {
		named(name, key, 'group', context);
		const inner = within(context, name);
		return [name, {path: inner.path, key, members: readNames(value, inner) ?? []}];
	}));
}
