/** `ulimits` to `cgroup`: a process's resources and privileges. */
import {CAPABILITIES, RESOURCES} from '../../core/linux.ts';
import type {Limits} from '../../core/service.ts';
import {anyText, either, listOf} from '../accepts.ts';
import type {Account, Part, ServiceGroup, Written} from '../group.ts';
import {key, list, optional, value} from '../key.ts';
import {united} from '../merge.ts';
import {didYouMean, quote} from '../problems.ts';
import {readBy, readText, refuse, refuseKind} from '../readers.ts';
import {capability, cgroupPath, group, integer, IO_CLASSES, ioPriority, limit, oneOf, truth, whole} from '../scalars.ts';
import {FOREIGN, reader, readShape, shape, within, type Context, type Schema, type Settings} from '../shape.ts';
import {sharing} from '../sharing.ts';
import type {Value} from '../values.ts';

const ULIMIT = shape({
	soft: optional(limit, 'number | unlimited', 'required', 'in force until the program raises it'),
	hard: optional(limit, 'number | unlimited', 'required', 'how far the program may raise it'),
});

const IONICE = shape({
	class: optional(oneOf(IO_CLASSES), IO_CLASSES.join(' | '), 'required', 'as ionice(1)'),
	level: value(whole(0, 7), '0 to 7', '4', 'within the class, 0 first; idle has none'),
});

const KEYS = {
	ulimits: key<Limits['rlimits']>(
		reader(ulimits, readUlimits), 'map of name: number | {soft, hard}', 'empty', [],
		'resource limits as in setrlimit(2), -1 or unlimited for none: nofile, nproc, core, …', '{nofile: 65536, core: 0}',
	),
	nice: optional(integer(-20, 19), '-20 to 19', 'archon\'s own', 'the lower, the more of the processor it gets', '10'),
	ionice: key<Limits['ionice']>(
		reader(() => either(ioPriority.accepts(), {shape: IONICE}), readIonice),
		'realtime[:0 to 7] | best-effort[:0 to 7] | idle | {class, level}', 'archon\'s own', null, 'as ionice(1)',
	),
	oom_score_adj: optional(
		integer(-1000, 1000), '-1000 to 1000', 'slightly above archon\'s',
		'the higher, the sooner it is killed when memory is short', '500',
	),
	group_add: list(group, 'list of names or numbers', 'supplementary groups, beside those of its user'),
	cap_add: list(capability, 'list of names | ALL', 'capabilities(7) that it keeps even if its user is not root'),
	cap_drop: list(capability, 'list of names | ALL', 'capabilities(7) that it loses; cap_add overrides this'),
	no_new_privileges: value(truth, 'true | false', 'false', 'nothing it executes may gain privileges by setuid or file capabilities'),
	security_opt: key(
		reader(() => listOf(anyText()), readSecurityOpt),
		'no-new-privileges:true', 'empty', false, 'as compose has it; other options concern the container',
		'["no-new-privileges:true"]',
	),
	cgroup: key<string | null>(
		reader(cgroupPath.accepts, readCgroup),
		'relative path', 'archon\'s own', null, 'a cgroup below archon\'s own, where cgroups can be written',
	),
};

type Own = Settings<typeof KEYS>;

const shared = sharing<Limits>();

export const limits = {
	keys: KEYS,
	merge: {group_add: united(), cap_add: united(), cap_drop: united()},
	maps: [['services.<name>.ulimits.<name>', ULIMIT], ['services.<name>.ionice', IONICE]],
	words: () => ({
		names: {
			group_add: 'SupplementaryGroups', oom_score_adj: 'OOMScoreAdjust', cap_add: 'AmbientCapabilities capabilities', cgroup: 'slice',
		},
		others: [
			['CapabilityBoundingSet', 'cap_drop', 'write cap_drop: [ALL], and cap_add'],
			...RESOURCES.map(name => [`Limit${name} rlimit-${name}`, 'ulimits', `write ulimits: {${name}: N}`] as const),
			...['nofile', 'nproc', 'memlock'].map(name => [name, 'ulimits', `write ulimits: {${name}: N}`] as const),
		],
	}),
	accounts({map, settings: {group_add: groups}}: Written<Own>): readonly Account[] {
		const at = map.entries.get('group_add')?.value;
		return at ? groups.map(group => ({spec: {user: '0', group}, key: 'group_add', at})) : [];
	},
	plan: (settings: Own): Part => ({exec: {limits: shared(limitsOf(settings))}}),
} satisfies ServiceGroup;

