/** Which services each group has, with groups in groups resolved; and names in lists → services. */
import {NO_NAMES} from '../core/defaults.ts';
import {order} from '../core/graph.ts';
import {type Name, type WrittenGroup, GROUPS_MAX} from './keys/groups.ts';
import {named} from './names.ts';
import {didYouMean, quoteWritten, type Place, type Report} from './problems.ts';
import type {Context} from './shape.ts';

export interface Membership {
	/** By group: all services in it, in the order of the config; also those that do not run in this environment. */
	readonly members: ReadonlyMap<string, readonly string[]>;
	/** The groups that a service is in, directly or by another group, in their order. */
	groupsOf(service: string): readonly string[];
}

/** A service with groups of its own. */
interface Grouped {
	readonly settings: {readonly groups: readonly Name[]};
}

/** A group with no text of its own comes to be where a service names it. */
interface Found {
	readonly path: string;
	readonly key: Place;
	readonly members: Name[];
}

/** Services in groups, each service counted once for each group that has it. More take more memory than PID 1 should have. */
const MEMBERS_MAX = 100_000;

export function gatherGroups(
	written: ReadonlyMap<string, WrittenGroup>, services: ReadonlyMap<string, Grouped | null>, context: Context,
): Membership {
	const {report} = context;
	const groups = withOwn(written, services, context);
	for (const [name, {path, key, members}] of groups) {
		if (services.has(name)) report(key, `${path}: a service is called ${name} as well`, 'rename one of them');
		for (const {name: member, at} of members) {
			if (services.has(member) || groups.has(member)) continue;
			const hint = () => didYouMean(member, [...services.keys(), ...groups.keys()]);
			report(at, `${path} names ${quoteWritten(at, member)}, which is neither a service nor a group`, hint);
		}
	}
	const inner = (name: string): readonly string[] => groups.get(name)?.members.map(each => each.name).filter(each => groups.has(each)) ?? [];
	const ordered = order([...groups.keys()], inner);
	if (!ordered.ok) {
		const [first = ''] = ordered.error;
		const group = groups.get(first);
		if (group) report(group.key, `groups contain each other in a circle: ${[...ordered.error, first].join(' → ')}`);
		return withoutMembers(groups);
	}
	return membersOf(ordered.value, groups, services, report);
}

/** What is wrong with the groups has been reported; their names are known. */
const withoutMembers = (groups: ReadonlyMap<string, Found>): Membership =>
	({members: new Map([...groups.keys()].map(name => [name, NO_NAMES])), groupsOf: () => NO_NAMES});

/** The groups that are written, and those that services name. */
function withOwn(
	written: ReadonlyMap<string, WrittenGroup>, services: ReadonlyMap<string, Grouped | null>, context: Context,
): ReadonlyMap<string, Found> {
	const groups = new Map<string, Found>([...written].map(([name, {path, key, members}]) => [name, {path, key, members: [...members]}]));
	for (const [name, service] of services) {
		const path = `services.${name}.groups`;
		for (const {name: group, at} of service?.settings.groups ?? []) {
			const known = groups.get(group);
			if (known) {
				known.members.push({name, at});
				continue;
			}
			named(group, at, 'group', context);
			groups.set(group, {path, key: at, members: [{name, at}]});
			if (groups.size <= GROUPS_MAX) continue;
			context.report(at, `${path} brings the number of groups above ${GROUPS_MAX}`);
			return groups;
		}
	}
	return groups;
}

/** `ordered`: each group after those in it. */
function membersOf(
	ordered: readonly string[], groups: ReadonlyMap<string, Found>, services: ReadonlyMap<string, unknown>, report: Report,
): Membership {
	const sets = new Map<string, ReadonlySet<string>>();
	let count = 0;
	for (const name of ordered) {
		const group = groups.get(name);
		const set = new Set<string>();
		for (const {name: member} of group?.members ?? []) {
			const inner = sets.get(member);
			if (!inner) set.add(member);
			else for (const each of inner) set.add(each);
		}
		count += set.size;
		if (count > MEMBERS_MAX && group) {
			report(group.key, `${group.path} brings the number of services in groups above ${MEMBERS_MAX}`);
			return withoutMembers(groups);
		}
		sets.set(name, set);
	}
	const ranks = new Map([...services.keys()].map((name, rank) => [name, rank]));
	const rank = (name: string): number => ranks.get(name) ?? 0;
	const members = new Map([...groups.keys()].map(name => [name, [...sets.get(name) ?? []].toSorted((a, b) => rank(a) - rank(b))]));
	const byService = new Map<string, string[]>();
	for (const [name, list] of members) {
		for (const each of list) {
			const known = byService.get(each);
			if (known) known.push(name);
			else byService.set(each, [name]);
		}
	}
	return {members, groupsOf: service => byService.get(service) ?? NO_NAMES};
}
