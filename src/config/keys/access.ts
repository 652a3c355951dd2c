/** `access` at the top and `control` of a service: who may ask what on the control socket. */
import {type AccessRule, type Grant, NO_RIGHTS, RIGHTS, type Role} from '../../core/access.ts';
import {ok} from '../../core/result.ts';
import * as accepts from '../accepts.ts';
import type {Part, ServiceGroup, WholeGroup} from '../group.ts';
import {key, list} from '../key.ts';
import {appended, replaced} from '../merge.ts';
import {readBy, readMap, refuse, refuseKind} from '../readers.ts';
import {fault, group, oneOf, parser, user} from '../scalars.ts';
import {isMissing, reader, readShape, REQUIRED, shape, within, type Context, type Schema, type Settings} from '../shape.ts';
import {isNothing, type Value} from '../values.ts';
import {readNames, type Name} from './groups.ts';

/** A grant with the places of the names in it. */
export interface WrittenGrant {
	readonly role: Role;
	/** Null: for all. */
	readonly services: readonly Name[] | null;
}

/** The same with whom it is for. */
export interface WrittenRule extends WrittenGrant {
	readonly to: readonly AccessRule['to'][];
	/** The key that says so, with its place. */
	readonly key: 'user' | 'group';
	/** What it is called in messages: `access[0]`. */
	readonly path: string;
	readonly at: Value;
}

/** How many rules, and grants of a service, there may be; and how many names in one of them, of which patterns. */
const [RULES_MAX, NAMES_MAX, PATTERNS_MAX] = [100, 1000, 16];

const ROLES = RIGHTS.join(' | ');

const role = oneOf<Role>(RIGHTS);

const account = parser<string>(() => accepts.number('integer', 0, 4_294_967_294, String.raw`^(\d+|[^\s/:-][^\s/:]*)$`), text => {
	const found = user(text);
	if (!found.ok) return found;
	return found.value.group === null ? ok(found.value.user) : fault('is a user with a group', 'write the name or the number of a user alone');
});

const GRANT_KEYS = {
	role: key<Role | null>(readBy(role), ROLES, REQUIRED, null, 'to look; also to start, stop and signal; also all else', 'operate'),
	services: key<readonly Name[] | null>(
		readNames, 'name | pattern | list of them', 'all, and archon as a whole', null, 'for which services and groups', '[web, "worker-*"]',
	),
};

const RULE = shape({
	user: list(account, 'user | list of users', 'who, by name or number', 'deploy'),
	group: list(group, 'group | list of groups', 'or everyone in a group', 'ops'),
	...GRANT_KEYS,
}, {words: () => ({names: {user: 'uid users who principal', group: 'gid groups', role: 'roles right rights', services: 'service names'}})});

const GRANT = shape(GRANT_KEYS);

const RULE_KEYS = {
	access: key<readonly WrittenRule[]>(
		reader(() => accepts.listOf({shape: RULE}, {maxItems: RULES_MAX}), readRules), 'list of {user | group, role, services}', 'none', [],
		'what others than root and archon\'s own user may ask on the control socket', '[{user: deploy, role: operate, services: [web]}]',
	),
};

/** Rights of users. */
export const access = {
	keys: RULE_KEYS,
	maps: [['access', RULE]],
	merge: {access: appended},
	words: () => ({names: {access: 'permissions rights acl authorization'}}),
	plan: ({access}: Settings<typeof RULE_KEYS>) => ({
		access: access.flatMap(({to, ...grant}) => to.map((each): AccessRule => ({to: each, grant: plain(grant)}))),
	}),
} satisfies WholeGroup;

const CONTROL_KEYS = {
	control: key<readonly WrittenGrant[] | null>(
		reader(controlSchema, readControl), 'none | role | {role, services} | list', 'as their users', null,
		'what its processes may ask on the control socket', '{role: operate, services: [web]}',
	),
};

/** Rights of a service. */
export const control = {
	keys: CONTROL_KEYS,
	maps: [['services.<name>.control', GRANT]],
	isForAll: true,
	merge: {control: replaced},
	plan: ({control}: Settings<typeof CONTROL_KEYS>): Part => ({
		control: control === null ? null : control.length === 0 ? NO_RIGHTS : control.map(plain),
	}),
} satisfies ServiceGroup;

const plain = ({role, services}: WrittenGrant): Grant => ({role, services: services?.map(({name}) => name) ?? null});

function controlSchema(): Schema {
	const list = accepts.listOf({shape: GRANT}, {maxItems: RULES_MAX});
	return accepts.either(accepts.words('none', ...RIGHTS), {shape: GRANT}, list);
}

function readRules(from: Value, context: Context): readonly WrittenRule[] | undefined {
	if (isNothing(from)) return [];
	if (from.kind !== 'list') return refuseKind(from, context, 'a list of maps with user or group, and role');
	if (from.items.length > RULES_MAX) return refuse(from, context, `has more than ${RULES_MAX} rules`);
	return from.items.flatMap((item, index) => readRule(item, within(context, index)) ?? []);
}

function readRule(from: Value, context: Context): WrittenRule | undefined {
	if (from.kind !== 'map') return refuseKind(from, context, 'a map with user or group, and role');
	const settings = readShape(RULE, from, context);
	const grant = grantOf(settings, from, context);
	const [hasUser, hasGroup] = [from.entries.has('user'), from.entries.has('group')];
	if (hasUser && hasGroup) return refuse(from, context, 'has both user and group', 'write a rule for each');
	if (!hasUser && !hasGroup) {
		return isMissing(['user', 'group'], from, RULE) ? refuse(from, context, 'does not say for whom it is', 'write user or group') : undefined;
	}
	const key = hasUser ? 'user' : 'group';
	const to = hasUser ? settings.user.map(user => ({user})) : settings.group.map(group => ({group}));
	return grant && {...grant, to, key, path: context.path, at: from.entries.get(key)?.value ?? from};
}

function readControl(from: Value, context: Context): readonly WrittenGrant[] | undefined {
	if (from.kind === 'map') {
		const grant = grantOf(readShape(GRANT, from, context), from, context);
		return grant && [grant];
	}
	if (from.kind === 'scalar') {
		if (from.text === 'none') return [];
		const word = readBy(role)(from, context);
		return word === undefined ? undefined : [{role: word, services: null}];
	}
	if (from.items.length > RULES_MAX) return refuse(from, context, `has more than ${RULES_MAX} roles`);
	return from.items.flatMap((item, index) => {
		const inner = within(context, index);
		const settings = readMap(GRANT)(item, inner);
		return (settings && grantOf(settings, item, inner)) ?? [];
	});
}

/** Undefined, and reported: it grants nothing that makes sense. */
export function grantOf({role, services}: Settings<typeof GRANT_KEYS>, from: Value, context: Context): WrittenGrant | undefined {
	if (role === null) {
		const isWritten = from.kind === 'map' && !isMissing(['role'], from, RULE);
		return isWritten ? undefined : refuse(from, context, 'has no role', `write role: ${RIGHTS.join(' or ')}`);
	}
	const wild = services?.filter(({name}) => /[*?]/.test(name)) ?? [];
	if (services?.length === 0) return refuse(from, context, 'has a role for no services', 'name some, or leave services out');
	if (services && services.length > NAMES_MAX) return refuse(from, context, `names more than ${NAMES_MAX} services`);
	if (wild.length > PATTERNS_MAX) return refuse(from, context, `has more than ${PATTERNS_MAX} patterns`);
	return {role, services};
}
