/** Plans a config in archon's own words, which are docker compose's as far as compose has them. */
import {readEnvFile, type Hearing} from '../core/env-file.ts';
import {dirname, isAbsolute, join} from '../core/path.ts';
import type {Need, Result, Service, UserSpec} from '../core/model.ts';
import {lookupIn, UNSET, type Environment} from '../core/variables.ts';
import {judgeKeys} from './agreement.ts';
import {arrange, type Absence, type Arrangement, type Services} from './edges.ts';
import {INSTANCE, instancesOf, judgeCount} from './names.ts';
import {judgeFiles, planEvents, planLogging, planOutput} from './outputs.ts';
import {isMissing, noteHurried, type Draft, type Planning} from './planning.ts';
import type {Report, Source} from './problems.ts';
import {toCommand} from './readers.ts';
import {TOP, type Declared, type EnvFile} from './schema.ts';
import {arrival, configService, type Argv} from './service.ts';
import {readShape, type Context, type Settings} from './shape.ts';
import {rulesOf} from './signals.ts';
import {isNothing, kindOf, type Mapping, type Value} from './values.ts';

export function planServices(root: Value, planning: Planning): Draft {
	const {problems, notes, surroundings: {environment}} = planning;
	const config = readTop(root, planning);
	const {services, archon, shutdown: {grace_period: shutdownGrace}, start_rate: {per_second: perSecond, burst}, signals} = config;
	const absent = findAbsent(services, environment);
	const arrangement = arrange(services, absent, problems.report);
	const programs = findPrograms(services, problems.report);
	const declared = [...services.values()].filter(each => each !== null);
	const present = declared.filter(({name}) => !absent.has(name));
	for (const each of declared) judgeKeys(each, problems, notes);
	judgeUsers(services, arrangement, planning);
	judgeStdin(present, planning);
	for (const {name, map, settings: {stop_grace_period: grace}} of present) {
		const place = map.entries.get('stop_grace_period')?.value;
		if (place) noteHurried(name, {place, key: 'stop_grace_period', grace}, shutdownGrace, notes.gather);
	}
	const isTooMany = judgeCount(present.map(({path, key, map, settings: {scale}}) =>
		({path, place: map.entries.get('scale')?.value ?? key, scale: scale ?? 1})), problems.report);
	const scales = new Map([...services].map(([name, each]) => [name, each?.settings.scale ?? 1]));
	const made = isTooMany ? [] : makeServices(services, arrangement, programs, archon, planning);
	const events = planEvents(archon);
	judgeFiles(root, made, name => services.get(name), events, problems.report);
	return {
		services: made,
		names: new Map(present.map(({name, key}) => [name, key])),
		shutdownGrace,
		startRate: {perSecond, burst},
		logging: planLogging(archon), events, level: archon.log_level,
		signals: rulesOf(signals, scales, problems.report),
	};
}

const topContext = ({problems, notes, surroundings: {environment}}: Planning): Context =>
	({path: '', report: problems.report, note: notes.gather, environment});

function readTop(root: Value, planning: Planning): Settings<typeof TOP.keys> {
	const context = topContext(planning);
	if (root.kind !== 'map' && !isNothing(root)) {
		context.report(root, `a config must be a map, not ${kindOf(root)}`);
		return TOP.initial;
	}
	const map: Mapping = root.kind === 'map' ? root : {...root, kind: 'map', entries: new Map()};
	if (isMissing(['services'], map)) context.report(root, 'services are missing', 'write them under "services:"');
	return readShape(TOP, map, context);
}

function findAbsent(services: Services, environment: Environment): ReadonlyMap<string, Absence> {
	const own = lookupIn(environment);
	const active = new Set((own('ARCHON_PROFILES') ?? own('COMPOSE_PROFILES') ?? '').split(',').map(word => word.trim()));
	const absent = new Map<string, Absence>();
	for (const [name, declared] of services) {
		const {profiles = [], scale = null} = declared?.settings ?? {};
		if (profiles.length > 0 && !active.has('*') && !profiles.some(profile => active.has(profile))) {
			const hint = 'put it into $ARCHON_PROFILES, or make the need "required: false"';
			absent.set(name, {why: `is only in ${profiles.length === 1 ? 'profile' : 'profiles'} ${profiles.join(', ')}`, hint});
		} else if (scale === 0) {
			absent.set(name, {why: 'has scale 0', hint: null});
		}
	}
	return absent;
}

function findPrograms(services: Services, report: Report): ReadonlyMap<string, Argv> {
	const programs = new Map<string, Argv>();
	for (const [name, declared] of services) {
		if (!declared) continue;
		const {entrypoint, command} = declared.settings;
		const argv = toCommand([...entrypoint ?? [], ...command ?? []]);
		if (argv) programs.set(name, argv);
		else reportNoProgram(declared, report);
	}
	return programs;
}

function reportNoProgram({path, key, map, settings}: Declared, report: Report): void {
	const names = ['command', 'entrypoint'] as const;
	if (isMissing(names, map)) {
		const hint = map.entries.has('image') || map.entries.has('build')
			? 'archon starts programs, not images: write what the image would run'
			: 'write what it runs';
		report(key, `${path} has no command`, hint);
		return;
	}
	const [written] = names.flatMap(name => map.entries.get(name) ?? []);
	// What is misspelt or cannot be read is told already.
	const unread = names.some(name => map.entries.has(name) && settings[name] === null);
	if (written && !unread) report(written.value, `${path} has an empty command`);
}

