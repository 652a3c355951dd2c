/** Plans a config in archon's own format, whose keys are docker compose's as far as compose has them. */
import {byNeed} from '../core/by-need.ts';
import {NO_NAMES, UNSOURCED} from '../core/defaults.ts';
import type {Need, Service} from '../core/service.ts';
import type {Environment} from '../core/variables.ts';
import {filesOf, judgeFiles, planOutput} from '../features/logging/keys/outputs.ts';
import {arrival, type Argv} from './command-service.ts';
import {arrange, hasTooManyEdges, type Arrangement, type Services} from './edges.ts';
import {findPrograms} from './keys/command.ts';
import {findAbsent} from './keys/presence.ts';
import {settingsFor, type Declared} from './keys/services.ts';
import {withOneshots} from './keys/type.ts';
import {makeService} from './make-service.ts';
import {gatherGroups, type Membership} from './membership.ts';
import {INSTANCE, instancesOf, judgeCount} from './names.ts';
import type {Draft, Planning} from './planning.ts';
import {misread, toCommand} from './readers.ts';
import type {Relations} from './relations.ts';
import {groupsOf, SERVICE} from './schema/service.ts';
import {TOP} from './schema/top.ts';
import {actionsOfWhole, planWhole} from './schema/whole.ts';
import {isMissing, readShape, type Context, type Settings} from './shape.ts';
import {judgeUsers} from './users.ts';
import {isNothing, kindOf, type Mapping, type Value} from './values.ts';

// What few configs have is planned by what is loaded for the first of it.
const noting = byNeed(() => import('./own-variables.ts'));
const placing = byNeed(() => import('./placed-files.ts'));
const binding = byNeed(() => import('../features/bind/keys/reading.ts'));
const porting = byNeed(() => import('../features/ports/keys/reading.ts'));
const scheduling = byNeed(() => import('../features/schedule/keys/reading.ts'));
const granting = byNeed(() => import('./rights.ts'));
const reacting = byNeed(() => import('../features/reactions/keys/reading.ts'));
const relating = byNeed(() => import('./relations.ts'));
const pooling = byNeed(() => import('../features/pools/keys/reading.ts'));
const filing = byNeed(() => import('../features/pools/keys/tree-file.ts'));
const syncing = byNeed(() => import('../features/sync/keys/reading.ts'));
const ruling = byNeed(() => import('../features/rules/keys/reading.ts'));
const alerting = byNeed(() => import('../features/alerts/keys.ts'));
const sourcing = byNeed(() => import('./variable-sources.ts'));

