/** Plans a config in archon's own words, which are docker compose's as far as compose has them. */
import {readEnvFile, type Reporter} from '../core/env-file.ts';
import {dirname, isAbsolute, join} from '../core/path.ts';
import {UNSOURCED} from '../core/defaults.ts';
import {ok, type Result} from '../core/result.ts';
import type {Need, Service, UserSpec, VariableSource} from '../core/service.ts';
import {FOLDER_MAX, foreign, isVariableFile, type Layer, merged, SOURCE_MAX, stampOf, textOfFolder, valueOfFile} from '../core/sources.ts';
import {type Lookup, lookupIn, UNSET, type Environment} from '../core/variables.ts';
import {findKeyConflicts} from './key-conflicts.ts';
import {arrange, type Absence, type Arrangement, type Services} from './edges.ts';
import {INSTANCE, instancesOf, judgeCount} from './names.ts';
import {noteOwnVariables, type OwnVariables} from './own-variables.ts';
import {judgeFiles, planEvents, planLogging, planOutput} from '../features/logging/keys/outputs.ts';
import {isMissing, noteHurried, reportUser, type Draft, type Planning, type Unreadable} from './planning.ts';
import {writtenIn, type Gather, type Report, type Source} from './problems.ts';
import {misread, toCommand, unsetIn} from './readers.ts';
import {SERVICE, settingsFor, TOP, type Declared, type EnvPath} from './schema.ts';
import {arrival, configService, type Argv, type Variables} from './service.ts';
import {readShape, type Context, type Settings} from './shape.ts';
import {rulesOf} from './signals.ts';
import {noteProbes, giveAdvice, noteWrapped} from './advice.ts';
import {isNothing, kindOf, type Mapping, type Value} from './values.ts';

export function planServices(root: Value, planning: Planning): Draft {
	const {problems, notes, lookups} = planning;
	const config = readTop(root, planning);
	const {services: written, archon, shutdown, start_rate: {per_second: perSecond, burst}, signals} = config;
	const {grace_period: shutdownGrace, when_idle: whenIdle} = shutdown;
	const services = withOneshots(written, notes.gather);
	const absent = findAbsent(services, knownIn(lookups));
	const arrangement = arrange(services, absent, problems.report);
	const programs = findPrograms(services, knownIn(lookups), problems.report);
	const declared = [...services.values()].filter(each => each !== null);
	const present = declared.filter(({name}) => !absent.has(name));
	for (const each of declared) findKeyConflicts(each, problems, notes);
	for (const each of present) {
		const argv = programs.get(each.name);
		if (argv) {
			giveAdvice(each, argv, notes, lookups.isBareScript);
			noteWrapped(each, argv, notes);
		}
		noteProbes(each, notes, lookups.hasProgram);
	}
	judgeUsers(services, arrangement, planning);
	judgeStdin(present, planning);
	for (const {name, map, settings: {stop_grace_period: grace}} of present) {
		const place = map.entries.get('stop_grace_period')?.value;
		if (place) noteHurried(name, {place, key: 'stop_grace_period', grace}, shutdownGrace, notes.gather);
	}
	const isTooMany = judgeCount(present.map(({path, key, map, settings: {scale}}) =>
		({path, place: map.entries.get('scale')?.value ?? key, scale: scale ?? 1})), problems.report);
	const scales = new Map([...services].map(([name, each]) => [name, each?.settings.scale ?? 1]));
	const made = isTooMany ? [] : makeServices(services, arrangement, programs, config, planning);
	const events = planEvents(archon);
	judgeFiles(root, made, name => services.get(name), events, problems.report);
	return {
		services: made,
		names: new Map(present.map(({name, key}) => [name, key])),
		shutdownGrace,
		startRate: {perSecond, burst},
		whenIdle: whenIdle ?? 'failed',
		logging: planLogging(archon), events, level: archon.log_level,
		signals: rulesOf(signals, scales, problems.report),
	};
}

const topContext = ({problems, notes, lookups}: Planning): Context =>
	({path: '', report: problems.report, note: notes.gather, environment: knownIn(lookups)});

/** What `${NAME}` may stand for. */
const knownIn = ({dotenv, environment}: Planning['lookups']): Environment => ({...dotenv, ...environment});

function readTop(root: Value, planning: Planning): Settings<typeof TOP.keys> {
	const context = topContext(planning);
	if (root.kind !== 'map' && !isNothing(root)) {
		const hint = misread(root)
			?? (root.kind === 'scalar' ? 'begin it with "services:"' : 'write "services:", and each service under its name');
		context.report(root, `a config must be a map, not ${kindOf(root)}`, hint);
		return TOP.initial;
	}
	const map: Mapping = root.kind === 'map' ? root : {...root, kind: 'map', entries: new Map()};
	if (isMissing(['services'], map, TOP)) context.report(root, 'services are missing', 'write them under "services:"');
	return readShape(TOP, map, context);
}