/** Whether there are such users and groups. Not asked of services that come after a oneshot, which may make them. */
function judgeUsers(services: Services, {names, needs}: Arrangement, {problems, surroundings: {findUser}}: Planning): void {
	const late = new Set<string>();
	const known = new Map<string, Result<unknown, string>>();
	// Many services have the same user, and to find one costs a walk through files.
	const find = (spec: UserSpec): Result<unknown, string> => {
		const id = `${spec.user}:${spec.group}`;
		const result = known.get(id) ?? findUser(spec);
		known.set(id, result);
		return result;
	};
	for (const name of names) {
		const declared = services.get(name);
		if (!declared) continue;
		const {path, map, settings: {type, user, group_add: groups}} = declared;
		const isLate = needs.get(name)?.some(need => late.has(need.name)) ?? false;
		if (type === 'oneshot' || isLate) late.add(name);
		if (isLate) continue;
		const found = [
			...user ? [['user', find(user)] as const] : [],
			...groups.map(group => ['group_add', find({user: '0', group})] as const),
		];
		for (const [key, result] of found) {
			const written = map.entries.get(key);
			if (!result.ok && written) problems.report(written.value, `${path}.${key}: ${result.error}`);
		}
	}
}

/** There is one stdin. */
function judgeStdin(present: readonly Declared[], {problems, hasCommand}: Planning): void {
	let owner = hasCommand ? 'the command line\'s command' : null;
	for (const {name, path, map, settings: {stdin_open: isOpen, tty, scale}} of present) {
		const written = map.entries.get('stdin_open');
		if (!written || !isOpen || tty) continue;
		if (owner !== null) problems.report(written.key, `${path}.stdin_open: archon has one stdin, and ${owner} has it`);
		else if ((scale ?? 1) > 1) problems.report(written.key, `${path}.stdin_open: archon has one stdin, and ${name} is several`);
		owner ??= name;
	}
}

function makeServices(
	services: Services, {names, needs}: Arrangement, programs: ReadonlyMap<string, Argv>,
	archon: Settings<typeof TOP.keys>['archon'], planning: Planning,
): readonly Service[] {
	const running = names.flatMap(name => services.get(name) ?? []);
	const instances = new Map(running.map(({name, settings}) => [name, instancesOf(name, settings.scale ?? 1)]));
	const count = [...instances.values()].reduce((sum, each) => sum + each.length, 0);
	const isAlone = count === 1 && !planning.hasCommand;
	const readFile = fileReader(planning);
	return running.flatMap(({name, path, settings}) => {
		const argv = programs.get(name);
		const edges = needs.get(name)?.flatMap(({name: other, condition, strength, restart, timeout}): Need[] => {
			const type = services.get(other)?.settings.type ?? 'daemon';
			return (instances.get(other) ?? []).map(each =>
				({name: each, condition: condition ?? arrival(type), strength, restart, timeout}));
		}) ?? [];
		const files = settings.env_file.map(file => readFile(file, path));
		const own = Object.entries(settings.environment);
		const environment = files.length === 0
			? settings.environment
			: Object.fromEntries([...files.flatMap(variables => [...variables]), ...own]);
		return !argv ? [] : (instances.get(name) ?? []).map((each, index) => {
			const variables = settings.scale === null ? environment : {...environment, [INSTANCE]: String(index)};
			const output = planOutput(settings.logging, archon, each, {isAlone, tty: settings.tty});
			return configService(each, settings, argv, edges, variables, output);
		});
	});
}

/** In characters. */
const ENV_FILES_MAX = 1024 * 1024;

/** Reads each file of variables once; none after one that does not answer, for each would be waited for. */
function fileReader(planning: Planning): (file: EnvFile, path: string) => ReadonlyMap<string, string> {
	const known = new Map<string, ReadonlyMap<string, string>>();
	const context = topContext(planning);
	const own = lookupIn(planning.surroundings.environment);
	let size = 0;
	let hangs = false;
	return ({path, required, at}, service) => {
		const file = isAbsolute(path) ? path : join(dirname(at.source.file), path);
		const before = known.get(file);
		if (before) return before;
		if (hangs || size > ENV_FILES_MAX) return new Map();
		const source = planning.surroundings.readFile(file);
		if (!source.ok) {
			hangs ||= source.error.hangs ?? false;
			const hint = source.error.missing ? 'write {path: …, required: false} if it may be missing' : null;
			if (required || !source.error.missing) {
				planning.problems.report(at, `${service}.env_file: ${source.error.problem.message}`, hint);
			}
			return new Map();
		}
		size += source.value.text.length;
		if (size > ENV_FILES_MAX) planning.problems.report(at, `${service}.env_file: all files of variables together are larger than 1 MiB`);
		const variables = size > ENV_FILES_MAX ? new Map() : readEnvFile(source.value.text, own, hearingOf(source.value, context));
		known.set(file, variables);
		return variables;
	};
}

const hearingOf = (source: Source, {report, note}: Context): Hearing => ({
	report: (offset, message, hint) => report({source, offset}, message, hint),
	unset: (offset, name) => note({source, offset}, UNSET, name),
});