/** One empty list for all services, so that they share it. */
const NONE: readonly number[] = [];
const numbersIn = (written: readonly (number | 'all')[]): readonly number[] =>
	(written.length === 0 ? NONE : written.filter(each => each !== 'all'));

function limitsOf(written: Own): Limits {
	const {cap_add: added, cap_drop: dropped} = written;
	return {
		rlimits: written.ulimits, nice: written.nice, ionice: written.ionice, oomScoreAdj: written.oom_score_adj,
		groups: written.group_add, cgroup: written.cgroup,
		capAdd: added.includes('all') ? CAPABILITIES.map((_, number) => number) : numbersIn(added),
		capDrop: dropped.includes('all') ? 'all' : numbersIn(dropped),
		noNewPrivileges: written.no_new_privileges || written.security_opt,
	};
}

/** Each resource by its name. */
function ulimits(): Schema {
	const bounds = either(limit.accepts(), {shape: ULIMIT});
	return {type: 'object', properties: Object.fromEntries(RESOURCES.map(name => [name, bounds])), additionalProperties: false};
}

function readUlimits(from: Value, context: Context): Limits['rlimits'] | undefined {
	if (from.kind !== 'map') return refuseKind(from, context, 'a map');
	return [...from.entries].flatMap(([name, {key: place, value: terms}]) => {
		const resource = RESOURCES.indexOf(name);
		if (resource < 0) {
			context.report(place, `unknown limit ${quote(name)} in ${context.path}`, () => didYouMean(name, RESOURCES));
			return [];
		}
		const bounds = readUlimit(terms, within(context, name));
		return bounds ? [{resource, ...bounds}] : [];
	});
}

function readUlimit(from: Value, context: Context): {readonly soft: number; readonly hard: number} | undefined {
	if (from.kind !== 'map') {
		const both = readBy(limit)(from, context);
		return both === undefined ? undefined : {soft: both, hard: both};
	}
	const {soft, hard} = readShape(ULIMIT, from, context);
	const missing = ['soft', 'hard'].find(name => !from.entries.has(name));
	if (missing) return refuse(from, context, `has no ${missing}`, 'write {soft: N, hard: N}, or one number for both');
	if (soft === null || hard === null) return undefined;
	return soft <= hard ? {soft, hard} : refuse(from, context, 'has a soft limit above the hard one');
}

function readIonice(from: Value, context: Context): Limits['ionice'] | undefined {
	if (from.kind === 'list') return refuse(from, context, 'must be words or a map, not a list');
	if (from.kind === 'scalar') return readBy(ioPriority)(from, context);
	const {class: name, level} = readShape(IONICE, from, context);
	if (name === null) return from.entries.has('class') ? undefined : refuse(from, context, 'has no class');
	return {class: IO_CLASSES.indexOf(name) + 1, level: name === 'idle' ? 0 : level};
}

/** Of compose's options for the container one is for processes; the others are ignored. */
function readSecurityOpt(from: Value, context: Context): boolean | undefined {
	if (from.kind !== 'list') return refuseKind(from, context, 'a list');
	let isSet = false;
	for (const [index, item] of from.items.entries()) {
		const text = readText(item, within(context, index)) ?? '';
		const [, word = ''] = /^no-new-privileges(?:[:=](.*))?$/.exec(text) ?? [];
		if (!text.startsWith('no-new-privileges')) context.note(item, FOREIGN, 'security_opt');
		else if (word !== 'false') isSet = true;
	}
	return isSet;
}

/** compose's own words for this key say which cgroup namespace the container has. */
function readCgroup(from: Value, context: Context): string | null | undefined {
	if (from.kind === 'scalar' && (from.text === 'host' || from.text === 'private')) {
		context.note(from, FOREIGN, 'cgroup');
		return null;
	}
	return readBy(cgroupPath)(from, context);
}