/** A service that another one waits for to complete is a oneshot, unless it says what it is, or is to be started again and again. */
function withOneshots(services: Services, note: Gather): Services {
	const awaited = new Set([...services.values()].flatMap(each => each?.settings.depends_on ?? [])
		.filter(({condition}) => condition === 'service_completed_successfully').map(({name}) => name));
	if (awaited.size === 0) return services;
	return new Map([...services].map(([name, declared]) => {
		if (!declared || !awaited.has(name)) return [name, declared];
		const {map: {entries}, settings: {restart: {policy}}} = declared;
		const isSaid = entries.has('type') || policy === 'always' || policy === 'unless-stopped';
		if (isSaid || declared.settings.type === 'oneshot') return [name, declared];
		note(declared.key, COMPLETED, name);
		return [name, {...declared, settings: {...declared.settings, type: 'oneshot'}}];
	}));
}

/** Said of all that are taken so. */
const COMPLETED = 'taken for "type: oneshot", as others wait for it to complete';

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

function findPrograms(services: Services, environment: Environment, report: Report): ReadonlyMap<string, Argv> {
	const programs = new Map<string, Argv>();
	for (const [name, declared] of services) {
		if (!declared) continue;
		const {entrypoint, command} = declared.settings;
		const argv = toCommand([...entrypoint ?? [], ...command ?? []]);
		if (argv) programs.set(name, argv);
		else reportNoProgram(declared, report, environment);
	}
	return programs;
}

function reportNoProgram({path, key, map, settings}: Declared, report: Report, environment: Environment): void {
	const names = ['command', 'entrypoint'] as const;
	// What extends stands for is not known, and that is told.
	if (map.entries.has('extends')) return;
	if (isMissing(names, map, SERVICE)) {
		const hint = map.entries.has('image') || map.entries.has('build')
			? 'archon starts programs, not images: write what the image would run'
			: 'write what it runs';
		report(key, `${path} has no command`, hint);
		return;
	}
	const [written] = names.flatMap(name => map.entries.get(name) ?? []);
	if (written && isNothing(written.value) && !('isSpoilt' in written.value)) {
		const {source: {text}, offset} = written.value;
		const isComment = /^ *#/.test(text.slice(offset, offset + 100));
		const hint = isComment ? '" #" begins a comment: put it in quotes if it is none' : 'write what it runs';
		report(written.value, `${path} has an empty command`, hint);
		return;
	}
	// What is misspelt or cannot be read is told already.
	const unread = names.some(name => map.entries.has(name) && settings[name] === null);
	if (written && !unread) report(written.value, `${path} has an empty command`, unsetIn(written.value, environment));
}

/** Whether there are such users and groups. Not asked of services that come after a oneshot, which may make them. */
function judgeUsers(services: Services, {names, needs}: Arrangement, planning: Planning): void {
	const {lookups: {findUser}} = planning;
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
		const {path, map, settings} = declared;
		const {type, user, group_add: groups} = settings;
		const isLate = needs.get(name)?.some(need => late.has(need.name)) ?? false;
		if (type === 'oneshot' || isLate) late.add(name);
		if (isLate) continue;
		const found = [
			...user ? [['user', find(user)] as const] : [],
			...groups.map(group => ['group_add', find({user: '0', group})] as const),
		];
		for (const [key, result] of found) {
			const written = map.entries.get(key);
			if (!result.ok && written) reportUser(planning, written.value, `${path}.${key}`, result.error);
		}
		for (const hook of HOOKS) {
			settings[hook].forEach((command, index) => {
				const result = 'command' in command && command.user ? find(command.user) : null;
				const written = map.entries.get(hook)?.value;
				if (result && !result.ok && written) reportUser(planning, userOf(written, index), `${path}.${hook}.user`, result.error);
			});
		}
	}
}

const HOOKS = ['pre_start', 'post_start', 'pre_stop', 'post_stop', 'down'] as const;