export function planServices(root: Value, planning: Planning): Draft {
	const {problems, notes, lookups} = planning;
	const config = readTop(root, planning);
	const services: Services = withOneshots(withPools(config, planning), notes.gather);
	const scales = new Map([...services].map(([name, each]) => [name, each?.settings.scale ?? 1]));
	const whole = planWhole(config, {scales, report: problems.report});
	const absent = findAbsent(services, knownIn(planning), lookups.profiles);
	const membership = gatherGroups(config.groups, services, topContext(planning));
	const arrangement = arrange(services, absent, membership.members, problems.report);
	const declared = [...services.values()].filter(each => each !== null);
	const present = declared.filter(({name}) => !absent.has(name));
	const isRelated = present.some(({settings: {on_failure, conflicts}}) => on_failure.length + conflicts.length > 0);
	const relations = isRelated ? relating().relate(services, absent, membership, arrangement, planning) : NO_RELATIONS;
	const programs = findPrograms(services, SERVICE, knownIn(planning), problems.report);
	for (const each of declared) for (const {conflicts} of groupsOf(each.map)) conflicts?.(each, planning);
	for (const {rivals} of new Set(present.flatMap(({map}) => [...groupsOf(map)]))) rivals?.(present, planning);
	for (const each of present) {
		const argv = programs.get(each.name);
		if (!argv) continue;
		for (const {advise} of groupsOf(each.map)) advise?.(each, {notes, lookups, argv, shutdownGrace: whole.shutdownGrace});
	}
	const accountsOf = (each: Declared) => [...groupsOf(each.map)].flatMap(({accounts}) => accounts?.(each) ?? []);
	judgeUsers(services, accountsOf, arrangement, planning);
	judgeReactions(config, declared, services, membership, planning);
	const doors = [...config.remote, ...config.web?.tokens ?? []];
	if (config.access.length + doors.length > 0 || declared.some(({settings}) => settings.control !== null)) {
		granting().judgeRights({access: config.access, doors}, declared, () => [...services.keys(), ...membership.members.keys()], planning);
	}
	const at = config.sync && root.kind === 'map' ? root.entries.get('sync')?.value : null;
	if (config.sync && at && lookups.inspect) {
		syncing().judgeSync(config.sync, at, lookups, problems.report, notes.report);
		for (const each of present) syncing().judgeOwners(each.path, accountsOf(each), notes.report);
	}
	const rulesAt = config.rules && root.kind === 'map' ? root.entries.get('rules')?.value : null;
	if (config.rules && rulesAt && lookups.parseLua) {
		ruling().judgeRules(config.rules, rulesAt, lookups, (config.alerts?.receivers.length ?? 0) > 0, problems.report, notes.report);
	}
	const alertsAt = config.alerts && root.kind === 'map' ? root.entries.get('alerts')?.value : null;
	if (config.alerts && alertsAt && lookups.inspect) {
		alerting().judgeAlerts(config.alerts, alertsAt, [...services.keys()], lookups, problems.report, notes.report);
	}
	const isTooMany = judgeCount(present.map(({path, key, map, settings: {scale}}) =>
		({path, place: map.entries.get('scale')?.value ?? key, scale: scale ?? 1})), problems.report);
	const isPlaced = present.some(({settings: {configs, secrets}}) => configs.length + secrets.length > 0);
	const files = isPlaced ? placing().placeFiles(config, present, topContext(planning), lookups) : NO_PLACED_FILES;
	const arranged = {...arrangement, ...membership, ...relations, files};
	const made = isTooMany ? [] : makeServices(services, arranged, programs, config, planning);
	if (made.some(({ports, sockets}) => ports.length + sockets.length > 0)) {
		porting().judgePorts(made, whole.ports, (name, key) => {
			const each = services.get(name.replace(/:\d+$/, ''));
			return each ? {path: each.path, at: each.map.entries.get(key)?.value ?? each.key} : null;
		}, problems.report);
	}
	judgeFiles(root, made, name => services.get(name), whole.events, problems.report);
	const binds = whole.bind.rules.length > 0 ? binding() : null;
	const atBind = root.kind === 'map' ? root.entries.get('bind')?.value ?? root : root;
	binds?.judgeBind(whole.bind, made, atBind, problems.report);
	const written = new Map(present.map(each => [each.name, each]));
	const names = new Map(present.map(({name, key}) => [name, key]));
	return {...whole, services: binds?.withBound(made, whole.bind) ?? made, names, written, ...root.kind === 'map' && {top: root}};
}

/** The services, and the pools, each of which is one as well. */
function withPools({services, pools}: Settings<typeof TOP.keys>, planning: Planning): Services {
	if (pools.size === 0) return services;
	filing().judgeTreeFiles(pools.values(), planning);
	return pooling().joinPools(services, pools, planning.problems.report);
}

/** Whether the names in actions are those of services and groups. */
function judgeReactions(
	config: Settings<typeof TOP.keys>, declared: readonly Declared[], services: Services, {members}: Membership, {problems, notes}: Planning,
): void {
	const all = [
		...actionsOfWhole(config), ...config.on ? reacting().placesOf(config.on, '') : [],
		...declared.flatMap(each => [...groupsOf(each.map)].flatMap(({actions}) => actions?.(each) ?? [])),
	];
	if (all.length === 0) return;
	const known = {has: (name: string) => services.has(name) || members.has(name)};
	reacting().judgeActions(all, known, () => [...services.keys(), ...members.keys()], problems.report);
	if ((config.alerts?.receivers.length ?? 0) === 0) reacting().judgeAlerting(all, notes.report);
}

const topContext = (planning: Planning): Context =>
	({path: '', report: planning.problems.report, note: planning.notes.gather, environment: knownIn(planning)});

/** What `${NAME}` may stand for. */
const knownIn = ({lookups: {dotenv, environment}}: Planning): Environment => ({...dotenv, ...environment});

function readTop(root: Value, planning: Planning): Settings<typeof TOP.keys> {
	const context = topContext(planning);
	if (root.kind !== 'map' && !isNothing(root)) {
		const hint = misread(root)
			?? (root.kind === 'scalar' ? 'begin it with "services:"' : 'write "services:", and each service under its name');
		context.report(root, `a config must be a map, not ${kindOf(root)}`, hint);
		return TOP.initial;
	}
	const map: Mapping = root.kind === 'map' ? root : {...root, kind: 'map', entries: new Map()};
	// What a manifest lists runs as well.
	const listed = map.entries.get('manifest')?.value;
	const hasOthers = listed !== undefined && !isNothing(listed);
	if (!hasOthers && isMissing(['services', 'pools', 'include'], map, TOP)) {
		context.report(root, 'services are missing', 'write them under "services:"');
	}
	const written = map.entries.get('services')?.value;
	const isTooFew = written && isEmpty(written) && !planning.lookups.mayBeEmpty && !hasOthers;
	if (isTooFew) context.report(written, 'services is empty', 'write at least one service');
	return readShape(TOP, map, context);
}

const isEmpty = (value: Value): boolean => isNothing(value) || (value.kind === 'map' && value.entries.size === 0);

const NO_FILES: Service['exec']['files'] = [];
const NO_PLACED_FILES: Arranged['files'] = new Map();
const NO_RELATIONS: Relations = {onFailure: new Map(), conflicts: new Map()};
const NO_SOURCES = {sources: [], sourced: UNSOURCED};

/** What services have to do with each other, and the files that they find. */
type Arranged = Arrangement & Membership & Relations & {readonly files: ReadonlyMap<string, Service['exec']['files']>};

function makeServices(
	services: Services, {names, needs, groupsOf: inGroups, onFailure, conflicts, files}: Arranged, programs: ReadonlyMap<string, Argv>,
	{archon, environment: common, on, pools}: Settings<typeof TOP.keys>, planning: Planning,
): readonly Service[] {
	const running = names.flatMap(name => services.get(name) ?? []);
	const instances = new Map(running.map(({name, settings}) => [name, instancesOf(name, settings.scale ?? 1)]));
	if (hasTooManyEdges(running, needs, instances, planning.problems.report)) return [];
	const count = [...instances.values()].reduce((sum, each) => sum + each.length, 0);
	const isAlone = count === 1 && !planning.hasCommand;
	const context = topContext(planning);
	let read: ReturnType<ReturnType<typeof sourcing>['sourceReader']> | null = null;
	const readSources = (settings: Declared['settings'], path: string) => (hasSources(settings)
		? (read ??= sourcing().sourceReader(planning, context))(settings, path) : NO_SOURCES);
	const known = knownIn(planning);
	const together = on ? reacting().combiner(reacting().planReactions(on)) : null;
	let schedule: ReturnType<ReturnType<typeof scheduling>['scheduler']> | null = null;
	return running.flatMap(declared => {
		const {name, path, map, settings} = declared;
		const argv = programs.get(name);
		const edges = needs.get(name)?.flatMap(({name: other, condition, strength, restart, timeout}): Need[] => {
			const type = services.get(other)?.settings.type ?? 'daemon';
			return (instances.get(other) ?? []).map(each =>
				({name: each, condition: condition ?? arrival(type), strength, restart, timeout}));
		}) ?? [];
		const allOf = (others: readonly string[] = []): readonly string[] =>
			(others.length === 0 ? NO_NAMES : others.flatMap(other => instances.get(other) ?? []));
		const related = {
			needs: edges, groups: inGroups(name), onFailure: allOf(onFailure.get(name)), conflicts: allOf(conflicts.get(name)),
			scheduled: settings.schedule ? (schedule ??= scheduling().scheduler(planning))(declared) : null,
		};
		const found = readSources(settings, path);
		if ([settings.environment, common, found.sourced.variables].some(isAny)) {
			noting().noteOwnVariables(declared, common, Object.keys(found.sourced.variables), known, planning.notes.report);
		}
		const groups = groupsOf(map);
		return !argv ? [] : (instances.get(name) ?? []).map((each, index) => {
			const own = index === 0 ? settings : settingsFor(declared, each, context);
			const program = own === settings ? argv : toCommand([...own.entrypoint ?? [], ...own.command ?? []]) ?? argv;
			const environment = own.scale === null ? own.environment : {...own.environment, [INSTANCE]: String(index)};
			const {sources, sourced} = own === settings ? found : readSources(own, path);
			const output = filesOf(own) ?? planOutput(settings.logging, archon, each, {isAlone, tty: settings.tty});
			const variables = {common, sources, sourced, environment};
			const made = makeService(each, program, groups, own, {...variables, ...related, files: files.get(name) ?? NO_FILES, output});
			const pool = pools.get(name)?.pool;
			const complete = together ? {...made, on: together(made.on)} : made;
			return pool ? pooling().asPool(complete, pool) : complete;
		});
	});
}

const isAny = (variables: Environment): boolean => Object.keys(variables).length > 0;

const hasSources = ({env_file: files, env_dir: folders, env_from: commands}: Declared['settings']): boolean =>
	files.length + folders.length + (commands?.length ?? 0) > 0;