/** Where the user of a list's hook is written, or of the only one. */
function userOf(hooks: Value, index: number): Value {
	const hook = hooks.kind === 'list' ? hooks.items[index] ?? hooks : hooks;
	return hook.kind === 'map' ? hook.entries.get('user')?.value ?? hook : hook;
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

/** Between instances: each of a service waits for each of another one. More take more memory than PID 1 should have. */
const EDGES_MAX = 200_000;

function hasTooManyEdges(
	running: readonly Declared[], needs: Arrangement['needs'], instances: ReadonlyMap<string, readonly string[]>, report: Report,
): boolean {
	let count = 0;
	for (const {name, path, key} of running) {
		const each = needs.get(name)?.reduce((sum, need) => sum + (instances.get(need.name)?.length ?? 0), 0) ?? 0;
		count += each * (instances.get(name)?.length ?? 0);
		if (count <= EDGES_MAX) continue;
		report(key, `${path} waits for too many: instances of services wait for more than ${EDGES_MAX} others, with all before it`);
		return true;
	}
	return false;
}

function makeServices(
	services: Services, {names, needs}: Arrangement, programs: ReadonlyMap<string, Argv>,
	{archon, environment: common}: Settings<typeof TOP.keys>, planning: Planning,
): readonly Service[] {
	const running = names.flatMap(name => services.get(name) ?? []);
	const instances = new Map(running.map(({name, settings}) => [name, instancesOf(name, settings.scale ?? 1)]));
	if (hasTooManyEdges(running, needs, instances, planning.problems.report)) return [];
	const count = [...instances.values()].reduce((sum, each) => sum + each.length, 0);
	const isAlone = count === 1 && !planning.hasCommand;
	const readSources = sourceReader(planning);
	const known = knownIn(planning.lookups);
	const context = topContext(planning);
	return running.flatMap(declared => {
		const {name, path, settings} = declared;
		const argv = programs.get(name);
		const edges = needs.get(name)?.flatMap(({name: other, condition, strength, restart, timeout}): Need[] => {
			const type = services.get(other)?.settings.type ?? 'daemon';
			return (instances.get(other) ?? []).map(each =>
				({name: each, condition: condition ?? arrival(type), strength, restart, timeout}));
		}) ?? [];
		const found = readSources(settings, path);
		noteOwnVariables(declared, ownVariables(declared, common, Object.keys(found.sourced.variables)), known, planning.notes.report);
		return !argv ? [] : (instances.get(name) ?? []).map((each, index) => {
			const own = index === 0 ? settings : settingsFor(declared, each, context);
			const program = own === settings ? argv : toCommand([...own.entrypoint ?? [], ...own.command ?? []]) ?? argv;
			const environment = own.scale === null ? own.environment : {...own.environment, [INSTANCE]: String(index)};
			const {sources, sourced} = own === settings ? found : readSources(own, path);
			const output = planOutput(settings.logging, archon, each, {isAlone, tty: settings.tty});
			return configService(each, own, program, edges, {common, sources, sourced, environment}, output);
		});
	});
}

/** The variables of a service, each with what sets it last. */
function ownVariables({path, settings: {environment}}: Declared, common: Environment, sourced: readonly string[]): OwnVariables {
	return new Map([
		...Object.keys(common).map(name => [name, 'the environment of all services'] as const),
		...sourced.map(name => [name, `${path}.env_file or env_dir`] as const),
		...Object.keys(environment).map(name => [name, `${path}.environment`] as const),
	]);
}

/** What is there of a file or folder of variables: what is stamped, and what it says. */
interface Looked extends Layer {
	readonly text: string;
}

type Found = Pick<Variables, 'sources' | 'sourced'>;

const NO_SOURCES: Found = {sources: [], sourced: UNSOURCED};

/** Of all files of variables together, in characters. */
const SOURCES_MAX = 1024 * 1024;

/**
 * Where a service's variables are, and what is there now: looked at for what is wrong with it, and to see later whether
 * it has changed. It is read again before each start, so that what is not there yet is only noted. Each file is read
 * once; none after one that does not answer, for each would be waited for.
 */
function sourceReader(planning: Planning): (settings: Declared['settings'], path: string) => Found {
	const {problems, notes, lookups} = planning;
	/** By path, and by whether it is for a service of archon's own user. */
	const known = {own: new Map<string, Looked | null>(), other: new Map<string, Looked | null>()};
	const found = new Map<string, Found>();
	const own = lookupIn(lookups.environment);
	const context = topContext(planning);
	let size = 0;
	let hangs = false;

	/** The text of what is named, once; null: there is none that can be used. */
	function look(
		{path, required, at}: EnvPath, file: string, key: string, reader: Reader, whose: Whose,
	): Looked | null {
		const before = known[whose].get(file);
		if (before !== undefined) return before;
		if (hangs || size > SOURCES_MAX) return null;
		const found = reader(file, whose);
		if (found.ok) {
			size += found.value.text.length;
			if (size > SOURCES_MAX) problems.report(at, `${key}: all files of variables together are larger than 1 MiB`);
		} else {
			const {problem, missing, isOfOthers} = found.error;
			hangs ||= found.error.hangs ?? false;
			const written = pathWritten(at);
			const told = written === null ? problem.message : problem.message.replaceAll(file, written);
			if (!missing) (isOfOthers ? notes : problems).report(at, `${key}: ${told}`);
			else if (required) notes.gather(at, UNREAD, written ?? path);
		}
		const looked = found.ok ? found.value : null;
		known[whose].set(file, looked);
		return looked;
	}

	function readFile(file: string, whose: Whose): Result<Looked, Unreadable> {
		const source = lookups.readFile(file);
		if (!source.ok) return source;
		const {text} = source.value;
		const isForeign = whose === 'other' && source.value.isOfOthers;
		// What others may write never makes the config a bad one: the start is refused to their service.
		const {report} = isForeign ? notes : problems;
		if (text.length <= SOURCE_MAX) {
			const variables = readEnvFile(text, isForeign ? NOTHING : own, hearingOf(source.value, {...context, report}));
			return ok({text, variables: Object.fromEntries(variables), ...foreign(isForeign ? variables.keys() : [])});
		}
		report({source: source.value, offset: 0}, `a file of variables may have ${SOURCE_MAX / 1024} KiB`);
		return ok({text: '', variables: {}});
	}

	function readFolder(folder: string, whose: Whose): Result<Looked, Unreadable> {
		const names = lookups.listFolder(folder);
		if (!names.ok) return names;
		const variables = new Map<string, string>();
		const theirs: string[] = [];
		let size = 0;
		for (const name of names.value.filter(isVariableFile).slice(0, FOLDER_MAX).sort()) {
			const source = lookups.readFile(`${folder}/${name}`);
			if (source.ok) {
				size += source.value.text.length;
				// At its start the service is refused.
				if (size > SOURCE_MAX) return ok({text: '', variables: {}});
				variables.set(name, valueOfFile(source.value.text));
			} else if (source.error.hangs) {
				return source;
			}
			if (whose === 'other' && source.ok && source.value.isOfOthers) theirs.push(name);
		}
		return ok({text: textOfFolder(variables), variables: Object.fromEntries(variables), ...foreign(theirs)});
	}

	return ({env_file: files, env_dir: folders, env_from: commands, user}, path) => {
		if (files.length + folders.length + commands.length === 0) return NO_SOURCES;
		const whose = user === null ? 'own' : 'other';
		const paths = [
			...files.map(named => ({named, kind: 'file' as const, read: readFile, key: `${path}.env_file`})),
			...folders.map(named => ({named, kind: 'folder' as const, read: readFolder, key: `${path}.env_dir`})),
		].map(({named, kind, read, key}) => {
			const file = isAbsolute(named.path) ? named.path : join(dirname(named.at.source.file), named.path);
			return {source: {kind, path: file, required: named.required}, content: look(named, file, key, read, whose)};
		});
		const sources: readonly VariableSource[] = [
			...paths.map(({source}) => source), ...commands.map(command => ({kind: 'command' as const, command})),
		];
		// Many services have the same.
		const id = JSON.stringify([whose, sources]);
		const before = found.get(id);
		if (before) return before;
		const isKnown = paths.every(({source: {required}, content}) => content !== null || !required);
		const {variables, foreign: names} = merged(paths.map(({content}) => content ?? {variables: {}}));
		const stamp = isKnown ? stampOf(paths.map(({content}) => content?.text ?? null)) : '';
		const each = {sources, sourced: {variables, ...names && {foreign: names}, stamp}};
		found.set(id, each);
		return each;
	};
}

/** Whether it is for a service of archon's own user: that one has nothing to gain from what it writes. */
type Whose = 'own' | 'other';
type Reader = (file: string, whose: Whose) => Result<Looked, Unreadable>;

const NOTHING: Lookup = () => undefined;

/** A path with variables, as it stands where it is named. */
const pathWritten = (at: Value): string | null =>
	writtenIn(at.kind === 'map' ? at.entries.get('path')?.value ?? at : at);

/** Said of all files and folders of variables that are not there. */
const UNREAD = 'read before each start, and not there yet (write {path: …, required: false} if a service can start without)';

const hearingOf = (source: Source, {report, note}: Context): Reporter => ({
	report: (offset, message, hint) => report({source, offset}, message, hint),
	unset: (offset, name) => note({source, offset}, UNSET, name),
});
